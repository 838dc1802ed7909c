import type { Camera } from '../domain/camera.js';
import { areaScale } from './areaScale.js';
import { lensOf } from './lens.js';

/** Numbers per correspondence in the scoring rows: point x y z, unit bearing x y z, limit, gain. */
export const ROW_SIZE = 8;

/** Wald's sequential test: log-likelihood steps of a consistent and an inconsistent correspondence, and the bound. */
export interface SequentialTest {
  logConsistent: number;
  logInconsistent: number;
  logBound: number;
}

export interface ScoreCount {
  inliers: number;
  tested: number;
}

/** Packs correspondence rows for `scorePose`. With p the point in the camera's frame and b its bearing, tan^2 of their
 * angle is |p|^2 / (b.p)^2 - 1. Times the camera's local px^2 per steradian at that pixel this is the squared pixel
 * error to first order, for every camera model and without projecting: an inlier has |p|^2 < limit (b.p)^2.
 * (Off the axis the pixel scale differs along and across the radius; their geometric mean is taken here, the final
 * inliers are decided with the real projection.)
 * @param order [count] input rows in packed order    @param rows [count x ROW_SIZE], written */
export function packRows(
  camera: Camera,
  bearings: Float64Array,
  points: Float64Array,
  order: Int32Array,
  count: number,
  thresholdPx: number,
  rows: Float64Array,
): void {
  const lens = lensOf(camera);
  const unit = 1 / (thresholdPx * thresholdPx);
  for (let k = 0; k < count; k++) {
    const i = 3 * order[k];
    const at = ROW_SIZE * k;
    for (let j = 0; j < 3; j++) {
      rows[at + j] = points[i + j];
      rows[at + 3 + j] = bearings[i + j];
    }
    const gain = areaScale(lens, bearings, i) * unit;
    rows[at + 6] = 1 + 1 / gain;
    rows[at + 7] = gain;
  }
}

/** MSAC cost of a pose: sum of min(error^2 / threshold^2, 1). Stops early once the cost passes `giveUpAt`, or once the
 * sequential test finds the pose bad.
 * @param poses row-major 3x4 camFromWorld at [o, o + 12)    @param counts inliers and rows tested, written
 * @returns the cost, or Infinity where it stopped early. Allocates nothing.
 * Source: Torr and Zisserman, MLESAC, 2000 (cost); Matas and Chum, "Randomized RANSAC with SPRT", 2005. */
export function scorePose(
  rows: Float64Array,
  count: number,
  poses: Float64Array,
  o: number,
  giveUpAt: number,
  test: SequentialTest,
  counts: ScoreCount,
): number {
  const r00 = poses[o];
  const r01 = poses[o + 1];
  const r02 = poses[o + 2];
  const tx = poses[o + 3];
  const r10 = poses[o + 4];
  const r11 = poses[o + 5];
  const r12 = poses[o + 6];
  const ty = poses[o + 7];
  const r20 = poses[o + 8];
  const r21 = poses[o + 9];
  const r22 = poses[o + 10];
  const tz = poses[o + 11];
  const { logConsistent, logInconsistent, logBound } = test;
  const end = count * ROW_SIZE;
  let cost = 0;
  let inliers = 0;
  let evidence = 0;
  let at = 0;
  for (; at < end; at += ROW_SIZE) {
    const x = rows[at];
    const y = rows[at + 1];
    const z = rows[at + 2];
    const px = r00 * x + r01 * y + r02 * z + tx;
    const py = r10 * x + r11 * y + r12 * z + ty;
    const pz = r20 * x + r21 * y + r22 * z + tz;
    const along = rows[at + 3] * px + rows[at + 4] * py + rows[at + 5] * pz;
    const square = px * px + py * py + pz * pz;
    const along2 = along * along;
    if (along > 0 && square < rows[at + 6] * along2) {
      inliers++;
      cost += (square / along2 - 1) * rows[at + 7];
      evidence += logConsistent;
    } else {
      cost += 1;
      evidence += logInconsistent;
      if (evidence > logBound || cost > giveUpAt) {
        counts.inliers = inliers;
        counts.tested = at / ROW_SIZE + 1;
        return Number.POSITIVE_INFINITY;
      }
    }
  }
  counts.inliers = inliers;
  counts.tested = count;
  return cost < giveUpAt ? cost : Number.POSITIVE_INFINITY;
}

/** Packed rows within `widen` times the threshold, in packed order.
 * @param order [count] input row of each packed row    @param out input rows, written
 * @param squares squared errors in units of the threshold, written
 * @returns how many, at most `limit` */
export function collectNear(
  rows: Float64Array,
  count: number,
  m: Float64Array,
  widen: number,
  order: Int32Array,
  limit: number,
  out: Int32Array,
  squares: Float64Array,
): number {
  const widen2 = widen * widen;
  let found = 0;
  for (let k = 0; k < count && found < limit; k++) {
    const at = k * ROW_SIZE;
    const x = rows[at];
    const y = rows[at + 1];
    const z = rows[at + 2];
    const px = m[0] * x + m[1] * y + m[2] * z + m[3];
    const py = m[4] * x + m[5] * y + m[6] * z + m[7];
    const pz = m[8] * x + m[9] * y + m[10] * z + m[11];
    const along = rows[at + 3] * px + rows[at + 4] * py + rows[at + 5] * pz;
    const square = px * px + py * py + pz * pz;
    const error2 = (square / (along * along) - 1) * rows[at + 7];
    if (!(along > 0 && error2 < widen2)) continue;
    out[found] = order[k];
    squares[found++] = error2;
  }
  return found;
}
