import { type AbsolutePoseWorkspace, estimateAbsolutePose } from '../geometry/absolutePose.js';
import { refineFrom } from '../geometry/refineFrom.js';
import type { TrackLimits } from '../tracking/limits.js';
import { DOUBTED_CONFIDENCE } from '../tracking/verdicts.js';
import type { Attempt, Fixed } from './attempt.js';
import { between, isOnePose } from './doubtTwins.js';
import { judgePlace } from './judgePlace.js';
import type { Localizer, Query } from './localizer.js';
import { fallingQuality, inlierThresholdPx } from './poseWorkspace.js';

const MAX_SAMPLES = 300;
/** A second pose with this share of the first one's inliers speaks against it. */
const RIVAL = 0.5;

/** Another pose that the matches left over by the first agree on: a place may hold two copies of a house, and half of the
 * matches goes to each. Of ordinary places what is left over agrees on nothing: at most 8 % as many inliers as the first
 * pose has, over seven sets; of two copies 22-110 %. Costs nothing where too few are left over to matter.
 * @returns null where there is none that could speak against the first */
export function secondPose(
  { matched, inlierMask, inliers }: Fixed,
  query: Query,
  localizer: Localizer,
  workspace: AbsolutePoseWorkspace,
): Attempt | null {
  const { xyPx, xyz, distinct, count } = matched.correspondences;
  const left = Array.from({ length: count }, (_, i) => i).filter((i) => inlierMask[i] === 0);
  if (left.filter((i) => distinct[i] === 1).length < RIVAL * inliers) return null;
  const { camera } = query;
  const limits = {
    thresholdPx: inlierThresholdPx(localizer.options, camera),
    seed: localizer.options.seed + query.frame.sequence,
  };
  const pixels = Float64Array.from(left.flatMap((i) => [xyPx[2 * i], xyPx[2 * i + 1]]));
  const points = Float64Array.from(left.flatMap((i) => [xyz[3 * i], xyz[3 * i + 1], xyz[3 * i + 2]]));
  const options = { ...limits, quality: fallingQuality(left.length), maxIterations: MAX_SAMPLES };
  const other = estimateAbsolutePose(camera, pixels, points, left.length, options, workspace);
  if (other === null) return null;
  // Points seen from both count for both.
  const whole = refineFrom(camera, xyPx, xyz, count, other.matrix, limits.thresholdPx, workspace);
  return whole === null ? null : judgePlace(matched, query, whole, localizer);
}

/** Of two poses in one place: neither where they are alike, and where the worse one has half of the other's matches that
 * one stands, doubted. */
export function weighSecond(first: Fixed, second: Attempt, limits: TrackLimits): Attempt {
  if (second.kind === 'miss' || isOnePose(first, second, limits)) return first;
  const stands = between(first, second, limits);
  const [less, more] = [first.inliers, second.inliers].sort((a, b) => a - b);
  if (stands.kind === 'miss' || less < RIVAL * more) return stands;
  const confidence = Math.min(stands.pose.confidence, DOUBTED_CONFIDENCE);
  return { ...stands, pose: { ...stands.pose, confidence }, isDoubted: true };
}
