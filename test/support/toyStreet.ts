import type { Engine, Features, NearestTwo } from '../../src/domain/features.js';
import type { Frame } from '../../src/domain/frame.js';
import type { MapModel } from '../../src/domain/mapModel.js';
import { parseCamera } from '../../src/geometry/camera.js';
import { createRandom, type Random } from '../../src/kernels/random.js';
import { DEFAULT_OPTIONS, type Localizer } from '../../src/operators/localizer.js';

const CAMERA = parseCamera('SIMPLE_PINHOLE', 640, 480, [500, 320, 240]);
const DIM = 32;
/** Points of a place, in front of its one keyframe. */
const POINTS = 150;
export const PLACE_M = 100;

/** What a camera sees: a place from so far beside its keyframe, nothing, or things no map knows. */
export type Scene = { readonly place: number; readonly besideM: number } | 'dark' | 'strange';

/** A street of places 100 m apart, without a network: keypoints are the places' own points, exactly seen. Places in
 * `twins` look alike to the last point. */
export function toyStreet(places: number, twins: readonly number[] = []) {
  const random = createRandom(8);
  const looks = Array.from({ length: places }, () => drawLook(random));
  const lookOf = (place: number) => looks[twins.includes(place) ? twins[0] : place];
  const all = Array.from({ length: places }, (_, place) => place);
  const map = {
    header: { cameras: [CAMERA], maxSidePx: 640, scale: 'metric' },
    keyframes: {
      count: places,
      globalDim: places,
      worldFromCam: Float64Array.from(all.flatMap((p) => [PLACE_M * p, 0, 0, 0, 0, 0, 1])),
    },
    points: {
      count: places * POINTS,
      xyz: Float64Array.from(
        all.flatMap((p) => lookOf(p).xyz.flatMap(([x, y, z]) => [x + PLACE_M * p, y, z])),
      ),
    },
    observations: {
      count: places * POINTS,
      offsets: Uint32Array.from({ length: places + 1 }, (_, p) => p * POINTS),
      point: Uint32Array.from({ length: places * POINTS }, (_, i) => i),
      xyPx: Float32Array.from(all.flatMap((p) => lookOf(p).xyz.flatMap((xyz) => project(xyz, 0)))),
      descriptors: Int8Array.from(all.flatMap((p) => [...lookOf(p).descriptors])),
      dim: DIM,
    },
    covisibility: {
      offsets: new Uint32Array(places + 1),
      neighbour: new Uint32Array(0),
      weight: new Uint32Array(0),
    },
  } as unknown as MapModel;
  return { map, see: (scene: Scene) => see(scene, lookOf, places, random) };
}

/** A localizer on that street that keeps count; `scenes` are what the frames of `film` show. */
export function toyLocalizer(
  { map, see }: ReturnType<typeof toyStreet>,
  scenes: readonly Scene[],
  order: (asked: number, global: Float32Array) => Int32Array = bestFirst,
) {
  const counts = { retrieved: 0, extracted: 0, matched: 0 };
  const seen = scenes.map(see);
  const engine = {
    model: { globalDim: map.keyframes.globalDim },
    extract: async ({ pixels }: { pixels: Uint8Array }): Promise<Features> => {
      counts.extracted++;
      return seen[pixels[0]];
    },
    match: async (query: Float32Array, set: { spans: Uint32Array }) => {
      counts.matched++;
      return nearestTwo(query, rowsOf(map.observations.descriptors, set.spans));
    },
  } as unknown as Engine;
  const places = {
    kind: 'exact' as const,
    describe: async ({ global }: Features) => global,
    search: async (global: Float32Array) => {
      const ids = order(counts.retrieved++, global);
      return { ids, scores: Float32Array.from(ids, (id) => global[id]) };
    },
  };
  const options = { ...DEFAULT_OPTIONS, turnsDeg: [] };
  const localizer: Localizer = { engine, map, places, options, nowMs: () => 0 };
  return { localizer, counts };
}

const bestFirst = (_: number, global: Float32Array) =>
  Int32Array.from([...global.keys()].sort((a, b) => global[b] - global[a] || a - b));

/** One frame a scene, numbered through; at most 256. */
export function film(count: number, timeS: (n: number) => number = (n) => n / 10): Frame[] {
  return Array.from({ length: count }, (_, sequence) => ({
    ...{ stream: 'toy', epoch: 0, sequence, timestampS: timeS(sequence), captureMs: 0 },
    captureClock: 'media' as const,
    camera: CAMERA,
    pixels: Uint8Array.of(sequence),
    release: () => undefined,
  }));
}

interface Look {
  readonly xyz: readonly (readonly [number, number, number])[];
  /** [POINTS x DIM] unit rows x 127. */
  readonly descriptors: Int8Array;
}

function drawLook(random: Random): Look {
  const xyz = Array.from({ length: POINTS }, () => {
    const z = 8 + 12 * random.uniform();
    return [(random.uniform() - 0.5) * z, (random.uniform() - 0.5) * 0.8 * z, z] as const;
  });
  return { xyz, descriptors: drawDescriptors(random, POINTS) };
}

function drawDescriptors(random: Random, rows: number): Int8Array {
  const out = new Int8Array(rows * DIM);
  for (let row = 0; row < rows; row++) {
    const raw = Array.from({ length: DIM }, () => random.normal());
    const scale = 127 / Math.hypot(...raw);
    out.set(
      raw.map((v) => Math.round(v * scale)),
      row * DIM,
    );
  }
  return out;
}

const project = ([x, y, z]: readonly number[], besideM: number) => [
  320 + (500 * (x - besideM)) / z,
  240 + (500 * y) / z,
];

function see(scene: Scene, lookOf: (place: number) => Look, places: number, random: Random): Features {
  if (scene === 'dark') return featuresOf([], new Int8Array(0), new Float32Array(places));
  const look = lookOf(scene === 'strange' ? 0 : scene.place);
  const pixels = look.xyz.map((xyz) => project(xyz, scene === 'strange' ? 0 : scene.besideM));
  const descriptors = scene === 'strange' ? drawDescriptors(random, POINTS) : look.descriptors;
  const global = Float32Array.from({ length: places }, (_, p) =>
    scene !== 'strange' && lookOf(p) === look ? 1 : 0,
  );
  return featuresOf(pixels, descriptors, global);
}

function featuresOf(pixels: number[][], descriptors: Int8Array, global: Float32Array): Features {
  const rows = pixels.flatMap(([x, y], i) => (x > 0 && y > 0 && x < 640 && y < 480 ? [i] : []));
  return {
    count: rows.length,
    xyPx: Float32Array.from(rows.flatMap((i) => pixels[i])),
    scores: new Float32Array(rows.length).fill(1),
    descriptors: Float32Array.from(
      rows.flatMap((i) => [...descriptors.subarray(i * DIM, (i + 1) * DIM)]),
    ).map((v) => v / 127),
    dim: DIM,
    global,
  };
}

function rowsOf(descriptors: Int8Array, spans: Uint32Array): Int8Array {
  const parts: number[] = [];
  for (let s = 0; s < spans.length; s += 2)
    parts.push(...descriptors.subarray(spans[s] * DIM, spans[s + 1] * DIM));
  return Int8Array.from(parts);
}

function nearestTwo(query: Float32Array, rows: Int8Array): NearestTwo {
  const [n, m] = [query.length / DIM, rows.length / DIM];
  const index = new Int32Array(2 * n).fill(-1);
  const dot = new Float32Array(2 * n);
  const [refDot, refQuery] = [new Float32Array(m).fill(-2), new Int32Array(m)];
  for (let q = 0; q < n; q++)
    for (let r = 0; r < m; r++) {
      let d = 0;
      for (let i = 0; i < DIM; i++) d += (query[q * DIM + i] * rows[r * DIM + i]) / 127;
      if (d > refDot[r]) [refDot[r], refQuery[r]] = [d, q];
      if (index[2 * q] < 0 || d > dot[2 * q]) {
        [index[2 * q + 1], dot[2 * q + 1]] = [index[2 * q], dot[2 * q]];
        [index[2 * q], dot[2 * q]] = [r, d];
      } else if (index[2 * q + 1] < 0 || d > dot[2 * q + 1]) [index[2 * q + 1], dot[2 * q + 1]] = [r, d];
    }
  const refBest = Int32Array.from(refQuery, (q, r) => (index[2 * q] === r ? q : -1));
  return { index, dot, refBest };
}
