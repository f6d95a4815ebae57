import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as format from '../../main/web/format.js';

test('bytes_anySize_haveThreeDigitsAndAUnit', () => {
  assert.equal(format.bytes(0), '0 B');
  assert.equal(format.bytes(999), '999 B');
  assert.equal(format.bytes(1000), '0.98 KiB');
  assert.equal(format.bytes(1024), '1 KiB');
  assert.equal(format.bytes(1536), '1.50 KiB');
  assert.equal(format.bytes(64 * 1024 ** 2), '64 MiB');
  assert.equal(format.bytes(Number.MAX_SAFE_INTEGER), '8.00 PiB');
});

test('everything_unknown_isADash', () => {
  for (const unknown of [undefined, null, NaN]) {
    assert.equal(format.bytes(unknown), format.UNKNOWN);
    assert.equal(format.count(unknown), format.UNKNOWN);
    assert.equal(format.millis(unknown), format.UNKNOWN);
    assert.equal(format.percent(unknown, 1), format.UNKNOWN);
  }
  assert.equal(format.ago(null), format.UNKNOWN);
  assert.equal(format.moment('not a time'), format.UNKNOWN);
  assert.equal(format.percent(1, 0), format.UNKNOWN);
});

test('percent_nearTheEnds_neverReadsAsNoneOrAll', () => {
  assert.equal(format.percent(0, 7), '0 %');
  assert.equal(format.percent(1, 1e6), '<0.1 %');
  assert.equal(format.percent(999_999, 1e6), '>99.9 %');
  assert.equal(format.percent(7, 7), '100 %');
  assert.equal(format.percent(1, 3), '33 %');
});

test('rate_below10_keepsDecimals', () => {
  assert.deepEqual(format.rateFigure(0.25), { value: '0.25', unit: '/s' });
  assert.deepEqual(format.rateFigure(12345), { value: '12,345', unit: '/s' });
});

test('ago_growingAge_growsItsUnit', () => {
  const now = Date.parse('2026-01-02T00:00:00Z');
  assert.equal(format.ago('2026-01-01T23:59:58Z', now), 'now');
  assert.equal(format.ago('2026-01-01T23:59:10Z', now), '50 s ago');
  assert.equal(format.ago('2026-01-01T23:00:01Z', now), '59 min ago');
  assert.equal(format.ago('2026-01-01T12:00:00Z', now), '12 h ago');
  assert.equal(format.ago('2025-12-01T00:00:00Z', now), '32 d ago');
});

test('uptime_anyAge_leavesOutWhatIsZero', () => {
  assert.equal(format.uptime(59.9), '59 s');
  assert.equal(format.uptime(60), '1 min');
  assert.equal(format.uptime(86400), '1 d');
  assert.equal(format.uptime(93784), '1 d 2 h');
  assert.equal(format.uptime(7260), '2 h 1 min');
});

test('signature_functionOrOther_readsAsWasmText', () => {
  assert.equal(format.signature({ params: ['i32', 'i64'], results: ['f32'] }), '(i32, i64) → f32');
  assert.equal(format.signature({ params: [], results: [] }), '() → ()');
  assert.equal(format.signature({ type: 'memory i32 1' }), 'memory i32 1');
});
