import type { LostReason } from '../domain/outcome.js';
import type { Miss } from '../tracking/sighting.js';

/** What is known of a pose before it may be called a fix. */
export interface PoseEvidence {
  /** Keypoints in the image. */
  readonly keypoints: number;
  /** Distinct matches. */
  readonly matches: number;
  /** Distinct matches that agree with the pose. */
  readonly inliers: number;
  /** Of 8 x 8 image cells, those that hold a distinct inlier. */
  readonly cells: number;
  /** Ratio of largest to smallest eigenvalue of the scaled J^T J. */
  readonly condition: number;
}

export interface GateLimits {
  readonly minInliers: number;
  readonly minCells: number;
  /** Smallest share of the distinct matches that must agree, unless `certainInliers` do. */
  readonly minInlierRatio: number;
  readonly certainInliers: number;
}

/** Twice the evidence, where parts of the picture may be of another time. */
export const limitsOfSuspect = ({ minInliers, certainInliers, ...limits }: GateLimits): GateLimits => ({
  ...limits,
  minInliers: 2 * minInliers,
  certainInliers: 2 * certainInliers,
});

/** Beyond this the pose is free to slide along some direction; ordinary depth gives 7-50, a flat scene up to 1500. */
const MAX_CONDITION = 1e6;
export const IMAGE_CELLS = 64;

/** A pose is a fix only if enough distinct matches agree, spread over the image, and pin all six degrees of freedom.
 * Counting matches that failed the ratio test separates nothing: chance gives 5-10 inliers.
 * @returns null for a fix */
export function judgePose(evidence: PoseEvidence, limits: GateLimits): Miss | null {
  const { keypoints, matches, inliers, cells, condition } = evidence;
  if (keypoints < limits.minInliers)
    return lost('no-features', `only ${keypoints} keypoints in the image: dark, covered or blank?`);
  if (matches < limits.minInliers)
    return lost(
      'few-matches',
      `${matches} of ${keypoints} keypoints match the place, ${limits.minInliers} are needed`,
    );
  if (inliers < limits.minInliers)
    return lost('few-inliers', `${inliers} of ${matches} matches agree, ${limits.minInliers} are needed`);
  if (inliers < limits.certainInliers && inliers < limits.minInlierRatio * matches)
    return lost('few-inliers', `only ${inliers} of ${matches} matches agree: a place that looks alike?`);
  if (cells < limits.minCells)
    return lost(
      'low-coverage',
      `${inliers} of ${matches} matches agree, they cover ${percent(cells)} of the image`,
    );
  if (!(condition < MAX_CONDITION))
    return lost('ill-conditioned', `${inliers} matches agree, but they do not pin the pose`);
  return null;
}

const lost = (reason: LostReason, detail: string): Miss => ({ reason, detail });
const percent = (cells: number) => `${Math.round((100 * cells) / IMAGE_CELLS)} %`;
