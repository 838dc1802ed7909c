import { type Camera, parseCamera } from '../src/geometry/camera.js';
import { project, unproject } from '../src/geometry/projection.js';
import { compose, exp, inverse, type Rigid, rigid, writeMatrix3x4 } from '../src/geometry/rigid.js';
import type { Random } from '../src/kernels/random.js';

export { createRandom, type Random } from '../src/kernels/random.js';

/** One camera of every model, with the distortion of ordinary lenses. */
export const CAMERAS: readonly Camera[] = [
  parseCamera('SIMPLE_PINHOLE', 640, 480, [500, 320, 240]),
  parseCamera('PINHOLE', 1241, 376, [718, 721, 607, 185]),
  parseCamera('SIMPLE_RADIAL', 640, 480, [520, 322, 238, -0.12]),
  parseCamera('RADIAL', 640, 480, [510, 318, 244, -0.28, 0.09]),
  parseCamera('OPENCV', 752, 480, [458.6, 457.3, 367.2, 248.4, -0.2834, 0.0739, 0.00019, 0.000018]),
  parseCamera('OPENCV_FISHEYE', 848, 800, [286, 286, 419, 403, -0.0082, 0.0435, -0.041, 0.0075]),
];

/** A random camFromWorld: any rotation, camera centre within a few metres of the origin. */
export function randomPose<To extends string = 'cam', From extends string = 'world'>(
  random: Random,
): Rigid<To, From> {
  const q = rigid<To, From>([random.normal(), random.normal(), random.normal(), random.normal()], [0, 0, 0]);
  const centre = rigid<From, From>(
    [0, 0, 0, 1],
    [-3 * random.normal(), -3 * random.normal(), -3 * random.normal()],
  );
  return compose(q, centre);
}

/** A pose a little off the given one. */
export function disturb<To extends string, From extends string>(
  pose: Rigid<To, From>,
  random: Random,
  rad: number,
  m: number,
): Rigid<To, From> {
  const delta = [rad, rad, rad, m, m, m].map((scale) => scale * random.normal());
  return compose(exp<To, To>(delta), pose);
}

export interface Scene {
  readonly camera: Camera;
  readonly camFromWorld: Rigid<'cam', 'world'>;
  readonly matrix: Float64Array;
  readonly pixels: Float64Array;
  readonly points: Float64Array;
  readonly isInlier: Uint8Array;
  readonly count: number;
}

export interface SceneOptions {
  readonly count: number;
  readonly outlierRatio: number;
  readonly noisePx: number;
  /** Nearest and farthest depth, m. */
  readonly depthM?: readonly [number, number];
  /** All points on the plane at the nearest depth. */
  readonly isPlanar?: boolean;
}

/** Points seen by one camera, with pixel noise; outliers keep their point and get a pixel from elsewhere in the image. */
export function makeScene(camera: Camera, random: Random, options: SceneOptions): Scene {
  const { count, outlierRatio, noisePx, depthM = [2, 30], isPlanar = false } = options;
  const camFromWorld = randomPose(random);
  const matrix = writeMatrix3x4(camFromWorld, new Float64Array(12));
  const worldFromCam = writeMatrix3x4(inverse(camFromWorld), new Float64Array(12));
  const pixels = new Float64Array(2 * count);
  const points = new Float64Array(3 * count);
  const isInlier = new Uint8Array(count);
  const bearing = new Float64Array(3);
  const outliers = Math.round(outlierRatio * count);
  for (let i = 0; i < count; ) {
    const x = random.uniform() * camera.widthPx;
    const y = random.uniform() * camera.heightPx;
    if (!unproject(camera, x, y, bearing)) continue;
    const range = depthM[0] + random.uniform() * (depthM[1] - depthM[0]);
    const depth = isPlanar ? depthM[0] / bearing[2] : range;
    const [a, b, c] = [bearing[0] * depth, bearing[1] * depth, bearing[2] * depth];
    const m = worldFromCam;
    points[3 * i] = m[0] * a + m[1] * b + m[2] * c + m[3];
    points[3 * i + 1] = m[4] * a + m[5] * b + m[6] * c + m[7];
    points[3 * i + 2] = m[8] * a + m[9] * b + m[10] * c + m[11];
    isInlier[i] = i >= outliers ? 1 : 0;
    pixels[2 * i] = isInlier[i] ? x + noisePx * random.normal() : random.uniform() * camera.widthPx;
    pixels[2 * i + 1] = isInlier[i] ? y + noisePx * random.normal() : random.uniform() * camera.heightPx;
    i++;
  }
  return { camera, camFromWorld, matrix, pixels, points, isInlier, count };
}

/** The pixel of a world point, NaN where it is not seen. */
export function seenAt(
  camera: Camera,
  camFromWorld: Rigid<'cam', 'world'>,
  point: ArrayLike<number>,
): Float64Array {
  const m = writeMatrix3x4(camFromWorld, new Float64Array(12));
  const row = (r: number): number =>
    m[4 * r] * point[0] + m[4 * r + 1] * point[1] + m[4 * r + 2] * point[2] + m[4 * r + 3];
  const out = new Float64Array(2);
  project(camera, row(0), row(1), row(2), out);
  return out;
}
