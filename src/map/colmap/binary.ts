import type { Camera } from '../../domain/camera.js';
import { type ByteReader, readBytes } from './byteReader.js';
import {
  COLMAP_MODELS,
  type ColmapImage,
  type ColmapModel,
  checkedModel,
  colmapCamera,
  colmapError,
  colmapPose,
} from './model.js';

export interface ColmapBytes {
  readonly cameras: Uint8Array;
  readonly images: Uint8Array;
  /** null where there is no points3D.bin. */
  readonly points: Uint8Array | null;
}

const CAMERA_BYTES = 24 + 3 * 8;
const IMAGE_BYTES = 4 + 7 * 8 + 4 + 1 + 8;
const POINT2D_BYTES = 24;
const POINT_BYTES = 8 + 3 * 8 + 3 + 8 + 8;
const TRACK_BYTES = 8;

/** A sparse model in COLMAP's binary format. Throws E_MAP_INPUT naming file and byte, nothing else.
 * Source: COLMAP documentation, output format. */
export function parseColmapBinary(bytes: ColmapBytes, folder: string): ColmapModel {
  const cameras = parseCameras(readBytes(bytes.cameras, `${folder}/cameras.bin`));
  const images = parseImages(readBytes(bytes.images, `${folder}/images.bin`));
  const errors =
    bytes.points === null
      ? new Float64Array(0)
      : parsePoints(readBytes(bytes.points, `${folder}/points3D.bin`));
  return checkedModel(folder, cameras, images, errors);
}

function parseCameras(reader: ByteReader): Map<number, Camera> {
  const cameras = new Map<number, Camera>();
  const count = reader.count(CAMERA_BYTES);
  for (let i = 0; i < count; i++) {
    const id = reader.u32();
    const number = reader.u32();
    const model = COLMAP_MODELS[number];
    if (model === undefined) throw colmapError(reader.where(), `camera model ${number} is not known`);
    const width = reader.u64();
    const height = reader.u64();
    const params = Array.from({ length: model.params }, () => reader.f64());
    if (cameras.has(id)) throw colmapError(reader.where(), `camera ${id} comes twice`);
    cameras.set(id, colmapCamera(reader.where(), model.name, width, height, params));
  }
  checkEnd(reader);
  return cameras;
}

function parseImages(reader: ByteReader): ColmapImage[] {
  const count = reader.count(IMAGE_BYTES);
  const images: ColmapImage[] = [];
  for (let i = 0; i < count; i++) {
    const id = reader.u32();
    const where = reader.where();
    const q = [reader.f64(), reader.f64(), reader.f64(), reader.f64()];
    const t = [reader.f64(), reader.f64(), reader.f64()];
    const cameraId = reader.u32();
    const name = reader.text();
    if (name === '') throw colmapError(reader.where(), 'an image has no name');
    reader.skip(reader.count(POINT2D_BYTES) * POINT2D_BYTES);
    images.push({ id, name, cameraId, camFromWorld: colmapPose(where, q, t) });
  }
  checkEnd(reader);
  return images;
}

/** @returns the points' errors, px */
function parsePoints(reader: ByteReader): Float64Array {
  const errors = new Float64Array(reader.count(POINT_BYTES));
  for (let i = 0; i < errors.length; i++) {
    reader.skip(8 + 3 * 8 + 3);
    errors[i] = reader.f64();
    reader.skip(reader.count(TRACK_BYTES) * TRACK_BYTES);
  }
  checkEnd(reader);
  return errors;
}

function checkEnd(reader: ByteReader): void {
  if (!reader.isAtEnd()) throw colmapError(reader.where(), 'the file goes on after its last record');
}
