import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatPlaced } from './sfmMapFile.js';

test('a map of a part of the place is told with what may help', () => {
  assert.equal(formatPlaced(31, []), 'COLMAP placed 31 of 31 images');
  assert.equal(formatPlaced(29, ['a.png', 'b.png']), 'COLMAP placed 29 of 31 images; not a.png …');
  assert.match(formatPlaced(15, Array(16).fill('a.png')), /^COLMAP placed 15 of 31 .*\n {2}→ .*--intrinsics/);
});
