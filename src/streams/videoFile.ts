import type { Camera } from '../domain/camera.js';
import { PosestreamError } from '../domain/errors.js';
import type { Frame } from '../domain/frame.js';
import type { Clock } from './clock.js';
import { type Decoded, decode } from './decode.js';
import type { FfmpegEnd } from './ffmpeg.js';
import { type FrameSource, frameSource } from './frameSource.js';
import { paced } from './paced.js';
import { FILE_INPUT, fileInput, lastLine, probeVideo } from './probe.js';
import { restartTimeline, stamp, startTimeline, type Timeline } from './timeline.js';
import { cameraAt, chooseView, type View } from './viewCamera.js';

export interface VideoOptions {
  /** Intrinsics of the stored picture, or of the picture as a player turns it; any size of the same aspect. */
  readonly camera: Camera;
  /** Longest side of the frames; pictures are never enlarged. */
  readonly maxSidePx: number;
  readonly stream?: string;
  readonly signal?: AbortSignal;
  /** Given: frames come when their time has come, as from a camera. Absent: as fast as they are pulled. */
  readonly realtime?: Clock;
  /** Starts again at the end, one epoch later, for ever. A break in the file's own time line begins an epoch too. */
  readonly loop?: boolean;
  /** ffmpeg's messages, credentials redacted. */
  readonly onLine?: (line: string) => void;
  readonly onStart?: (pid: number) => void;
}

/** Frames of a video file, lossless and in order, under the container's own timestamps; audio and data streams are
 * left aside. `realtime` paces them on the clock: one that comes late is still handed out, dropping is the
 * pipeline's choice.
 *
 * The intrinsics decide about rotation metadata: pixels come as stored, unless the intrinsics fit only the turned
 * picture. Throws, at the first pull, E_FILE_NOT_FOUND, E_SOURCE_FORMAT, E_INTRINSICS_MISMATCH, E_FFMPEG_MISSING;
 * later E_SOURCE_FORMAT where the file ends badly. */
export function openVideo(path: string, options: VideoOptions): FrameSource {
  return frameSource((signal) => {
    const frames = epochs(path, options, signal);
    return options.realtime ? paced(frames, options.realtime, signal) : frames;
  }, options.signal);
}

async function* epochs(
  path: string,
  options: VideoOptions,
  signal: AbortSignal,
): AsyncGenerator<Frame, void> {
  const info = await probeVideo(path);
  const canTurn = info.rotationDeg % 180 === 90;
  const view = chooseView(options.camera, info.widthPx, info.heightPx, canTurn);
  let timeline = startTimeline();
  while (!signal.aborted) {
    for await (const picture of pictures(path, options, view, signal)) {
      const { timeline: next, isRepeat } = stamp(timeline, picture.timestampS);
      timeline = next;
      yield toFrame(picture, options, timeline, isRepeat, view.camera);
    }
    if (!options.loop) return;
    timeline = restartTimeline(timeline);
  }
}

function pictures(
  path: string,
  options: VideoOptions,
  view: View,
  signal: AbortSignal,
): AsyncGenerator<Decoded, void> {
  return decode({
    input: fileInput(path),
    inputOptions: [...FILE_INPUT, ...(view.isTurned ? [] : ['-noautorotate']), '-copyts'],
    maxSidePx: options.maxSidePx,
    signal,
    onLine: options.onLine,
    onStart: options.onStart,
    judge: (end, frames) => judgeFile(path, end, frames),
  });
}

function toFrame(
  picture: Decoded,
  options: VideoOptions,
  { epoch, sequence }: Timeline,
  isRepeat: boolean,
  camera: Camera,
): Frame {
  const { timestampS, widthPx, heightPx } = picture;
  return {
    stream: options.stream ?? 'video',
    epoch,
    sequence,
    timestampS,
    captureMs: timestampS * 1000,
    captureClock: 'media',
    ...(isRepeat ? { reject: 'duplicate-time' } : {}),
    camera: cameraAt(camera, widthPx, heightPx),
    pixels: picture.picture.bytes,
    release: picture.picture.release,
  };
}

function judgeFile(path: string, end: FfmpegEnd, frames: number): PosestreamError | null {
  if (end.code === 0 && frames > 0) return null;
  const how = end.signal ? `ffmpeg was ended by ${end.signal}` : lastLine(end.lines.join('\n'));
  return new PosestreamError(
    'E_SOURCE_FORMAT',
    `${path} could not be decoded after ${frames} frames: ${how}.`,
    {
      hint: 'Check that the file plays to its end in ffplay.',
    },
  );
}
