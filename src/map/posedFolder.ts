import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PosestreamError } from '../domain/errors.js';
import { fileError } from './fileError.js';
import { inferImageTimes } from './imageTimes.js';
import { parseIntrinsics } from './intrinsics.js';
import { parseImagesCsv, parseList, type TimedName } from './lists.js';
import type { PosedImage } from './posedImage.js';
import { nearestPose, sortTrajectory } from './trajectory.js';
import { parseTum, type TimedPose } from './tum.js';

export interface PosedImages {
  readonly images: readonly PosedImage[];
  /** Images left out because no pose has their time. */
  readonly withoutPose: number;
}

const IMAGE = /\.(jpe?g|png|webp|tiff?|bmp|pgm)$/i;

/** A folder of posed images: `images/`, `intrinsics.json`, `poses_tum.txt`, and `images.csv` for the timestamps.
 * @param listPath names the images to take, in their order in the set; null takes all that have a pose
 * Throws E_FILE_NOT_FOUND, E_FILE_INVALID, E_INTRINSICS, E_MAP_INPUT, each naming the file. */
export function readPosedFolder(folder: string, listPath: string | null): PosedImages {
  const camera = parseIntrinsics(readText(folder, 'intrinsics.json'), join(folder, 'intrinsics.json'));
  const posesFile = join(folder, 'poses_tum.txt');
  const sorted = sortTrajectory(parseTum(readText(folder, 'poses_tum.txt'), posesFile), posesFile);
  const wanted = listPath === null ? null : new Set(parseList(readTextFile(listPath), listPath));
  const timed = timedNames(folder, sorted).filter(({ name }) => wanted === null || wanted.has(name));
  const images = timed.flatMap(({ name, timeS }) => {
    const pose = nearestPose(sorted, timeS);
    if (pose === null) return [];
    return [{ name, timeS, path: join(folder, 'images', name), camera, worldFromCam: pose.worldFromCam }];
  });
  checkComplete(images, timed, wanted, listPath ?? folder);
  for (const image of images) requireFile(image.path);
  return { images, withoutPose: timed.length - images.length };
}

/** Whether a folder looks like one that `readPosedFolder` reads. */
export function isPosedFolder(folder: string): boolean {
  return existsSync(join(folder, 'poses_tum.txt')) && existsSync(join(folder, 'images'));
}

/** Names of the images below a folder, in order; with `/` between folders. */
export function listImages(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true })
      .map((entry) => String(entry).replaceAll('\\', '/'))
      .filter((name) => IMAGE.test(name))
      .sort();
  } catch (cause) {
    throw fileError(cause, folder);
  }
}

function timedNames(folder: string, sorted: readonly TimedPose[]): TimedName[] {
  const csv = join(folder, 'images.csv');
  if (existsSync(csv)) return parseImagesCsv(readTextFile(csv), csv);
  return inferImageTimes(listImages(join(folder, 'images')), sorted, folder);
}

function checkComplete(
  images: readonly PosedImage[],
  timed: readonly TimedName[],
  wanted: ReadonlySet<string> | null,
  source: string,
): void {
  if (wanted !== null) {
    const posed = new Set(images.map(({ name }) => name));
    const known = new Set(timed.map(({ name }) => name));
    const lacking = [...wanted].filter((name) => !posed.has(name));
    if (lacking.length > 0)
      throw new PosestreamError(
        'E_MAP_INPUT',
        `${source}: ${lacking[0]} ${known.has(lacking[0]) ? 'has no pose at its time' : 'is not in the set'}${
          lacking.length > 1 ? ` (and ${lacking.length - 1} more)` : ''
        }.`,
        { hint: 'Take it off the list, or add its line to poses_tum.txt or images.csv.' },
      );
  }
  if (images.length === 0)
    throw new PosestreamError('E_MAP_INPUT', `${source}: no image has a pose.`, {
      hint: 'Timestamps of images.csv and poses_tum.txt must agree within 1 ms.',
    });
}

function requireFile(path: string): void {
  try {
    if (statSync(path).isFile()) return;
  } catch (cause) {
    throw fileError(cause, path);
  }
  throw new PosestreamError('E_FILE_INVALID', `${path} is not a file.`, { hint: 'Check images.csv.' });
}

function readText(folder: string, name: string): string {
  return readTextFile(join(folder, name));
}

/** Throws E_FILE_NOT_FOUND, E_FILE_INVALID. */
export function readTextFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw fileError(cause, path);
  }
}
