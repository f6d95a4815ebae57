import assert from 'node:assert/strict';
import { test } from 'node:test';
import { linePath, niceCeiling } from '../../main/web/widgets/geometry.js';

test('linePath_fewValues_standAtTheRight', () => {
  assert.equal(linePath([0, 10], 3, 10, { width: 100, height: 20 }), 'M50.0 20.0L100.0 0.0');
});

test('linePath_unknownValue_liftsThePen', () => {
  assert.equal(linePath([1, null, 1], 3, 1, { width: 100, height: 20 }), 'M0.0 0.0M100.0 0.0');
});

test('niceCeiling_anyPeak_isRoundAndNotBelowIt', () => {
  assert.equal(niceCeiling(0), 1);
  assert.equal(niceCeiling(0.03), 0.05);
  assert.equal(niceCeiling(785), 1000);
  assert.equal(niceCeiling(1000), 1000);
});
