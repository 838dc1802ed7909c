import type { Camera } from '../domain/camera.js';
import type { CamFromWorld } from '../domain/rigid.js';
import { type AbsolutePoseWorkspace, reserve, SAMPLE_SIZE } from './absolutePoseWorkspace.js';
import { finishPose } from './finishPose.js';
import { POSE_SIZE, p3p } from './p3p.js';
import { collectNear, packRows, ROW_SIZE, scorePose } from './poseScore.js';
import { unprojectAll } from './projection.js';
import { beginProsac, drawProsac } from './prosac.js';
import { refinePose } from './refinePose.js';
import { drawDistinct, seedSampler, shuffle } from './sampler.js';
import { retuneTest } from './sequentialTest.js';

export { type AbsolutePoseWorkspace, createAbsolutePoseWorkspace } from './absolutePoseWorkspace.js';

export interface AbsolutePoseOptions {
  /** Largest reprojection error of an inlier. */
  readonly thresholdPx: number;
  readonly seed: number;
  /** Probability that an all-inlier sample was drawn before it stops. Default 0.9999. */
  readonly confidence?: number;
  /** Default 10 000: reaches that confidence down to 10 % inliers. */
  readonly maxIterations?: number;
  /** Default 5. */
  readonly minIterations?: number;
  /** [n] larger is better: samples are drawn from the best correspondences first (PROSAC). */
  readonly quality?: ArrayLike<number>;
}

export interface AbsolutePose {
  readonly camFromWorld: CamFromWorld;
  /** Row-major 3x4 [R | t] of camFromWorld. */
  readonly matrix: Float64Array;
  readonly inliers: number;
  /** [n] 1 for inliers, in input order. **Borrowed** from the workspace until its next use. */
  readonly inlierMask: Uint8Array;
  /** Over the inliers. */
  readonly rmsPx: number;
  /** MSAC cost: sum of min(error^2 / threshold^2, 1); n minus it is a soft inlier count. */
  readonly cost: number;
  readonly iterations: number;
  /** Row-major 6x6, rotation (rad) then translation (m), left perturbation of worldFromCam; null where singular. */
  readonly covariance: Float64Array | null;
  /** Of the unit-free J^T W J; see covariance.ts. */
  readonly conditionNumber: number;
}

const LOCAL_ROUNDS = 2;

/** Rows of one local optimisation: enough to draw the pose in, cheap beside the scoring. */
const LOCAL_LIMIT = 64;

/** Pose of a calibrated camera from 2D-3D matches of which many may be wrong: LO-RANSAC over P3P with an MSAC score,
 * a sequential test that drops bad poses after a few rows, local optimisation of each new best, an adaptive stop, and
 * a final Levenberg-Marquardt on the inliers. Deterministic for a seed.
 * @param pixels [n x 2]    @param points [n x 3] world    @param count n; rows with a pixel that cannot be undistorted count as outliers
 * @returns null where fewer than 4 correspondences agree on any pose.
 * Source: Chum, Matas, Kittler, "Locally Optimized RANSAC", 2003; Matas and Chum 2005 (SPRT). */
export function estimateAbsolutePose(
  camera: Camera,
  pixels: ArrayLike<number>,
  points: ArrayLike<number>,
  count: number,
  options: AbsolutePoseOptions,
  ws: AbsolutePoseWorkspace,
): AbsolutePose | null {
  const usable = loadCorrespondences(camera, pixels, points, count, options, ws);
  if (usable < 4) return null;
  const iterations = search(camera, usable, options, ws);
  if (iterations === 0) return null;
  const near = collectNear(ws.rows, usable, ws.best, 1, ws.order, usable, ws.picked, ws.squares);
  return finishPose(camera, count, near, options.thresholdPx, iterations, options.thresholdPx, ws);
}

/** Copies the input, unprojects it, and packs the usable rows in random order. @returns how many are usable */
function loadCorrespondences(
  camera: Camera,
  pixels: ArrayLike<number>,
  points: ArrayLike<number>,
  count: number,
  options: AbsolutePoseOptions,
  ws: AbsolutePoseWorkspace,
): number {
  copyCorrespondences(pixels, points, count, ws);
  unprojectAll(camera, ws.pixels, count, ws.bearings);
  let usable = 0;
  for (let i = 0; i < count; i++) {
    const sum = ws.bearings[3 * i] + ws.points[3 * i] + ws.points[3 * i + 1] + ws.points[3 * i + 2];
    if (Number.isFinite(sum)) ws.order[usable++] = i;
  }
  seedSampler(ws.sampler, options.seed);
  shuffle(ws.sampler, ws.order, usable);
  packRows(camera, ws.bearings, ws.points, ws.order, usable, options.thresholdPx, ws.rows);
  if (options.quality) beginProsac(ws.prosac, options.quality, ws.order, usable);
  return usable;
}

/** Copies the input to `ws.pixels` and `ws.points`. */
export function copyCorrespondences(
  pixels: ArrayLike<number>,
  points: ArrayLike<number>,
  count: number,
  ws: AbsolutePoseWorkspace,
): void {
  reserve(ws, count);
  copyInto(ws.pixels, pixels, 2 * count);
  copyInto(ws.points, points, 3 * count);
}

function copyInto(target: Float64Array, source: ArrayLike<number>, length: number): void {
  if (source.length === length) target.set(source);
  else for (let i = 0; i < length; i++) target[i] = source[i];
}

/** Leaves the best pose in `ws.best`; returns the samples drawn, 0 where no pose gathered 4 inliers. */
function search(
  camera: Camera,
  usable: number,
  options: AbsolutePoseOptions,
  ws: AbsolutePoseWorkspace,
): number {
  const { confidence = 0.9999, maxIterations = 10_000, minIterations = 5 } = options;
  let bestCost = usable - 3.5;
  let bestInliers = 0;
  let needed = maxIterations;
  retuneTest(ws.test, 0, usable);
  let iteration = 0;
  for (; iteration < Math.min(maxIterations, Math.max(minIterations, needed)); iteration++) {
    if (options.quality) drawProsac(ws.prosac, ws.sampler, ws.sample);
    else drawDistinct(ws.sampler, usable, SAMPLE_SIZE, ws.sample);
    const solutions = solveSample(ws);
    for (let s = 0; s < solutions; s++) {
      const cost = scorePose(ws.rows, usable, ws.candidates, s * POSE_SIZE, bestCost, ws.test, ws.counts);
      if (!(cost < bestCost)) continue;
      for (let j = 0; j < POSE_SIZE; j++) ws.best[j] = ws.candidates[s * POSE_SIZE + j];
      bestInliers = ws.counts.inliers;
      bestCost = optimizeLocally(camera, usable, cost, options, ws);
      if (bestCost < cost) bestInliers = ws.counts.inliers;
      retuneTest(ws.test, bestInliers, usable);
      needed = samplesNeeded(bestInliers / usable, confidence, ws.test.logBound);
    }
  }
  return bestInliers >= 4 ? iteration : 0;
}

function solveSample(ws: AbsolutePoseWorkspace): number {
  for (let k = 0; k < SAMPLE_SIZE; k++) {
    const at = ws.sample[k] * ROW_SIZE;
    for (let j = 0; j < 3; j++) {
      ws.samplePoints[3 * k + j] = ws.rows[at + j];
      ws.sampleBearings[3 * k + j] = ws.rows[at + 3 + j];
    }
  }
  return p3p(ws.sampleBearings, ws.samplePoints, ws.candidates, ws.p3p);
}

/** Samples until one of inliers only has been drawn and not thrown out by the test (which happens once in A). */
function samplesNeeded(inlierRatio: number, confidence: number, logBound: number): number {
  const good = inlierRatio ** SAMPLE_SIZE * (1 - Math.exp(-logBound));
  return good >= 1 ? 0 : Math.ceil(Math.log(1 - confidence) / Math.log(1 - good));
}

/** Refines `ws.best` on its near correspondences while that lowers the cost; leaves the count of its inliers. */
function optimizeLocally(
  camera: Camera,
  usable: number,
  startCost: number,
  options: AbsolutePoseOptions,
  ws: AbsolutePoseWorkspace,
): number {
  const refine = {
    loss: 'cauchy',
    scalePx: options.thresholdPx / 2,
    maxIterations: 3,
    tolerance: 0.01,
  } as const;
  let cost = startCost;
  for (let round = 0; round < LOCAL_ROUNDS; round++) {
    const near = collectNear(ws.rows, usable, ws.best, 1.5, ws.order, LOCAL_LIMIT, ws.picked, ws.squares);
    if (near < 5) break;
    ws.local.set(ws.best);
    refinePose(camera, ws.pixels, ws.points, ws.picked, near, ws.local, refine, ws.refine);
    const inliersBefore = ws.counts.inliers;
    const localCost = scorePose(ws.rows, usable, ws.local, 0, cost, ws.never, ws.counts);
    if (!(localCost < cost)) {
      ws.counts.inliers = inliersBefore;
      break;
    }
    const gain = cost - localCost;
    cost = localCost;
    ws.best.set(ws.local);
    if (gain < 0.01 * cost) break;
  }
  return cost;
}
