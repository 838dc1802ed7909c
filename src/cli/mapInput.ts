import { existsSync, readdirSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { PosestreamError } from '../domain/errors.js';
import type { Frame } from '../domain/frame.js';
import type { MapHeader } from '../domain/mapModel.js';
import type { WorldFromCam } from '../domain/rigid.js';
import { findColmapModel, readColmapFolder } from '../map/colmap/folder.js';
import { isPosedFolder, readPosedFolder, readTextFile } from '../map/posedFolder.js';
import type { PosedImage } from '../map/posedImage.js';
import { type MotionRule, motionRule } from '../map/selectKeyframes.js';
import { poseAt, sortTrajectory } from '../map/trajectory.js';
import { parseTum } from '../map/tum.js';
import type { FrameSource } from '../streams/frameSource.js';
import { openImages } from '../streams/imageFolder.js';
import { probeVideo } from '../streams/probe.js';
import { openVideo } from '../streams/videoFile.js';
import { usageError } from './command.js';
import { isFolder, readIntrinsics } from './input.js';

export interface MapInputOptions {
  readonly list?: string;
  /** Video: TUM trajectory; default poses.tum or poses_tum.txt beside it. */
  readonly poses?: string;
  readonly intrinsics?: string;
  /** COLMAP: folder of the images. */
  readonly images?: string;
  readonly maxSidePx: number;
  readonly signal?: AbortSignal;
}

/** Frames whose poses are known, whatever they came from. */
export interface MapInput {
  readonly frames: FrameSource;
  /** Null where a frame has no pose and cannot be mapped. */
  readonly poseOf: (frame: Frame) => WorldFromCam | null;
  readonly nameOf: (frame: Frame) => string;
  readonly scale: MapHeader['scale'];
  readonly total: number | null;
  /** How far a camera moves between keyframes, where there are far more frames than a map needs; null takes all. */
  readonly motion: MotionRule | null;
  readonly what: string;
}

/** A folder of posed images, a COLMAP model with its images, or a video with a trajectory. */
export async function openMapInput(path: string, options: MapInputOptions): Promise<MapInput> {
  if (!isFolder(path)) return videoInput(path, options);
  const list = options.list ?? null;
  if (isPosedFolder(path)) {
    const { images, withoutPose } = readPosedFolder(path, list);
    const note = withoutPose > 0 ? `, ${withoutPose} more have no pose` : '';
    return imagesInput(images, 'metric', `${images.length} posed images${note}`, options);
  }
  if (findColmapModel(path) !== null) {
    const { images } = readColmapFolder(path, options.images ?? null, list);
    return imagesInput(images, 'arbitrary', `COLMAP model with ${images.length} images`, options);
  }
  throw new PosestreamError(
    'E_MAP_INPUT',
    `${path} holds neither poses_tum.txt with images/ nor a COLMAP model${found(path)}.`,
    {
      hint: 'Images without poses: posestream map build --sfm colmap <folder> --out <map>.',
    },
  );
}

function found(folder: string): string {
  const names = readdirSync(folder).slice(0, 5);
  return names.length === 0
    ? '; it is empty'
    : ` (it holds ${names.join(', ')}${names.length === 5 ? ' …' : ''})`;
}

function imagesInput(
  images: readonly PosedImage[],
  scale: MapHeader['scale'],
  what: string,
  { maxSidePx, signal }: MapInputOptions,
): MapInput {
  const poses = new Map(images.map(({ name, worldFromCam }) => [name, worldFromCam]));
  const entries = images.map(({ name, path, timeS, camera }) => ({ name, path, timestampS: timeS, camera }));
  return {
    frames: openImages(entries, { maxSidePx, signal }),
    poseOf: ({ name }) => poses.get(name ?? '') ?? null,
    nameOf: ({ name }) => name ?? '',
    scale,
    total: images.length,
    motion: null,
    what,
  };
}

async function videoInput(path: string, options: MapInputOptions): Promise<MapInput> {
  if (options.list !== undefined) throw usageError('--list names images of a folder; a video has none.');
  const posesFile = options.poses ?? besideVideo(path);
  const trajectory = sortTrajectory(parseTum(readTextFile(posesFile), posesFile), posesFile);
  const camera = readIntrinsics(options.intrinsics ?? join(dirname(path), 'intrinsics.json'));
  const { frames } = await probeVideo(path);
  const { maxSidePx, signal } = options;
  return {
    frames: openVideo(path, { camera, maxSidePx, signal }),
    poseOf: ({ timestampS }) => poseAt(trajectory, timestampS),
    nameOf: ({ timestampS }) => `${basename(path)}@${timestampS.toFixed(3)}`,
    scale: 'metric',
    total: frames,
    motion: motionRule(trajectory),
    what: `video with a trajectory of ${trajectory.length} poses`,
  };
}

function besideVideo(path: string): string {
  const candidates = ['poses.tum', 'poses_tum.txt'].map((name) => join(dirname(path), name));
  const existing = candidates.find((candidate) => existsSync(candidate));
  if (existing !== undefined) return existing;
  throw new PosestreamError('E_MAP_INPUT', `${path} comes without poses, and a map needs them.`, {
    hint: 'Give a TUM trajectory with --poses, or let an installed COLMAP find them: --sfm colmap.',
  });
}
