import type { WorldFromCam } from '../../domain/rigid.js';
import { angleBetween, compose, inverse } from '../../geometry/rigid.js';
import { poseAt } from '../../map/trajectory.js';
import type { TimedPose } from '../../map/tum.js';
import type { Threshold } from '../evaluate.js';
import type { PosedFrame } from './run.js';

/** What no camera that we know of outruns, where no reference says how far it really went. */
export const FASTEST = { mPerS: 50, degPerS: 360 } as const;

export interface Jump {
  /** Of the later pose. */
  readonly timeS: number;
  /** How far the step is from the reference's; without a reference, the step itself. */
  readonly m: number;
  readonly deg: number;
  /** The run said so: its resetCounter grew. */
  readonly announced: boolean;
}

/** Steps between consecutive poses that leave the reference's own step by more than `margin`; where the reference does
 * not know both moments, steps longer than `margin` and what `FASTEST` covers in the time between.
 * @param frames     in time order
 * @param reference  in time order */
export function findJumps(
  frames: readonly PosedFrame[],
  reference: readonly TimedPose[],
  margin: Threshold,
): Jump[] {
  return frames.slice(1).flatMap((to, i) => {
    const from = frames[i];
    const [truthFrom, truthTo] = [poseAt(reference, from.timeS), poseAt(reference, to.timeS)];
    const isKnown = truthFrom !== null && truthTo !== null;
    const step = isKnown
      ? stepBeyond(from.worldFromCam, to.worldFromCam, truthFrom, truthTo)
      : stepBeyond(from.worldFromCam, to.worldFromCam, from.worldFromCam, from.worldFromCam);
    const allowedS = isKnown ? 0 : to.timeS - from.timeS;
    const isJump =
      step.m > margin.m + FASTEST.mPerS * allowedS || step.deg > margin.deg + FASTEST.degPerS * allowedS;
    const announced = (to.resetCounter ?? 0) > (from.resetCounter ?? 0);
    return isJump ? [{ timeS: to.timeS, ...step, announced }] : [];
  });
}

/** Difference of two steps: of the displacements in world coordinates, and of the turns. */
function stepBeyond(
  from: WorldFromCam,
  to: WorldFromCam,
  truthFrom: WorldFromCam,
  truthTo: WorldFromCam,
): Threshold {
  const axis = (i: 0 | 1 | 2) => to.t[i] - from.t[i] - (truthTo.t[i] - truthFrom.t[i]);
  const turned = angleBetween(compose(inverse(from), to), compose(inverse(truthFrom), truthTo));
  return { m: Math.hypot(axis(0), axis(1), axis(2)), deg: (turned * 180) / Math.PI };
}
