import type { Evidence, PoseEstimate } from '../domain/outcome.js';
import type { Correspondences } from '../domain/place.js';
import type { Fix, FixOrigin, Miss } from '../tracking/sighting.js';
import type { MatchedPlace } from './matchPlace.js';

/** What became of one place: a fix, or why there is none. */
export type Attempt = Fixed | (Tried & { readonly kind: 'miss'; readonly failure: Miss });

export type Fixed = Tried & {
  readonly kind: 'fix';
  readonly pose: PoseEstimate;
  /** Something in the frame speaks against the pose: no later look makes it a confident one. */
  readonly isDoubted?: true;
  /** Of poses found without a prediction: the focal length clearly more matches agree with, over the one given. */
  readonly otherFocal?: number | null;
};

export interface Tried {
  readonly matched: MatchedPlace;
  /** Distinct inliers of the best pose found. */
  readonly inliers: number;
  /** How far the picture was turned. */
  readonly turnDeg: number;
  /** Keyframe most inliers were seen from. */
  readonly keyframe: number;
  /** [n] 1 for the correspondences that agree, distinct or not; empty where no pose was found. */
  readonly inlierMask: Uint8Array;
  readonly evidence: Evidence | null;
}

/** An attempt and why it was made. */
export type Looked = Attempt & { readonly origin: FixOrigin };

/** A fix beats a miss, a later fix an earlier one; of two misses the one with more inliers speaks. */
export function betterAttempt<T extends Attempt>(best: T | null, next: T): T {
  if (best === null || next.kind === 'fix') return next;
  return best.kind === 'miss' && next.inliers > best.inliers ? next : best;
}

/** What tracking wants to know of a fix; null for a miss. */
export function fixOf(looked: Looked): Fix | null {
  if (looked.kind === 'miss') return null;
  const { origin, pose, keyframe, turnDeg } = looked;
  return { origin, pose, keyframe, turnDeg };
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
