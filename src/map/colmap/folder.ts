import { existsSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { PosestreamError } from '../../domain/errors.js';
import { inverse } from '../../geometry/rigid.js';
import { fileError } from '../fileError.js';
import { parseList } from '../lists.js';
import { readTextFile } from '../posedFolder.js';
import type { PosedImage } from '../posedImage.js';
import { parseColmapBinary } from './binary.js';
import { type ColmapModel, colmapError } from './model.js';
import { parseColmapText } from './text.js';

/** Where a sparse model may lie, seen from the folder a user names. */
const PLACES = ['', 'sparse/0', 'sparse', 'colmap', 'colmap/sparse/0', 'model'];
const IMAGE_PLACES = ['images', '../images', '../../images', '.'];

/** The folder with `cameras` and `images` in text or binary at or below `folder`; null where there is none. */
export function findColmapModel(folder: string): string | null {
  const found = PLACES.map((place) => join(folder, place)).find((place) => formatOf(place) !== null);
  return found ?? null;
}

function formatOf(folder: string): 'txt' | 'bin' | null {
  for (const format of ['bin', 'txt'] as const)
    if (['cameras', 'images'].every((part) => existsSync(join(folder, `${part}.${format}`)))) return format;
  return null;
}

/** Reads a sparse model, binary or text. Throws E_FILE_NOT_FOUND, E_FILE_INVALID, E_MAP_INPUT. */
export function readColmapModel(folder: string): ColmapModel {
  const format = formatOf(folder);
  if (format === null)
    throw new PosestreamError('E_FILE_NOT_FOUND', `${folder} holds no COLMAP model.`, {
      hint: 'It needs cameras and images, both .txt or both .bin.',
    });
  const at = (part: string) => join(folder, `${part}.${format}`);
  const hasPoints = existsSync(at('points3D'));
  if (format === 'txt') {
    const points = hasPoints ? readTextFile(at('points3D')) : null;
    return parseColmapText(
      { cameras: readTextFile(at('cameras')), images: readTextFile(at('images')), points },
      folder,
    );
  }
  const points = hasPoints ? readBinary(at('points3D')) : null;
  return parseColmapBinary(
    { cameras: readBinary(at('cameras')), images: readBinary(at('images')), points },
    folder,
  );
}

function readBinary(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (cause) {
    throw fileError(cause, path);
  }
}

/** The model's images as posed images; timestamps are their order.
 * @param imagesFolder null looks beside and below the model
 * @param listPath names the images to take; null takes all
 * Throws E_FILE_NOT_FOUND for an image that is not there, E_MAP_INPUT for a listed name the model does not know. */
export function readColmapFolder(
  folder: string,
  imagesFolder: string | null,
  listPath: string | null,
): { readonly images: readonly PosedImage[]; readonly model: ColmapModel } {
  const place = findColmapModel(folder) ?? folder;
  const model = readColmapModel(place);
  const base = imagesFolder ?? findImages(place, model);
  const wanted = listPath === null ? null : parseList(readTextFile(listPath), listPath);
  const known = new Set(model.images.map(({ name }) => name));
  const lacking = wanted?.find((name) => !known.has(name));
  if (lacking !== undefined) throw colmapError(listPath ?? folder, `${lacking} is not in the model`);
  const taken = model.images.filter(({ name }) => wanted === null || wanted.includes(name));
  const images = taken.map((image, i) => ({
    name: image.name,
    path: existingFile(join(base, image.name)),
    timeS: i,
    camera: model.cameras.get(image.cameraId)!,
    worldFromCam: inverse(image.camFromWorld),
  }));
  return { images, model };
}

function findImages(place: string, model: ColmapModel): string {
  const first = model.images[0].name;
  const found = IMAGE_PLACES.map((relative) => join(place, relative)).find((base) =>
    existsSync(join(base, first)),
  );
  if (found !== undefined) return found;
  throw new PosestreamError('E_FILE_NOT_FOUND', `The model's image ${first} is not near ${place}.`, {
    hint: 'Say where the images are with --images <folder>.',
  });
}

function existingFile(path: string): string {
  try {
    if (statSync(path).isFile()) return path;
  } catch (cause) {
    throw fileError(cause, path);
  }
  throw new PosestreamError('E_FILE_INVALID', `${path} is not a file.`, {
    hint: 'Check the model and its images.',
  });
}
