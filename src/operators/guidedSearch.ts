import type { Correspondences } from '../domain/place.js';
import { type AbsolutePose, estimateAbsolutePose } from '../geometry/absolutePose.js';
import { closeShare } from '../geometry/closeShare.js';
import { transport } from '../geometry/covariance.js';
import { adjoint } from '../geometry/poseMatrix.js';
import { refineFrom } from '../geometry/refineFrom.js';
import { inverse, writeMatrix3x4 } from '../geometry/rigid.js';
import { foundCellShare } from '../kernels/cellShare.js';
import type { Prediction } from '../tracking/prediction.js';
import type { Attempt } from './attempt.js';
import { type GuidedMatched, type GuidedWorkspace, guidedMatches } from './guidedMatches.js';
import { judgePlace, missPlace } from './judgePlace.js';
import type { LocalizeOptions, Localizer, Query } from './localizer.js';
import type { Lock } from './lockGate.js';
import { fallingQuality, inlierThresholdPx, MIN_MATCHES, poseWorkspaceOf } from './poseWorkspace.js';

/** Below this share of inliers the matches are sampled as well. */
const SURE_RATIO = 0.5;
const MAX_SAMPLES = 200;

/** What the search around a prediction came to, beside its verdict. */
export interface GuidedFigures {
  /** Map points looked for: inside the predicted image, seen before from a like angle and distance. */
  readonly expected: number;
  /** Distinct matches: mutual, and past the ratio test against rivals of the window and of chance. */
  readonly matches: number;
  /** Distinct matches the pose agrees with. */
  readonly inliers: number;
  /** inliers / matches; 0 without matches. */
  readonly ratio: number;
  /** Mean search radius. */
  readonly meanRadiusPx: number;
  /** Share of the distinct inliers within a third of the inlier threshold. */
  readonly closeShare: number;
  /** Share of the image cells with expected points that hold a distinct inlier. */
  readonly foundShare: number;
  /** Searches made: a doubtful one is followed by another around the pose it found. */
  readonly searches: number;
}

export type GuidedAttempt = Attempt & { readonly guided: GuidedFigures };

/** Where to look. */
export type Where = Pick<Prediction, 'worldFromCam' | 'covariance'>;

/** One look around a pose for what the workspace's local map holds.
 * @param keyframe where the local map is    @param limit points looked for at most */
export function searchAround(
  localizer: Localizer,
  query: Query,
  keyframe: number,
  { worldFromCam, covariance }: Where,
  limit: number,
  ws: GuidedWorkspace,
): GuidedAttempt {
  const start = writeMatrix3x4(inverse(worldFromCam), new Float64Array(12));
  const { camera, features, watch } = query;
  const { options } = localizer;
  const found = watch.time('matchMs', () => {
    const ofCamera = transport(adjoint(start), covariance);
    return guidedMatches(camera, features, start, ofCamera, options.ratio, limit, ws);
  });
  return watch.time('solveMs', () => judge(localizer, query, keyframe, start, found, ws));
}

function judge(
  localizer: Localizer,
  query: Query,
  keyframe: number,
  start: Float64Array,
  { correspondences, expected, meanRadiusPx }: GuidedMatched,
  ws: GuidedWorkspace,
): GuidedAttempt {
  const { options } = localizer;
  const matched = { place: { keyframes: [keyframe], origin: 'tracked' }, correspondences } as const;
  const solved = solve(localizer, query, start, correspondences);
  const attempt =
    solved === null ? missPlace(matched, query, options) : judgePlace(matched, query, solved, localizer);
  const matches = correspondences.distinctCount;
  const { inliers } = attempt;
  const ratio = matches === 0 ? 0 : inliers / matches;
  const fit = solved === null ? NO_FIT : fitOf(solved, query, options, correspondences, ws);
  return { ...attempt, guided: { expected, matches, inliers, ratio, meanRadiusPx, ...fit, searches: 1 } };
}

const NO_FIT = { closeShare: 0, foundShare: 0 };
/** A cell with so many expected points should show one of them. */
const EXPECTED_IN_CELL = 5;

function fitOf(
  { matrix, inlierMask }: AbsolutePose,
  { camera }: Query,
  options: LocalizeOptions,
  { count, xyPx, xyz, distinct }: Correspondences,
  { expected }: GuidedWorkspace,
): Pick<Lock, 'closeShare' | 'foundShare'> {
  const { widthPx: w, heightPx: h } = camera;
  const mask = distinct.map((isDistinct, i) => isDistinct & inlierMask[i]);
  const closePx = inlierThresholdPx(options, camera) / 3;
  return {
    closeShare: closeShare(camera, matrix, xyPx, xyz, mask, count, closePx),
    foundShare: foundCellShare(expected.xyPx, expected.count, EXPECTED_IN_CELL, xyPx, mask, count, w, h),
  };
}

function solve(
  localizer: Localizer,
  query: Query,
  start: Float64Array,
  { xyPx, xyz, count }: Correspondences,
): AbsolutePose | null {
  if (count < MIN_MATCHES) return null;
  const { camera } = query;
  const { options } = localizer;
  const ws = poseWorkspaceOf(localizer);
  const limits = {
    thresholdPx: inlierThresholdPx(options, camera),
    seed: options.seed + query.frame.sequence,
  };
  const refined = refineFrom(camera, xyPx, xyz, count, start, limits.thresholdPx, ws);
  if (refined !== null && refined.inliers >= SURE_RATIO * count) return refined;
  const kept = refined === null ? null : { ...refined, inlierMask: refined.inlierMask.slice() };
  const sampling = { ...limits, maxIterations: MAX_SAMPLES, quality: fallingQuality(count) };
  const sampled = estimateAbsolutePose(camera, xyPx, xyz, count, sampling, ws);
  return kept === null || (sampled !== null && sampled.cost < kept.cost) ? sampled : kept;
}
