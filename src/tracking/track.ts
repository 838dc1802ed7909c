import type { FrameId } from '../domain/frame.js';
import type { TrackLimits } from './limits.js';
import type { Moving } from './motion.js';

/** The last fix held to be right, and how the camera moved then. */
export interface Belief extends Moving {
  readonly epoch: number;
  readonly keyframe: number;
  /** How far the picture had to be turned. */
  readonly turnDeg: number;
  readonly confidence: number;
}

export interface LostTrack {
  readonly state: 'lost';
  readonly resetCounter: number;
  /** What was believed before: a new fix may continue it. */
  readonly last: Belief | null;
  /** Frames worked on since then without a fix: each tries other turns. */
  readonly tries: number;
}

export interface HeldTrack {
  readonly state: 'relocalizing' | 'tracking' | 'coasting';
  readonly resetCounter: number;
  readonly belief: Belief;
  /** Time of the newest frame worked on. */
  readonly seenS: number;
  /** Frames in a row without a fix that agrees. */
  readonly misses: number;
  /** A fix too far off to be believed at once. */
  readonly rival: Belief | null;
  readonly audit: AuditState;
}

export interface AuditState {
  /** Time of the frame on which the whole map last confirmed the belief, and frames since. */
  readonly atS: number;
  readonly frames: number;
  /** Audits in a row that disagreed. */
  readonly disputes: number;
}

/** What one frame leaves to the next. */
export type Track = LostTrack | HeldTrack;

export const LOST: LostTrack = { state: 'lost', resetCounter: 0, last: null, tries: 0 };

/** The track as a frame of this time may use it: a new epoch, time that runs backwards or a gap makes it lost. */
export function trackAt(track: Track, { epoch, timestampS }: FrameId, { maxGapS }: TrackLimits): Track {
  if (track.state === 'lost') return track;
  const gapS = timestampS - track.seenS;
  const continues = track.belief.epoch === epoch && gapS >= 0 && gapS <= maxGapS;
  return continues ? track : lose(track.resetCounter, track.belief);
}

/** A track that has just been lost. */
export const lose = (resetCounter: number, last: Belief | null): LostTrack => ({
  ...LOST,
  resetCounter,
  last,
});

export function isAuditDue({ audit }: HeldTrack, timestampS: number, limits: TrackLimits): boolean {
  return (
    audit.disputes > 0 ||
    timestampS - audit.atS >= limits.auditEveryS ||
    audit.frames >= limits.auditEveryFrames
  );
}
