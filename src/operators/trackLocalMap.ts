import { type AbsolutePose, estimateAbsolutePose } from '../geometry/absolutePose.js';
import { transport } from '../geometry/covariance.js';
import { adjoint } from '../geometry/poseMatrix.js';
import { refineFrom } from '../geometry/refineFrom.js';
import { inverse, writeMatrix3x4 } from '../geometry/rigid.js';
import { gatherLocalMap } from '../tracking/localMap.js';
import type { Prediction } from '../tracking/prediction.js';
import type { Attempt } from './attempt.js';
import {
  createGuidedWorkspace,
  type GuidedMatched,
  type GuidedWorkspace,
  guidedMatches,
  loadQuery,
} from './guidedMatches.js';
import { judgePlace, missPlace } from './judgePlace.js';
import type { Localizer, Query } from './localizer.js';
import { inlierThresholdPx, MIN_MATCHES, poseWorkspaceOf } from './poseWorkspace.js';
import { fallingQuality } from './solvePose.js';

/** Keyframes of a local map. */
const MAX_KEYFRAMES = 20;
/** Points looked for. */
const MAX_POINTS = 2000;
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
}

export type GuidedAttempt = Attempt & { readonly guided: GuidedFigures };

/** The local map around a prediction, without retrieval and without the engine: points of the last keyframe and its
 * covisible ones are looked for where they should appear, and the predicted pose is refined on what is found. The gate is
 * that of every other pose. Synchronous. */
export function trackLocalMap(localizer: Localizer, query: Query, prediction: Prediction): GuidedAttempt {
  const ws = guidedWorkspaceOf(localizer);
  const start = writeMatrix3x4(inverse(prediction.worldFromCam), new Float64Array(12));
  const found = query.watch.time('matchMs', () => {
    gatherLocalMap(localizer.map, prediction.keyframe, MAX_KEYFRAMES, ws.local, ws.localScratch);
    loadQuery(query.camera, query.features, ws);
    const covariance = transport(adjoint(start), prediction.covariance);
    return guidedMatches(
      localizer.map,
      query.camera,
      query.features,
      start,
      covariance,
      localizer.options.ratio,
      MAX_POINTS,
      ws,
    );
  });
  return query.watch.time('solveMs', () => judge(localizer, query, prediction, start, found));
}

const workspaces = new WeakMap<Localizer, GuidedWorkspace>();

/** One workspace per localizer: a search ends before the next begins. */
function guidedWorkspaceOf(localizer: Localizer): GuidedWorkspace {
  const existing = workspaces.get(localizer);
  if (existing !== undefined) return existing;
  const created = createGuidedWorkspace();
  workspaces.set(localizer, created);
  return created;
}

function judge(
  localizer: Localizer,
  query: Query,
  prediction: Prediction,
  start: Float64Array,
  { correspondences, expected, meanRadiusPx }: GuidedMatched,
): GuidedAttempt {
  const place = { keyframes: [prediction.keyframe], origin: 'tracked' } as const;
  const matched = { place, correspondences };
  const solved = solve(localizer, query, start, correspondences);
  const attempt =
    solved === null
      ? missPlace(matched, query, localizer.options)
      : judgePlace(matched, query, solved, localizer.options);
  const matches = correspondences.distinctCount;
  const { inliers } = attempt;
  const ratio = matches === 0 ? 0 : inliers / matches;
  return { ...attempt, guided: { expected, matches, inliers, ratio, meanRadiusPx } };
}

function solve(
  localizer: Localizer,
  query: Query,
  start: Float64Array,
  { xyPx, xyz, count }: GuidedMatched['correspondences'],
): AbsolutePose | null {
  if (count < MIN_MATCHES) return null;
  const { camera } = query;
  const { options } = localizer;
  const ws = poseWorkspaceOf(localizer);
  const limits = {
    thresholdPx: inlierThresholdPx(options, camera),
    seed: options.seed + query.frame.sequence,
  };
  const refined = refineFrom(camera, xyPx, xyz, count, start, limits, ws);
  if (refined !== null && refined.inliers >= SURE_RATIO * count) return refined;
  const kept = refined === null ? null : { ...refined, inlierMask: refined.inlierMask.slice() };
  const sampling = { ...limits, maxIterations: MAX_SAMPLES, quality: fallingQuality(count) };
  const sampled = estimateAbsolutePose(camera, xyPx, xyz, count, sampling, ws);
  return kept === null || (sampled !== null && sampled.cost < kept.cost) ? sampled : kept;
}
