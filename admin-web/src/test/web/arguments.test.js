import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readArgument, shellWords } from '../../main/web/pages/arguments.js';

test('readArgument_i64_staysText', () => {
  assert.equal(readArgument('9223372036854775807', 'i64'), '9223372036854775807');
  assert.equal(readArgument('0x7fffffffffffffff', 'i64'), '9223372036854775807');
  assert.equal(readArgument('-0x10', 'i64'), '-16');
});

test('readArgument_number_isANumber', () => {
  assert.equal(readArgument(' 42 ', 'i32'), 42);
  assert.equal(readArgument('0xff', 'i32'), 255);
  assert.equal(readArgument('-0xff', 'i32'), -255);
  assert.equal(readArgument('1.5e3', 'f64'), 1500);
});

test('readArgument_wordOfTheApi_staysAWord', () => {
  assert.equal(readArgument('nan', 'f64'), 'nan');
  assert.equal(readArgument('-inf', 'f32'), '-inf');
  assert.equal(readArgument('null', 'externref'), null);
});

test('shellWords_quotes_keepSpaces', () => {
  assert.deepEqual(shellWords(`a "b c" 'd "e"' --x="y z"`), ['a', 'b c', 'd "e"', '--x=y z']);
  assert.deepEqual(shellWords('  '), []);
});
