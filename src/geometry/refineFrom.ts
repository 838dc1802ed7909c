import type { Camera } from '../domain/camera.js';
import { type AbsolutePose, type AbsolutePoseOptions, loadCorrespondences } from './absolutePose.js';
import type { AbsolutePoseWorkspace } from './absolutePoseWorkspace.js';
import { finishPose } from './finishPose.js';
import { refinePose } from './refinePose.js';

/** Enough to draw a prediction in. */
const WIDE_ITERATIONS = 10;

/** Pose from matches found near a prediction, without sampling: one round under a Cauchy loss as wide as an inlier may be
 * off, on all matches, then the rounds every estimate ends with (`finishPose`).
 * @param start [12] row-major 3x4 camFromWorld of the prediction
 * @returns null where fewer than 4 correspondences agree with where it ends */
export function refineFrom(
  camera: Camera,
  pixels: ArrayLike<number>,
  points: ArrayLike<number>,
  count: number,
  start: Float64Array,
  options: AbsolutePoseOptions,
  ws: AbsolutePoseWorkspace,
): AbsolutePose | null {
  const usable = loadCorrespondences(camera, pixels, points, count, options, ws);
  if (usable < 4) return null;
  ws.best.set(start);
  const wide = { loss: 'cauchy', scalePx: options.thresholdPx, maxIterations: WIDE_ITERATIONS } as const;
  refinePose(camera, ws.pixels, ws.points, ws.order, usable, ws.best, wide, ws.refine);
  return finishPose(camera, count, usable, 0, options, ws);
}
