import type { Camera } from '../src/domain/camera.js';
import type { Features } from '../src/domain/features.js';
import type { WorldFromCam } from '../src/domain/rigid.js';
import { project } from '../src/geometry/projection.js';
import { inverse, rigid, transformPoint } from '../src/geometry/rigid.js';
import { createRandom, type Random } from '../src/kernels/random.js';
import { covisibilityOf } from '../src/map/build/covisibility.js';
import type { MapContent } from '../src/map/container.js';
import { toInt8, writeUnit } from './descriptors.js';

export interface DriveSize {
  readonly points: number;
  readonly keyframes: number;
  /** Distance of two keyframes. */
  readonly stepM: number;
  /** Observations of a keyframe at most, and keypoints of a query. */
  readonly perImage: number;
  readonly seed: number;
}

export interface Drive {
  readonly map: MapContent;
  /** Features of a camera beside the keyframes' track, with the pose that is right. */
  query(n: number): DriveQuery;
}

export interface DriveQuery {
  readonly features: Features;
  readonly camera: Camera;
  readonly worldFromCam: WorldFromCam;
}

const DIM = 64;
const GLOBAL_DIM = 256;
const CAMERA: Camera = { model: 'PINHOLE', params: [500, 500, 320, 240], widthPx: 640, heightPx: 480 };
const DEPTH_M = [2, 18] as const;
/** Between two views of one point. */
const DESCRIPTOR_SPREAD = 0.5;
const NOISE_PX = 0.7;
/** Share of a query's keypoints that belong to no point. */
const CLUTTER = 0.5;

/** A drive along x between two walls of points, descriptors and pixels made up with noise, so that the pose stages can
 * be timed without an image and every answer is known. */
export function generateDrive(size: DriveSize): Drive {
  const random = createRandom(size.seed);
  const lengthM = size.keyframes * size.stepM + DEPTH_M[1];
  const xyz = wallPoints(size.points, lengthM, random);
  const descriptors = new Float32Array(size.points * DIM);
  for (let p = 0; p < size.points; p++) writeUnit(descriptors, p, DIM, random);
  const globals = driftingGlobals(size.keyframes, random);
  const world: World = { xyz, descriptors, globals };
  return {
    map: mapOf(world, size, random),
    query: (n) => queryOf(world, size, createRandom(size.seed, 1000 + n)),
  };
}

interface World {
  /** [P x 3] */
  readonly xyz: Float64Array;
  /** [P x DIM] unit rows. */
  readonly descriptors: Float32Array;
  /** [K x GLOBAL_DIM] unit rows. */
  readonly globals: Float32Array;
}

function wallPoints(count: number, lengthM: number, random: Random): Float64Array {
  const xyz = new Float64Array(3 * count);
  for (let p = 0; p < count; p++) {
    const side = random.uniform() < 0.5 ? -1 : 1;
    const depth = 4 + random.uniform();
    xyz.set([random.uniform() * lengthM, side * depth, -1 + 4 * random.uniform()], 3 * p);
  }
  return xyz;
}

/** Each keyframe looks a little different from the one before. */
function driftingGlobals(count: number, random: Random): Float32Array {
  const globals = new Float32Array(count * GLOBAL_DIM);
  for (let k = 0; k < count; k++) {
    const before = k === 0 ? undefined : globals.slice((k - 1) * GLOBAL_DIM, k * GLOBAL_DIM);
    writeUnit(globals, k, GLOBAL_DIM, random, before, 0.3);
  }
  return globals;
}

/** At x, near the middle, looking along x: camera z is world x, camera x is world -y, camera y is world -z. */
function poseAt(xM: number, random: Random): WorldFromCam {
  const sway = () => 0.01 * random.normal();
  return rigid(
    [0.5 + sway(), -0.5 + sway(), 0.5 + sway(), -0.5 + sway()],
    [xM, 0.3 * random.normal(), 0.1 * random.normal()],
  );
}

interface Seen {
  readonly points: Uint32Array;
  /** [n x 2] with noise. */
  readonly xyPx: Float32Array;
}

/** A random choice of the points in view, with pixel noise. */
function look(xyz: Float64Array, pose: WorldFromCam, most: number, random: Random): Seen {
  const camFromWorld = inverse(pose);
  const pixel = new Float64Array(2);
  const found: { point: number; x: number; y: number; key: number }[] = [];
  for (let p = 0; p < xyz.length / 3; p++) {
    const ahead = xyz[3 * p] - pose.t[0];
    if (ahead < DEPTH_M[0] || ahead > DEPTH_M[1]) continue;
    const c = transformPoint(camFromWorld, [xyz[3 * p], xyz[3 * p + 1], xyz[3 * p + 2]]);
    if (!project(CAMERA, c[0], c[1], c[2], pixel)) continue;
    const x = pixel[0] + NOISE_PX * random.normal();
    const y = pixel[1] + NOISE_PX * random.normal();
    if (x < 0 || y < 0 || x >= CAMERA.widthPx || y >= CAMERA.heightPx) continue;
    found.push({ point: p, x, y, key: random.uniform() });
  }
  const chosen = found.sort((a, b) => a.key - b.key).slice(0, most);
  return {
    points: Uint32Array.from(chosen, ({ point }) => point),
    xyPx: Float32Array.from(chosen.flatMap(({ x, y }) => [x, y])),
  };
}

function mapOf(world: World, size: DriveSize, random: Random): MapContent {
  const poses = Array.from({ length: size.keyframes }, (_, k) => poseAt(k * size.stepM, random));
  const views = poses.map((pose) => look(world.xyz, pose, size.perImage, random));
  const seenBy = Array.from({ length: size.points }, (): number[] => []);
  for (const [k, { points }] of views.entries()) for (const p of points) seenBy[p].push(k);
  const offsets = new Uint32Array(size.keyframes + 1);
  for (const [k, { points }] of views.entries()) offsets[k + 1] = offsets[k] + points.length;
  return {
    header: {
      name: 'generated drive',
      builtWith: 'bench',
      model: {
        name: 'generated',
        version: '1',
        sha256: '0'.repeat(64),
        descriptorDim: DIM,
        globalDim: GLOBAL_DIM,
      },
      cameras: [CAMERA],
      scale: 'metric',
      maxSidePx: 640,
      pca: null,
      anchor: null,
    },
    keyframes: {
      count: size.keyframes,
      names: poses.map((_, k) => `${k}.png`),
      timeS: Float64Array.from(poses, (_, k) => k),
      worldFromCam: Float64Array.from(poses.flatMap(({ t, q }) => [...t, ...q])),
      camera: new Uint32Array(size.keyframes),
      globals: world.globals,
      globalDim: GLOBAL_DIM,
    },
    points: {
      count: size.points,
      xyz: world.xyz,
      trackLength: Uint16Array.from(seenBy, (row) => row.length),
      errorPx: new Float32Array(size.points).fill(NOISE_PX),
    },
    observations: {
      count: offsets[size.keyframes],
      offsets,
      point: Uint32Array.from(views.flatMap(({ points }) => [...points])),
      xyPx: Float32Array.from(views.flatMap(({ xyPx }) => [...xyPx])),
      descriptors: observedDescriptors(world, views, offsets[size.keyframes], random),
      dim: DIM,
    },
    covisibility: covisibilityOf(size.keyframes, seenBy),
  };
}

function observedDescriptors(world: World, views: readonly Seen[], count: number, random: Random): Int8Array {
  const rows = new Float32Array(count * DIM);
  let row = 0;
  for (const { points } of views)
    for (const p of points) writeUnit(rows, row++, DIM, random, ownRow(world, p), DESCRIPTOR_SPREAD);
  return toInt8(rows);
}

const ownRow = ({ descriptors }: World, p: number) => descriptors.subarray(p * DIM, (p + 1) * DIM);

function queryOf(world: World, size: DriveSize, random: Random): DriveQuery {
  const keyframe = random.integer(size.keyframes);
  const worldFromCam = poseAt((keyframe + 0.5 * random.uniform()) * size.stepM, random);
  const count = size.perImage;
  const { points, xyPx } = look(world.xyz, worldFromCam, Math.round((1 - CLUTTER) * count), random);
  const descriptors = new Float32Array(count * DIM);
  const pixels = new Float32Array(2 * count);
  pixels.set(xyPx);
  for (let i = 0; i < count; i++) {
    const own = i < points.length ? ownRow(world, points[i]) : undefined;
    writeUnit(descriptors, i, DIM, random, own, own === undefined ? 1 : DESCRIPTOR_SPREAD);
    if (own === undefined)
      pixels.set([random.uniform() * CAMERA.widthPx, random.uniform() * CAMERA.heightPx], 2 * i);
  }
  const global = new Float32Array(GLOBAL_DIM);
  const near = world.globals.subarray(keyframe * GLOBAL_DIM, (keyframe + 1) * GLOBAL_DIM);
  writeUnit(global, 0, GLOBAL_DIM, random, near, 0.3);
  const scores = Float32Array.from({ length: count }, (_, i) => 1 - i / count);
  return {
    features: { count, xyPx: pixels, scores, descriptors, dim: DIM, global },
    camera: CAMERA,
    worldFromCam,
  };
}
