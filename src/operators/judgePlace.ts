import type { Camera } from '../domain/camera.js';
import type { PoseEstimate } from '../domain/outcome.js';
import type { Correspondences } from '../domain/place.js';
import type { AbsolutePose } from '../geometry/absolutePose.js';
import { focalScale } from '../geometry/focalScale.js';
import { inverse } from '../geometry/rigid.js';
import { coveredCells } from '../kernels/coverage.js';
import { sceneUnit } from '../map/sceneUnit.js';
import { type ConfidenceEvidence, poseConfidence } from '../tracking/confidence.js';
import type { Miss } from '../tracking/sighting.js';
import { type Attempt, splitEvidence, type Tried } from './attempt.js';
import type { LocalizeOptions, Localizer, Query } from './localizer.js';
import type { MatchedPlace } from './matchPlace.js';
import { IMAGE_CELLS, judgePose, limitsOfSuspect } from './poseGate.js';

/** What a solver or a refinement found out about a pose. */
export type SolvedPose = Pick<
  AbsolutePose,
  'camFromWorld' | 'inlierMask' | 'rmsPx' | 'covariance' | 'conditionNumber'
>;

/** A pose with its verdict: evidence counted on the distinct matches only. */
export function judgePlace(
  matched: MatchedPlace,
  query: Query,
  solved: SolvedPose,
  { map, options }: Pick<Localizer, 'map' | 'options'>,
): Attempt {
  const { correspondences } = matched;
  const { camera } = query;
  const support = countSupport(correspondences, solved.inlierMask, camera.widthPx, camera.heightPx);
  const tried: Tried = {
    matched,
    turnDeg: query.turnDeg,
    inliers: support.inliers,
    keyframe: mostSeen(correspondences, solved.inlierMask),
    inlierMask: solved.inlierMask.slice(),
    evidence: options.evidence ? splitEvidence(correspondences, solved.inlierMask) : null,
  };
  const failure = judge(matched, query, options, support.inliers, support.cells, solved.conditionNumber);
  if (failure !== null) return { ...tried, kind: 'miss', failure };
  return { ...tried, kind: 'fix', pose: describePose(matched, solved, support, camera, sceneUnit(map)) };
}

/** The verdict where no pose was found at all. */
export function missPlace(matched: MatchedPlace, query: Query, options: LocalizeOptions): Attempt {
  const failure = judge(matched, query, options, 0, 0, Number.POSITIVE_INFINITY)!;
  return {
    kind: 'miss',
    matched,
    failure,
    turnDeg: query.turnDeg,
    inliers: 0,
    keyframe: matched.place.keyframes[0],
    inlierMask: new Uint8Array(0),
    evidence: null,
  };
}

function judge(
  { correspondences }: MatchedPlace,
  { features, frame }: Query,
  options: LocalizeOptions,
  inliers: number,
  cells: number,
  condition: number,
): Miss | null {
  const matches = correspondences.distinctCount;
  const limits = frame.isSuspect ? limitsOfSuspect(options) : options;
  return judgePose({ keypoints: features.count, matches, inliers, cells, condition }, limits);
}

function describePose(
  matched: MatchedPlace,
  solved: SolvedPose,
  support: Support,
  camera: Camera,
  unitM: number,
): PoseEstimate {
  const { distinctCount, xyPx, xyz, count } = matched.correspondences;
  const { camFromWorld, inlierMask, rmsPx } = solved;
  const pose: ConfidenceEvidence = {
    worldFromCam: inverse(camFromWorld),
    source: matched.place.origin === 'tracked' ? 'tracked' : 'pnp',
    inliers: support.inliers,
    matches: distinctCount,
    inlierRatio: support.inliers / distinctCount,
    coverage: support.cells / IMAGE_CELLS,
    reprojectionRmsPx: rmsPx,
    covariance: solved.covariance,
    focalScale: focalScale(camera, camFromWorld, xyPx, xyz, inlierMask, count, rmsPx),
  };
  return { ...pose, confidence: poseConfidence(pose, unitM) };
}

interface Support {
  /** Distinct inliers. */
  readonly inliers: number;
  /** Of 8 x 8 image cells, those that hold one. */
  readonly cells: number;
}

function countSupport(c: Correspondences, mask: Uint8Array, widthPx: number, heightPx: number): Support {
  const support = new Uint8Array(c.count);
  let inliers = 0;
  for (let i = 0; i < c.count; i++) {
    support[i] = mask[i] & c.distinct[i];
    inliers += support[i];
  }
  return { inliers, cells: coveredCells(c.xyPx, support, c.count, widthPx, heightPx) };
}

function mostSeen(c: Correspondences, mask: Uint8Array): number {
  const seen = new Map<number, number>();
  for (let i = 0; i < c.count; i++)
    if (mask[i] === 1) seen.set(c.keyframe[i], (seen.get(c.keyframe[i]) ?? 0) + 1);
  let best = c.keyframe[0];
  for (const [keyframe, count] of seen) if (count > (seen.get(best) ?? 0)) best = keyframe;
  return best;
}
