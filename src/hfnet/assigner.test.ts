import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../kernels/random.js';
import { createAssigner } from './assigner.js';

const random = createRandom(4);
const numbers = (length: number) => Float32Array.from({ length }, () => random.normal());
const assigner = createAssigner(1);

for (const sharpness of [0, 0.5, 3, 1e4])
  test(`shares at sharpness ${sharpness} equal plain loops`, async () => {
    const [n, k, dim] = [40, 5, 3];
    const [rows, centres] = [numbers(n * dim), numbers(k * dim)];
    const [sums, counts] = [new Float64Array(k * dim), new Float64Array(k)];
    for (let i = 0; i < n; i++) {
      const at = (j: number) => -sharpness * squareDistance(rows, i, centres, j, dim);
      const best = Math.max(...Array.from({ length: k }, (_, j) => at(j)));
      const weights = Array.from({ length: k }, (_, j) => Math.exp(at(j) - best));
      const total = weights.reduce((a, b) => a + b, 0);
      weights.forEach((weight, j) => {
        counts[j] += weight / total;
        for (let d = 0; d < dim; d++) sums[j * dim + d] += (weight / total) * rows[i * dim + d];
      });
    }
    const got = await assigner.assign(rows, { rows: centres, dim, sharpness });
    assertClose(got.counts, counts);
    assertClose(got.sums, sums);
  });

test('no rows are shared out as none, and broken rows are refused', async () => {
  const centres = { rows: numbers(6), dim: 3, sharpness: 1 };
  const none = await assigner.assign(new Float32Array(0), centres);
  assert.deepEqual(
    [[...none.sums], [...none.counts]],
    [
      [0, 0, 0, 0, 0, 0],
      [0, 0],
    ],
  );
  await assert.rejects(assigner.assign(new Float32Array(4), centres), { code: 'E_ENGINE' });
  const nan = Float32Array.of(0, Number.NaN, 0);
  await assert.rejects(assigner.assign(nan, centres), { code: 'E_MODEL_NONFINITE' });
});

function squareDistance(a: Float32Array, i: number, b: Float32Array, j: number, dim: number): number {
  let sum = 0;
  for (let d = 0; d < dim; d++) sum += (a[i * dim + d] - b[j * dim + d]) ** 2;
  return sum;
}

function assertClose(found: Float32Array, expected: Float64Array): void {
  assert.equal(found.length, expected.length);
  for (const [i, value] of found.entries())
    assert.ok(Math.abs(value - expected[i]) < 1e-3, `${value} where ${expected[i]} was expected`);
}
