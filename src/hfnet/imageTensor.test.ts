import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toyManifest } from '../../test/toyModel.js';
import { createRandom } from '../kernels/random.js';
import { byteTables, fillImage, MAX_SIDE_PX, MIN_SIDE_PX, planInput } from './imageTensor.js';

const RGB = {
  ...toyManifest(new Uint8Array(1)).input,
  channels: 3 as const,
  colourOrder: 'rgb' as const,
  range: [-1, 1] as [number, number],
  mean: [0, 0.1, 0],
  std: [1, 2, 1],
};

for (const padMode of ['edge', 'zero'] as const)
  test(`padding is ${padMode}, for every channel`, () => {
    const random = createRandom(3);
    const tables = byteTables(RGB);
    for (let round = 0; round < 30; round++) {
      const [w, h] = [5 + random.integer(20), 5 + random.integer(20)];
      const [pw, ph] = [w + random.integer(9), h + random.integer(9)];
      const pixels = Uint8Array.from({ length: w * h }, () => random.integer(256));
      const out = new Float32Array(3 * pw * ph).fill(Number.NaN);
      fillImage(out, { pixels, widthPx: w, heightPx: h }, [pw, ph], tables, padMode);
      for (let c = 0; c < 3; c++)
        for (let y = 0; y < ph; y++)
          for (let x = 0; x < pw; x++) {
            const byte = pixels[Math.min(y, h - 1) * w + Math.min(x, w - 1)];
            const isPadding = padMode === 'zero' && (x >= w || y >= h);
            const expected = isPadding ? 0 : ((2 * byte) / 255 - 1 - RGB.mean[c]) / RGB.std[c];
            assert.ok(Math.abs(out[(c * ph + y) * pw + x] - expected) < 1e-6);
          }
    }
  });

test('free sizes are rounded up; a fixed one takes smaller pictures as they are and larger ones scaled', () => {
  const image = (widthPx: number, heightPx: number) => ({ widthPx, heightPx });
  const free = planInput(image(641, 480), 32, null);
  assert.deepEqual(free, { sizePx: [672, 480], pictureSizePx: [641, 480] });
  const fitted = (w: number, h: number) => planInput(image(w, h), 32, [640, 480]);
  for (const [w, h, ...picture] of [
    [640, 300, 640, 300],
    [320, 240, 320, 240],
    [1226, 370, 640, 193],
    [854, 480, 640, 360],
    [480, 640, 360, 480],
  ])
    assert.deepEqual(fitted(w, h), { sizePx: [640, 480], pictureSizePx: picture });
  for (const side of [0, MIN_SIDE_PX - 1, MAX_SIDE_PX + 1, 64.5, Number.NaN])
    assert.throws(() => planInput(image(side, 480), 32, null), { code: 'E_SOURCE_FORMAT' });
});
