import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { backoffMs } from './backoff.js';

test('doubles up to the cap', () => {
  assert.deepEqual(
    [1, 2, 3, 4, 5, 60].map((n) => backoffMs(n, 1)),
    [250, 500, 1000, 2000, 2000, 2000],
  );
});

test('is between half and all of that, finite for any count', () => {
  fc.assert(
    fc.property(fc.nat(100_000), fc.double({ min: 0, max: 0.999999, noNaN: true }), (failures, random) => {
      const ms = backoffMs(failures, random);
      assert.ok(ms >= 125 && ms <= 2000, String(ms));
      assert.ok(ms >= backoffMs(failures, 1) / 2);
    }),
  );
});
