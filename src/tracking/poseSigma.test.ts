import assert from 'node:assert/strict';
import { test } from 'node:test';
import { poseSigma } from './poseSigma.js';

const diagonal = (...values: number[]) => {
  const out = new Float64Array(36);
  values.forEach((value, i) => {
    out[7 * i] = value;
  });
  return out;
};
const at = (...t: [number, number, number]) => ({ q: [0, 0, 0, 1] as const, t });

test('the worst direction speaks', () => {
  const { m, rad } = poseSigma(at(0, 0, 0), diagonal(1e-4, 4e-4, 1e-4, 0.01, 0.04, 0.09));
  assert.ok(Math.abs(m - 0.3) < 1e-12);
  assert.ok(Math.abs(rad - 0.02) < 1e-12);
});

test('a rotation about the origin moves a camera far from it', () => {
  // 0.01 rad about z at 100 m along x: 1 m along y.
  const { m } = poseSigma(at(100, 0, 0), diagonal(0, 0, 1e-4, 0, 0, 0));
  assert.ok(Math.abs(m - 1) < 1e-9);
});

test('unknown is infinite', () => {
  assert.deepEqual(poseSigma(at(1, 2, 3), null), {
    m: Number.POSITIVE_INFINITY,
    rad: Number.POSITIVE_INFINITY,
  });
});
