import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Tensor } from 'onnxruntime-node';
import { toyManifest } from '../../test/toyModel.js';
import { createRandom } from '../kernels/random.js';
import { denseGraph } from './denseGraph.js';
import type { ModelManifest } from './manifest.js';
import { openSession } from './session.js';

const [WIDTH, HEIGHT, DIM, STRIDE] = [48, 40, 5, 8];
const BORDER = 3;
const VALID = { widthPx: 43, heightPx: 38 };
const [CELLS_X, CELLS_Y] = [WIDTH / STRIDE, HEIGHT / STRIDE];

function denseManifest(change: Partial<ModelManifest>): ModelManifest {
  const toy = toyManifest(new Uint8Array(1));
  const descriptor = { dim: DIM, normalised: true, metric: 'dot' } as const;
  return {
    ...toy,
    kind: 'dense-v1',
    descriptor,
    nmsRadiusPx: 2,
    borderPx: BORDER,
    scores: { type: 'prob', threshold: 0.3 },
    ...change,
  };
}

const tensor = (data: Float32Array, dims: number[]): Tensor => new Tensor('float32', data, dims);

/** 64 cells of every 8 x 8 block in raster order, as SuperPoint and XFeat have them. */
function toCells(heat: Float32Array, channels: number, convert: (v: number) => number): Float32Array {
  const out = new Float32Array(channels * CELLS_X * CELLS_Y);
  for (let y = 0; y < HEIGHT; y++)
    for (let x = 0; x < WIDTH; x++) {
      const channel = (y % 8) * 8 + (x % 8);
      out[(channel * CELLS_Y + Math.floor(y / 8)) * CELLS_X + Math.floor(x / 8)] = convert(
        heat[y * WIDTH + x],
      );
    }
  return out;
}

function reference(
  heat: Float32Array,
  manifest: ModelManifest,
  max: number,
): { x: number; y: number; s: number }[] {
  const r = manifest.nmsRadiusPx;
  const found: { x: number; y: number; s: number }[] = [];
  for (let y = BORDER; y < VALID.heightPx - BORDER; y++)
    for (let x = BORDER; x < VALID.widthPx - BORDER; x++) {
      const s = heat[y * WIDTH + x];
      let isMax = s > manifest.scores.threshold;
      for (let v = Math.max(0, y - r); v <= Math.min(HEIGHT - 1, y + r); v++)
        for (let u = Math.max(0, x - r); u <= Math.min(WIDTH - 1, x + r); u++)
          if (heat[v * WIDTH + u] > s) isMax = false;
      if (isMax) found.push({ x, y, s });
    }
  return found.sort((a, b) => b.s - a.s).slice(0, max);
}

/** Unit descriptor at a pixel: bilinear between cell centres, border repeated. */
function sample(map: Float32Array, x: number, y: number, alignCorners: boolean): number[] {
  const cx = alignCorners ? (x / (WIDTH - 1)) * (CELLS_X - 1) : (x + 0.5) / STRIDE - 0.5;
  const cy = alignCorners ? (y / (HEIGHT - 1)) * (CELLS_Y - 1) : (y + 0.5) / STRIDE - 0.5;
  const at = (d: number, u: number, v: number) =>
    map[
      (d * CELLS_Y + Math.min(CELLS_Y - 1, Math.max(0, v))) * CELLS_X + Math.min(CELLS_X - 1, Math.max(0, u))
    ];
  const [u, v] = [Math.floor(cx), Math.floor(cy)];
  const [a, b] = [cx - u, cy - v];
  const row = Array.from(
    { length: DIM },
    (_, d) =>
      (1 - b) * ((1 - a) * at(d, u, v) + a * at(d, u + 1, v)) +
      b * ((1 - a) * at(d, u, v + 1) + a * at(d, u + 1, v + 1)),
  );
  return row.map((value) => value / Math.hypot(...row));
}

const random = createRandom(11);
const heat = Float32Array.from({ length: WIDTH * HEIGHT }, () => random.uniform());
const map = Float32Array.from({ length: DIM * CELLS_X * CELLS_Y }, () => random.normal());

for (const scores of ['prob', 'prob64', 'logit65'] as const)
  for (const alignCorners of [false, true])
    test(`${scores}, alignCorners ${alignCorners}: keypoints and descriptors equal plain loops`, async () => {
      // A softmax over 64 cells and a dustbin leaves little for each: the threshold follows.
      const threshold = scores === 'logit65' ? 1 / 65 : 0.3;
      const manifest = denseManifest({
        scores: { type: scores, threshold },
        sampling: { mode: 'bilinear', alignCorners },
      });
      const session = await openSession(denseGraph(manifest), 1, 'test');
      const input = {
        prob: tensor(heat, [1, 1, HEIGHT, WIDTH]),
        prob64: tensor(
          toCells(heat, 64, (v) => v),
          [1, 64, CELLS_Y, CELLS_X],
        ),
        logit65: tensor(
          toCells(heat, 65, (v) => v),
          [1, 65, CELLS_Y, CELLS_X],
        ),
      }[scores];
      for (const max of [7, 1000]) {
        const got = await session.run({
          scores: input,
          descriptors: tensor(map, [1, DIM, CELLS_Y, CELLS_X]),
          max_keypoints: new Tensor('int64', BigInt64Array.of(BigInt(max)), [1]),
          valid: tensor(Float32Array.of(VALID.widthPx, VALID.heightPx), [2]),
        });
        const expected = reference(scores === 'logit65' ? softmaxed(heat) : heat, manifest, max);
        const found = (got.scores_out.data as Float32Array).filter((s) => s >= 0).length;
        assert.equal(found, expected.length);
        expected.forEach(({ x, y, s }, i) => {
          assert.deepEqual([...(got.keypoints.data as Float32Array).slice(2 * i, 2 * i + 2)], [x, y]);
          assert.ok(Math.abs((got.scores_out.data as Float32Array)[i] - s) < 1e-6);
          const row = (got.descriptors_out.data as Float32Array).subarray(DIM * i, DIM * (i + 1));
          sample(map, x, y, alignCorners).forEach((v, d) => {
            assert.ok(Math.abs(v - row[d]) < 1e-4);
          });
        });
      }
      await session.release();
    });

/** Softmax over each cell's 64 values and a dustbin of 0. */
function softmaxed(values: Float32Array): Float32Array {
  const sums = new Float64Array(CELLS_X * CELLS_Y).fill(1);
  const cellOf = (i: number) => Math.floor(Math.floor(i / WIDTH) / 8) * CELLS_X + Math.floor((i % WIDTH) / 8);
  values.forEach((v, i) => {
    sums[cellOf(i)] += Math.exp(v);
  });
  return values.map((v, i) => Math.exp(v) / sums[cellOf(i)]);
}

test('reliability multiplies the scores and so reorders them', async () => {
  const outputs = { scores: 's', descriptors: 'd', reliability: 'r' };
  const manifest = denseManifest({ outputs });
  const session = await openSession(denseGraph(manifest), 1, 'test');
  const flat = new Float32Array(WIDTH * HEIGHT);
  flat[10 * WIDTH + 4] = 0.9;
  flat[10 * WIDTH + 38] = 0.8;
  const reliability = Float32Array.from({ length: CELLS_X * CELLS_Y }, (_, i) => (i % CELLS_X < 3 ? 0.5 : 1));
  const got = await session.run({
    scores: tensor(flat, [1, 1, HEIGHT, WIDTH]),
    descriptors: tensor(map, [1, DIM, CELLS_Y, CELLS_X]),
    reliability: tensor(reliability, [1, 1, CELLS_Y, CELLS_X]),
    max_keypoints: new Tensor('int64', BigInt64Array.of(9n), [1]),
    valid: tensor(Float32Array.of(VALID.widthPx, VALID.heightPx), [2]),
  });
  assert.deepEqual([...(got.keypoints.data as Float32Array)], [38, 10, 4, 10]);
  const scores = [...(got.scores_out.data as Float32Array)].map((s) => Math.round(s * 100) / 100);
  assert.deepEqual(scores, [0.8, 0.45]);
  await session.release();
});

test('a map without any candidate gives no keypoints', async () => {
  const session = await openSession(denseGraph(denseManifest({})), 1, 'test');
  const got = await session.run({
    scores: tensor(new Float32Array(WIDTH * HEIGHT), [1, 1, HEIGHT, WIDTH]),
    descriptors: tensor(map, [1, DIM, CELLS_Y, CELLS_X]),
    max_keypoints: new Tensor('int64', BigInt64Array.of(9n), [1]),
    valid: tensor(Float32Array.of(VALID.widthPx, VALID.heightPx), [2]),
  });
  assert.equal(got.scores_out.data.length, 0);
  await session.release();
});
