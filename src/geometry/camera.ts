import type { Camera, CameraModel } from '../domain/camera.js';
import { PosestreamError } from '../domain/errors.js';

export type { Camera, CameraModel } from '../domain/camera.js';

/** Parameters of each model, in order. Source: COLMAP, src/colmap/sensor/models.h (names and order only). */
export const CAMERA_PARAMS: Readonly<Record<CameraModel, readonly string[]>> = {
  SIMPLE_PINHOLE: ['f', 'cx', 'cy'],
  PINHOLE: ['fx', 'fy', 'cx', 'cy'],
  SIMPLE_RADIAL: ['f', 'cx', 'cy', 'k1'],
  RADIAL: ['f', 'cx', 'cy', 'k1', 'k2'],
  OPENCV: ['fx', 'fy', 'cx', 'cy', 'k1', 'k2', 'p1', 'p2'],
  OPENCV_FISHEYE: ['fx', 'fy', 'cx', 'cy', 'k1', 'k2', 'k3', 'k4'],
};

const HINT = 'Give the model, width and height in pixels, and the parameters in COLMAP order.';

function invalid(message: string): PosestreamError {
  return new PosestreamError('E_INTRINSICS', message, { hint: HINT });
}

function checkSize(name: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 1 || value > 65536)
    throw invalid(`Camera ${name} must be a whole number from 1 to 65536, not ${String(value)}.`);
  return value;
}

/** A checked camera. Throws E_INTRINSICS naming the field that is wrong.
 * @param params COLMAP's order for `model`: focal length(s) and principal point in px, then distortion. */
export function parseCamera(
  model: string,
  widthPx: unknown,
  heightPx: unknown,
  params: readonly unknown[],
): Camera {
  if (!Object.hasOwn(CAMERA_PARAMS, model))
    throw invalid(`Camera model '${model}' is not one of ${Object.keys(CAMERA_PARAMS).join(', ')}.`);
  const known = model as CameraModel;
  const names = CAMERA_PARAMS[known];
  const width = checkSize('widthPx', widthPx);
  const height = checkSize('heightPx', heightPx);
  if (params.length !== names.length)
    throw invalid(
      `Camera model ${model} takes ${names.length} parameters (${names.join(' ')}), not ${params.length}.`,
    );
  const values = params.map((value, i) => checkParam(names[i], value));
  return { model: known, params: values, widthPx: width, heightPx: height };
}

function checkParam(name: string, value: unknown): number {
  if (typeof value !== 'number' || !Number.isFinite(value))
    throw invalid(`Camera parameter ${name} must be a finite number, not ${String(value)}.`);
  if (name.startsWith('f') && value <= 0)
    throw invalid(`Camera parameter ${name} must be a positive focal length in px, not ${value}.`);
  return value;
}

/** True where the model has one focal length for both axes. */
function isIsotropic(model: CameraModel): boolean {
  return CAMERA_PARAMS[model][0] === 'f';
}

export function focalX(camera: Camera): number {
  return camera.params[0];
}

export function focalY(camera: Camera): number {
  return isIsotropic(camera.model) ? camera.params[0] : camera.params[1];
}

/** Intrinsics of the same view resized by sx, sy. Pixel corners are at whole numbers, so cx scales as cx * sx.
 * A model with one focal length becomes its two-focal sibling where sx and sy differ. */
export function scaleCamera(camera: Camera, sx: number, sy: number): Camera {
  const source = sx === sy ? camera : withTwoFocals(camera);
  const p = [...source.params];
  const at = isIsotropic(source.model) ? 1 : 2;
  p[0] *= sx;
  if (at === 2) p[1] *= sy;
  p[at] *= sx;
  p[at + 1] *= sy;
  return {
    model: source.model,
    params: p,
    widthPx: Math.round(source.widthPx * sx),
    heightPx: Math.round(source.heightPx * sy),
  };
}

/** The same picture under another focal length. */
export function scaledFocal(camera: Camera, factor: number): Camera {
  const focals = isIsotropic(camera.model) ? 1 : 2;
  return { ...camera, params: camera.params.map((value, i) => (i < focals ? value * factor : value)) };
}

/** The same intrinsics for exactly this size; throws E_INTRINSICS_MISMATCH where the aspect differs by over 1 %. */
export function resizeCamera(camera: Camera, widthPx: number, heightPx: number): Camera {
  const sx = widthPx / camera.widthPx;
  const sy = heightPx / camera.heightPx;
  if (Math.abs(sx / sy - 1) > 0.01)
    throw new PosestreamError(
      'E_INTRINSICS_MISMATCH',
      `Intrinsics are for ${camera.widthPx}x${camera.heightPx}, the image is ${widthPx}x${heightPx}.`,
      {
        hint: 'Give intrinsics of the same aspect ratio: --intrinsics, intrinsics: of the stream, or intrinsics.json beside the source.',
      },
    );
  return { ...scaleCamera(camera, sx, sy), widthPx, heightPx };
}

function withTwoFocals(camera: Camera): Camera {
  if (!isIsotropic(camera.model)) return camera;
  const [f, cx, cy, k1 = 0, k2 = 0] = camera.params;
  const isPinhole = camera.model === 'SIMPLE_PINHOLE';
  const params = isPinhole ? [f, f, cx, cy] : [f, f, cx, cy, k1, k2, 0, 0];
  return { ...camera, model: isPinhole ? 'PINHOLE' : 'OPENCV', params };
}
