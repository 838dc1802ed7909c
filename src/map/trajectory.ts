import { PosestreamError } from '../domain/errors.js';
import type { WorldFromCam } from '../domain/rigid.js';
import { interpolate } from '../geometry/rigid.js';
import type { TimedPose } from './tum.js';

/** Timestamps closer than this are the same moment. */
const SAME_TIME_S = 1e-3;

/** Poses by time. Throws E_FILE_INVALID where two poses claim one moment. */
export function sortTrajectory(poses: readonly TimedPose[], file: string): TimedPose[] {
  const sorted = [...poses].sort((a, b) => a.timeS - b.timeS);
  for (let i = 1; i < sorted.length; i++)
    if (sorted[i].timeS === sorted[i - 1].timeS)
      throw new PosestreamError('E_FILE_INVALID', `${file} has two poses at ${sorted[i].timeS} s.`, {
        hint: 'Keep one line per timestamp.',
      });
  return sorted;
}

/** The pose whose timestamp is nearest, if within `toleranceS`; otherwise null. */
export function nearestPose(
  sorted: readonly TimedPose[],
  timeS: number,
  toleranceS = SAME_TIME_S,
): TimedPose | null {
  const after = firstAtOrAfter(sorted, timeS);
  const candidates = [sorted[after - 1], sorted[after]].filter((pose) => pose !== undefined);
  let best: TimedPose | null = null;
  for (const pose of candidates)
    if (Math.abs(pose.timeS - timeS) <= Math.min(toleranceS, Math.abs((best?.timeS ?? Infinity) - timeS)))
      best = pose;
  return best;
}

/** Pose at a moment between two samples, along the SE(3) geodesic; null outside the trajectory and inside a gap
 * longer than `maxGapS`, because a guess would bend the map. */
export function poseAt(sorted: readonly TimedPose[], timeS: number, maxGapS = 0.5): WorldFromCam | null {
  const exact = nearestPose(sorted, timeS, 1e-6);
  if (exact !== null) return exact.worldFromCam;
  const after = firstAtOrAfter(sorted, timeS);
  const [start, end] = [sorted[after - 1], sorted[after]];
  if (start === undefined || end === undefined || end.timeS - start.timeS > maxGapS) return null;
  return interpolate(start.worldFromCam, end.worldFromCam, (timeS - start.timeS) / (end.timeS - start.timeS));
}

function firstAtOrAfter(sorted: readonly TimedPose[], timeS: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle].timeS < timeS) low = middle + 1;
    else high = middle;
  }
  return low;
}
