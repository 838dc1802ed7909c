import type { FrameId } from '../domain/frame.js';
import type { Outcome, PoseEstimate } from '../domain/outcome.js';
import { extendRanges } from '../tracking/extendRanges.js';
import type { TrackLimits } from '../tracking/limits.js';
import { measureMotion, type Odometry } from '../tracking/odometry.js';
import { createOdometryWorkspace, type OdometryWorkspace } from '../tracking/odometryWorkspace.js';
import {
  continues,
  expectedMotion,
  NEW_SMOOTHER,
  newestPose,
  type Smoother,
  smoothFrame,
} from '../tracking/smoother.js';
import { type Snapshot, setMapRanges, takeSnapshot } from '../tracking/snapshot.js';
import { DOUBTED_CONFIDENCE } from '../tracking/verdicts.js';
import { followWake, NO_WAKE, type Wake } from '../tracking/wake.js';
import type { Looked } from './attempt.js';
import type { Localizer, Query } from './localizer.js';

/** What one frame leaves for the smoothing of the next. */
export interface Trail {
  readonly smoother: Smoother;
  readonly snapshot: Snapshot | null;
  /** How far the snapshot's picture was turned: descriptors of different turns do not match. */
  readonly turnDeg: number;
  readonly wake: Wake;
}

export const NO_TRAIL: Trail = { smoother: NEW_SMOOTHER, snapshot: null, turnDeg: 0, wake: NO_WAKE };

export interface SmoothedOutcome {
  readonly outcome: Outcome;
  readonly trail: Trail;
}

/** The frame's pose as its neighbours in time correct it (Local Supports Global): motions between frames by their own
 * keypoints and the map's fixes in one sliding window. The raw pose stays as it is.
 * @param seen  the frame as the network saw it    @param best  the look that speaks for it */
export function smoothPose(
  localizer: Localizer,
  limits: TrackLimits,
  before: Trail,
  seen: Query,
  best: Looked | null,
  outcome: Outcome,
): SmoothedOutcome {
  if (outcome.kind === 'dropped') return { outcome, trail: before };
  const done = seen.watch.time('smoothMs', () => smooth(localizer, limits, before, seen, best, outcome));
  return { ...done, outcome: { ...done.outcome, timings: seen.watch.timings() } };
}

function smooth(
  localizer: Localizer,
  limits: TrackLimits,
  before: Trail,
  seen: Query,
  best: Looked | null,
  outcome: Exclude<Outcome, { kind: 'dropped' }>,
): SmoothedOutcome {
  const snapshot = takeSnapshot(seen.camera, seen.features);
  const { frame, resetCounter } = outcome;
  const odometry = motionSince(localizer, limits, before, seen, frame, snapshot);
  const fix = ownFix(outcome);
  const input = { frame, resetCounter, fix, odometry };
  const { smoother, smooth: pose } = smoothFrame(before.smoother, input, limits);
  if (fix !== null && best !== null) learnRanges(snapshot, smoother, best);
  const motion = odometry?.previousFromCurrent ?? null;
  if (motion !== null && before.snapshot !== null)
    extendRanges(before.snapshot, snapshot, motion, workspaceOf(localizer));
  const wake = followWake(before.wake, frame.timestampS, fix?.worldFromCam ?? null, motion, limits);
  const trail = { smoother, snapshot, turnDeg: seen.turnDeg, wake };
  if (outcome.kind === 'lost') return { outcome, trail };
  return { outcome: { ...outcome, pose: weighed(outcome.pose, wake), smooth: pose }, trail };
}

/** A jump of the pose is no jump of the camera: its keypoints may go on all the same. */
function motionSince(
  localizer: Localizer,
  limits: TrackLimits,
  { smoother, snapshot, turnDeg }: Trail,
  seen: Query,
  frame: FrameId,
  newest: Snapshot,
): Odometry | null {
  const resetCounter = smoother.newest?.resetCounter ?? 0;
  if (snapshot === null || turnDeg !== seen.turnDeg) return null;
  if (!continues(smoother, { frame, resetCounter }, limits)) return null;
  return measureMotion(snapshot, newest, expectedMotion(smoother, frame.timestampS), workspaceOf(localizer));
}

const weighed = (pose: PoseEstimate, { doubtedUntilS }: Wake): PoseEstimate =>
  doubtedUntilS === null ? pose : { ...pose, confidence: Math.min(pose.confidence, DOUBTED_CONFIDENCE) };

/** A predicted pose says nothing new. */
const ownFix = (outcome: Outcome) =>
  outcome.kind === 'posed' && outcome.pose.source !== 'coasted' ? outcome.pose : null;

/** How far off the fix's map points are, as seen from the window's pose and only where it agrees with the fix: the next
 * motion's length hangs on it, its rotation and direction do not. */
function learnRanges(snapshot: Snapshot, { newest, solved }: Smoother, best: Looked): void {
  if (!newest?.fixAgrees || solved === null) return;
  const { xyPx, xyz } = best.matched.correspondences;
  setMapRanges(snapshot, newestPose(solved), xyPx, xyz, best.inlierMask);
}

const workspaces = new WeakMap<Localizer, OdometryWorkspace>();

/** One workspace per localizer: frames of one localizer are worked on one after another. */
function workspaceOf(localizer: Localizer): OdometryWorkspace {
  const existing = workspaces.get(localizer);
  if (existing !== undefined) return existing;
  const created = createOdometryWorkspace();
  workspaces.set(localizer, created);
  return created;
}
