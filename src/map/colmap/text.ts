import type { Camera } from '../../domain/camera.js';
import { contentLines, parseNumber } from '../textLines.js';
import {
  type ColmapImage,
  type ColmapModel,
  checkedModel,
  colmapCamera,
  colmapError,
  colmapPose,
} from './model.js';

export interface ColmapTexts {
  readonly cameras: string;
  readonly images: string;
  /** null where there is no points3D.txt. */
  readonly points: string | null;
}

/** A sparse model in COLMAP's text format. Throws E_MAP_INPUT naming file and line, nothing else.
 * Source: COLMAP documentation, output format. */
export function parseColmapText(texts: ColmapTexts, folder: string): ColmapModel {
  const cameras = parseCameras(texts.cameras, `${folder}/cameras.txt`);
  const images = parseImages(texts.images, `${folder}/images.txt`);
  const errors = texts.points === null ? [] : parsePoints(texts.points, `${folder}/points3D.txt`);
  return checkedModel(folder, cameras, images, Float64Array.from(errors));
}

function parseCameras(text: string, file: string): Map<number, Camera> {
  const cameras = new Map<number, Camera>();
  for (const line of contentLines(text)) {
    const where = `${file}, line ${line.number}`;
    const [id, model, ...rest] = line.text.split(/\s+/);
    const [width, height, ...params] = numbers(rest, where);
    const key = wholeNumber(id, where);
    if (cameras.has(key)) throw colmapError(where, `camera ${key} comes twice`);
    cameras.set(key, colmapCamera(where, model ?? '', width, height, params));
  }
  return cameras;
}

/** Two lines an image: the pose, then its 2D points, a line that may be empty. */
function parseImages(text: string, file: string): ColmapImage[] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  const images: ColmapImage[] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i].trim();
    if (line === '' || line.startsWith('#')) continue;
    images.push(parseImage(line, `${file}, line ${i + 1}`));
    i++;
    checkPoints2D(lines[i] ?? '', `${file}, line ${i + 1}`);
  }
  return images;
}

function parseImage(line: string, where: string): ColmapImage {
  const match = /^((?:\S+\s+){9})(.+)$/.exec(line);
  if (match === null) throw colmapError(where, 'an image line holds an id, a pose, a camera and a name');
  const [id, ...rest] = match[1].trim().split(/\s+/);
  const [qw, qx, qy, qz, tx, ty, tz] = numbers(rest.slice(0, 7), where);
  return {
    id: wholeNumber(id, where),
    name: match[2],
    cameraId: wholeNumber(rest[7], where),
    camFromWorld: colmapPose(where, [qw, qx, qy, qz], [tx, ty, tz]),
  };
}

/** Counted, not read: ours take their place. */
function checkPoints2D(line: string, where: string): void {
  let fields = 0;
  let inField = false;
  for (let i = 0; i < line.length; i++) {
    const isSpace = line.charCodeAt(i) <= 32;
    if (!isSpace && !inField) fields++;
    inField = !isSpace;
  }
  if (fields % 3 !== 0) throw colmapError(where, 'the points of an image come in threes (x, y, id)');
}

/** @returns the points' errors, px */
function parsePoints(text: string, file: string): number[] {
  return contentLines(text).map((line) => {
    const where = `${file}, line ${line.number}`;
    const fields = line.text.split(/\s+/, 9);
    if (fields.length < 8) throw colmapError(where, 'a point line holds an id, x y z, a colour and an error');
    const [, , , , , , , error] = numbers(fields.slice(0, 8), where);
    return error;
  });
}

function numbers(fields: readonly string[], where: string): number[] {
  return fields.map((field) => {
    const value = parseNumber(field);
    if (value === null) throw colmapError(where, `'${field.slice(0, 40)}' is not a number`);
    return value;
  });
}

function wholeNumber(field: string | undefined, where: string): number {
  if (field === undefined || !/^\d{1,15}$/.test(field))
    throw colmapError(where, `'${(field ?? '').slice(0, 40)}' is not an id`);
  return Number(field);
}
