import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildCsr, transposeCsr } from './csr.js';
import { createRandom } from './random.js';

const rowsOf = ({ offsets, items }: { offsets: Uint32Array; items: Uint32Array }): number[][] =>
  Array.from({ length: offsets.length - 1 }, (_, r) => [...items.subarray(offsets[r], offsets[r + 1])]);

test('entries land in their rows in input order', () => {
  assert.deepEqual(rowsOf(buildCsr([2, 0, 2, 2], 4, 4, [10, 11, 12, 13])), [[11], [], [10, 12, 13], []]);
  assert.deepEqual(rowsOf(buildCsr([1, 0, 1], 3, 2)), [[1], [0, 2]]);
  assert.deepEqual(rowsOf(buildCsr([], 0, 3)), [[], [], []]);
});

test('transposed twice it is itself, rows rising', () => {
  const random = createRandom(1);
  for (let round = 0; round < 200; round++) {
    const rowOf = Array.from({ length: 50 }, () => random.integer(8));
    const itemOf = Array.from({ length: 50 }, () => random.integer(12));
    const csr = buildCsr(rowOf, 50, 8, itemOf);
    const turned = transposeCsr(csr, 12);
    for (const row of rowsOf(turned))
      assert.deepEqual(
        row,
        [...row].sort((a, b) => a - b),
      );
    const back = rowsOf(transposeCsr(turned, 8));
    assert.deepEqual(
      back,
      rowsOf(csr).map((row) => row.sort((a, b) => a - b)),
    );
  }
});
