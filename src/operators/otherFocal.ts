import { type AbsolutePoseWorkspace, estimateAbsolutePose } from '../geometry/absolutePose.js';
import { scaledFocal } from '../geometry/camera.js';
import type { Fixed } from './attempt.js';
import type { LocalizeOptions, Query } from './localizer.js';
import { fallingQuality, inlierThresholdPx } from './poseWorkspace.js';

/** Focal lengths tried, over the one given: a picture cropped to the half fits 2, a lens zoomed out a little 0.84. */
const FACTORS = [0.5, 0.71, 0.84, 1.19, 1.41, 2];
const MAX_SAMPLES = 200;
/** Another focal length that this many times the distinct matches agree with refutes the one given. Over 17 places: of
 * right poses that pass the gate, dark, noisy or blurred pictures among them, another one has at most 1.06 times as many;
 * given 0.8 and 1.2 times the true one, and of half crops, 92 % have more than this (walls and ground seen straight on do
 * not). */
const OUTDONE = 1.2;

/** A pose that is wrong because its focal length is may look well supported: part of the matches agrees with it, and its
 * neighbourhood in focal length is no better. A focal length far off the one given that clearly more of them agree with
 * tells it. Costs nothing where too few matches are left over to matter.
 * @returns the focal length most agree with over the one given, null where that one stands */
export function otherFocal(
  { matched, inliers }: Fixed,
  { camera, frame }: Query,
  options: LocalizeOptions,
  workspace: AbsolutePoseWorkspace,
): number | null {
  const { xyPx, xyz, distinct, distinctCount, count } = matched.correspondences;
  let most = OUTDONE * inliers;
  if (distinctCount < most) return null;
  const rows = Array.from({ length: count }, (_, i) => i).filter((i) => distinct[i] === 1);
  const pixels = Float64Array.from(rows.flatMap((i) => [xyPx[2 * i], xyPx[2 * i + 1]]));
  const points = Float64Array.from(rows.flatMap((i) => [xyz[3 * i], xyz[3 * i + 1], xyz[3 * i + 2]]));
  const sampling = {
    thresholdPx: inlierThresholdPx(options, camera),
    seed: options.seed + frame.sequence,
    quality: fallingQuality(distinctCount),
    maxIterations: MAX_SAMPLES,
  };
  let best: number | null = null;
  for (const factor of FACTORS) {
    const other = scaledFocal(camera, factor);
    const pose = estimateAbsolutePose(other, pixels, points, distinctCount, sampling, workspace);
    if (pose === null || pose.inliers < most) continue;
    most = pose.inliers;
    best = factor;
  }
  return best;
}
