import type { Camera } from '../../domain/camera.js';
import { PosestreamError } from '../../domain/errors.js';
import type { CamFromWorld } from '../../domain/rigid.js';
import { parseCamera } from '../../geometry/camera.js';
import { rigid } from '../../geometry/rigid.js';

export interface ColmapImage {
  readonly id: number;
  readonly name: string;
  readonly cameraId: number;
  readonly camFromWorld: CamFromWorld;
}

/** What we take from a sparse model: cameras and poses. Its points only say how many there are and which images
 * share them; ours are triangulated anew from our own features. */
export interface ColmapModel {
  readonly cameras: ReadonlyMap<number, Camera>;
  readonly images: readonly ColmapImage[];
  readonly pointCount: number;
  /** Median over the points of COLMAP's mean reprojection error, px; NaN without points. */
  readonly medianErrorPx: number;
}

/** COLMAP's models by their number in binary files. Source: COLMAP documentation, camera models. */
export const COLMAP_MODELS: readonly { readonly name: string; readonly params: number }[] = [
  { name: 'SIMPLE_PINHOLE', params: 3 },
  { name: 'PINHOLE', params: 4 },
  { name: 'SIMPLE_RADIAL', params: 4 },
  { name: 'RADIAL', params: 5 },
  { name: 'OPENCV', params: 8 },
  { name: 'OPENCV_FISHEYE', params: 8 },
  { name: 'FULL_OPENCV', params: 12 },
  { name: 'FOV', params: 5 },
  { name: 'SIMPLE_RADIAL_FISHEYE', params: 4 },
  { name: 'RADIAL_FISHEYE', params: 5 },
  { name: 'THIN_PRISM_FISHEYE', params: 12 },
];

/** Bad content of a COLMAP file. @param where file and line, or file and byte */
export function colmapError(where: string, what: string, cause?: unknown): PosestreamError {
  return new PosestreamError('E_MAP_INPUT', `${where}: ${what}.`, {
    hint: 'Export the model again with: colmap model_converter --output_type TXT',
    cause,
  });
}

/** A checked camera of ours; radial fisheyes become the general fisheye they are a case of. */
export function colmapCamera(
  where: string,
  model: string,
  width: number,
  height: number,
  params: readonly number[],
): Camera {
  try {
    if (model === 'SIMPLE_RADIAL_FISHEYE' || model === 'RADIAL_FISHEYE') {
      const [f, cx, cy, k1, k2] = params.length === 4 ? [...params, 0] : params;
      return parseCamera('OPENCV_FISHEYE', width, height, [f, f, cx, cy, k1, k2, 0, 0]);
    }
    return parseCamera(model, width, height, params);
  } catch (cause) {
    const what = cause instanceof Error ? cause.message.replace(/\.$/, '') : String(cause);
    throw new PosestreamError('E_MAP_INPUT', `${where}: ${what}.`, {
      hint: 'Undistort other camera models first with: colmap image_undistorter',
      cause,
    });
  }
}

/** @param q COLMAP's order w x y z, as stored; need not be exactly unit. */
export function colmapPose(where: string, q: readonly number[], t: readonly number[]): CamFromWorld {
  const [w, x, y, z] = q;
  const length = Math.hypot(w, x, y, z);
  if (!(Math.abs(length - 1) < 0.01)) throw colmapError(where, 'the quaternion is not of unit length');
  if (!Number.isFinite(t[0] + t[1] + t[2])) throw colmapError(where, 'the translation is not finite');
  return rigid([x, y, z, w], [t[0], t[1], t[2]]);
}

/** Consistency between the parts. Throws E_MAP_INPUT. */
export function checkedModel(
  folder: string,
  cameras: ReadonlyMap<number, Camera>,
  images: readonly ColmapImage[],
  errorsPx: Float64Array,
): ColmapModel {
  const names = new Set<string>();
  for (const image of images) {
    const where = `${folder}, image ${image.name}`;
    if (!cameras.has(image.cameraId)) throw colmapError(where, `camera ${image.cameraId} is not there`);
    if (names.has(image.name)) throw colmapError(where, 'it comes twice');
    names.add(image.name);
  }
  if (images.length === 0) throw colmapError(folder, 'the model holds no images');
  const sorted = errorsPx.filter(Number.isFinite).sort();
  return {
    cameras,
    images: [...images].sort((a, b) => (a.name < b.name ? -1 : 1)),
    pointCount: errorsPx.length,
    medianErrorPx: sorted.length === 0 ? Number.NaN : sorted[sorted.length >> 1],
  };
}
