import { essentialFromPoses } from '../src/geometry/epipolar.js';
import { exp, transformPoint, writeMatrix3x4 } from '../src/geometry/rigid.js';
import type { Random } from '../src/kernels/random.js';
import { randomPose } from './synthetic.js';

export interface P3pCase {
  readonly bearings: Float64Array;
  readonly points: Float64Array;
  readonly matrix: Float64Array;
}

/** Three exact rays of a camera with an ordinary field of view, points 1 to 21 m away. */
export function p3pCase(random: Random): P3pCase {
  const matrix = writeMatrix3x4(randomPose(random), new Float64Array(12));
  const bearings = new Float64Array(9);
  const points = new Float64Array(9);
  for (let i = 0; i < 3; i++) {
    const x = 1.4 * (random.uniform() - 0.5);
    const y = 1.1 * (random.uniform() - 0.5);
    const scale = 1 / Math.hypot(x, y, 1);
    const depth = 1 + 20 * random.uniform();
    bearings.set([x * scale, y * scale, scale], 3 * i);
    const seen = [0, 1, 2].map((r) => bearings[3 * i + r] * depth - matrix[4 * r + 3]);
    for (let k = 0; k < 3; k++)
      points[3 * i + k] = matrix[k] * seen[0] + matrix[4 + k] * seen[1] + matrix[8 + k] * seen[2];
  }
  return { bearings, points, matrix };
}

/** Sum of absolute differences of the closest solution to the truth, and the largest angle any solution leaves. */
export function p3pError(
  bearings: Float64Array,
  points: Float64Array,
  truth: Float64Array,
  poses: Float64Array,
  count: number,
): { closest: number; worstRay: number } {
  let closest = Number.POSITIVE_INFINITY;
  let worstRay = 0;
  for (let s = 0; s < count; s++) {
    const m = poses.subarray(12 * s, 12 * s + 12);
    let difference = 0;
    for (let j = 0; j < 12; j++) difference += Math.abs(m[j] - truth[j]);
    closest = Math.min(closest, difference);
    for (let i = 0; i < 9; i += 3) worstRay = Math.max(worstRay, rayError(m, points, bearings, i));
  }
  return { closest, worstRay };
}

function rayError(m: Float64Array, points: Float64Array, bearings: Float64Array, i: number): number {
  const at = (r: number): number =>
    m[4 * r] * points[i] + m[4 * r + 1] * points[i + 1] + m[4 * r + 2] * points[i + 2] + m[4 * r + 3];
  const [x, y, z] = [at(0), at(1), at(2)];
  const length = Math.hypot(x, y, z);
  return Math.hypot(x / length - bearings[i], y / length - bearings[i + 1], z / length - bearings[i + 2]);
}

const ORIGIN = Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0);

export interface TwoViews {
  readonly a: Float64Array;
  readonly b: Float64Array;
  /** Row-major 3x4 bFromA. */
  readonly pose: Float64Array;
  readonly essential: Float64Array;
  readonly bFromA: ReturnType<typeof exp<'camB', 'camA'>>;
}

/** Bearing pairs of points 4 to 14 m ahead; the first `outliers` of them are wrong; noise in rad. */
export function twoViews(random: Random, count: number, outliers = 0, noiseRad = 0): TwoViews {
  const turn = (): number => 0.25 * random.normal();
  const bFromA = exp<'camB', 'camA'>([
    turn(),
    turn(),
    turn(),
    random.normal(),
    random.normal(),
    random.normal(),
  ]);
  const pose = writeMatrix3x4(bFromA, new Float64Array(12));
  const essential = new Float64Array(9);
  essentialFromPoses(ORIGIN, 0, pose, 0, essential);
  const a = new Float64Array(3 * count);
  const b = new Float64Array(3 * count);
  for (let i = 0; i < count; i++) {
    const depth = 4 + 10 * random.uniform();
    const point = [1.2 * depth * (random.uniform() - 0.5), depth * (random.uniform() - 0.5), depth] as const;
    writeBearing(a, i, point, random, noiseRad);
    const wrong = [random.normal(), random.normal(), 3] as const;
    writeBearing(b, i, i < outliers ? wrong : transformPoint(bFromA, point), random, noiseRad);
  }
  return { a, b, pose, essential, bFromA };
}

function writeBearing(
  out: Float64Array,
  i: number,
  direction: readonly number[],
  random: Random,
  noiseRad: number,
): void {
  const length = Math.hypot(...direction);
  const noisy = direction.map((v) => v / length + (noiseRad > 0 ? noiseRad * random.normal() : 0));
  const scale = 1 / Math.hypot(...noisy);
  for (let k = 0; k < 3; k++) out[3 * i + k] = noisy[k] * scale;
}

/** Frobenius distance of the closest essential matrix, either sign. */
export function essentialError(truth: Float64Array, found: Float64Array, count: number): number {
  let closest = Number.POSITIVE_INFINITY;
  for (let s = 0; s < count; s++)
    for (const sign of [1, -1]) {
      let square = 0;
      for (let k = 0; k < 9; k++) square += (truth[k] - sign * found[9 * s + k]) ** 2;
      closest = Math.min(closest, Math.sqrt(square));
    }
  return closest;
}
