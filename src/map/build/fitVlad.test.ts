import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../kernels/random.js';
import { projectGlobal } from '../projectGlobal.js';
import { type Assign, aggregate, type LocalRows, projectionOf } from '../vlad.js';
import { DEFAULT_VLAD, fitVlad } from './fitVlad.js';

const DIM = 8;
const WORDS = 12;
const TUNING = { ...DEFAULT_VLAD, clusters: 6, keypoints: 100 };

/** The engine's sharing out, as plain loops. */
const loopAssign: Assign = async (rows, { rows: centres, dim, sharpness }) => {
  const k = centres.length / dim;
  const [sums, counts] = [new Float32Array(centres.length), new Float32Array(k)];
  for (let i = 0; i < rows.length / dim; i++) {
    const near = Array.from({ length: k }, (_, j) => {
      let square = 0;
      for (let d = 0; d < dim; d++) square += (rows[i * dim + d] - centres[j * dim + d]) ** 2;
      return -sharpness * square;
    });
    const best = Math.max(...near);
    const weights = near.map((value) => Math.exp(value - best));
    const total = weights.reduce((a, b) => a + b, 0);
    for (let j = 0; j < k; j++) {
      counts[j] += weights[j] / total;
      for (let d = 0; d < dim; d++) sums[j * dim + d] += (weights[j] / total) * rows[i * dim + d];
    }
  }
  return { sums, counts };
};

/** Images of places: each place has descriptors of its own around words that all share. */
function scene(places: number, views: number, seed: number): LocalRows[] {
  const random = createRandom(seed);
  const vector = () => Float32Array.from({ length: DIM }, () => random.normal());
  const words = Array.from({ length: WORDS }, vector);
  return Array.from({ length: places }, () => {
    const own = words.flatMap((word) => Array.from({ length: 4 }, () => mix(word, vector(), 0.5)));
    return Array.from({ length: views }, () => ({
      dim: DIM,
      descriptors: pack(own.map((row) => mix(row, vector(), 0.1))),
    }));
  }).flat();
}

const mix = (a: Float32Array, b: Float32Array, share: number) => a.map((value, d) => value + share * b[d]);

function pack(rows: readonly Float32Array[]): Float32Array {
  const out = new Float32Array(rows.length * DIM);
  for (const [i, row] of rows.entries()) {
    const length = Math.hypot(...row);
    for (let d = 0; d < DIM; d++) out[i * DIM + d] = row[d] / length;
  }
  return out;
}

test('views of one place lie closest together, whether their axes are few or all', async () => {
  const images = scene(15, 3, 1);
  for (const outputDim of [256, 12]) {
    const fitted = await fitVlad(images, loopAssign, { ...TUNING, outputDim });
    assert.ok(fitted !== null && fitted.vlad.outputDim <= Math.min(outputDim, images.length - 1));
    const rows = fitted.rows.map((row) => projectGlobal(row, projectionOf(fitted.vlad)));
    for (const [i, row] of rows.entries()) {
      const nearest = rows
        .map((other, j) => ({ j, dot: i === j ? -2 : other.reduce((sum, v, d) => sum + v * row[d], 0) }))
        .reduce((best, next) => (next.dot > best.dot ? next : best));
      assert.equal(Math.floor(nearest.j / 3), Math.floor(i / 3));
    }
  }
});

test('the axes are orthonormal, and all of them lose nothing of what lies between keyframes', async () => {
  const images = scene(6, 2, 2);
  const { vlad, rows } = (await fitVlad(images, loopAssign, TUNING))!;
  const n = vlad.centres.length;
  const axis = (i: number) => vlad.basis.subarray(i * n, (i + 1) * n);
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, d) => sum + value * b[d], 0);
  for (let i = 0; i < vlad.outputDim; i++)
    for (let j = 0; j < vlad.outputDim; j++)
      assert.ok(Math.abs(dot(axis(i), axis(j)) - (i === j ? 1 : 0)) < 1e-4);
  const off = rows.map((row) => row.map((value, d) => value - vlad.mean[d]));
  for (const a of off)
    for (const b of off) {
      let kept = 0;
      for (let i = 0; i < vlad.outputDim; i++) kept += dot(axis(i), a) * dot(axis(i), b);
      assert.ok(Math.abs(kept - dot(a, b)) < 1e-4);
    }
});

test('the same keyframes give the same bytes', async () => {
  const images = scene(5, 2, 3);
  assert.deepEqual(await fitVlad(images, loopAssign, TUNING), await fitVlad(images, loopAssign, TUNING));
});

test('too few descriptors for the centres fit nothing; an image without any is a row of zeros', async () => {
  const [image] = scene(1, 1, 4);
  const few = { ...image, descriptors: image.descriptors.subarray(0, 5 * DIM) };
  assert.equal(await fitVlad([few], loopAssign, TUNING), null);
  const { vlad } = (await fitVlad(scene(3, 2, 4), loopAssign, TUNING))!;
  const empty = await aggregate({ dim: DIM, descriptors: new Float32Array(0) }, vlad, loopAssign);
  assert.ok(empty.every((value) => value === 0));
});

test('only the best keypoints count, and sizes are unit', async () => {
  const images = scene(3, 2, 5);
  const { vlad } = (await fitVlad(images, loopAssign, TUNING))!;
  const some = { ...vlad, keypoints: 20 };
  const whole = await aggregate(images[0], some, loopAssign);
  const cut = await aggregate(
    { ...images[0], descriptors: images[0].descriptors.slice(0, 20 * DIM) },
    vlad,
    loopAssign,
  );
  assert.deepEqual(whole, cut);
  assert.ok(Math.abs(Math.hypot(...whole) - 1) < 1e-5);
});
