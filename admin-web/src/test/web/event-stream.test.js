import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EventParser } from '../../main/web/event-stream.js';

const STREAM =
  ': hello\n\nid: 7\nevent: log\ndata: {"a":1}\n\n' +
  'data: one\r\ndata: two\r\n\r\n' +
  'id: 8\n\nevent: x\ndata\n\n';

const EVENTS = [
  { type: 'log', data: '{"a":1}', id: '7' },
  { type: 'message', data: 'one\ntwo', id: '7' },
  { type: 'x', data: '', id: '8' },
];

test('push_wholeStream_givesItsEvents', () => {
  assert.deepEqual(new EventParser().push(STREAM), EVENTS);
});

test('push_oneCharacterAtATime_givesTheSameEvents', () => {
  const parser = new EventParser();
  assert.deepEqual(
    [...STREAM].flatMap((character) => parser.push(character)),
    EVENTS,
  );
});

test('push_incompleteEvent_waitsForTheRest', () => {
  const parser = new EventParser();
  assert.deepEqual(parser.push('event: log\ndata: 1\n'), []);
  assert.deepEqual(parser.push('\n'), [{ type: 'log', data: '1', id: '' }]);
});
