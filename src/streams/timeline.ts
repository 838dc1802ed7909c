/** Where a source's time line stands: pure state between two frames. */
export interface Timeline {
  /** Grows when time breaks; `sequence` starts anew. */
  readonly epoch: number;
  /** Of the frame last seen; -1 before the first of an epoch. */
  readonly sequence: number;
  /** Its timestamp; NaN before the first. */
  readonly timestampS: number;
  /** Usual time between two frames; NaN until two were seen. */
  readonly usualS: number;
}

export const startTimeline = (epoch = 0): Timeline => ({
  epoch,
  sequence: -1,
  timestampS: Number.NaN,
  usualS: Number.NaN,
});

/** Two frames closer than this bear the same time: the finest clock in use ticks at 90 kHz. */
const SAME_S = 1e-6;
/** A longer pause, or five usual ones where that is longer, breaks the time line. */
const LONGEST_STEP_S = 2;
const USUAL_STEPS = 5;
const SMOOTHING = 0.1;

export interface Stamped {
  readonly timeline: Timeline;
  /** The frame bears the time of the one before. */
  readonly isRepeat: boolean;
}

/** The time line after a frame of this timestamp. Time that runs backward (a wrapped or restarted clock, a looped file)
 * and a long step begin a new epoch: nothing carried from before may be used.
 *     timestamps   0  .1  .1  .2 | 9  9.1 | 3
 *     epoch        0  0   0   0  | 1  1   | 2
 *     sequence     0  1   2   3  | 0  1   | 0      the third is a repeat */
export function stamp(timeline: Timeline, timestampS: number): Stamped {
  const stepS = timestampS - timeline.timestampS;
  const isRepeat = Math.abs(stepS) < SAME_S;
  const longestS = Math.max(LONGEST_STEP_S, USUAL_STEPS * (timeline.usualS || 0));
  const isBroken = !isRepeat && (stepS < 0 || stepS > longestS);
  if (isBroken)
    return { isRepeat, timeline: { ...startTimeline(timeline.epoch + 1), sequence: 0, timestampS } };
  const usualS = isRepeat || Number.isNaN(stepS) ? timeline.usualS : blend(timeline.usualS, stepS);
  return { isRepeat, timeline: { ...timeline, sequence: timeline.sequence + 1, timestampS, usualS } };
}

const blend = (usualS: number, stepS: number) =>
  Number.isNaN(usualS) ? stepS : usualS + SMOOTHING * (stepS - usualS);

/** The time line of the next connection: a new epoch if this one gave any frame. */
export const restartTimeline = ({ epoch, sequence }: Timeline): Timeline =>
  startTimeline(sequence < 0 ? epoch : epoch + 1);
