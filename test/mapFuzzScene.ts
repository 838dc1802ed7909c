import type { Camera } from '../src/domain/camera.js';
import type { NearestTwo } from '../src/domain/features.js';
import type { WorldFromCam } from '../src/domain/rigid.js';
import { project } from '../src/geometry/projection.js';
import { inverse, rigid, transformPoint } from '../src/geometry/rigid.js';
import { createRandom, type Random } from '../src/kernels/random.js';
import type { KeyframeInput } from '../src/map/build/options.js';

export interface TrueScene {
  readonly images: readonly KeyframeInput[];
  /** [P x 3] */
  readonly points: Float64Array;
  /** For each keyframe, the true point of each keypoint, -1 for clutter. */
  readonly truth: readonly Int32Array[];
}

export interface SceneOptions {
  readonly keyframes: number;
  readonly points: number;
  readonly cameras: readonly Camera[];
  readonly noisePx: number;
  /** Keypoints of each keyframe that belong to nothing. */
  readonly clutter: number;
  readonly scale: number;
  readonly seed: number;
}

export const DIM = 32;

/** A box of points looked at from cameras moving along one side, with descriptors that differ a little per view. */
export function trueScene(options: SceneOptions): TrueScene {
  const random = createRandom(options.seed);
  const { scale } = options;
  const points = Float64Array.from(
    { length: 3 * options.points },
    (_, i) => scale * ([0, -3, 6][i % 3] + random.uniform() * [12, 6, 10][i % 3]),
  );
  const descriptors = Array.from({ length: options.points }, () => unit(random));
  const truth: Int32Array[] = [];
  const images = Array.from({ length: options.keyframes }, (_, k): KeyframeInput => {
    const camera = options.cameras[k % options.cameras.length];
    const along = (12 * k) / Math.max(1, options.keyframes - 1);
    const worldFromCam: WorldFromCam = rigid(
      [0.05 * random.normal(), 0.1 * random.normal(), 0.02 * random.normal(), 1],
      [scale * along, scale * 0.3 * random.normal(), scale * 0.3 * random.normal()],
    );
    const seen = look(points, descriptors, camera, worldFromCam, options, random);
    truth.push(Int32Array.from(seen, ({ point }) => point));
    return { name: `k${k}.png`, timeS: k / 10, camera, worldFromCam, features: featuresOf(seen, random) };
  });
  return { images, points, truth };
}

interface Seen {
  readonly point: number;
  readonly x: number;
  readonly y: number;
  readonly descriptor: Float32Array;
}

function look(
  points: Float64Array,
  descriptors: readonly Float32Array[],
  camera: Camera,
  worldFromCam: WorldFromCam,
  { noisePx, clutter }: SceneOptions,
  random: Random,
): Seen[] {
  const camFromWorld = inverse(worldFromCam);
  const pixel = new Float64Array(2);
  const seen: Seen[] = [];
  for (const [point, descriptor] of descriptors.entries()) {
    const p = transformPoint(camFromWorld, [points[3 * point], points[3 * point + 1], points[3 * point + 2]]);
    if (!project(camera, p[0], p[1], p[2], pixel)) continue;
    const [x, y] = [pixel[0] + noisePx * random.normal(), pixel[1] + noisePx * random.normal()];
    if (x < 0 || y < 0 || x >= camera.widthPx || y >= camera.heightPx) continue;
    seen.push({ point, x, y, descriptor: unit(random, descriptor, 0.25) });
  }
  for (let i = 0; i < clutter; i++)
    seen.push({
      point: -1,
      x: random.uniform() * camera.widthPx,
      y: random.uniform() * camera.heightPx,
      descriptor: unit(random),
    });
  return seen;
}

function featuresOf(seen: readonly Seen[], random: Random) {
  return {
    count: seen.length,
    xyPx: Float32Array.from(seen.flatMap(({ x, y }) => [x, y])),
    scores: Float32Array.from(seen, () => random.uniform()),
    descriptors: Float32Array.from(seen.flatMap(({ descriptor }) => [...descriptor])),
    dim: DIM,
    global: unit(random),
  };
}

/** A random unit vector, or one near `base`. */
function unit(random: Random, base?: Float32Array, spread = 1): Float32Array {
  const v = Float32Array.from(
    { length: DIM },
    (_, d) => (base?.[d] ?? 0) + (spread * random.normal()) / Math.sqrt(DIM),
  );
  const length = Math.hypot(...v);
  return v.map((value) => value / length);
}

/** The matcher as a plain loop, for small tests only. */
export async function loopMatch(query: Float32Array, ref: Float32Array): Promise<NearestTwo> {
  const [n, m] = [query.length / DIM, ref.length / DIM];
  const index = new Int32Array(2 * n).fill(-1);
  const dot = new Float32Array(2 * n).fill(-2);
  const refBest = new Int32Array(m).fill(-1);
  const refDot = new Float32Array(m).fill(-2);
  for (let i = 0; i < n; i++)
    for (let j = 0; j < m; j++) {
      let s = 0;
      for (let d = 0; d < DIM; d++) s += query[i * DIM + d] * ref[j * DIM + d];
      if (s > refDot[j]) [refDot[j], refBest[j]] = [s, i];
      if (s > dot[2 * i]) {
        [dot[2 * i + 1], index[2 * i + 1]] = [dot[2 * i], index[2 * i]];
        [dot[2 * i], index[2 * i]] = [s, j];
      } else if (s > dot[2 * i + 1]) [dot[2 * i + 1], index[2 * i + 1]] = [s, j];
    }
  return { index, dot, refBest };
}
