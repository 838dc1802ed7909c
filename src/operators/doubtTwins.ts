import { filter, map, type OperatorFunction, scan, takeLast, takeWhile } from 'rxjs';
import { angleBetween, distanceBetween } from '../geometry/rigid.js';
import type { TrackLimits } from '../tracking/limits.js';
import { type Attempt, betterAttempt, type Fixed, type Looked } from './attempt.js';

/** Two places count as alike from this share of the other's inliers. */
export const ALIKE = 0.8;

interface Weighed {
  readonly speaks: Looked | null;
  readonly done: boolean;
}

/** Attempts in, the one that speaks for them out: the first fix. One with fewer than `certainInliers` is held against the
 * place after it; where that fits as well, and is another, the two cancel out. */
export function doubtTwins(certainInliers: number, limits: TrackLimits): OperatorFunction<Looked, Looked> {
  return (attempts) =>
    attempts.pipe(
      scan(({ speaks }: Weighed, next: Looked): Weighed => {
        if (speaks?.kind === 'fix')
          return { speaks: { ...between(speaks, next, limits), origin: speaks.origin }, done: true };
        const done = next.kind === 'fix' && next.inliers >= certainInliers;
        return { speaks: betterAttempt(speaks, next), done };
      }, NOTHING),
      takeWhile(({ done }) => !done, true),
      takeLast(1),
      map(({ speaks }) => speaks),
      filter((speaks) => speaks !== null),
    );
}

const NOTHING: Weighed = { speaks: null, done: false };

/** Of two poses of one frame the one with clearly more inliers; where they are alike, and elsewhere, neither. */
export function between(first: Fixed, next: Attempt, limits: TrackLimits): Attempt {
  if (next.kind === 'miss' || isOnePose(first, next, limits)) return first;
  const [less, more] = first.inliers < next.inliers ? [first, next] : [next, first];
  if (less.inliers < ALIKE * more.inliers) return more;
  const { pose, ...tried } = first;
  const awayM = distanceBetween(pose.worldFromCam, next.pose.worldFromCam);
  const detail = `two places ${awayM.toFixed(0)} m apart fit alike: ${first.inliers} and ${next.inliers} matches agree`;
  return { ...tried, kind: 'miss', failure: { reason: 'ambiguous', detail } };
}

export const isOnePose = (
  { pose: a }: Fixed,
  { pose: b }: Fixed,
  { agreeM, agreeRad }: TrackLimits,
): boolean =>
  distanceBetween(a.worldFromCam, b.worldFromCam) <= agreeM &&
  angleBetween(a.worldFromCam, b.worldFromCam) <= agreeRad;
