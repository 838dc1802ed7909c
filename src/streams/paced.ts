import type { Frame } from '../domain/frame.js';
import type { Clock } from './clock.js';

/** Hands frames out when their time has come on `clock`, as a camera would; a late one follows at once.
 *     source    abcd|         timestamps 0, 40, 80, 120 ms
 *     output    a---b---c---d|
 * Their capture time becomes the moment at which they were due. Each epoch starts anew. Ends when the signal aborts. */
export async function* paced(
  frames: AsyncIterable<Frame>,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<Frame, void> {
  let epoch = Number.NaN;
  let zeroMs = 0;
  for await (const frame of frames) {
    if (frame.epoch !== epoch) {
      epoch = frame.epoch;
      zeroMs = clock.nowMs() - frame.timestampS * 1000;
    }
    const dueMs = zeroMs + frame.timestampS * 1000;
    const waitMs = dueMs - clock.nowMs();
    if (waitMs > 0) await clock.sleep(waitMs, signal);
    if (signal.aborted) {
      frame.release();
      return;
    }
    yield { ...frame, captureMs: dueMs, captureClock: 'arrival' };
  }
}
