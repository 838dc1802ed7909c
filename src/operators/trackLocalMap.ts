import type { PoseEstimate } from '../domain/outcome.js';
import type { Correspondences } from '../domain/place.js';
import { transport } from '../geometry/covariance.js';
import { adjoint } from '../geometry/poseMatrix.js';
import { writeMatrix3x4 } from '../geometry/rigid.js';
import { innovation } from '../tracking/motion.js';
import type { Prediction } from '../tracking/prediction.js';
import { fillIn, type GuidedFix } from './fillIn.js';
import { createGuidedWorkspace, type GuidedWorkspace, gatherAround, loadQuery } from './guidedMatches.js';
import { type GuidedAttempt, searchAround, type Where } from './guidedSearch.js';
import type { Localizer, Query } from './localizer.js';
import { isSureLock, judgeLock } from './lockGate.js';

export type { GuidedAttempt, GuidedFigures } from './guidedSearch.js';

/** Keyframes of a local map. */
const MAX_KEYFRAMES = 20;
const MAX_SEARCHES = 4;
/** Points looked for around the prediction. */
const SEARCHED = 800;
/** chi-square of six degrees of freedom at 0.999: a pose that moved further than this was not where it was expected. */
const MOVED = 22.5;

/** The local map around a prediction, without retrieval and without the engine: points of the last keyframe and its
 * covisible ones are looked for where they should appear, and the predicted pose is refined on what is found. A pose that
 * is doubtful, or not where it was expected, is searched around again with room to be wrong, until it stays; what is found
 * in the end is filled in with more points. The gate is that of every other pose, and one more for poses that only their
 * prediction holds up (`lockGate`). Synchronous. */
export function trackLocalMap(localizer: Localizer, query: Query, prediction: Prediction): GuidedAttempt {
  const ws = guidedWorkspaceOf(localizer);
  const { keyframe } = prediction;
  query.watch.time('matchMs', () => {
    gatherAround(localizer.map, keyframe, MAX_KEYFRAMES, ws);
    loadQuery(query.camera, query.features, ws);
  });
  let where: Where = prediction;
  let attempt = searchAround(localizer, query, keyframe, where, SEARCHED, ws);
  for (let searches = 2; searches <= MAX_SEARCHES && isDoubtful(attempt, where); searches++) {
    const before = attempt.pose;
    where = widened(before, attempt.matched.correspondences);
    const next = searchAround(localizer, query, keyframe, where, SEARCHED, ws);
    attempt = { ...next, guided: { ...next.guided, searches } };
    if (stays(attempt, before)) break;
  }
  const found = confirmed(attempt);
  return found.kind === 'miss' ? found : fillIn(localizer, query, found, ws);
}

/** A second look with room to be wrong came to the same pose: a third would as well. */
function stays(attempt: GuidedAttempt, before: PoseEstimate): boolean {
  if (attempt.kind === 'miss') return true;
  const { worldFromCam, covariance } = before;
  if (covariance === null) return false;
  return innovation({ worldFromCam, covariance }, attempt.pose.worldFromCam, covariance) <= MOVED;
}

const NOTHING = new Float64Array(36);

function isDoubtful(attempt: GuidedAttempt, where: Where): attempt is GuidedFix {
  if (attempt.kind === 'miss') return false;
  const { worldFromCam, covariance } = attempt.pose;
  return !isSureLock(attempt.guided) || !(innovation(where, worldFromCam, covariance ?? NOTHING) <= MOVED);
}

function confirmed(attempt: GuidedAttempt): GuidedAttempt {
  if (attempt.kind === 'miss') return attempt;
  const failure = judgeLock(attempt.guided);
  if (failure === null) return attempt;
  const { pose, ...tried } = attempt;
  return { ...tried, kind: 'miss', failure };
}

/** What a doubtful pose may be off, one standard deviation; the distance as a share of that to the points. */
const WIDE_RAD = 0.01;
const WIDE_SHARE = 0.02;

function widened({ worldFromCam }: PoseEstimate, seen: Correspondences): Where {
  const wide = WIDE_SHARE * medianDistance(worldFromCam.t, seen);
  const ofCamera = new Float64Array(36);
  for (let i = 0; i < 3; i++) {
    ofCamera[7 * i] = WIDE_RAD * WIDE_RAD;
    ofCamera[7 * (i + 3)] = wide * wide;
  }
  const matrix = writeMatrix3x4(worldFromCam, new Float64Array(12));
  return { worldFromCam, covariance: transport(adjoint(matrix), ofCamera) };
}

function medianDistance(
  [x, y, z]: readonly [number, number, number],
  { xyz, count }: Correspondences,
): number {
  const distances = Float64Array.from({ length: count }, (_, i) =>
    Math.hypot(xyz[3 * i] - x, xyz[3 * i + 1] - y, xyz[3 * i + 2] - z),
  );
  return distances.sort()[count >> 1];
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
