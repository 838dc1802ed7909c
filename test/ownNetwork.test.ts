import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Features, GrayImage } from '../src/domain/features.js';
import { createEngine } from '../src/hfnet/engine.js';
import { createRandom } from '../src/kernels/random.js';

const MODELS = fileURLToPath(new URL('../models', import.meta.url));

/** Boxes of random size and brightness, one over the other: corners enough for any detector. */
function boxes(widthPx: number, heightPx: number, seed: number): GrayImage {
  const random = createRandom(seed);
  const pixels = new Uint8Array(widthPx * heightPx).fill(120);
  for (let box = 0; box < 150; box++) {
    const [left, top] = [random.integer(widthPx), random.integer(heightPx)];
    const [right, bottom] = [left + 8 + random.integer(60), top + 8 + random.integer(60)];
    const value = random.integer(256);
    for (let y = top; y < Math.min(bottom, heightPx); y++)
      pixels.fill(value, y * widthPx + left, y * widthPx + Math.min(right, widthPx));
  }
  return { pixels, widthPx, heightPx };
}

async function extractWith(manifest: string, image: GrayImage, maxKeypoints = 1000): Promise<Features> {
  const engine = await createEngine({ manifestPath: join(MODELS, manifest), threads: 1 });
  try {
    return await engine.extract(image, { maxKeypoints });
  } finally {
    await engine.close();
  }
}

test('sparse and dense exports of our network agree on places and descriptors', async (t) => {
  if (!existsSync(join(MODELS, 'hfnet-dense.json'))) return t.skip('no dense export in models/');
  const image = boxes(330, 250, 1);
  const [sparse, dense] = [
    await extractWith('hfnet.json', image),
    await extractWith('hfnet-dense.json', image),
  ];
  let [same, offsetX, offsetY, dots] = [0, 0, 0, 0];
  for (let i = 0; i < sparse.count; i++)
    for (let j = 0; j < dense.count; j++) {
      const dx = sparse.xyPx[2 * i] - dense.xyPx[2 * j];
      const dy = sparse.xyPx[2 * i + 1] - dense.xyPx[2 * j + 1];
      if (Math.hypot(dx, dy) > 1) continue;
      same++;
      offsetX += dx;
      offsetY += dy;
      for (let d = 0; d < sparse.dim; d++)
        dots += sparse.descriptors[i * sparse.dim + d] * dense.descriptors[j * dense.dim + d];
    }
  assert.ok(sparse.count > 50 && same > 0.9 * sparse.count, `${same} of ${sparse.count} places`);
  // Only the sub-pixel step lies between them.
  assert.ok(
    Math.abs(offsetX / same) < 0.15 && Math.abs(offsetY / same) < 0.15,
    `${offsetX / same}, ${offsetY / same}`,
  );
  assert.ok(dots / same > 0.98, `mean dot ${dots / same}`);
  assert.deepEqual(sparse.global?.length, dense.global?.length);
});

test('the same bytes give the same features, run after run and engine after engine', async (t) => {
  if (!existsSync(join(MODELS, 'hfnet.json'))) return t.skip('no network in models/');
  const image = boxes(320, 256, 2);
  const first = await extractWith('hfnet.json', image);
  assert.deepEqual(await extractWith('hfnet.json', image), first);
  const few = await extractWith('hfnet.json', image, 20);
  assert.deepEqual(few.xyPx, first.xyPx.slice(0, 40));
});
