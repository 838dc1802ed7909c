import type { FfmpegCommand } from './ffmpeg.js';
import { heard, lookAtSender, NO_SENDER_CLOCK } from './senderClock.js';
import { senderTimeReader } from './senderTimes.js';

/** Where the copy begins: behind the pictures that were probed, which ffmpeg puts at zero; one step from there to the time
 * of day is more than MP4 holds. It counts from here. */
const FROM_S = 10;

/** A copy of the input as MP4, a fragment for each picture, each with the time its sender gave it. */
const OPTIONS: readonly string[] = [
  ...['-map', '0:v:0', '-c', 'copy', '-map_metadata', '-1', '-avoid_negative_ts', 'disabled'],
  ...['-ss', String(FROM_S), '-copyinkf'],
  ...['-movflags', 'empty_moov+default_base_moof+frag_every_frame', '-write_prft', 'wallclock', '-f', 'mp4'],
];

export interface SenderTold {
  readonly side: FfmpegCommand['side'];
  /** When the picture that arrived then was made, on the sender's clock; null where that is not known. */
  readonly sentMs: (arrivalMs: number) => number | null;
}

/** Of one connection: the clock its sender tells by RTCP sender reports (RFC 3550, 6.4.1).
 * @param label the source as messages name it
 * @param tell told where that clock cannot be right */
export function senderTold(label: string, tell: (note: string) => void): SenderTold {
  const reader = senderTimeReader();
  let clock = NO_SENDER_CLOCK;
  return {
    side: {
      options: OPTIONS,
      onData: (chunk) => {
        const times = reader.push(chunk).map((time) => ({ ...time, ptsMs: time.ptsMs + 1000 * FROM_S }));
        clock = heard(clock, times);
      },
    },
    sentMs: (arrivalMs) => {
      const looked = lookAtSender(clock, arrivalMs);
      clock = looked.clock;
      if (looked.aheadMs !== null) tell(wrongClock(label, looked.aheadMs));
      return looked.sentMs;
    },
  };
}

function wrongClock(label: string, aheadMs: number): string {
  const [by, way] = [Math.round(Math.abs(aheadMs) / 1000), aheadMs > 0 ? 'ahead of' : 'behind'];
  return `The clock of ${label} is ${by} s ${way} ours: frames bear their time of arrival. Set it by NTP.`;
}

/** A line of stderr by which the copy failed, not the picture: a codec or a stream that MP4 does not take. */
export const tellsSideFault = (line: string): boolean => /\[(mp4|out#1\S*) @/.test(line);
