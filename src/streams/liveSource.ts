import type { Camera } from '../domain/camera.js';
import { PosestreamError } from '../domain/errors.js';
import type { Frame } from '../domain/frame.js';
import { resizeCamera } from '../geometry/camera.js';
import { backoffMs } from './backoff.js';
import { type BufferPool, bufferPool } from './bufferPool.js';
import { arrived, type Captured, estimated, unseen } from './captured.js';
import { type Clock, systemClock } from './clock.js';
import { decode } from './decode.js';
import { findFfmpeg } from './ffmpegTool.js';
import { type FrameSource, frameSource } from './frameSource.js';
import { fingerprint } from './frozen.js';
import { isRefusal, judgeLive } from './liveErrors.js';
import type { OpenInput } from './liveInput.js';
import { follow, type Judged, restartLine, startLine } from './liveLine.js';
import { senderTold, tellsSideFault } from './senderTold.js';
import type { SourceStatus } from './sourceStatus.js';
import { watchSilence } from './watchdog.js';

export interface LiveOptions {
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
  /** The machine's clock as it is, steps included: capture times are told on it. */
  readonly wallMs?: () => number;
  /** Where pictures are kept, over all connections. */
  readonly pool?: BufferPool;
  /** Spreads the retries; in [0, 1). */
  readonly random?: () => number;
  /** Longest wait for the first frame of a connection; a listener waits for ever. */
  readonly firstFrameMs?: number;
  /** Longest silence after that, or five usual frame intervals where that is longer; 1 s, or 15 s where frames come in
   * bursts. */
  readonly stallMs?: number;
  /** False: frames bear their arrival although the camera tells its own clock. */
  readonly senderClock?: boolean;
}

/** Frames of a live source with their time of arrival. Meant for `liveFrames`; a reader that pulls slowly makes the
 * camera wait, not the frames fresh.
 *
 * A connection that ends, fails or falls silent is made anew for ever, one epoch later, after a growing pause.
 * Throws at a pull E_FFMPEG_MISSING, E_INTRINSICS_MISMATCH, and E_SOURCE_OPEN where the camera refuses the
 * credentials, since trying again locks accounts. */
export function openLive(open: OpenInput, options: LiveOptions): FrameSource {
  return frameSource((signal) => reconnecting(open, options, signal), options.signal);
}

async function* reconnecting(
  open: OpenInput,
  options: LiveOptions,
  signal: AbortSignal,
): AsyncGenerator<Frame, void> {
  const { clock = systemClock, random = Math.random } = options;
  const tell = options.onStatus ?? (() => undefined);
  const pool = options.pool ?? bufferPool();
  let line = startLine();
  let failures = 0;
  let seenS = Number.NaN;
  try {
    while (!signal.aborted) {
      tell({ kind: 'connecting', attempt: failures + 1 });
      try {
        for await (const picture of connection(open, { ...options, pool }, clock, signal, seenS)) {
          failures = 0;
          const before = line;
          const judged = follow(before, { ...picture, fingerprint: fingerprint(picture.picture.bytes) });
          line = judged.line;
          const { isFrozen } = line.freshness;
          if (before.timeline.sequence < 0 || before.freshness.isFrozen !== isFrozen)
            tell({ kind: isFrozen ? 'frozen' : 'streaming' });
          yield toFrame(picture, options, judged);
        }
      } catch (error) {
        if (signal.aborted) return;
        if (!canRetry(error)) throw error;
        if (line.timeline.sequence >= 0) seenS = line.timeline.timestampS;
        line = restartLine(line);
        const inMs = backoffMs(++failures, random());
        tell({ kind: 'retrying', attempt: failures + 1, inMs, error });
        await clock.sleep(inMs, signal);
      }
    }
  } finally {
    tell({ kind: 'ended' });
  }
}

/** Between two bursts lies a segment of a playlist, usually 2-6 s, at most some 10 s. */
const STALL_MS = { arrival: 1000, media: 15_000 } as const;

/** One connection's pictures; ends by an error unless it was aborted. */
async function* connection(
  open: OpenInput,
  options: LiveOptions,
  clock: Clock,
  signal: AbortSignal,
  seenS: number,
): AsyncGenerator<Captured, void> {
  const silence = new AbortController();
  const opened = await open(await findFfmpeg(), signal);
  const { label, input, inputOptions, isListener, clock: kind } = opened;
  const giveUpSender = options.senderClock === false ? undefined : opened.giveUpSender;
  const sender = giveUpSender
    ? senderTold(label, (note) => options.onStatus?.({ kind: 'streaming', note }))
    : null;
  const pictures = decode({
    input,
    inputOptions,
    maxSidePx: options.maxSidePx,
    watchesDamage: true,
    pool: options.pool,
    signal: AbortSignal.any([signal, silence.signal]),
    onLine: (line) => {
      if (tellsSideFault(line)) giveUpSender?.();
      options.onLine?.(line);
    },
    onStart: options.onStart,
    side: sender?.side,
    judge: (end, frames) => judgeLive(label, end, frames),
  });
  let stall: PosestreamError | null = null;
  const watched = watchSilence(pictures, {
    clock,
    firstMs: isListener ? Number.POSITIVE_INFINITY : (options.firstFrameMs ?? 5000),
    stallMs: options.stallMs ?? STALL_MS[kind],
    onSilence: (silentMs) => {
      stall = silent(label, silentMs);
      options.onStatus?.({ kind: 'stalled', silentMs });
      silence.abort();
    },
  });
  yield* kind === 'arrival'
    ? arrived(watched, sender?.sentMs)
    : estimated(opened.beginsAgain ? unseen(watched, seenS) : watched, clock, options.wallMs ?? Date.now);
  if (stall) throw stall;
}

function toFrame(picture: Captured, options: LiveOptions, { line, reject, isSuspect }: Judged): Frame {
  const { timestampS, captureMs, captureClock } = picture;
  const { epoch, sequence } = line.timeline;
  return {
    ...{ stream: options.stream ?? 'live', epoch, sequence, timestampS },
    captureMs,
    captureClock,
    ...(reject === null ? {} : { reject }),
    ...(isSuspect ? { isSuspect: true as const } : {}),
    camera: cameraOf(picture, options.camera),
    pixels: picture.picture.bytes,
    release: picture.picture.release,
  };
}

/** Pictures are never enlarged: one below this was sent so small. */
const SMALLEST_PX = 64;

function cameraOf({ widthPx, heightPx, picture }: Captured, camera: Camera): Camera {
  try {
    if (Math.max(widthPx, heightPx) < SMALLEST_PX) throw tooSmall(widthPx, heightPx);
    return resizeCamera(camera, widthPx, heightPx);
  } catch (error) {
    picture.release();
    throw error;
  }
}

const tooSmall = (widthPx: number, heightPx: number) =>
  new PosestreamError(
    'E_SOURCE_FORMAT',
    `The pictures are ${widthPx}x${heightPx}; the longer side must have ${SMALLEST_PX} pixels.`,
    { hint: 'Set the camera to a larger picture.' },
  );

const RETRY_CODES = new Set(['E_SOURCE_STALL', 'E_SOURCE_FORMAT', 'E_SOURCE_OPEN']);

function canRetry(error: unknown): error is PosestreamError {
  return error instanceof PosestreamError && RETRY_CODES.has(error.code) && !isRefusal(error);
}

function silent(label: string, silentMs: number): PosestreamError {
  const message = `${label} sent no frame for ${Math.round(silentMs)} ms.`;
  return new PosestreamError('E_SOURCE_STALL', message, { hint: 'Check the camera and the network.' });
}
