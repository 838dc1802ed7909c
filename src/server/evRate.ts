import type { Outcome } from '../domain/outcome.js';
import { isFix } from '../tracking/isFix.js';

/** What flight controllers ask of external vision: PX4 wants 30 to 50 Hz and drops it after EV_MAX_INTERVAL. */
const MIN_HZ = 30;
const MAX_GAP_MS = 200;
const WINDOW_MS = 1000;
/** Bounds the work where capture times stand still. */
const MAX_KEPT = 256;
/** A camera that runs at 30 Hz is in time, whatever its clock's jitter. */
const TOLERANCE = 0.95;

/** Whether the fixes of the last second, this outcome's among them, come often enough to fly by, told by their capture
 * times. False until a second has been seen, and wherever the path is broken. */
export function createEvRate(): (outcome: Outcome) => boolean {
  let epoch = -1;
  let captures: number[] = [];
  let sinceMs = 0;
  return (outcome) => {
    const { frame } = outcome;
    if (frame.epoch !== epoch) {
      epoch = frame.epoch;
      captures = [];
      sinceMs = frame.captureMs;
    }
    if (isFix(outcome)) captures.push(frame.captureMs);
    while (captures.length > MAX_KEPT || frame.captureMs - captures[0] > WINDOW_MS) captures.shift();
    const gaps = [...captures, frame.captureMs].map((at, i) => at - (captures[i - 1] ?? at));
    return (
      frame.captureMs - sinceMs >= WINDOW_MS &&
      captures.length >= (TOLERANCE * MIN_HZ * WINDOW_MS) / 1000 &&
      Math.max(...gaps) <= MAX_GAP_MS
    );
  };
}
