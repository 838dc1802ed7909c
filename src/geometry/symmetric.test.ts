import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, type Random } from '../../test/synthetic.js';
import { eigenSymmetric, factorCholesky, invertSymmetric, solveCholesky } from './symmetric.js';

function positiveDefinite(random: Random, n: number): Float64Array {
  const b = Float64Array.from({ length: n * n }, () => random.normal());
  const out = new Float64Array(n * n);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < n; j++) {
      for (let k = 0; k < n; k++) out[n * i + j] += b[n * i + k] * b[n * j + k];
      if (i === j) out[n * i + j] += 0.1;
    }
  return out;
}

const times = (a: Float64Array, n: number, x: ArrayLike<number>): number[] =>
  Array.from({ length: n }, (_, i) =>
    Array.from({ length: n }, (_, j) => a[n * i + j] * x[j]).reduce((s, v) => s + v),
  );

test('Cholesky solves, and refuses what is not positive definite', () => {
  const random = createRandom(61);
  for (let n = 1; n <= 8; n++)
    for (let i = 0; i < 50; i++) {
      const a = positiveDefinite(random, n);
      const x = Float64Array.from({ length: n }, () => random.normal());
      const b = Float64Array.from(times(a, n, x));
      const factor = a.slice();
      assert.ok(factorCholesky(factor, n));
      solveCholesky(factor, n, b);
      for (let k = 0; k < n; k++) assert.ok(Math.abs(b[k] - x[k]) < 1e-7);
    }
  assert.equal(factorCholesky(Float64Array.of(1, 2, 2, 1), 2), false);
  assert.equal(factorCholesky(Float64Array.of(Number.NaN), 1), false);
});

test('the inverse inverts', () => {
  const random = createRandom(62);
  const a = positiveDefinite(random, 6);
  const inverse = invertSymmetric(a, 6)!;
  for (let k = 0; k < 6; k++) {
    const column = times(
      a,
      6,
      Array.from({ length: 6 }, (_, i) => inverse[6 * i + k]),
    );
    for (let i = 0; i < 6; i++) assert.ok(Math.abs(column[i] - (i === k ? 1 : 0)) < 1e-9);
  }
  assert.equal(invertSymmetric(new Float64Array(4), 2), null);
});

test('eigenvectors are eigenvectors, unit, falling', () => {
  const random = createRandom(63);
  for (let i = 0; i < 200; i++) {
    const n = 2 + (i % 6);
    const a = positiveDefinite(random, n);
    const values = new Float64Array(n);
    const vectors = new Float64Array(n * n);
    eigenSymmetric(a.slice(), n, values, vectors);
    for (let k = 0; k < n; k++) {
      const v = vectors.subarray(n * k, n * k + n);
      const av = times(a, n, v);
      for (let j = 0; j < n; j++) assert.ok(Math.abs(av[j] - values[k] * v[j]) < 1e-8 * values[0]);
      assert.ok(Math.abs(Math.hypot(...v) - 1) < 1e-9);
      if (k > 0) assert.ok(values[k] <= values[k - 1]);
    }
  }
});
