import type { Camera } from '../domain/camera.js';
import { PosestreamError } from '../domain/errors.js';
import type { Frame } from '../domain/frame.js';
import { resizeCamera } from '../geometry/camera.js';
import { backoffMs } from './backoff.js';
import { type Clock, systemClock } from './clock.js';
import { type Decoded, decode } from './decode.js';
import { findFfmpeg, rtspTimeoutOption } from './ffmpegTool.js';
import { type FrameSource, frameSource } from './frameSource.js';
import { redactUrl } from './redactUrl.js';
import { isRefusal, judgeLive } from './rtspErrors.js';
import type { SourceStatus } from './sourceStatus.js';
import { checkRtspUrl } from './sourceUrl.js';
import { watchSilence } from './watchdog.js';

export interface RtspOptions {
  /** Intrinsics of the picture; any size of the same aspect. */
  readonly camera: Camera;
  /** Longest side of the frames; pictures are never enlarged. */
  readonly maxSidePx: number;
  readonly stream?: string;
  readonly signal?: AbortSignal;
  readonly onStatus?: (status: SourceStatus) => void;
  /** ffmpeg's messages, credentials redacted. */
  readonly onLine?: (line: string) => void;
  readonly onStart?: (pid: number) => void;
  readonly clock?: Clock;
  /** Spreads the retries; in [0, 1). */
  readonly random?: () => number;
  /** Longest wait for the first frame of a connection. */
  readonly firstFrameMs?: number;
  /** Longest silence after that, or five usual frame intervals where that is longer. */
  readonly stallMs?: number;
}

const SOCKET_TIMEOUT_US = '5000000';

/** Frames of an RTSP camera under their arrival time, with as little delay as ffmpeg can: nothing is probed, nothing is
 * buffered. Meant for `liveFrames`; a reader that pulls slowly makes the camera wait, not the frames fresh.
 *
 * A connection that ends, fails or falls silent is made anew for ever, one epoch later, after a growing pause.
 * Throws E_SOURCE_URL at once; at a pull E_FFMPEG_MISSING, E_INTRINSICS_MISMATCH, and E_SOURCE_OPEN where the camera
 * refuses the credentials, since trying again locks accounts. */
export function openRtsp(url: string, options: RtspOptions): FrameSource {
  checkRtspUrl(url);
  return frameSource((signal) => reconnecting(url, options, signal), options.signal);
}

async function* reconnecting(
  url: string,
  options: RtspOptions,
  signal: AbortSignal,
): AsyncGenerator<Frame, void> {
  const { clock = systemClock, random = Math.random } = options;
  const tell = options.onStatus ?? (() => undefined);
  let epoch = 0;
  let failures = 0;
  try {
    while (!signal.aborted) {
      tell({ kind: 'connecting', attempt: failures + 1 });
      let sequence = 0;
      try {
        for await (const picture of connection(url, options, clock, signal)) {
          if (sequence === 0) tell({ kind: 'streaming' });
          failures = 0;
          yield toFrame(picture, options, epoch, sequence++);
        }
      } catch (error) {
        if (!canRetry(error)) throw error;
        if (sequence > 0) epoch++;
        const inMs = backoffMs(++failures, random());
        tell({ kind: 'retrying', attempt: failures + 1, inMs, error });
        await clock.sleep(inMs, signal);
      }
    }
  } finally {
    tell({ kind: 'ended' });
  }
}

/** One connection's pictures; ends by an error unless it was aborted. */
async function* connection(
  url: string,
  options: RtspOptions,
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<Decoded, void> {
  const silence = new AbortController();
  const pictures = decode({
    input: url,
    inputOptions: await inputOptions(),
    maxSidePx: options.maxSidePx,
    signal: AbortSignal.any([signal, silence.signal]),
    onLine: options.onLine,
    onStart: options.onStart,
    judge: (end, frames) => judgeLive(url, end, frames),
  });
  let stall: PosestreamError | null = null;
  yield* watchSilence(pictures, {
    clock,
    firstMs: options.firstFrameMs ?? 5000,
    stallMs: options.stallMs ?? 1000,
    onSilence: (silentMs) => {
      stall = silent(url, silentMs);
      options.onStatus?.({ kind: 'stalled', silentMs });
      silence.abort();
    },
  });
  if (stall) throw stall;
}

async function inputOptions(): Promise<string[]> {
  const tool = await findFfmpeg();
  return [
    ...['-protocol_whitelist', 'tcp,tls,rtp,udp', '-format_whitelist', 'rtsp', '-f', 'rtsp'],
    ...['-rtsp_transport', 'tcp', rtspTimeoutOption(tool), SOCKET_TIMEOUT_US],
    ...['-fflags', 'nobuffer', '-flags', 'low_delay', '-probesize', '32', '-analyzeduration', '0'],
    ...['-threads', '1', '-noautorotate', '-use_wallclock_as_timestamps', '1', '-copyts'],
  ];
}

function toFrame(picture: Decoded, options: RtspOptions, epoch: number, sequence: number): Frame {
  const { widthPx, heightPx, timestampS } = picture;
  return {
    ...{ stream: options.stream ?? 'rtsp', epoch, sequence, timestampS },
    captureMs: timestampS * 1000,
    captureClock: 'arrival',
    camera: resizeCamera(options.camera, widthPx, heightPx),
    pixels: picture.picture.bytes,
    release: picture.picture.release,
  };
}

const RETRY_CODES = new Set(['E_SOURCE_STALL', 'E_SOURCE_FORMAT', 'E_SOURCE_OPEN']);

function canRetry(error: unknown): error is PosestreamError {
  return error instanceof PosestreamError && RETRY_CODES.has(error.code) && !isRefusal(error);
}

function silent(url: string, silentMs: number): PosestreamError {
  const message = `${redactUrl(url)} sent no frame for ${Math.round(silentMs)} ms.`;
  return new PosestreamError('E_SOURCE_STALL', message, { hint: 'Check the camera and the network.' });
}
