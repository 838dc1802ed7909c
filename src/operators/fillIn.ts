import { refineFrom } from '../geometry/refineFrom.js';
import { inverse, writeMatrix3x4 } from '../geometry/rigid.js';
import { splitEvidence } from './attempt.js';
import { closeMatches, type GuidedWorkspace } from './guidedMatches.js';
import type { GuidedAttempt } from './guidedSearch.js';
import type { Localizer, Query } from './localizer.js';
import { inlierThresholdPx, MIN_MATCHES, poseWorkspaceOf } from './poseWorkspace.js';

export type GuidedFix = Extract<GuidedAttempt, { kind: 'fix' }>;

/** Around a pose that was found, a right match lies within this share of the inlier threshold. Beyond it most are
 * neighbours of the right one, and in numbers they pull: over 13 recordings the error is 0.85 times that of frames alone
 * with a third (0.81-0.82 with a fifth and a quarter, but then single sets get worse), 1.01 times with all of it. */
const CLOSE = 1 / 3;
/** Distinct inliers there must be, as a share of what the search had within the whole threshold. */
const LEAST_SHARE = 0.5;

/** Where the pose is known well, more points are found at little cost, as their windows are small: they make it more
 * exact. They say nothing of whether it is right, so the evidence stays that of the wider search, and so does the
 * covariance: what is left of the error is the map's, which more points do not make smaller. */
export function fillIn(
  localizer: Localizer,
  query: Query,
  attempt: GuidedFix,
  ws: GuidedWorkspace,
): GuidedFix {
  const { camera, features, watch } = query;
  const { options } = localizer;
  const start = writeMatrix3x4(inverse(attempt.pose.worldFromCam), new Float64Array(12));
  const found = watch.time('matchMs', () => closeMatches(camera, features, start, options.ratio, ws));
  if (found.count < MIN_MATCHES) return attempt;
  const thresholdPx = CLOSE * inlierThresholdPx(options, camera);
  const exact = watch.time('solveMs', () =>
    refineFrom(camera, found.xyPx, found.xyz, found.count, start, thresholdPx, poseWorkspaceOf(localizer)),
  );
  if (exact === null) return attempt;
  const inlierMask = exact.inlierMask.slice();
  const distinct = inlierMask.reduce((sum, isInlier, i) => sum + (isInlier & found.distinct[i]), 0);
  if (distinct < LEAST_SHARE * attempt.inliers) return attempt;
  return {
    ...attempt,
    matched: { ...attempt.matched, correspondences: found },
    inlierMask,
    evidence: options.evidence ? splitEvidence(found, inlierMask) : null,
    pose: {
      ...attempt.pose,
      worldFromCam: inverse(exact.camFromWorld),
      reprojectionRmsPx: exact.rmsPx,
    },
  };
}
