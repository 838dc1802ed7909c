import type { WorldFromCam } from '../domain/rigid.js';
import { angleBetween, distanceBetween } from '../geometry/rigid.js';
import type { TimedPose } from './tum.js';

/** How far a camera moves between two keyframes; reaching either is enough. */
export interface MotionRule {
  /** In the trajectory's unit. */
  readonly minStep: number;
  readonly minRotationRad: number;
}

/** Travel time between keyframes at the camera's usual speed: a walk of 1.3 m/s gets one each half metre, a drive of
 * 12 m/s each 5 m. */
const STEP_S = 0.4;
const MIN_ROTATION_RAD = (10 * Math.PI) / 180;
/** A quarter of the time may be spent standing without the step becoming smaller. */
const USUAL_SPEED_QUANTILE = 0.75;

/** A rule that needs no unit of length: whoever carries the camera moves faster where the scene is farther away, so the
 * step follows the trajectory's own speed. @param sorted poses by rising time */
export function motionRule(sorted: readonly TimedPose[]): MotionRule {
  const speeds: number[] = [];
  for (let i = 1; i < sorted.length; i++) {
    const seconds = sorted[i].timeS - sorted[i - 1].timeS;
    if (seconds > 0)
      speeds.push(distanceBetween(sorted[i - 1].worldFromCam, sorted[i].worldFromCam) / seconds);
  }
  speeds.sort((a, b) => a - b);
  const usual = speeds[Math.floor(USUAL_SPEED_QUANTILE * (speeds.length - 1))] ?? 0;
  return { minStep: STEP_S * usual, minRotationRad: MIN_ROTATION_RAD };
}

/** Whether a frame has moved enough since the last keyframe; the first frame always has. */
function isNewKeyframe(last: WorldFromCam | null, pose: WorldFromCam, rule: MotionRule): boolean {
  if (last === null) return true;
  const step = distanceBetween(last, pose);
  return (step > 0 && step >= rule.minStep) || angleBetween(last, pose) >= rule.minRotationRad;
}

export type KeyframeChoice = { readonly every: number } | MotionRule;

/** Asked frame after frame, in their order, says which are keyframes.
 * @param choose every n-th pose, or those that `isNewKeyframe` accepts one after another */
export function createKeyframeSelector(choose: KeyframeChoice): (pose: WorldFromCam) => boolean {
  let seen = 0;
  let last: WorldFromCam | null = null;
  return (pose) => {
    const isNew =
      'every' in choose
        ? seen++ % Math.max(1, Math.floor(choose.every)) === 0
        : isNewKeyframe(last, pose, choose);
    if (isNew) last = pose;
    return isNew;
  };
}

/** Indices of the keyframes of a dense video, rising. */
export function selectKeyframes(poses: readonly WorldFromCam[], choose: KeyframeChoice): number[] {
  const isKeyframe = createKeyframeSelector(choose);
  return poses.flatMap((pose, i) => (isKeyframe(pose) ? [i] : []));
}
