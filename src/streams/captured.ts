import type { CaptureClock } from '../domain/frame.js';
import { estimateArrival, NO_ARRIVAL } from './arrivalEstimate.js';
import type { Clock } from './clock.js';
import type { Decoded } from './decode.js';

/** A picture that has its capture time. */
export interface Captured extends Decoded {
  /** When it was made as its sender says, or arrived, or would have arrived without delay; ms since the Unix epoch. */
  readonly captureMs: number;
  readonly captureClock: CaptureClock;
}

/** ffmpeg knows no arrival of a picture that was still being probed, and says zero: the picture after it has one. */
const EARLIEST_MS = Date.UTC(2001);

/** Pictures whose own times are their arrival; told by their sender's clock where that is known.
 * @param sentMs when the picture that arrived then was made */
export async function* arrived(
  pictures: AsyncGenerator<Decoded, void>,
  sentMs: (arrivalMs: number) => number | null = () => null,
): AsyncGenerator<Captured, void> {
  for await (const picture of pictures) {
    const arrivalMs = 1000 * picture.timestampS;
    if (arrivalMs < EARLIEST_MS) {
      picture.picture.release();
      continue;
    }
    const captureMs = sentMs(arrivalMs);
    yield captureMs === null
      ? { ...picture, captureMs: arrivalMs, captureClock: 'arrival' }
      : { ...picture, captureMs, captureClock: 'rtcp' };
  }
}

/** Pictures that come in bursts, by their own times. */
export async function* estimated(
  pictures: AsyncGenerator<Decoded, void>,
  clock: Clock,
  wallMs: () => number,
): AsyncGenerator<Captured, void> {
  let estimate = NO_ARRIVAL;
  for await (const picture of pictures) {
    const next = estimateArrival(estimate, picture.timestampS, clock.nowMs());
    estimate = next.estimate;
    const captureMs = next.captureMs + wallMs() - clock.nowMs();
    yield { ...picture, captureMs, captureClock: 'arrival' };
  }
}

/** A longer step back is another time line. */
const LONGEST_REPEAT_S = 20;

/** Without the pictures that were seen before the connection broke: a playlist begins again with its newest segment.
 * @param seenS time of the last one seen; NaN before the first connection */
export async function* unseen(
  pictures: AsyncGenerator<Decoded, void>,
  seenS: number,
): AsyncGenerator<Decoded, void> {
  for await (const picture of pictures) {
    const isSeen = picture.timestampS <= seenS && picture.timestampS > seenS - LONGEST_REPEAT_S;
    if (isSeen) picture.picture.release();
    else yield picture;
  }
}
