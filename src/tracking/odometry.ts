import type { Rigid } from '../domain/rigid.js';
import { type AbsolutePose, estimateAbsolutePose } from '../geometry/absolutePose.js';
import { lensOf, projectWithJacobian } from '../geometry/projection.js';
import { refineFrom } from '../geometry/refineFrom.js';
import { angleBetween, identity, inverse, transformPoint, writeMatrix3x4 } from '../geometry/rigid.js';
import { fillPointGrid } from '../kernels/grid.js';
import { matchSnapshots, type OdometryWorkspace, roomForTargets } from './odometryWorkspace.js';
import type { Snapshot } from './snapshot.js';

/** How the camera moved between two frames, by their own keypoints. */
export interface Odometry {
  readonly previousFromCurrent: Rigid<'cam', 'cam'>;
  /** Row-major 6x6, rotation (rad) then translation, right perturbation. */
  readonly covariance: Float64Array;
  readonly inliers: number;
}

/** Widths and thresholds are stated for this image width. */
const REFERENCE_WIDTH_PX = 640;
/** How far from where the motion before puts it a keypoint is looked for, and from where it was if that fails. */
const NEAR_PX = 25;
const FAR_PX = 90;
const THRESHOLD_PX = 3;
/** Samples drawn where nothing says how the camera moved. */
const MAX_SAMPLES = 200;
const MIN_INLIERS = 20;
const MIN_RATIO = 0.4;
/** Squared ratio of distances a match must stay below. */
const MAX_AMBIGUITY = 0.81;
/** Share of the motion that its standard deviation is at least: recorded and rendered drives err by 0.7 to 1.7 % and
 * 0.02 degrees a frame. */
const MOTION_SHARE = 0.015;
/** The solver's covariance knows its pixels' noise, not the errors of the distances. This and the two below were chosen
 * on recorded sets, at 30 frames a second and at 3: no median above that of the fixes by more than 5 %. */
const INFLATION = 16;
/** Least standard deviation of a rotation, and of a translation over the distance seen. */
const LEAST_RAD = 1e-3;
const LEAST_SHARE = 5e-4;

/** The motion between two frames from keypoints of the first whose distance is known, found again in the second by their
 * own descriptors, not the map's. What is known of distance sets the length of the translation; rotation and direction
 * come from how the keypoints moved. Distances carry over to the second frame where it knows none of its own. A camera
 * that only turns is no special case.
 * @param expected  previousFromCurrent as the motion before would have it; null where none is known
 * @returns null where too few keypoints agree on one motion */
export function measureMotion(
  previous: Snapshot,
  current: Snapshot,
  expected: Rigid<'cam', 'cam'> | null,
  ws: OdometryWorkspace,
): Odometry | null {
  const scale = current.camera.widthPx / REFERENCE_WIDTH_PX;
  fillPointGrid(
    ws.grid,
    current.xyPx,
    current.count,
    current.camera.widthPx,
    current.camera.heightPx,
    20 * scale,
  );
  const near = expected === null ? null : attempt(previous, current, expected, 'refined', ws);
  return near ?? attempt(previous, current, identity<'cam', 'cam'>(), 'sampled', ws);
}

function attempt(
  previous: Snapshot,
  current: Snapshot,
  expected: Rigid<'cam', 'cam'>,
  how: 'refined' | 'sampled',
  ws: OdometryWorkspace,
): Odometry | null {
  const scale = current.camera.widthPx / REFERENCE_WIDTH_PX;
  const radiusPx = scale * (how === 'refined' ? NEAR_PX : FAR_PX);
  const start = writeMatrix3x4(inverse(expected), new Float64Array(12));
  expectKeypoints(previous, start, radiusPx, ws);
  matchSnapshots(previous, current, ws);
  const pairs = pickPairs(previous, current, ws);
  if (pairs < MIN_INLIERS) return null;
  const limits = { thresholdPx: THRESHOLD_PX * scale, seed: 1 };
  const { camera } = current;
  const solved =
    how === 'refined'
      ? refineFrom(camera, ws.pixels, ws.points, pairs, start, limits.thresholdPx, ws.pose)
      : estimateAbsolutePose(
          camera,
          ws.pixels,
          ws.points,
          pairs,
          { ...limits, maxIterations: MAX_SAMPLES },
          ws.pose,
        );
  if (solved === null || solved.inliers < MIN_INLIERS || solved.inliers < MIN_RATIO * pairs) return null;
  carryRanges(solved, pairs, current, ws);
  return describe(solved, pairs, ws);
}

/** Keypoints of known distance, where they should appear. */
function expectKeypoints(
  previous: Snapshot,
  pose: Float64Array,
  radiusPx: number,
  ws: OdometryWorkspace,
): void {
  const targets = roomForTargets(ws, previous.count);
  const lens = lensOf(previous.camera);
  let kept = 0;
  for (let i = 0; i < previous.count; i++) {
    const range = previous.ranges[i];
    if (!(range > 0)) continue;
    for (let r = 0; r < 3; r++) {
      let sum = pose[4 * r + 3];
      for (let c = 0; c < 3; c++) sum += pose[4 * r + c] * range * previous.bearings[3 * i + c];
      point[r] = sum;
    }
    if (!projectWithJacobian(lens, point, pixel, null)) continue;
    targets.xyPx[2 * kept] = pixel[0];
    targets.xyPx[2 * kept + 1] = pixel[1];
    targets.radiusPx[kept] = radiusPx;
    targets.rows[2 * kept] = i;
    targets.rows[2 * kept + 1] = -1;
    targets.source[kept++] = i;
  }
  targets.count = kept;
}

const point = new Float64Array(3);
const pixel = new Float64Array(2);

/** Pairs that choose each other and have no rival, to `ws.points` (first camera's frame) and `ws.pixels`. */
function pickPairs(previous: Snapshot, current: Snapshot, ws: OdometryWorkspace): number {
  const { targets, matches } = ws;
  if (ws.pairs.length < targets.count) {
    ws.points = new Float64Array(3 * targets.count);
    ws.pixels = new Float64Array(2 * targets.count);
    ws.pairs = new Int32Array(targets.count);
  }
  let pairs = 0;
  for (let t = 0; t < targets.count; t++) {
    const k = matches.keypoint[t];
    if (k < 0 || matches.target[k] !== t) continue;
    const rival = Math.max(matches.rivalDot[t], matches.targetRivalDot[k], 0);
    if (FULL - matches.dot[t] > MAX_AMBIGUITY * (FULL - rival)) continue;
    const i = targets.source[t];
    for (let c = 0; c < 3; c++) ws.points[3 * pairs + c] = previous.ranges[i] * previous.bearings[3 * i + c];
    ws.pixels[2 * pairs] = current.xyPx[2 * k];
    ws.pixels[2 * pairs + 1] = current.xyPx[2 * k + 1];
    ws.pairs[pairs++] = k;
  }
  return pairs;
}

/** Dot product of a row x 127 with itself. */
const FULL = 127 * 127;

/** Distances of the agreeing keypoints as the second frame sees them. */
function carryRanges(
  { camFromWorld, inlierMask }: AbsolutePose,
  pairs: number,
  current: Snapshot,
  ws: OdometryWorkspace,
): void {
  for (let n = 0; n < pairs; n++) {
    const k = ws.pairs[n];
    if (inlierMask[n] === 0 || current.ranges[k] > 0) continue;
    const at = 3 * n;
    current.ranges[k] = Math.hypot(
      ...transformPoint(camFromWorld, [ws.points[at], ws.points[at + 1], ws.points[at + 2]]),
    );
  }
}

/** The solver's covariance is a left perturbation of previousFromCurrent; over one frame's motion right is as good. */
function describe(solved: AbsolutePose, pairs: number, ws: OdometryWorkspace): Odometry | null {
  if (solved.covariance === null) return null;
  const { q, t } = inverse(solved.camFromWorld);
  const previousFromCurrent: Rigid<'cam', 'cam'> = { q, t };
  const rad = MOTION_SHARE * angleBetween(previousFromCurrent, identity<'cam', 'cam'>());
  const m = MOTION_SHARE * Math.hypot(...previousFromCurrent.t);
  const covariance = solved.covariance.map((v) => INFLATION * v);
  const leastM = LEAST_SHARE * medianRange(solved.inlierMask, pairs, ws);
  for (let i = 0; i < 3; i++) {
    covariance[7 * i] += rad * rad + LEAST_RAD * LEAST_RAD;
    covariance[7 * (i + 3)] += m * m + leastM * leastM;
  }
  return { previousFromCurrent, covariance, inliers: solved.inliers };
}

function medianRange(inlierMask: Uint8Array, pairs: number, { points }: OdometryWorkspace): number {
  const ranges = new Float64Array(pairs);
  let count = 0;
  for (let n = 0; n < pairs; n++)
    if (inlierMask[n] === 1)
      ranges[count++] = Math.hypot(points[3 * n], points[3 * n + 1], points[3 * n + 2]);
  return ranges.subarray(0, count).sort()[count >> 1];
}
