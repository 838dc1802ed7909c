import type { Camera } from '../domain/camera.js';
import type { CamFromWorld } from '../domain/rigid.js';
import { poseUncertainty } from './covariance.js';
import { createP3pWorkspace, type P3pWorkspace, POSE_SIZE, p3p } from './p3p.js';
import {
  collectNear,
  packRows,
  ROW_SIZE,
  type ScoreCount,
  type SequentialTest,
  scorePose,
} from './poseScore.js';
import { type Lens, lensOf, projectWithJacobian, unprojectAll } from './projection.js';
import { beginProsac, drawProsac, type Prosac } from './prosac.js';
import { createRefineWorkspace, type RefineWorkspace, refinePose } from './refinePose.js';
import { fromMatrix3x4 } from './rigid.js';
import { drawDistinct, type Sampler, seedSampler, shuffle } from './sampler.js';
import { createTest, retuneTest } from './sequentialTest.js';

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

/** Room for one estimate at a time; grows by itself, never shared between concurrent calls. */
export interface AbsolutePoseWorkspace {
  capacity: number;
  pixels: Float64Array;
  points: Float64Array;
  bearings: Float64Array;
  rows: Float64Array;
  order: Int32Array;
  picked: Int32Array;
  mask: Uint8Array;
  squares: Float64Array;
  prosac: Prosac;
  readonly sample: Int32Array;
  readonly sampleBearings: Float64Array;
  readonly samplePoints: Float64Array;
  readonly candidates: Float64Array;
  readonly best: Float64Array;
  readonly local: Float64Array;
  readonly scratch: Float64Array;
  readonly p3p: P3pWorkspace;
  readonly refine: RefineWorkspace;
  readonly sampler: Sampler;
  readonly counts: ScoreCount;
  readonly test: SequentialTest;
  readonly never: SequentialTest;
}

const SAMPLE_SIZE = 3;
const LOCAL_ROUNDS = 2;
/** Rows of one local optimisation: enough to draw the pose in, cheap beside the scoring. */
const LOCAL_LIMIT = 64;
const FINAL_ROUNDS = 3;
/** Inliers that the noise is judged from. */
const SCALE_ROWS = 200;
/** Cauchy scale for noise-free input. */
const MIN_SCALE_PX = 0.1;

export function createAbsolutePoseWorkspace(capacity = 1024): AbsolutePoseWorkspace {
  const ws = {
    capacity: 0,
    sample: new Int32Array(SAMPLE_SIZE),
    sampleBearings: new Float64Array(9),
    samplePoints: new Float64Array(9),
    candidates: new Float64Array(4 * POSE_SIZE),
    best: new Float64Array(POSE_SIZE),
    local: new Float64Array(POSE_SIZE),
    scratch: new Float64Array(11),
    p3p: createP3pWorkspace(),
    refine: createRefineWorkspace(),
    sampler: { state: 0 },
    counts: { inliers: 0, tested: 0 },
    test: createTest(),
    never: { logConsistent: 0, logInconsistent: 0, logBound: Number.POSITIVE_INFINITY },
  } as AbsolutePoseWorkspace;
  reserve(ws, capacity);
  return ws;
}

function reserve(ws: AbsolutePoseWorkspace, count: number): void {
  if (count <= ws.capacity) return;
  const size = Math.max(count, 2 * ws.capacity);
  ws.capacity = size;
  ws.pixels = new Float64Array(2 * size);
  ws.points = new Float64Array(3 * size);
  ws.bearings = new Float64Array(3 * size);
  ws.rows = new Float64Array(ROW_SIZE * size);
  ws.order = new Int32Array(size);
  ws.picked = new Int32Array(size);
  ws.mask = new Uint8Array(size);
  ws.squares = new Float64Array(size);
  ws.prosac = { rank: new Int32Array(size), size: 0, drawn: 0, budget: 0, nextGrowth: 0, count: 0 };
}

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
  const usable = load(camera, pixels, points, count, options, ws);
  if (usable < 4) return null;
  const iterations = search(camera, usable, options, ws);
  if (iterations === 0) return null;
  return finish(camera, count, usable, iterations, options, ws);
}

/** Copies the input, unprojects it, and packs the usable rows in random order. */
function load(
  camera: Camera,
  pixels: ArrayLike<number>,
  points: ArrayLike<number>,
  count: number,
  options: AbsolutePoseOptions,
  ws: AbsolutePoseWorkspace,
): number {
  reserve(ws, count);
  copyInto(ws.pixels, pixels, 2 * count);
  copyInto(ws.points, points, 3 * count);
  unprojectAll(camera, ws.pixels, count, ws.bearings);
  let usable = 0;
  for (let i = 0; i < count; i++) {
    const sum = ws.bearings[3 * i] + ws.points[3 * i] + ws.points[3 * i + 1] + ws.points[3 * i + 2];
    if (Number.isFinite(sum)) ws.order[usable++] = i;
  }
  seedSampler(ws.sampler, options.seed);
  shuffle(ws.sampler, ws.order, usable);
  packRows(camera, ws.bearings, ws.points, ws.order, usable, options.thresholdPx, ws.rows, ws.scratch);
  if (options.quality) beginProsac(ws.prosac, options.quality, ws.order, usable);
  return usable;
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

/** Refinement and inliers by the real projection in turn, until the inliers hardly change (a row at the threshold weighs
 * next to nothing). */
function finish(
  camera: Camera,
  count: number,
  usable: number,
  iterations: number,
  options: AbsolutePoseOptions,
  ws: AbsolutePoseWorkspace,
): AbsolutePose | null {
  const lens = lensOf(camera);
  const { thresholdPx } = options;
  let inliers = collectNear(ws.rows, usable, ws.best, 1, ws.order, usable, ws.picked, ws.squares);
  let unitPx = thresholdPx;
  for (let round = 0; round < FINAL_ROUNDS && inliers >= 4; round++) {
    const scalePx = robustScale(ws, inliers, unitPx, thresholdPx);
    const refine = { loss: 'cauchy', scalePx, maxIterations: 10 } as const;
    refinePose(camera, ws.pixels, ws.points, ws.picked, inliers, ws.best, refine, ws.refine);
    const before = inliers;
    inliers = markInliers(lens, count, thresholdPx, ws);
    unitPx = 1;
    if (Math.abs(inliers - before) <= 0.01 * before) break;
  }
  if (inliers < 4) return null;
  let sum = 0;
  for (let k = 0; k < inliers; k++) sum += ws.squares[k];
  return {
    camFromWorld: fromMatrix3x4(ws.best),
    matrix: ws.best.slice(),
    inliers,
    inlierMask: ws.mask.subarray(0, count),
    rmsPx: Math.sqrt(sum / inliers),
    cost: count - inliers + sum / (options.thresholdPx * options.thresholdPx),
    iterations,
    ...poseUncertainty(ws.best, ws.refine),
  };
}

/** Inliers of `ws.best` by the real projection: fills mask, picked and squares. */
function markInliers(lens: Lens, count: number, thresholdPx: number, ws: AbsolutePoseWorkspace): number {
  const { best: m, points, pixels, mask, picked, squares } = ws;
  const { point, pixel } = ws.refine;
  let inliers = 0;
  for (let i = 0; i < count; i++) {
    const x = points[3 * i];
    const y = points[3 * i + 1];
    const z = points[3 * i + 2];
    point[0] = m[0] * x + m[1] * y + m[2] * z + m[3];
    point[1] = m[4] * x + m[5] * y + m[6] * z + m[7];
    point[2] = m[8] * x + m[9] * y + m[10] * z + m[11];
    projectWithJacobian(lens, point, pixel, null);
    const ex = pixel[0] - pixels[2 * i];
    const ey = pixel[1] - pixels[2 * i + 1];
    const square = ex * ex + ey * ey;
    const isInlier = square < thresholdPx * thresholdPx;
    mask[i] = isInlier ? 1 : 0;
    if (!isInlier) continue;
    picked[inliers] = i;
    squares[inliers++] = square;
  }
  return inliers;
}

/** Cauchy scale at 95 % efficiency for the noise seen, 2.385 sigma. The median of squared errors of 2D normal noise is
 * 2 ln 2 sigma^2; `ws.squares` holds them in units of `unitPx` squared. */
function robustScale(
  ws: AbsolutePoseWorkspace,
  inliers: number,
  unitPx: number,
  thresholdPx: number,
): number {
  const sigma = unitPx * Math.sqrt(selectMiddle(ws.squares, Math.min(inliers, SCALE_ROWS)) / (2 * Math.LN2));
  return Math.min(thresholdPx, Math.max(MIN_SCALE_PX, 2.385 * sigma));
}

/** The middle value of the first `count`, which are partly sorted on the way. Source: Hoare, FIND, 1961. */
function selectMiddle(values: Float64Array, count: number): number {
  const k = count >> 1;
  let low = 0;
  let high = count - 1;
  while (low < high) {
    const pivot = values[(low + high) >> 1];
    let i = low;
    let j = high;
    while (i <= j) {
      while (values[i] < pivot) i++;
      while (values[j] > pivot) j--;
      if (i > j) break;
      const kept = values[i];
      values[i++] = values[j];
      values[j--] = kept;
    }
    if (k <= j) high = j;
    else if (k >= i) low = i;
    else break;
  }
  return values[k];
}
