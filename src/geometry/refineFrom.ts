import type { Camera } from '../domain/camera.js';
import { type AbsolutePose, copyCorrespondences } from './absolutePose.js';
import type { AbsolutePoseWorkspace } from './absolutePoseWorkspace.js';
import { finishPose, markInliers } from './finishPose.js';
import { lensOf } from './projection.js';
import { refinePose } from './refinePose.js';

/** Enough to draw a prediction in. */
const WIDE_ITERATIONS = 10;

/** Pose from matches found near a prediction, without sampling: one round under a Cauchy loss as wide as an inlier may be
 * off, on all matches, then the rounds every estimate ends with (`finishPose`).
 * @param start [12] row-major 3x4 camFromWorld of the prediction
 * @param thresholdPx largest reprojection error of an inlier
 * @returns null where fewer than 4 correspondences agree with where it ends */
export function refineFrom(
  camera: Camera,
  pixels: ArrayLike<number>,
  points: ArrayLike<number>,
  count: number,
  start: Float64Array,
  thresholdPx: number,
  ws: AbsolutePoseWorkspace,
): AbsolutePose | null {
  copyCorrespondences(pixels, points, count, ws);
  const usable = listUsable(count, ws);
  if (usable < 4) return null;
  ws.best.set(start);
  const wide = { loss: 'cauchy', scalePx: thresholdPx, maxIterations: WIDE_ITERATIONS } as const;
  refinePose(camera, ws.pixels, ws.points, ws.order, usable, ws.best, wide, ws.refine);
  const near = markInliers(lensOf(camera), count, thresholdPx, ws);
  return finishPose(camera, count, near, 1, 0, thresholdPx, ws);
}

/** Rows all of whose numbers are finite, to `ws.order`. @returns how many */
function listUsable(count: number, { pixels, points, order }: AbsolutePoseWorkspace): number {
  let usable = 0;
  for (let i = 0; i < count; i++) {
    const sum = pixels[2 * i] + pixels[2 * i + 1] + points[3 * i] + points[3 * i + 1] + points[3 * i + 2];
    if (Number.isFinite(sum)) order[usable++] = i;
  }
  return usable;
}
