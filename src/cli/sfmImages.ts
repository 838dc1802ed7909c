import { existsSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Camera } from '../domain/camera.js';
import { PosestreamError } from '../domain/errors.js';
import { parseList } from '../map/lists.js';
import { listImages, readTextFile } from '../map/posedFolder.js';
import { probeImage } from '../streams/grayImage.js';
import { probeVideo } from '../streams/probe.js';
import { openVideo } from '../streams/videoFile.js';
import { usageError } from './command.js';
import { isFolder } from './input.js';
import { startProgress } from './terminal.js';

export interface SfmImageFile {
  /** Path below the folder. */
  readonly name: string;
  readonly timeS: number;
  readonly widthPx: number;
  readonly heightPx: number;
}

export interface SfmFolder {
  readonly folder: string;
  readonly files: readonly SfmImageFile[];
}

export interface SfmImagesOptions {
  readonly list?: string;
  readonly every?: number;
  readonly maxSidePx: number;
  readonly signal: AbortSignal;
}

/** Time between pictures taken from a video; a camera at walking pace moves half a metre. */
const STEP_S = 0.4;

/** The images structure from motion works on: those of a folder, or stills of a video written to `scratch`. */
export async function sfmImages(
  path: string,
  scratch: string,
  options: SfmImagesOptions,
): Promise<SfmFolder> {
  if (!isFolder(path)) return { folder: scratch, files: await writeStills(path, scratch, options) };
  const folder = existsSync(join(path, 'images')) ? join(path, 'images') : path;
  const wanted =
    options.list === undefined ? null : new Set(parseList(readTextFile(options.list), options.list));
  const names = listImages(folder).filter((name) => wanted === null || wanted.has(name));
  if (names.length < 2)
    throw new PosestreamError(
      'E_MAP_INPUT',
      `${folder} holds ${names.length} images to work on, two are the least.`,
      {
        hint: 'Give a folder with overlapping photos of one place.',
      },
    );
  const files = names.map(async (name, timeS) => {
    const { widthPx, heightPx } = await probeImage(join(folder, name));
    return { name, timeS, widthPx, heightPx };
  });
  return { folder, files: await Promise.all(files) };
}

/** A guess that lets pixels be read before anything is known of the lens. */
export function unknownCamera(widthPx: number, heightPx: number): Camera {
  const focalPx = 1.2 * Math.max(widthPx, heightPx);
  return { model: 'SIMPLE_PINHOLE', params: [focalPx, widthPx / 2, heightPx / 2], widthPx, heightPx };
}

async function writeStills(path: string, folder: string, options: SfmImagesOptions): Promise<SfmImageFile[]> {
  if (options.list !== undefined) throw usageError('--list names images of a folder; a video has none.');
  const info = await probeVideo(path);
  const camera = unknownCamera(info.widthPx, info.heightPx);
  const every = options.every ?? Math.max(1, Math.round(STEP_S * (info.fps ?? 30)));
  const progress = startProgress('Taking stills', info.frames ?? 0);
  const files: SfmImageFile[] = [];
  try {
    for await (const frame of openVideo(path, {
      camera,
      maxSidePx: options.maxSidePx,
      signal: options.signal,
    })) {
      const { sequence, timestampS } = frame;
      progress.update(sequence + 1, `${files.length} stills`);
      if (sequence % every === 0) {
        const { widthPx, heightPx } = frame.camera;
        const name = `${String(sequence).padStart(6, '0')}.png`;
        await sharp(frame.pixels, { raw: { width: widthPx, height: heightPx, channels: 1 } }).toFile(
          join(folder, name),
        );
        files.push({ name, timeS: timestampS, widthPx, heightPx });
      }
      frame.release();
    }
  } finally {
    progress.stop();
  }
  return files;
}
