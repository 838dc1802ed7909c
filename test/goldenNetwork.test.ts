import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import sharp from 'sharp';
import type { Features } from '../src/domain/features.js';
import { createEngine } from '../src/hfnet/engine.js';
import { loadModel } from '../src/hfnet/modelFile.js';

const MODELS = fileURLToPath(new URL('../models', import.meta.url));

/** What Python's onnxruntime made of the same picture when the network was exported. */
interface Golden {
  readonly modelSha256: string;
  readonly image: string;
  readonly tolerance: number;
  readonly maxKeypoints: number;
  readonly keypoints: readonly (readonly [number, number])[];
  readonly scores: readonly number[];
  readonly descriptors: readonly (readonly number[])[];
  readonly global: readonly number[];
}

const read = (file: string): Golden => JSON.parse(readFileSync(join(MODELS, 'golden', file), 'utf8'));
const golden = read('sparse.json');

async function extractWith(manifest: string): Promise<Features> {
  const picture = sharp(join(MODELS, 'golden', golden.image))
    .extractChannel(0)
    .raw();
  const { data, info } = await picture.toBuffer({ resolveWithObject: true });
  const engine = await createEngine({ manifestPath: join(MODELS, manifest), threads: 1 });
  try {
    const image = { pixels: new Uint8Array(data), widthPx: info.width, heightPx: info.height };
    return await engine.extract(image, { maxKeypoints: golden.maxKeypoints });
  } finally {
    await engine.close();
  }
}

/** Index of the feature within `reachPx` of a place, or -1. */
const near = (features: Features, [x, y]: readonly [number, number], reachPx: number): number => {
  for (let i = 0; i < features.count; i++)
    if (Math.hypot(features.xyPx[2 * i] - x, features.xyPx[2 * i + 1] - y) < reachPx) return i;
  return -1;
};

const dot = (a: Float32Array, start: number, b: readonly number[]): number =>
  b.reduce((sum, value, k) => sum + value * a[start + k], 0);

test('the float network says in Node what it said in Python', async () => {
  assert.equal(loadModel(join(MODELS, 'hfnet-fp32.json')).manifest.sha256, golden.modelSha256);
  const got = await extractWith('hfnet-fp32.json');
  assert.equal(got.count, golden.keypoints.length);
  golden.keypoints.forEach((place, k) => {
    const i = near(got, place, 0.05);
    assert.ok(i >= 0, `no keypoint at ${place}`);
    assert.ok(Math.abs(got.scores[i] - golden.scores[k]) < golden.tolerance);
    assert.ok(dot(got.descriptors, i * got.dim, golden.descriptors[k]) > 1 - golden.tolerance);
  });
  assert.ok(dot(got.global ?? new Float32Array(), 0, golden.global) > 1 - golden.tolerance);
});

test('the int8 network stays close to the float one', async () => {
  const got = await extractWith('hfnet.json');
  const found = golden.keypoints.map((place) => near(got, place, 1));
  const same = found.filter((i) => i >= 0).length;
  assert.ok(same >= 0.8 * golden.keypoints.length, `${same} of ${golden.keypoints.length} places`);
  const dots = found.map((i, k) => (i < 0 ? 0 : dot(got.descriptors, i * got.dim, golden.descriptors[k])));
  assert.ok(dots.reduce((a, b) => a + b, 0) / same > 0.97);
  assert.ok(dot(got.global ?? new Float32Array(), 0, golden.global) > 0.95);
});

for (const [file, manifest] of [
  ['sparse-int8.json', 'hfnet.json'],
  ['sparse-fast.json', 'hfnet-fast.json'],
] as const)
  test(`${manifest} says in Node what it said in Python, but for rounding to eight bits`, async () => {
    const want = read(file);
    assert.equal(loadModel(join(MODELS, manifest)).manifest.sha256, want.modelSha256);
    const got = await extractWith(manifest);
    const found = want.keypoints.map((place) => near(got, place, 0.5));
    const dots = found.flatMap((i, k) =>
      i < 0 ? [] : [dot(got.descriptors, i * got.dim, want.descriptors[k])],
    );
    assert.ok(
      dots.length >= 0.9 * want.keypoints.length,
      `${dots.length} of ${want.keypoints.length} places`,
    );
    assert.ok(Math.min(...dots) > 0.95, `descriptors agree to ${Math.min(...dots)}`);
    assert.ok(dot(got.global ?? new Float32Array(), 0, want.global) > 0.99);
  });
