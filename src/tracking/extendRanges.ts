import type { Rigid } from '../domain/rigid.js';
import { rotationMatrix } from '../geometry/rigid.js';
import { fillPointGrid } from '../kernels/grid.js';
import { matchSnapshots, type OdometryWorkspace, roomForTargets } from './odometryWorkspace.js';
import type { Snapshot } from './snapshot.js';

/** With so many keypoints of known distance a motion is well measured; what a motion says of more would only carry its own
 * error on (with 120, three frames of a handheld set drifted off by 14 to 33 cm). */
const ENOUGH = 60;
/** Widths are stated for this image width. */
const REFERENCE_WIDTH_PX = 640;
const RADIUS_PX = 80;
/** Squared ratio of distances a match must stay below. */
const MAX_AMBIGUITY = 0.64;
/** Dot product of a row x 127 with itself. */
const FULL = 127 * 127;
/** Rays that meet under less tell no distance, rays that pass each other by more are no match. */
const LEAST_PARALLAX_RAD = 0.012;
const MAX_GAP_RAD = 0.004;

/** Distances of keypoints the map does not know, from the motion between two frames: where the map ends, a camera's own
 * motion goes on being measured. Leaves a frame alone that knows enough of them.
 * @param previousFromCurrent  as measured between the two. Cost O(n m) of keypoints near each other. */
export function extendRanges(
  previous: Snapshot,
  current: Snapshot,
  previousFromCurrent: Rigid<'cam', 'cam'>,
  ws: OdometryWorkspace,
): void {
  if (current.ranges.reduce((known, range) => known + (range > 0 ? 1 : 0), 0) >= ENOUGH) return;
  matchNearby(previous, current, ws);
  const r = rotationMatrix(previousFromCurrent);
  for (let k = 0; k < current.count; k++) {
    if (current.ranges[k] > 0) continue;
    const i = partnerOf(k, ws);
    if (i < 0) continue;
    const range = rangeAlong(current.bearings, k, previous.bearings, i, r, previousFromCurrent.t);
    if (range !== null) current.ranges[k] = range;
  }
}

/** Every keypoint of the first frame against those of the second near the same pixel. */
function matchNearby(previous: Snapshot, current: Snapshot, ws: OdometryWorkspace): void {
  const { widthPx, heightPx } = current.camera;
  const radiusPx = (RADIUS_PX * widthPx) / REFERENCE_WIDTH_PX;
  fillPointGrid(ws.grid, current.xyPx, current.count, widthPx, heightPx, radiusPx / 2);
  const targets = roomForTargets(ws, previous.count);
  targets.count = previous.count;
  targets.xyPx.set(previous.xyPx.subarray(0, 2 * previous.count));
  targets.radiusPx.fill(radiusPx);
  for (let i = 0; i < previous.count; i++) {
    targets.rows[2 * i] = i;
    targets.rows[2 * i + 1] = -1;
  }
  matchSnapshots(previous, current, ws);
}

/** The first frame's keypoint that a keypoint and itself choose each other with, neither with a rival; else -1. */
function partnerOf(k: number, { matches }: OdometryWorkspace): number {
  const i = matches.target[k];
  if (i < 0 || matches.keypoint[i] !== k) return -1;
  const rival = Math.max(matches.rivalDot[i], matches.targetRivalDot[k], 0);
  return FULL - matches.dot[i] <= MAX_AMBIGUITY * (FULL - rival) ? i : -1;
}

/** Distance along the second frame's ray to where it passes the first frame's ray, or null where they do not meet well. */
function rangeAlong(
  bearings: Float64Array,
  k: number,
  others: Float64Array,
  i: number,
  r: ArrayLike<number>,
  t: readonly [number, number, number],
): number | null {
  const [x, y, z] = bearings.subarray(3 * k, 3 * k + 3);
  const a = [0, 3, 6].map((row) => r[row] * x + r[row + 1] * y + r[row + 2] * z);
  const b = others.subarray(3 * i, 3 * i + 3);
  const cos = a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
  const sin2 = 1 - cos * cos;
  if (!(sin2 > LEAST_PARALLAX_RAD ** 2)) return null;
  // t + s a nearest to u b
  const [ta, tb] = [t[0] * a[0] + t[1] * a[1] + t[2] * a[2], t[0] * b[0] + t[1] * b[1] + t[2] * b[2]];
  const s = (cos * tb - ta) / sin2;
  const u = (tb - cos * ta) / sin2;
  if (!(s > 0 && u > 0)) return null;
  const gap = Math.hypot(...[0, 1, 2].map((c) => t[c] + s * a[c] - u * b[c]));
  return gap <= MAX_GAP_RAD * Math.min(s, u) ? s : null;
}
