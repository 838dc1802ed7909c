import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TimedPose } from '../map/tum.js';
import { quantile } from './eval/quantile.js';
import { evaluate } from './evaluate.js';

const at = (timeS: number, x: number, yawDeg = 0): TimedPose => {
  const half = (yawDeg * Math.PI) / 360;
  return { timeS, worldFromCam: { q: [0, Math.sin(half), 0, Math.cos(half)], t: [x, 0, 0] } };
};

test('recall counts a query without estimate as missed', () => {
  const result = evaluate([at(0, 0.1)], [at(0, 0), at(1, 0)], 0.01);
  assert.equal(result.queries, 2);
  assert.equal(result.posed, 1);
  assert.deepEqual(
    result.recall.map((r) => r.count),
    [1, 1, 1],
  );
  assert.equal(result.recall[0].fraction, 0.5);
});

test('distance and angle must both hold', () => {
  const estimates = [at(0, 0.1, 3), at(1, 0.3, 1), at(2, 6, 0)];
  const reference = [at(0, 0), at(1, 0), at(2, 0)];
  const result = evaluate(estimates, reference, 0.01);
  assert.deepEqual(
    result.recall.map((r) => r.count),
    [0, 2, 2],
  );
  assert.equal(result.wrong, 1);
  assert.equal(result.medianErrorM, 0.3);
  assert.ok(Math.abs(result.medianErrorDeg! - 1) < 1e-9);
});

test('timestamps pair by the nearest within the tolerance', () => {
  assert.equal(evaluate([at(0.9, 0), at(1.004, 1)], [at(1, 1)], 0.01).medianErrorM, 0);
  assert.equal(evaluate([at(1.02, 1)], [at(1, 1)], 0.01).posed, 0);
});

test('nothing posed has no median', () => {
  const result = evaluate([], [at(0, 0)], 0.01);
  assert.equal(result.medianErrorM, null);
  assert.equal(result.recall[2].fraction, 0);
});

test('quantiles interpolate', () => {
  assert.equal(quantile([3, 1, 2], 0.5), 2);
  assert.equal(quantile([1, 2], 0.5), 1.5);
  assert.equal(quantile([], 0.5), null);
});
