import { existsSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Camera } from '../domain/camera.js';
import { PosestreamError } from '../domain/errors.js';
import type { MapModel } from '../domain/mapModel.js';
import { fileError } from '../map/fileError.js';
import { parseIntrinsics } from '../map/intrinsics.js';
import { parseImagesCsv, parseList, type TimedName } from '../map/lists.js';
import { listImages, readTextFile } from '../map/posedFolder.js';
import type { Clock } from '../streams/clock.js';
import type { FrameSource } from '../streams/frameSource.js';
import { openImages } from '../streams/imageFolder.js';
import type { OpenInput } from '../streams/liveInput.js';
import { liveInput } from '../streams/liveKinds.js';
import { openLive } from '../streams/liveSource.js';
import { probeVideo } from '../streams/probe.js';
import type { PushPort } from '../streams/pushed.js';
import type { SourceStatus } from '../streams/sourceStatus.js';
import { parseSource } from '../streams/sourceUrl.js';
import { openVideo } from '../streams/videoFile.js';
import { usageError } from './command.js';
import { say } from './terminal.js';

export interface InputOptions {
  /** Where absent: intrinsics.json in the folder or beside the video, else the map's camera. */
  readonly intrinsics?: string;
  /** Where all of it was seen by one camera, that is the guess for an input without intrinsics. */
  readonly map?: MapModel;
  /** Names of a folder's images to take. */
  readonly list?: string;
  readonly maxSidePx: number;
  /** Given: a video plays by this clock. */
  readonly clock?: Clock;
  readonly loop?: boolean;
  readonly stream?: string;
  /** Where the video of `push:` comes in. */
  readonly push?: PushPort;
  readonly signal?: AbortSignal;
  /** False: frames bear their arrival although the camera tells its own clock. */
  readonly senderClock?: boolean;
  /** Told where a camera's connection stands. */
  readonly onStatus?: (status: SourceStatus) => void;
}

export interface RecordingInput {
  readonly frames: FrameSource;
  readonly camera: Camera;
  /** Frames come when they come; the pipeline must drop what it has no time for. */
  readonly isLive: boolean;
  /** Frames to come, as far as one can tell; null where nobody knows. */
  readonly total: number | null;
  /** Frames the file itself counts; null where it does not. */
  readonly stated: number | null;
}

/** A video, a folder of images or an rtsp:// camera as frames with intrinsics. */
export async function openInput(path: string, options: InputOptions): Promise<RecordingInput> {
  const source = parseSource(path);
  if (source.kind === 'push') return openPushInput(options);
  if (source.kind !== 'file') return openCameraInput(liveInput(source), options);
  return isFolder(source.path) ? openFolderInput(source.path, options) : openVideoInput(source.path, options);
}

/** Its video comes to the gateway; a command without one has no door for it. */
function openPushInput(options: InputOptions): RecordingInput {
  if (options.push === undefined)
    throw usageError('push: waits for video at a server.', 'posestream serve --stream phone=push:');
  return openCameraInput(options.push.open, options);
}

function openCameraInput(open: OpenInput, options: InputOptions): RecordingInput {
  if (options.list !== undefined) throw usageError('--list names images of a folder; a camera has none.');
  const { maxSidePx, signal, stream, onStatus, senderClock } = options;
  const camera = findIntrinsics(null, options);
  return {
    camera,
    frames: openLive(open, { camera, maxSidePx, signal, stream, onStatus, senderClock }),
    isLive: true,
    total: null,
    stated: null,
  };
}

export function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (cause) {
    throw fileError(cause, path);
  }
}

function openFolderInput(folder: string, options: InputOptions): RecordingInput {
  if (options.clock !== undefined)
    throw usageError(`${folder} is a folder of images: it has no pace to be played at.`, 'Give a video.');
  const camera = findIntrinsics(folder, options);
  const imageFolder = existsSync(join(folder, 'images')) ? join(folder, 'images') : folder;
  const entries = select(timedImages(folder, imageFolder), options.list).map(({ name, timeS }) => ({
    name,
    path: join(imageFolder, name),
    timestampS: timeS,
    camera,
  }));
  const { maxSidePx, signal, stream } = options;
  return {
    frames: openImages(entries, { maxSidePx, signal, stream }),
    camera,
    isLive: false,
    total: entries.length,
    stated: entries.length,
  };
}

async function openVideoInput(path: string, options: InputOptions): Promise<RecordingInput> {
  if (options.list !== undefined) throw usageError('--list names images of a folder; a video has none.');
  const camera = findIntrinsics(dirname(path), options);
  const { frames, fps, durationS } = await probeVideo(path);
  const { maxSidePx, signal, stream, loop, clock } = options;
  return {
    camera,
    isLive: clock !== undefined,
    frames: openVideo(path, { camera, maxSidePx, signal, stream, loop, realtime: clock }),
    total: frames ?? (fps !== null && durationS !== null ? Math.round(fps * durationS) : null),
    stated: frames,
  };
}

/** From the flag, else from beside the input, else the map's where one camera saw all of it. */
function findIntrinsics(folder: string | null, { intrinsics, map }: InputOptions): Camera {
  if (intrinsics !== undefined) return readIntrinsics(intrinsics);
  const beside = folder === null ? null : join(folder, 'intrinsics.json');
  if (beside !== null && existsSync(beside)) return readIntrinsics(beside);
  const cameras = map?.header.cameras ?? [];
  if (cameras.length !== 1) return readIntrinsics(beside ?? 'intrinsics.json');
  say("No intrinsics are given; the map's own camera is taken.");
  return cameras[0];
}

export function readIntrinsics(path: string): Camera {
  if (!existsSync(path))
    throw new PosestreamError(
      'E_INTRINSICS',
      `${path} is not there, and without intrinsics there is no pose.`,
      {
        hint: 'Name the file with --intrinsics; it holds {"model": "PINHOLE", "params": [fx, fy, cx, cy], "width": w, "height": h}.',
      },
    );
  return parseIntrinsics(readTextFile(path), path);
}

/** Times from images.csv; without one an image's number in name order is its time. */
function timedImages(folder: string, imageFolder: string): TimedName[] {
  const csv = join(folder, 'images.csv');
  if (existsSync(csv)) return parseImagesCsv(readTextFile(csv), csv);
  const names = listImages(imageFolder);
  if (names.length === 0)
    throw new PosestreamError('E_FILE_INVALID', `${imageFolder} holds no images.`, {
      hint: 'Give a folder with JPEG or PNG files, or a video file.',
    });
  return names.map((name, timeS) => ({ name, timeS }));
}

function select(images: readonly TimedName[], list: string | undefined): readonly TimedName[] {
  if (list === undefined) return images;
  const wanted = new Set(parseList(readTextFile(list), list));
  const found = images.filter(({ name }) => wanted.delete(name));
  if (wanted.size > 0) throw usageError(`${list}: ${[...wanted][0]} is not in the folder.`);
  return found;
}
