import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import type { Vlad } from '../../domain/mapModel.js';
import { createRandom } from '../../kernels/random.js';
import { type Assign, aggregate, type LocalRows } from '../vlad.js';

export interface VladTuning {
  readonly clusters: number;
  readonly sharpness: number;
  readonly keypoints: number;
  /** Most numbers a keyframe's descriptor is projected to. */
  readonly outputDim: number;
  readonly seed: number;
}

export const DEFAULT_VLAD: VladTuning = {
  clusters: 32,
  sharpness: 50,
  keypoints: 1000,
  outputDim: 256,
  seed: 1,
};

/** Descriptors and keyframes that are learnt from; a map that has more gives an even choice. */
const FIT_ROWS = 20_000;
const FIT_KEYFRAMES = 512;
const LLOYD_STEPS = 12;
/** Shares so sharp that all go to the nearest centre. */
const NEAREST = 1e4;

export interface FittedVlad {
  readonly vlad: Vlad;
  /** Each keyframe's raw VLAD. */
  readonly rows: readonly Float32Array[];
}

/** Learns centres and projection from a map's own keyframes; null where there are too few descriptors for centres.
 * The same keyframes give the same numbers. */
export async function fitVlad(
  images: readonly LocalRows[],
  assign: Assign,
  tuning: VladTuning = DEFAULT_VLAD,
): Promise<FittedVlad | null> {
  const { clusters, sharpness, keypoints } = tuning;
  const sample = sampleRows(images, keypoints);
  const dim = images[0]?.dim ?? 0;
  if (sample.length < clusters * dim) return null;
  const centres = await cluster(sample, dim, tuning, assign);
  const rows: Float32Array[] = [];
  for (const image of images) rows.push(await aggregate(image, { centres, sharpness, keypoints }, assign));
  const projection = fitProjection(evenly(rows, FIT_KEYFRAMES), tuning.outputDim);
  return { vlad: { clusters, sharpness, keypoints, centres, ...projection }, rows };
}

function sampleRows(images: readonly LocalRows[], keypoints: number): Float32Array {
  const parts = images.map(({ descriptors, dim }) => descriptors.subarray(0, dim * keypoints));
  const dim = images[0]?.dim ?? 1;
  const total = parts.reduce((sum, part) => sum + part.length / dim, 0);
  const step = Math.max(1, total / FIT_ROWS);
  const out = new Float32Array(Math.floor(total / step) * dim);
  let at = 0;
  let next = 0;
  let first = 0;
  for (const part of parts) {
    const count = part.length / dim;
    for (; next < first + count && at < out.length; next += step, at += dim) {
      const row = Math.floor(next - first);
      out.set(part.subarray(row * dim, (row + 1) * dim), at);
    }
    first += count;
  }
  return out.subarray(0, at);
}

/** k-means from random rows. Source: Lloyd 1982; a centre that nothing falls to starts again from another row. */
async function cluster(
  rows: Float32Array,
  dim: number,
  { clusters, seed }: VladTuning,
  assign: Assign,
): Promise<Float32Array> {
  const random = createRandom(seed);
  const anyRow = () => {
    const row = random.integer(rows.length / dim);
    return rows.subarray(row * dim, (row + 1) * dim);
  };
  const centres = new Float32Array(clusters * dim);
  for (let k = 0; k < clusters; k++) centres.set(anyRow(), k * dim);
  for (let step = 0; step < LLOYD_STEPS; step++) {
    const { sums, counts } = await assign(rows, { rows: centres, dim, sharpness: NEAREST });
    for (let k = 0; k < clusters; k++) {
      const mean = sums.subarray(k * dim, (k + 1) * dim).map((value) => value / counts[k]);
      centres.set(counts[k] >= 1 ? mean : anyRow(), k * dim);
    }
  }
  return centres;
}

function evenly<T>(items: readonly T[], most: number): readonly T[] {
  if (items.length <= most) return items;
  return Array.from({ length: most }, (_, i) => items[Math.floor((i * items.length) / most)]);
}

/** Principal axes of few rows of many numbers, from their Gram matrix. Where there are fewer rows than axes asked for
 * nothing is lost: between what lies in their span, dot products stay.
 * Source: Jolliffe, Principal Component Analysis, section 3.5; signs fixed so that equal input gives equal bytes. */
function fitProjection(rows: readonly Float32Array[], most: number) {
  const inputDim = rows[0].length;
  const mean = new Float32Array(inputDim);
  for (const row of rows) for (let d = 0; d < inputDim; d++) mean[d] += row[d] / rows.length;
  const centred = rows.map((row) => row.map((value, d) => value - mean[d]));
  const gram = Matrix.zeros(rows.length, rows.length);
  for (let i = 0; i < rows.length; i++)
    for (let j = i; j < rows.length; j++) {
      const dot = dotOf(centred[i], centred[j]);
      gram.set(i, j, dot);
      gram.set(j, i, dot);
    }
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(gram, { assumeSymmetric: true });
  const order = realEigenvalues.map((_, i) => i).sort((a, b) => realEigenvalues[b] - realEigenvalues[a]);
  const least = SMALLEST_SHARE * Math.max(...realEigenvalues);
  const kept = order.slice(0, most).filter((i) => realEigenvalues[i] > least);
  const axes = kept.map((i) => axisOf(centred, eigenvectorMatrix.getColumn(i)));
  const basis = new Float32Array(axes.length * inputDim);
  for (const [i, axis] of axes.entries()) basis.set(axis, i * inputDim);
  return { outputDim: axes.length, mean, basis };
}

/** Of the largest variance; below it an axis is made of rounding. */
const SMALLEST_SHARE = 1e-6;

/** The unit combination of rows, its largest number positive. */
function axisOf(rows: readonly Float32Array[], weights: readonly number[]): Float64Array {
  const axis = new Float64Array(rows[0].length);
  for (const [r, row] of rows.entries()) for (let d = 0; d < axis.length; d++) axis[d] += weights[r] * row[d];
  const largest = axis.reduce((best, value) => (Math.abs(value) > Math.abs(best) ? value : best), 0);
  const length = Math.sign(largest) * Math.sqrt(axis.reduce((sum, value) => sum + value * value, 0));
  return axis.map((value) => value / length);
}

function dotOf(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let d = 0; d < a.length; d++) sum += a[d] * b[d];
  return sum;
}
