import assert from 'node:assert/strict';
import { test } from 'node:test';
import { foundCellShare } from './cellShare.js';

test('only cells with enough expected points count, and only marked positions find them', () => {
  // cells of 80 x 60 px: three points in the first, two in the second, one in the last
  const expected = [10, 10, 20, 20, 30, 30, 90, 10, 100, 20, 639, 479];
  const found = [40, 50, 110, 30, 630, 470, -5, 10];
  const share = (least: number, mask: number[]) =>
    foundCellShare(expected, 6, least, found, Uint8Array.from(mask), 4, 640, 480);
  assert.equal(share(1, [1, 0, 1, 1]), 2 / 3);
  assert.equal(share(2, [1, 0, 1, 1]), 1 / 2);
  assert.equal(share(3, [1, 1, 1, 1]), 1);
  assert.equal(share(4, [1, 1, 1, 1]), 0);
  assert.equal(share(1, [0, 0, 0, 0]), 0);
});
