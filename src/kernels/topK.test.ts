import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from './random.js';
import { topK } from './topK.js';

test('what a full sort would put first, ties to the lower index', () => {
  const random = createRandom(1);
  for (let i = 0; i < 3000; i++) {
    const n = random.integer(40);
    const k = random.integer(45);
    const values = Array.from({ length: n }, () => (i % 2 === 0 ? random.normal() : random.integer(5)));
    const out = new Int32Array(k);
    const count = topK(values, n, k, out, new Float64Array(k));
    const expected = values
      .map((_, index) => index)
      .sort((a, b) => values[b] - values[a] || a - b)
      .slice(0, k);
    assert.deepEqual([...out.subarray(0, count)], expected);
  }
});

test('NaN never enters', () => {
  const out = new Int32Array(3);
  assert.equal(topK([Number.NaN, 1, Number.NaN, 2], 4, 3, out, new Float64Array(3)), 2);
  assert.deepEqual([...out.subarray(0, 2)], [3, 1]);
});
