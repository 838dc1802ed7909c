import type { MapModel } from '../domain/mapModel.js';
import type { Evidence, Outcome, PoseEstimate } from '../domain/outcome.js';
import type { Correspondences } from '../domain/place.js';
import type { WorldFromCam } from '../domain/rigid.js';
import type { Query } from './localizer.js';
import type { MatchedPlace } from './matchPlace.js';
import type { Failure } from './poseGate.js';

/** What became of one place: a fix, or why there is none. */
export type Attempt = Tried &
  (
    | { readonly kind: 'fix'; readonly pose: PoseEstimate }
    | { readonly kind: 'miss'; readonly failure: Failure }
  );

export interface Tried {
  readonly matched: MatchedPlace;
  /** Distinct inliers of the best pose found. */
  readonly inliers: number;
  /** How far the picture was turned. */
  readonly turnDeg: number;
  /** Keyframe most inliers were seen from. */
  readonly keyframe: number;
  readonly evidence: Evidence | null;
}

/** A fix beats a miss; of two misses the one with more inliers speaks. */
export function betterAttempt(best: Attempt | null, next: Attempt): Attempt {
  if (best === null || next.kind === 'fix') return next;
  return next.inliers > best.inliers ? next : best;
}

/** The frame's one outcome. A miss still carries the best retrieved keyframe's own pose, labelled as coarse. */
export function toOutcome(map: MapModel, query: Query, attempt: Attempt | null): Outcome {
  const retrieved = attempt?.matched.place.origin !== 'tracked';
  const base = { frame: query.frame, timings: query.watch.timings(), resetCounter: 0, retrieved };
  const lost = { ...base, kind: 'lost', state: 'lost' } as const;
  if (attempt === null)
    return { ...lost, reason: 'no-place', detail: NOTHING_ALIKE, coarse: null, evidence: null };
  const { evidence, keyframe, turnDeg } = attempt;
  if (attempt.kind === 'fix') {
    const { pose } = attempt;
    return { ...base, kind: 'posed', state: 'tracking', pose, smooth: null, keyframe, turnDeg, evidence };
  }
  const coarse = keyframePose(map, attempt.matched.place.keyframes[0]);
  return { ...lost, ...attempt.failure, coarse, evidence };
}

const NOTHING_ALIKE = 'nothing in the map looks like this';

function keyframePose({ keyframes }: MapModel, keyframe: number): WorldFromCam {
  const [tx, ty, tz, qx, qy, qz, qw] = keyframes.worldFromCam.subarray(7 * keyframe, 7 * keyframe + 7);
  return { q: [qx, qy, qz, qw], t: [tx, ty, tz] };
}

/** Inliers and the rest, for the picture. */
export function splitEvidence(c: Correspondences, inlierMask: Uint8Array): Evidence {
  const rows = Array.from({ length: c.count }, (_, i) => i);
  const inliers = rows.filter((i) => inlierMask[i] === 1);
  const outliers = rows.filter((i) => inlierMask[i] !== 1);
  const pixels = (of: number[]) => Float32Array.from(of.flatMap((i) => [c.xyPx[2 * i], c.xyPx[2 * i + 1]]));
  return {
    inlierXyPx: pixels(inliers),
    outlierXyPx: pixels(outliers),
    inlierPoints: Uint32Array.from(inliers, (i) => c.point[i]),
  };
}
