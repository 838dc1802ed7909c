import type { MapModel } from '../domain/mapModel.js';
import type { Outcome, PoseEstimate, StreamWarning } from '../domain/outcome.js';
import type { WorldFromCam } from '../domain/rigid.js';
import type { Advance } from '../tracking/advance.js';
import type { Verdict } from '../tracking/sighting.js';
import type { Looked } from './attempt.js';
import type { Picture } from './localizer.js';

/** What the search of one frame came to. */
export interface Search {
  /** The one that speaks for the frame; null where nothing was there to try. */
  readonly best: Looked | null;
  /** What the whole map said beside it; null where it was not asked. */
  readonly audit: Looked | 'no-answer' | null;
  /** Whether the whole map was asked. */
  readonly retrieved: boolean;
}

/** The frame's one outcome. A lost frame still carries the best retrieved keyframe's own pose, labelled as coarse. */
export function toOutcome(
  map: MapModel,
  picture: Picture,
  { best, retrieved }: Search,
  { verdict, track }: Advance,
  warning: StreamWarning | null,
): Outcome {
  const base = {
    frame: picture.frame,
    timings: picture.watch.timings(),
    state: track.state,
    resetCounter: track.resetCounter,
    retrieved,
    evidence: best?.evidence ?? null,
    ...(warning === null ? {} : { warning }),
  };
  if (verdict.kind === 'lost') {
    const coarse = best === null ? null : keyframePose(map, best.matched.place.keyframes[0]);
    return { ...base, kind: 'lost', reason: verdict.reason, detail: verdict.detail, coarse };
  }
  const { keyframe, turnDeg } = verdict.kind === 'fix' ? verdict.fix : verdict;
  const pose = estimateOf(verdict);
  const confidence = picture.frame.isSuspect ? SUSPECT * pose.confidence : pose.confidence;
  return { ...base, kind: 'posed', pose: { ...pose, confidence }, smooth: null, keyframe, turnDeg };
}

/** A decoder patches a damaged picture with parts of older ones: every eighth pose of a town drive was then off by half a
 * metre and more, with as many inliers as ever. Such a pose is never a confident one. */
const SUSPECT = 0.5;

function estimateOf(verdict: Exclude<Verdict, { kind: 'lost' }>): PoseEstimate {
  if (verdict.kind === 'fix') return { ...verdict.fix.pose, confidence: verdict.confidence };
  const { worldFromCam, covariance, confidence } = verdict;
  return { worldFromCam, covariance, confidence, source: 'coasted', ...NO_EVIDENCE };
}

/** A prediction is held up by nothing in its picture. */
const NO_EVIDENCE = { inliers: 0, matches: 0, inlierRatio: 0, coverage: 0, reprojectionRmsPx: 0 };

function keyframePose({ keyframes }: MapModel, keyframe: number): WorldFromCam {
  const [tx, ty, tz, qx, qy, qz, qw] = keyframes.worldFromCam.subarray(7 * keyframe, 7 * keyframe + 7);
  return { q: [qx, qy, qz, qw], t: [tx, ty, tz] };
}
