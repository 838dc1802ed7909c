import { filter, map, type OperatorFunction, scan, takeLast, takeWhile } from 'rxjs';
import { angleBetween, distanceBetween } from '../geometry/rigid.js';
import type { TrackLimits } from '../tracking/limits.js';
import { betterAttempt, type Looked } from './attempt.js';

/** Two places count as alike from this share of the other's inliers. */
const ALIKE = 0.8;

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
        if (speaks?.kind === 'fix') return { speaks: between(speaks, next, limits), done: true };
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

function between(first: Looked & { kind: 'fix' }, next: Looked, limits: TrackLimits): Looked {
  if (next.kind === 'miss') return first;
  const awayM = distanceBetween(first.pose.worldFromCam, next.pose.worldFromCam);
  const turn = angleBetween(first.pose.worldFromCam, next.pose.worldFromCam);
  if (awayM <= limits.agreeM && turn <= limits.agreeRad) return first;
  const [less, more] = first.inliers < next.inliers ? [first, next] : [next, first];
  if (less.inliers < ALIKE * more.inliers) return more;
  const { pose, ...tried } = first;
  const detail = `two places ${awayM.toFixed(0)} m apart fit alike: ${first.inliers} and ${next.inliers} matches agree`;
  return { ...tried, kind: 'miss', failure: { reason: 'ambiguous', detail } };
}
