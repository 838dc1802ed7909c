import type { DropReason } from '../domain/outcome.js';
import { acrossBreak, isSuspect, NO_SUSPICION, type Suspicion, suspect } from './damage.js';
import { FRESH, type Freshness, lookFresh } from './frozen.js';
import { restartTimeline, stamp, startTimeline, type Timeline } from './timeline.js';

/** All that a live source carries from one picture to the next. Pure state. */
export interface LiveLine {
  readonly timeline: Timeline;
  readonly freshness: Freshness;
  readonly suspicion: Suspicion;
}

/** What is looked at of a picture. */
export interface Glimpse {
  readonly timestampS: number;
  /** Complaints of the decoder so far, over this connection. */
  readonly damages: number;
  /** Of the newest key frame that is known of, at or before this picture. */
  readonly keyS: number;
  readonly fingerprint: number;
}

export interface Judged {
  readonly line: LiveLine;
  readonly reject: DropReason | null;
  readonly isSuspect: boolean;
}

export const startLine = (): LiveLine => ({
  timeline: startTimeline(),
  freshness: FRESH,
  suspicion: NO_SUSPICION,
});

/** Of the next connection: its decoder counts anew. */
export const restartLine = ({ timeline }: LiveLine): LiveLine => ({
  ...startLine(),
  timeline: restartTimeline(timeline),
});

/** A picture's place in time, and whether it may be worked on. Where time breaks, what was seen before says nothing of
 * the pictures after it, but what was patched before is still in them. */
export function follow(before: LiveLine, { timestampS, damages, keyS, fingerprint }: Glimpse): Judged {
  const { timeline, isRepeat } = stamp(before.timeline, timestampS);
  const goesOn = timeline.epoch === before.timeline.epoch;
  const freshness = lookFresh(goesOn ? before.freshness : FRESH, fingerprint, timestampS);
  const { suspicion: doubt } = before;
  const suspected = goesOn ? doubt : acrossBreak(doubt, before.timeline.timestampS, timestampS);
  const suspicion = suspect(suspected, damages, timestampS, keyS);
  return {
    line: { timeline, freshness, suspicion },
    reject: freshness.isFrozen ? 'frozen' : isRepeat ? 'duplicate-time' : null,
    isSuspect: isSuspect(suspicion, timestampS),
  };
}
