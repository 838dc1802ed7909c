import { type BufferPool, bufferPool, type Loan } from './bufferPool.js';
import { tellsDamage, tellsLoss } from './damage.js';
import { type FfmpegCommand, type FfmpegEnd, runFfmpeg } from './ffmpeg.js';
import { exactTimeOptions, findFfmpeg, keepSizeOptions, tellsKeyFrames } from './ffmpegTool.js';
import { KEY_FILTER, keyFrames } from './keyFrames.js';
import { type NutFrame, nutDemuxer } from './nut.js';

/** One decoded gray picture; `picture` is on loan to whoever received it. */
export interface Decoded {
  readonly widthPx: number;
  readonly heightPx: number;
  /** Presentation time under the input's own time line. */
  readonly timestampS: number;
  /** When the newest picture so far was shown that is made of itself alone, as far as one knows by now; -Infinity where the
   * request did not ask for it, or ffmpeg cannot tell. */
  readonly keyS: number;
  /** Complaints of the decoder so far. They come by another way than the picture: near it, not with it. */
  readonly damages: number;
  readonly picture: Loan;
}

export interface DecodeRequest {
  readonly input: FfmpegCommand['input'];
  readonly inputOptions: readonly string[];
  /** Output options after the ones every decode has. */
  readonly outputOptions?: readonly string[];
  readonly side?: FfmpegCommand['side'];
  readonly maxSidePx: number;
  /** Says of pictures what a source needs to know that may be damaged on its way: key frames, and what got lost. */
  readonly watchesDamage?: boolean;
  /** Where pictures are kept; one of its own where absent. */
  readonly pool?: BufferPool;
  readonly signal: AbortSignal;
  readonly onLine?: (line: string) => void;
  /** Told the process id once it runs. */
  readonly onStart?: (pid: number) => void;
  /** Turns the way the process ended into an error, or null where it ended well. Not asked after an abort. */
  readonly judge: (end: FfmpegEnd, frames: number) => Error | null;
}

/** Largest picture a decoder may allocate, 8K and some: a small file can claim any size. */
export const MAX_PIXELS = 40_000_000;

/** ffmpeg's filters for gray pictures that fit `maxSidePx`, never enlarged. Sizes round to the nearest pixel, as
 * `fitSize` does. */
export function grayFilter(maxSidePx: number): string {
  const fit = `min(1\\,${maxSidePx}/max(iw\\,ih))`;
  const side = (of: string) => `max(1\\,trunc(${of}*${fit}+0.5))`;
  return `scale=w=${side('iw')}:h=${side('ih')}:flags=bicubic,format=gray`;
}

/** A row more than the picture has. Raw frames do not bear their size; two shapes of one area, as of a phone that was
 * turned, then still differ in bytes. */
const MARK_ROWS = 1;

/** Pictures of an input's first video stream, in order, pulled: ffmpeg waits while nobody asks.
 * Ends quietly after an abort; throws what `judge` makes of a bad end, E_SOURCE_FORMAT for damaged output. */
export async function* decode(request: DecodeRequest): AsyncGenerator<Decoded, void> {
  const { signal } = request;
  const tool = await findFfmpeg();
  if (signal.aborted) return;
  const demuxer = nutDemuxer(request.pool ?? bufferPool());
  const keys = request.watchesDamage && tellsKeyFrames(tool) ? keyFrames() : null;
  const ready: NutFrame[] = [];
  let damages = 0;
  const run = runFfmpeg(tool, {
    input: request.input,
    inputOptions: [...request.inputOptions, '-max_pixels', String(MAX_PIXELS)],
    outputOptions: [
      ...['-map', '0:v:0', '-an', '-sn', '-dn', '-map_metadata', '-1'],
      ...['-vf', `${keys ? KEY_FILTER : ''}${grayFilter(request.maxSidePx)},pad=w=iw:h=ih+${MARK_ROWS}`],
      // One thread: with more, ffmpeg's raw "encoder" keeps a frame back for every further one.
      ...['-c:v', 'rawvideo', '-pix_fmt', 'gray', '-threads', '1'],
      ...exactTimeOptions(tool),
      ...keepSizeOptions(tool),
      ...(request.outputOptions ?? []),
      ...['-f', 'nut'],
    ],
    onLine: (line) => {
      if (tellsDamage(line)) damages++;
      request.onLine?.(line);
    },
    onWarning: request.watchesDamage
      ? (line) => {
          if (tellsLoss(line)) damages++;
        }
      : undefined,
    onStart: request.onStart,
    side: request.side,
    onNote: keys?.push,
  });
  const abort = () => run.kill();
  signal.addEventListener('abort', abort);
  let frames = 0;
  let isDone = false;
  try {
    for await (const chunk of run.stdout) {
      if (signal.aborted) return;
      const fault = failureOf(() => demuxer.push(chunk, (frame) => ready.push(frame)));
      for (let next = ready.shift(); next; next = ready.shift()) {
        frames++;
        yield decoded(next, damages, keys?.newestUpTo(next.pts) ?? Number.NEGATIVE_INFINITY);
        if (signal.aborted) return;
      }
      // After the pictures that were whole before it.
      if (fault) throw fault;
    }
    isDone = true;
    const end = await run.ended;
    if (signal.aborted) return;
    const error = request.judge(end, frames);
    if (error) throw error;
    demuxer.end();
  } finally {
    signal.removeEventListener('abort', abort);
    demuxer.close();
    for (const frame of ready) frame.picture.release();
    if (!isDone) await run.stop();
  }
}

function failureOf(run: () => void): unknown {
  try {
    run();
    return null;
  } catch (error) {
    return error;
  }
}

function decoded({ video, pts, picture }: NutFrame, damages: number, keyPts: number): Decoded {
  const { widthPx, timeBase } = video;
  const heightPx = video.heightPx - MARK_ROWS;
  const [timestampS, keyS] = [pts, keyPts].map((ticks) => (ticks * timeBase.num) / timeBase.den);
  const bytes = picture.bytes.subarray(0, widthPx * heightPx);
  return { widthPx, heightPx, timestampS, keyS, damages, picture: { bytes, release: picture.release } };
}
