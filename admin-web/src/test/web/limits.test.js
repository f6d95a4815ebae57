import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  LIMIT_NAMES,
  groupsOf,
  limitInput,
  limitText,
  parseLimit,
} from '../../main/web/pages/limit-names.js';

test('parseLimit_numberAndUnit_areMultiplied', () => {
  assert.equal(parseLimit('64 MiB'), 64 * 1024 ** 2);
  assert.equal(parseLimit('1.5gib'), 1.5 * 1024 ** 3);
  assert.equal(parseLimit('2 s'), 2000);
  assert.equal(parseLimit('2 s/s'), 2000);
  assert.equal(parseLimit('500 /s'), 500);
  assert.equal(parseLimit('100,000'), 100000);
});

test('parseLimit_notALimit_isNull', () => {
  for (const text of ['', 'many', '5 parsecs', '-3', '1.2.3', 'constructor', '5 constructor']) {
    assert.equal(parseLimit(text), null, text);
  }
});

test('limitInput_anyValue_losesNothing', () => {
  for (const name of Object.keys(LIMIT_NAMES)) {
    for (const value of [0, 1, 10, 999, 1000, 1023, 65536, 1234567, 90000, 8 * 1024 ** 3]) {
      assert.equal(parseLimit(limitInput(name, value)), value, `${name} ${value}`);
    }
  }
});

test('limitText_offOrUnknown_saysSo', () => {
  assert.equal(limitText('fuelPerCall', null), 'off');
  assert.equal(limitText('memoryBytes', undefined), '–');
});

test('groupsOf_serverWithFewLimits_hasTheseOnly', () => {
  assert.deepEqual(groupsOf({ memoryBytes: 1, deadlineMillis: 2, brandNew: 3 }), [
    { group: 'Memory', names: ['memoryBytes'] },
    { group: 'Time', names: ['deadlineMillis'] },
    { group: 'Others', names: ['brandNew'] },
  ]);
});
