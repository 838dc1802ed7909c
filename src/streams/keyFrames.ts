/** Says, at once, on descriptor 4, the time of every key frame; pictures pass untouched:
 *     frame:1    pts:306000  pts_time:3.4
 *     key=1
 */
export const KEY_FILTER =
  "split[all][kept];[kept]select=key,metadata=mode=add:key=key:value=1,metadata=mode=print:file='pipe\\:4':direct=1,nullsink;[all]";

export interface KeyFrames {
  readonly push: (chunk: Uint8Array) => void;
  /** Time of the newest at or before `pts`; -Infinity where none is known yet. They come by another way than the pictures,
   * on a busy machine a few pictures late. */
  readonly newestUpTo: (pts: number) => number;
}

const KEPT = 64;

/** The newest key frames' presentation times, in the stream's own ticks. */
export function keyFrames(): KeyFrames {
  const times: number[] = [];
  let rest = '';
  // Where time goes back, what was told of it before is of other pictures.
  const note = (pts: number): void => {
    if (pts < times[times.length - 1]) times.length = 0;
    times.push(pts);
  };
  return {
    newestUpTo: (pts) =>
      times.reduce(
        (newest, time) => (time <= pts && time > newest ? time : newest),
        Number.NEGATIVE_INFINITY,
      ),
    push: (chunk) => {
      const lines = (rest + Buffer.from(chunk).toString('latin1')).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const pts = /^frame:\d+ +pts:(-?\d+)/.exec(line)?.[1];
        if (pts !== undefined) note(Number(pts));
      }
      times.splice(0, Math.max(0, times.length - KEPT));
    },
  };
}
