import type { Rigid } from '../domain/rigid.js';
import { rotationMatrix } from '../geometry/rigid.js';
import type { Snapshot } from './snapshot.js';

/** With so many keypoints of known distance a motion is well measured. */
const ENOUGH = 120;
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
 * @param previousFromCurrent  as measured between the two. Cost O(n m) of keypoints without a distance, near each other. */
export function extendRanges(
  previous: Snapshot,
  current: Snapshot,
  previousFromCurrent: Rigid<'cam', 'cam'>,
): void {
  if (current.ranges.reduce((known, range) => known + (range > 0 ? 1 : 0), 0) >= ENOUGH) return;
  const forth = nearest(current, previous);
  const back = nearest(previous, current);
  const r = rotationMatrix(previousFromCurrent);
  for (let k = 0; k < current.count; k++) {
    const i = forth[k];
    if (i < 0 || back[i] !== k || current.ranges[k] > 0) continue;
    const range = rangeAlong(current.bearings, k, previous.bearings, i, r, previousFromCurrent.t);
    if (range !== null) current.ranges[k] = range;
  }
}

/** Of each keypoint the one of the other frame that is most alike near the same pixel, where it has no rival; else -1. */
function nearest(of: Snapshot, among: Snapshot): Int32Array {
  const { dim } = of;
  const radiusPx = (RADIUS_PX * of.camera.widthPx) / REFERENCE_WIDTH_PX;
  const out = new Int32Array(of.count).fill(-1);
  for (let k = 0; k < of.count; k++) {
    let [best, rival] = [0, 0];
    for (let i = 0; i < among.count; i++) {
      if (Math.abs(among.xyPx[2 * i] - of.xyPx[2 * k]) > radiusPx) continue;
      if (Math.abs(among.xyPx[2 * i + 1] - of.xyPx[2 * k + 1]) > radiusPx) continue;
      let dot = 0;
      for (let c = 0; c < dim; c++) dot += of.descriptors[k * dim + c] * among.descriptors[i * dim + c];
      if (dot > best) {
        [best, rival] = [dot, best];
        out[k] = i;
      } else if (dot > rival) rival = dot;
    }
    if (FULL - best > MAX_AMBIGUITY * (FULL - rival)) out[k] = -1;
  }
  return out;
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
