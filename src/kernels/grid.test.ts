import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createPointGrid, fillPointGrid, searchRadius } from './grid.js';
import { createRandom } from './random.js';

test('finds what a look at every point finds', () => {
  const random = createRandom(1);
  const grid = createPointGrid();
  const out = new Int32Array(500);
  for (let round = 0; round < 300; round++) {
    const n = random.integer(300);
    // some outside the image
    const xy = Float32Array.from({ length: 2 * n }, () => 700 * random.uniform() - 30);
    fillPointGrid(grid, xy, n, 640, 480, 5 + 60 * random.uniform());
    for (let q = 0; q < 5; q++) {
      const [x, y, r] = [700 * random.uniform() - 30, 700 * random.uniform() - 30, 80 * random.uniform()];
      const found = searchRadius(grid, x, y, r, out);
      const expected = [];
      for (let i = 0; i < n; i++)
        if ((xy[2 * i] - x) ** 2 + (xy[2 * i + 1] - y) ** 2 <= r * r) expected.push(i);
      assert.deepEqual(
        [...out.subarray(0, found)].sort((a, b) => a - b),
        expected,
      );
    }
  }
});

test('a full output ends the search', () => {
  const grid = createPointGrid();
  fillPointGrid(grid, [1, 1, 2, 2, 3, 3], 3, 10, 10, 4);
  assert.equal(searchRadius(grid, 2, 2, 5, new Int32Array(2)), 2);
});
