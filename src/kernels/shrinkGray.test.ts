import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from './random.js';
import { shrinkGray } from './shrinkGray.js';

test('the same size gives the same picture', () => {
  const random = createRandom(1);
  const pixels = Uint8Array.from({ length: 37 * 23 }, () => random.integer(256));
  assert.deepEqual(shrinkGray(pixels, 37, 23, 37, 23), pixels);
});

test('a flat picture stays flat, whatever the sizes', () => {
  const random = createRandom(2);
  for (let i = 0; i < 50; i++) {
    const [w, h] = [8 + random.integer(60), 8 + random.integer(60)];
    const out = shrinkGray(
      new Uint8Array(w * h).fill(201),
      w,
      h,
      1 + random.integer(w),
      1 + random.integer(h),
    );
    assert.ok(out.every((value) => value === 201));
  }
});

test('a ramp keeps its place: the value at a point is that of the same point before', () => {
  const [width, height, out] = [200, 90, 130];
  const pixels = Uint8Array.from({ length: width * height }, (_, i) => (i % width) + 0.5);
  const small = shrinkGray(pixels, width, height, out, 50);
  for (let x = 4; x < out - 4; x++) {
    const expected = ((x + 0.5) * width) / out - 0.5;
    assert.ok(
      Math.abs(small[25 * out + x] - expected) <= 1,
      `${small[25 * out + x]} at ${x}, not ${expected}`,
    );
  }
});

test('a checkerboard of single pixels fades to gray', () => {
  const pixels = Uint8Array.from({ length: 64 * 64 }, (_, i) => (((i % 64) + (i >> 6)) % 2) * 255);
  const small = shrinkGray(pixels, 64, 64, 21, 21);
  for (let y = 2; y < 19; y++)
    for (let x = 2; x < 19; x++) assert.ok(Math.abs(small[21 * y + x] - 127.5) < 16, `${small[21 * y + x]}`);
});
