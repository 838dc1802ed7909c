import type { Rigid } from '../domain/rigid.js';
import { essentialFromPoses, sampsonSquared } from './epipolar.js';
import { countInFront, decomposeEssential } from './essentialPose.js';
import { createFivePointWorkspace, type FivePointWorkspace, fivePoint, MAX_ESSENTIALS } from './fivePoint.js';
import { refineRelative } from './refineRelative.js';
import { fromMatrix3x4 } from './rigid.js';
import { drawDistinct, type Sampler, seedSampler } from './sampler.js';

export interface RelativePoseOptions {
  /** Largest Sampson error of an inlier, rad: pixels over the focal length. */
  readonly thresholdRad: number;
  readonly seed: number;
  /** Default 0.9999. */
  readonly confidence?: number;
  /** Default 5000. */
  readonly maxIterations?: number;
}

export interface RelativePose {
  /** Translation of unit length: two views do not tell their distance. */
  readonly bFromA: Rigid<'camB', 'camA'>;
  /** Row-major 3x3, b^T E a = 0. */
  readonly essential: Float64Array;
  readonly inliers: number;
  /** [n] 1 for inliers. **Borrowed** from the workspace until its next use. */
  readonly inlierMask: Uint8Array;
  readonly iterations: number;
  /** Median angle between the two rays of the inliers, rad. Near the threshold the translation means nothing. */
  readonly medianParallaxRad: number;
}

export interface RelativePoseWorkspace {
  mask: Uint8Array;
  rows: Int32Array;
  parallax: Float64Array;
  readonly sample: Int32Array;
  readonly sampleA: Float64Array;
  readonly sampleB: Float64Array;
  readonly candidates: Float64Array;
  readonly best: Float64Array;
  readonly trial: Float64Array;
  readonly poses: Float64Array;
  readonly pose: Float64Array;
  readonly sampler: Sampler;
  readonly fivePoint: FivePointWorkspace;
}

const SAMPLE_SIZE = 5;
const ORIGIN = Float64Array.of(1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0);

export function createRelativePoseWorkspace(): RelativePoseWorkspace {
  return {
    mask: new Uint8Array(0),
    rows: new Int32Array(0),
    parallax: new Float64Array(0),
    sample: new Int32Array(SAMPLE_SIZE),
    sampleA: new Float64Array(15),
    sampleB: new Float64Array(15),
    candidates: new Float64Array(9 * MAX_ESSENTIALS),
    best: new Float64Array(9),
    trial: new Float64Array(9),
    poses: new Float64Array(48),
    pose: new Float64Array(12),
    sampler: { state: 0 },
    fivePoint: createFivePointWorkspace(),
  };
}

/** Relative pose of two calibrated views from bearing pairs of which many may be wrong: RANSAC over the five-point
 * solver with an MSAC score on Sampson errors, local optimisation of each new best. Deterministic for a seed.
 * @param a [n x 3] unit bearings, first camera    @param b [n x 3] those of the second
 * @returns null where fewer than 6 pairs agree, or agree only behind the cameras */
export function estimateRelativePose(
  a: Float64Array,
  b: Float64Array,
  count: number,
  options: RelativePoseOptions,
  ws: RelativePoseWorkspace,
): RelativePose | null {
  if (count < 6) return null;
  if (ws.mask.length < count) {
    ws.mask = new Uint8Array(2 * count);
    ws.rows = new Int32Array(2 * count);
    ws.parallax = new Float64Array(2 * count);
  }
  const iterations = search(a, b, count, options, ws);
  const inliers = collect(a, b, count, options.thresholdRad, ws);
  if (inliers < 6 || !choosePose(a, b, inliers, ws)) return null;
  return {
    bFromA: fromMatrix3x4(ws.pose),
    essential: ws.best.slice(),
    inliers,
    inlierMask: ws.mask.subarray(0, count),
    iterations,
    medianParallaxRad: medianParallax(a, b, inliers, ws),
  };
}

function search(
  a: Float64Array,
  b: Float64Array,
  count: number,
  options: RelativePoseOptions,
  ws: RelativePoseWorkspace,
): number {
  const { thresholdRad, confidence = 0.9999, maxIterations = 5000 } = options;
  seedSampler(ws.sampler, options.seed);
  ws.best.fill(Number.NaN);
  let bestCost = count - 5;
  let needed = maxIterations;
  let iteration = 0;
  for (; iteration < Math.min(needed, maxIterations); iteration++) {
    drawDistinct(ws.sampler, count, SAMPLE_SIZE, ws.sample);
    for (let k = 0; k < SAMPLE_SIZE; k++)
      for (let j = 0; j < 3; j++) {
        ws.sampleA[3 * k + j] = a[3 * ws.sample[k] + j];
        ws.sampleB[3 * k + j] = b[3 * ws.sample[k] + j];
      }
    const solutions = fivePoint(ws.sampleA, ws.sampleB, ws.candidates, ws.fivePoint);
    let isBetter = false;
    for (let s = 0; s < solutions; s++) {
      for (let j = 0; j < 9; j++) ws.trial[j] = ws.candidates[9 * s + j];
      const cost = msac(ws.trial, a, b, count, thresholdRad, bestCost);
      if (!(cost < bestCost)) continue;
      bestCost = cost;
      ws.best.set(ws.trial);
      isBetter = true;
    }
    if (!isBetter) continue;
    bestCost = optimizeLocally(a, b, count, thresholdRad, bestCost, ws);
    const ratio = collect(a, b, count, thresholdRad, ws) / count;
    needed = Math.ceil(Math.log(1 - confidence) / Math.log(1 - Math.min(ratio, 0.999) ** SAMPLE_SIZE));
  }
  return iteration;
}

/** Sum of min(error^2 / threshold^2, 1), given up past `giveUpAt`. */
function msac(
  e: Float64Array,
  a: Float64Array,
  b: Float64Array,
  count: number,
  thresholdRad: number,
  giveUpAt: number,
): number {
  const gain = 1 / (thresholdRad * thresholdRad);
  let cost = 0;
  for (let i = 0; i < count && cost < giveUpAt; i++)
    cost += Math.min(1, sampsonSquared(e, a, 3 * i, b, 3 * i) * gain);
  return cost;
}

/** Inliers of `ws.best`: fills mask and rows. */
function collect(
  a: Float64Array,
  b: Float64Array,
  count: number,
  thresholdRad: number,
  ws: RelativePoseWorkspace,
): number {
  let inliers = 0;
  for (let i = 0; i < count; i++) {
    const isInlier = sampsonSquared(ws.best, a, 3 * i, b, 3 * i) < thresholdRad * thresholdRad;
    ws.mask[i] = isInlier ? 1 : 0;
    if (isInlier) ws.rows[inliers++] = i;
  }
  return inliers;
}

function optimizeLocally(
  a: Float64Array,
  b: Float64Array,
  count: number,
  thresholdRad: number,
  startCost: number,
  ws: RelativePoseWorkspace,
): number {
  let cost = startCost;
  for (let round = 0; round < 3; round++) {
    const inliers = collect(a, b, count, thresholdRad, ws);
    if (inliers < 6 || !choosePose(a, b, inliers, ws)) return cost;
    refineRelative(a, b, ws.rows, inliers, thresholdRad / 2, 5, ws.pose);
    essentialFromPoses(ORIGIN, 0, ws.pose, 0, ws.trial);
    const refined = msac(ws.trial, a, b, count, thresholdRad, cost);
    if (!(refined < cost)) return cost;
    cost = refined;
    ws.best.set(ws.trial);
  }
  return cost;
}

/** Of the four poses of `ws.best` the one that puts most inliers in front of both cameras, to `ws.pose`. */
function choosePose(a: Float64Array, b: Float64Array, inliers: number, ws: RelativePoseWorkspace): boolean {
  decomposeEssential(ws.best, 0, ws.poses);
  let best = -1;
  let most = inliers / 2;
  for (let k = 0; k < 4; k++) {
    const inFront = countInFront(ws.poses, 12 * k, a, b, ws.rows, inliers);
    if (inFront <= most) continue;
    most = inFront;
    best = k;
  }
  if (best >= 0) for (let j = 0; j < 12; j++) ws.pose[j] = ws.poses[12 * best + j];
  return best >= 0;
}

function medianParallax(
  a: Float64Array,
  b: Float64Array,
  inliers: number,
  ws: RelativePoseWorkspace,
): number {
  const { pose, parallax, rows } = ws;
  for (let k = 0; k < inliers; k++) {
    const i = 3 * rows[k];
    let cosine = 0;
    for (let r = 0; r < 3; r++)
      cosine += b[i + r] * (pose[4 * r] * a[i] + pose[4 * r + 1] * a[i + 1] + pose[4 * r + 2] * a[i + 2]);
    parallax[k] = Math.acos(Math.min(1, Math.max(-1, cosine)));
  }
  return parallax.subarray(0, inliers).sort()[inliers >> 1];
}
