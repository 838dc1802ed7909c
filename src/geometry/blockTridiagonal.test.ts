import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom, type Random } from '../../test/synthetic.js';
import {
  type ChainSystem,
  createChainSystem,
  factorChain,
  lastCovariance,
  solveChain,
} from './blockTridiagonal.js';
import { invertSymmetric } from './symmetric.js';

/** Fills a chain from random residual rows over neighbours and returns the same matrix written out. */
function randomChain(random: Random, system: ChainSystem, count: number): Float64Array {
  const n = system.blockSize;
  const size = n * count;
  const dense = new Float64Array(size * size);
  for (let block = 0; block < count; block++)
    for (let row = 0; row < 2 * n; row++) {
      const first = Math.max(0, block - 1) * n;
      const values = Array.from({ length: (block + 1) * n - first }, () => random.normal());
      values.forEach((a, i) => {
        values.forEach((b, j) => {
          dense[(first + i) * size + first + j] += a * b;
        });
      });
    }
  for (let block = 0; block < count; block++)
    for (let i = 0; i < n; i++)
      for (let j = 0; j < n; j++) {
        const row = (block * n + i) * size;
        system.diagonal[block * n * n + i * n + j] = dense[row + block * n + j];
        if (block > 0) system.below[block * n * n + i * n + j] = dense[row + (block - 1) * n + j];
      }
  return dense;
}

test('a chain is solved as the matrix written out is', () => {
  const random = createRandom(31);
  const system = createChainSystem(6, 20);
  for (const count of [1, 2, 3, 7, 20]) {
    const size = 6 * count;
    const dense = randomChain(random, system, count);
    const right = Float64Array.from({ length: size }, () => random.normal());
    system.vector.set(right);
    assert.ok(factorChain(system, count));
    solveChain(system, count);
    for (let i = 0; i < size; i++) {
      let sum = 0;
      for (let j = 0; j < size; j++) sum += dense[i * size + j] * system.vector[j];
      assert.ok(Math.abs(sum - right[i]) < 1e-7, `row ${i} of ${count} blocks`);
    }
    const inverse = invertSymmetric(dense, size)!;
    const last = lastCovariance(system, count);
    for (let i = 0; i < 6; i++)
      for (let j = 0; j < 6; j++)
        assert.ok(Math.abs(last[6 * i + j] - inverse[(size - 6 + i) * size + size - 6 + j]) < 1e-7);
  }
});

test('a chain that hangs on nothing is told', () => {
  const system = createChainSystem(2, 3);
  system.diagonal.set([1, 0, 0, 1, 0, 0, 0, 0]);
  assert.equal(factorChain(system, 2), false);
});
