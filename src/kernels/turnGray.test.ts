import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from './random.js';
import { turnGray, unturnPositions } from './turnGray.js';

const random = createRandom(9);
const noise = (n: number) => Uint8Array.from({ length: n }, () => random.integer(256));

test('a quarter turn onto a swapped canvas moves every pixel and changes none', () => {
  const [w, h] = [6, 4];
  const pixels = noise(w * h);
  const out = new Uint8Array(w * h);
  turnGray(pixels, w, h, Math.PI / 2, out, h, w);
  for (let y = 0; y < h; y++)
    for (let x = 0; x < w; x++) assert.equal(out[x * h + (h - 1 - y)], pixels[y * w + x]);
});

test('no turn on the same canvas is a copy', () => {
  const pixels = noise(35);
  const out = new Uint8Array(35);
  turnGray(pixels, 7, 5, 0, out, 7, 5);
  assert.deepEqual(out, pixels);
});

test('a position of the turned image lands where its pixel came from', () => {
  const [w, h, side] = [40, 30, 48];
  for (const angleRad of [0.3, -0.9, 2.2]) {
    const pixels = new Uint8Array(w * h);
    const [x, y] = [23, 11];
    pixels[y * w + x] = 255;
    const out = new Uint8Array(side * side);
    turnGray(pixels, w, h, angleRad, out, side, side);
    let [sum, sx, sy] = [0, 0, 0];
    out.forEach((v, i) => {
      sum += v;
      sx += v * ((i % side) + 0.5);
      sy += v * (Math.floor(i / side) + 0.5);
    });
    const at = Float32Array.of(sx / sum, sy / sum);
    unturnPositions(at, angleRad, w, h, side, side);
    assert.ok(Math.hypot(at[0] - x - 0.5, at[1] - y - 0.5) < 0.2, `${at}`);
  }
});
