import assert from 'node:assert/strict';
import { test } from 'node:test';
import { coveredCells } from './coverage.js';

const all = (n: number) => new Uint8Array(n).fill(1);

test('every cell is counted once', () => {
  const centres = Array.from({ length: 64 }, (_, i) => [
    ((i % 8) + 0.5) * 10,
    (Math.floor(i / 8) + 0.5) * 5,
  ]).flat();
  assert.equal(coveredCells(centres, all(64), 64, 80, 40), 64);
  assert.equal(coveredCells([...centres, ...centres], all(128), 128, 80, 40), 64);
  for (let i = 0; i < 64; i++)
    assert.equal(coveredCells(centres.slice(2 * i, 2 * i + 2), all(1), 1, 80, 40), 1);
});

test('unmarked and outside positions count nowhere', () => {
  assert.equal(coveredCells([5, 5, 75, 35], Uint8Array.of(0, 1), 2, 80, 40), 1);
  assert.equal(coveredCells([-1, 5, 80, 5, 5, 40, Number.NaN, 1], all(4), 4, 80, 40), 0);
});
