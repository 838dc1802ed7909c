import { poseConfidence } from '../tracking/confidence.js';
import { type FocalBelief, learnFocal, settledFocal } from '../tracking/focalBelief.js';
import { DOUBTED_CONFIDENCE } from '../tracking/verdicts.js';
import type { Looked } from './attempt.js';
import type { Picture } from './localizer.js';
import type { Search } from './toOutcome.js';

export interface WeighedFocal {
  readonly best: Looked | null;
  readonly focal: FocalBelief;
}

/** A stream has one focal length: what all its frames say of it counts for the confidence of each, and while they say that
 * the one given is wrong no pose is a confident one.
 * @param unitM  how many of the map's units a metre measures */
export function weighFocal(
  before: FocalBelief,
  { camera, frame }: Pick<Picture, 'camera' | 'frame'>,
  { best, audit }: Pick<Search, 'best' | 'audit'>,
  unitM: number,
): WeighedFocal {
  if (best === null || best.kind === 'miss') return { best, focal: before };
  const { pose, keyframe } = best;
  // Close to its prediction a pose fits any focal length: what was found without one is asked.
  const asked = audit === null || audit === 'no-answer' || audit.kind === 'miss' ? best : audit;
  // Parts of a damaged picture are of another time.
  const seen = { keyframe, scale: pose.focalScale, otherFocal: asked.otherFocal };
  const focal = frame.isSuspect ? before : learnFocal(before, camera, seen);
  const settled = poseConfidence({ ...pose, focalScale: settledFocal(focal, pose.focalScale) }, unitM);
  const isDoubted = focal.isDoubted || best.isDoubted;
  const confidence = isDoubted ? Math.min(settled, DOUBTED_CONFIDENCE) : settled;
  return { best: { ...best, pose: { ...pose, confidence } }, focal };
}
