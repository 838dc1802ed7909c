import type { FrameId } from '../domain/frame.js';
import { distanceBetween } from '../geometry/rigid.js';
import type { TrackLimits } from './limits.js';
import { innovation, isNear, nextTwist, predict, type Twist, widen } from './motion.js';
import { poseSigma } from './poseSigma.js';
import type { Fix } from './sighting.js';
import type { Belief } from './track.js';

/** A fix believed for the first time: nothing is known of its motion. */
export function believe({ epoch, timestampS }: FrameId, fix: Fix, limits: TrackLimits): Belief {
  return beliefOf(epoch, timestampS, fix, null, limits);
}

/** A fix that continues what was believed. */
export function follow(
  before: Belief,
  { epoch, timestampS }: FrameId,
  fix: Fix,
  limits: TrackLimits,
): Belief {
  const twist = nextTwist(before, fix.pose.worldFromCam, timestampS);
  return beliefOf(epoch, timestampS, fix, twist, limits);
}

function beliefOf(
  epoch: number,
  timestampS: number,
  { pose, keyframe, turnDeg }: Fix,
  twist: Twist | null,
  { motion }: TrackLimits,
): Belief {
  const { worldFromCam, confidence } = pose;
  const covariance = widen(worldFromCam, pose.covariance, motion);
  return { epoch, timestampS, worldFromCam, covariance, twist, keyframe, turnDeg, confidence };
}

/** Whether a fix is where the belief says. One that was searched for around there has to fit the prediction within its
 * uncertainty; one from matches alone may also be near as people would say. */
export function agrees(belief: Belief, timestampS: number, fix: Fix, limits: TrackLimits): boolean {
  const expected = predict(belief, timestampS, limits.motion);
  const { worldFromCam, covariance } = fix.pose;
  if (fix.origin !== 'guided' && isNear(expected, worldFromCam, limits)) return true;
  const spread = widen(worldFromCam, covariance, limits.motion);
  return innovation(expected, worldFromCam, spread) <= limits.maxInnovation;
}

/** Whether a camera can have come from the belief to the fix in the time between. */
export function isReachable(
  belief: Belief,
  { epoch, timestampS }: FrameId,
  fix: Fix,
  limits: TrackLimits,
): boolean {
  const dtS = timestampS - belief.timestampS;
  if (belief.epoch !== epoch || dtS < 0) return false;
  const { maxSpeedMPerS, maxAccelerationMPerS2, agreeM } = limits;
  const { twist } = belief;
  const speed =
    twist === null
      ? maxSpeedMPerS
      : Math.min(maxSpeedMPerS, Math.hypot(twist[3], twist[4], twist[5]) + maxAccelerationMPerS2 * dtS);
  const slackM = Math.max(agreeM, 3 * poseSigma(belief.worldFromCam, belief.covariance).m);
  return distanceBetween(belief.worldFromCam, fix.pose.worldFromCam) <= speed * dtS + slackM;
}

/** Strong enough to stand although it was looked for where it was expected. */
export function isStrong({ pose }: Fix, { strongInliers, strongRatio }: TrackLimits): boolean {
  return pose.inliers >= strongInliers && pose.inlierRatio >= strongRatio;
}
