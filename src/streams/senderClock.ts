import type { SenderTime } from './senderTimes.js';

/** How a sender's clock, told by its RTCP reports, lies against the arrival of its pictures. Pure state. */
export interface SenderClock {
  /** Newest last. */
  readonly times: readonly SenderTime[];
  /** Of the picture before: its arrival, and when it was sent; NaN before the first. */
  readonly arrivalMs: number;
  readonly sentMs: number;
  /** Pictures in a row whose time was not there in time. */
  readonly missed: number;
  /** Pictures in a row whose time can be believed, or, below zero, whose time is off by far. */
  readonly run: number;
}

export const NO_SENDER_CLOCK: SenderClock = {
  times: [],
  arrivalMs: Number.NaN,
  sentMs: Number.NaN,
  missed: 0,
  run: 0,
};

export interface SentPicture {
  readonly clock: SenderClock;
  /** When the sender says it made the picture, ms since the Unix epoch; null where that is not known, or not believed. */
  readonly sentMs: number | null;
  /** Told once it is certain that the clock is off: how far it is ahead of ours, ms. */
  readonly aheadMs: number | null;
}

/** More than a picture takes to be shown, encoded and carried, however bad the line. */
const LONGEST_WAY_MS = 10_000;
/** Two clocks that keep each other's time agree this well; less than a frame interval of any camera. */
const AGREEMENT_MS = 5;
/** The way of two neighbours differs by less, or the clock was set in between. */
const STEP_MS = 1000;
const BELIEVED_AFTER = 8;
const CERTAIN_AFTER = 30;
const LONGEST_MISSED = 8;
const KEPT = 32;
/** A tick of RTP's video clock and some. */
const SAME_MS = 0.02;

export const heard = (clock: SenderClock, times: readonly SenderTime[]): SenderClock =>
  times.length === 0 ? clock : { ...clock, times: [...clock.times, ...times].slice(-KEPT) };

/** When the picture that arrived now was sent.
 *
 * ffmpeg attaches to each picture the time of the packet that ended it: the first of the *next* picture. So a picture's
 * own time stands with the one before. Until the first report came ffmpeg writes its own clock instead, which shows: it
 * lies behind the arrival, where no picture can have been made. */
export function lookAtSender(before: SenderClock, arrivalMs: number): SentPicture {
  const told = before.times.findLast(({ ptsMs }) => ptsMs < arrivalMs - SAME_MS);
  const isMissed = !(told !== undefined && told.ptsMs > before.arrivalMs - SAME_MS);
  const sentMs = isMissed ? before.sentMs + arrivalMs - before.arrivalMs : told.wallMs;
  const clock = { ...before, arrivalMs, sentMs, missed: isMissed ? before.missed + 1 : 0 };
  const wayMs = arrivalMs - sentMs;
  const isSteady = !(Math.abs(wayMs - (before.arrivalMs - before.sentMs)) > STEP_MS);
  if (wayMs >= -AGREEMENT_MS && wayMs <= LONGEST_WAY_MS) {
    const run = isSteady && clock.missed <= LONGEST_MISSED ? Math.max(0, before.run) + 1 : 0;
    const isBelieved = run > BELIEVED_AFTER;
    return {
      clock: { ...clock, run },
      sentMs: isBelieved ? Math.min(sentMs, arrivalMs) : null,
      aheadMs: null,
    };
  }
  const isFarOff = wayMs > LONGEST_WAY_MS || wayMs < -STEP_MS;
  const run = isFarOff ? Math.min(0, before.run) - 1 : 0;
  return { clock: { ...clock, run }, sentMs: null, aheadMs: run === -CERTAIN_AFTER ? -wayMs : null };
}
