import type { FrameId } from '../domain/frame.js';
import { distanceBetween } from '../geometry/rigid.js';
import { agrees, believe, follow, isReachable, isStrong } from './belief.js';
import { coast } from './coast.js';
import type { TrackLimits } from './limits.js';
import type { Fix, Sighting, Verdict } from './sighting.js';
import {
  type AuditState,
  type Belief,
  type HeldTrack,
  type LostTrack,
  lose,
  type Track,
  trackAt,
} from './track.js';
import { doubted, lost, published } from './verdicts.js';

export interface Advance {
  readonly track: Track;
  readonly verdict: Verdict;
}

/** The track after a frame, and what is published of the frame. Pure; `resetCounter` never falls. */
export function advance(before: Track, sighting: Sighting, limits: TrackLimits): Advance {
  const track = trackAt(before, sighting.frame, limits);
  switch (track.state) {
    case 'lost':
      return fromLost(track, sighting, limits);
    case 'relocalizing':
      return fromRelocalizing(track, sighting, limits);
    case 'tracking':
    case 'coasting':
      return fromHeld(track, sighting, limits);
  }
}

function fromLost(track: LostTrack, { frame, fix, miss }: Sighting, limits: TrackLimits): Advance {
  if (fix === null) return { track: { ...track, tries: track.tries + 1 }, verdict: lost(miss) };
  return { track: begin(track.last, track.resetCounter, frame, fix, limits), verdict: published(fix) };
}

/** One fix, and a second has to agree. */
function fromRelocalizing(track: HeldTrack, sighting: Sighting, limits: TrackLimits): Advance {
  const { frame, fix, miss } = sighting;
  const { belief } = track;
  const fits = fix !== null && agrees(belief, frame.timestampS, fix, limits);
  if (fits && standsAlone(fix, limits))
    return { track: confirmed(track, belief, fix, sighting, limits), verdict: published(fix) };
  const misses = track.misses + 1;
  const givesUp = misses >= limits.maxFailures;
  if (fix?.origin === 'retrieved') {
    const next = begin(belief, track.resetCounter, frame, fix, limits);
    return { track: { ...next, misses: givesUp ? 0 : misses }, verdict: doubted(fix) };
  }
  const next: Track = givesUp
    ? lose(track.resetCounter, belief)
    : { ...track, misses, seenS: frame.timestampS };
  return { track: next, verdict: fits ? published(fix) : lost(miss) };
}

function fromHeld(track: HeldTrack, sighting: Sighting, limits: TrackLimits): Advance {
  const { frame, fix } = sighting;
  if (fix === null) return coast(track, sighting, limits);
  if (agrees(track.belief, frame.timestampS, fix, limits))
    return standsAlone(fix, limits)
      ? keep(track, fix, sighting, limits)
      : weaken(track, fix, sighting, limits);
  if (fix.origin === 'retrieved') return contradict(track, fix, sighting, limits);
  const detail = `${fix.pose.inliers} matches agree, but not with where the camera was going`;
  return coast(track, { ...sighting, miss: { reason: 'jump', detail } }, limits);
}

/** The fix is where it was expected. The whole map may say otherwise. */
function keep(track: HeldTrack, fix: Fix, sighting: Sighting, limits: TrackLimits): Advance {
  const next = confirmed(track, track.belief, fix, sighting, limits);
  const { disputes } = next.audit;
  if (disputes === 0) return { track: next, verdict: published(fix) };
  if (disputes < limits.auditsToReset) return { track: next, verdict: doubted(fix) };
  const detail = `the whole map says it is elsewhere, ${disputes} times: starting over`;
  return {
    track: lose(track.resetCounter + 1, null),
    verdict: { kind: 'lost', reason: 'ambiguous', detail },
  };
}

/** Few matches, found where they were looked for: good enough to publish, not to stand on for long. */
function weaken(track: HeldTrack, fix: Fix, sighting: Sighting, limits: TrackLimits): Advance {
  const { track: next, verdict } = coast(track, sighting, limits);
  if (next.state === 'lost') return { track: next, verdict };
  const belief = follow(track.belief, sighting.frame, fix, limits);
  return { track: { ...next, belief }, verdict: published(fix) };
}

/** The whole map says somewhere else. Where the camera can have come there it is believed, and a second fix must agree;
 * where it cannot, the fix is held back until another one says the same. */
function contradict(track: HeldTrack, fix: Fix, sighting: Sighting, limits: TrackLimits): Advance {
  const { frame } = sighting;
  const { belief, rival, resetCounter } = track;
  if (rival !== null && agrees(rival, frame.timestampS, fix, limits)) {
    const moved = { ...track, resetCounter: resetCounter + 1 };
    return { track: confirmed(moved, rival, fix, sighting, limits), verdict: published(fix) };
  }
  if (isReachable(belief, frame, fix, limits))
    return { track: begin(belief, resetCounter, frame, fix, limits), verdict: published(fix) };
  const awayM = distanceBetween(belief.worldFromCam, fix.pose.worldFromCam);
  const detail = `this looks ${awayM.toFixed(0)} m away from the frame before: one more frame has to say so`;
  const { track: next } = coast(track, sighting, limits);
  return {
    track: next.state === 'lost' ? next : { ...next, rival: believe(frame, fix, limits) },
    verdict: { kind: 'lost', reason: 'jump', detail },
  };
}

/** Guided search finds what it looks for: it takes more to stand on its own. */
const standsAlone = (fix: Fix, limits: TrackLimits) => fix.origin !== 'guided' || isStrong(fix, limits);

/** A track that begins with this fix; the counter says whether the path breaks. */
function begin(
  last: Belief | null,
  resetCounter: number,
  frame: FrameId,
  fix: Fix,
  limits: TrackLimits,
): HeldTrack {
  const continues = last === null || isReachable(last, frame, fix, limits);
  return {
    state: 'relocalizing',
    resetCounter: continues ? resetCounter : resetCounter + 1,
    belief: believe(frame, fix, limits),
    seenS: frame.timestampS,
    misses: 0,
    rival: null,
    audit: { atS: frame.timestampS, frames: 0, disputes: 0 },
  };
}

function confirmed(
  track: HeldTrack,
  before: Belief,
  fix: Fix,
  sighting: Sighting,
  limits: TrackLimits,
): HeldTrack {
  const { frame } = sighting;
  return {
    state: 'tracking',
    resetCounter: track.resetCounter,
    belief: follow(before, frame, fix, limits),
    seenS: frame.timestampS,
    misses: 0,
    rival: null,
    audit: audited(track.audit, fix, sighting, limits),
  };
}

/** A whole map that has no answer disputes nothing. */
function audited(before: AuditState, fix: Fix, { frame, audit }: Sighting, limits: TrackLimits): AuditState {
  if (audit === null && fix.origin !== 'retrieved') return { ...before, frames: before.frames + 1 };
  const isDisputed =
    audit !== null &&
    audit !== 'no-answer' &&
    distanceBetween(audit.pose.worldFromCam, fix.pose.worldFromCam) > limits.auditM;
  return { atS: frame.timestampS, frames: 0, disputes: isDisputed ? before.disputes + 1 : 0 };
}
