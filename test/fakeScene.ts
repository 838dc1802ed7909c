import type { Camera } from '../src/domain/camera.js';
import type { GrayImage, ModelIdentity } from '../src/domain/features.js';
import type { FrameId } from '../src/domain/frame.js';
import type { MapModel } from '../src/domain/mapModel.js';
import type { Outcome } from '../src/domain/outcome.js';
import type { WorldFromCam } from '../src/domain/rigid.js';
import { project } from '../src/geometry/projection.js';
import { fromRotationMatrix, inverse, rigid, transformPoint } from '../src/geometry/rigid.js';
import { createRandom, type Random } from '../src/kernels/random.js';

/** A made-up street with a made-up drive through it: what the gateway and the page need to be looked at without a
 * network. Nothing here is a measurement. World: x east, y north, z up, metres. */
export const FAKE_CAMERA: Camera = {
  model: 'PINHOLE',
  params: [430, 430, 320, 180],
  widthPx: 640,
  heightPx: 360,
};

export const FAKE_MODEL: ModelIdentity = {
  name: 'fake',
  version: '0.0.0',
  sha256: 'f'.repeat(64),
  descriptorDim: 4,
  globalDim: 0,
};

const LENGTH_M = 300;
const STEP_M = 0.25;
const HALF_STREET_M = 9;
const COVARIANCE = Float64Array.from({ length: 36 }, (_, i) => (i % 7 === 0 ? 1e-4 : 0));

/** A straight, a bend to the left, a straight; arc length in metres. */
function pathAt(s: number): { x: number; y: number; heading: number } {
  const bend = { from: 120, length: 60, turn: Math.PI / 2.4 };
  const t = Math.min(Math.max(s - bend.from, 0), bend.length);
  const radius = bend.length / bend.turn;
  const heading = t / radius;
  const beyond = Math.max(0, s - bend.from - bend.length);
  return {
    x: Math.min(s, bend.from) + radius * Math.sin(heading) + beyond * Math.cos(heading),
    y: radius * (1 - Math.cos(heading)) + beyond * Math.sin(heading),
    heading,
  };
}

/** Camera on the street at arc length s, `sideM` left of the middle line. */
export function cameraAt(s: number, sideM: number): WorldFromCam {
  const { x, y, heading } = pathAt(s);
  const [c, n] = [Math.cos(heading), Math.sin(heading)];
  // Columns: camera x is right, y is down, z is ahead.
  const rotation = Float64Array.from([n, 0, c, -c, 0, n, 0, -1, 0]);
  const sway = 0.05 * Math.sin(s / 3);
  return fromRotationMatrix(rotation, [x - n * (sideM + sway), y + c * (sideM + sway), 1.5]);
}

export function fakeMap(seed = 1, pointCount = 20_000): MapModel {
  const random = createRandom(seed);
  const xyz = new Float64Array(3 * pointCount);
  for (let p = 0; p < pointCount; p++) xyz.set(streetPoint(random), 3 * p);
  const names: string[] = [];
  const poses: number[] = [];
  for (let s = 0; s < LENGTH_M; s += 3) {
    const { t, q } = cameraAt(s, -1.5);
    poses.push(...t, ...q);
    names.push(`${names.length}.png`);
  }
  const count = names.length;
  return {
    header: {
      name: 'made-up street',
      builtWith: 'test',
      model: FAKE_MODEL,
      cameras: [FAKE_CAMERA],
      scale: 'metric',
      maxSidePx: 640,
      pca: null,
      anchor: null,
    },
    sha256: 'ab'.repeat(32),
    keyframes: {
      count,
      names,
      timeS: Float64Array.from(names, (_, i) => i / 2),
      worldFromCam: Float64Array.from(poses),
      camera: new Uint32Array(count),
      globals: new Float32Array(0),
      globalDim: 0,
    },
    points: {
      count: pointCount,
      xyz,
      trackLength: Uint16Array.from({ length: pointCount }, () => 2 + random.integer(12)),
      errorPx: new Float32Array(pointCount),
    },
    observations: {
      count: 0,
      offsets: new Uint32Array(count + 1),
      point: new Uint32Array(0),
      xyPx: new Float32Array(0),
      descriptors: new Int8Array(0),
      dim: 4,
    },
    covisibility: {
      offsets: new Uint32Array(count + 1),
      neighbour: new Uint32Array(0),
      weight: new Uint32Array(0),
    },
  };
}

/** Façades on both sides in window rows, some ground, and one point in two hundred far astray. */
function streetPoint(random: Random): [number, number, number] {
  const s = -10 + random.uniform() * (LENGTH_M + 40);
  const { x, y, heading } = pathAt(s);
  const kind = random.uniform();
  const ground = kind < 0.15;
  const house = Math.floor(s / 14);
  const height = 7 + ((((house * 7919) % 11) + 11) % 11);
  const left = random.uniform() < 0.5 ? 1 : -1;
  const side = ground
    ? (random.uniform() * 2 - 1) * HALF_STREET_M
    : left * (HALF_STREET_M + ((house & 3) - 1));
  const storey = Math.floor(random.uniform() * (height / 3)) * 3 + 1 + random.uniform() * 1.6;
  const astray = kind > 0.995 ? 40 * random.normal() : 0;
  return [
    x - Math.sin(heading) * side + 0.05 * random.normal() + astray,
    y + Math.cos(heading) * side + 0.05 * random.normal() + astray,
    ground ? 0.02 * random.normal() : storey + Math.abs(astray),
  ];
}

export interface FakeDrive {
  /** Outcome and picture of the n-th frame, the drive starting over at its end. Frames 170 to 199 of every 200 are
   * lost where `lost` does not say. */
  frame(n: number, lost?: boolean): { readonly outcome: Outcome; readonly image: GrayImage };
  truth(frame: FrameId): WorldFromCam;
}

/** @param nowMs what capture times are read from; every frame is 60 ms old. */
export function fakeDrive(map: MapModel, stream: string, nowMs: () => number, sideM = 1.5): FakeDrive {
  const steps = Math.floor((LENGTH_M - 40) / STEP_M);
  const truthAt = (n: number): WorldFromCam => cameraAt((n % steps) * STEP_M, sideM);
  return {
    truth: ({ sequence }) => truthAt(sequence),
    frame(n, lost = n % 200 >= 170) {
      const random = createRandom(n, 7);
      const image = emptyPicture(n);
      const pixels = paintPoints(map, truthAt(n), image, random);
      const frame: FrameId = {
        stream,
        epoch: 0,
        sequence: n,
        timestampS: n / 15,
        captureMs: nowMs() - 60 - 15 * random.uniform(),
        captureClock: 'arrival',
      };
      return { outcome: outcomeOf(lost, frame, truthAt(n), pixels, random), image };
    },
  };
}

interface Pixels {
  readonly inlierXyPx: Float32Array;
  readonly outlierXyPx: Float32Array;
  readonly inlierPoints: Uint32Array;
}

function outcomeOf(
  lost: boolean,
  frame: FrameId,
  truth: WorldFromCam,
  pixels: Pixels,
  random: Random,
): Outcome {
  const n = frame.sequence;
  const timings = {
    extractMs: 20 + 3 * random.uniform(),
    retrieveMs: 0.6 + random.uniform() / 4,
    clusterMs: 0.2,
    matchMs: 6 + 3 * random.uniform(),
    solveMs: 2 + random.uniform(),
    totalMs: 31 + 6 * random.uniform(),
  };
  if (n % 37 === 36) return { kind: 'dropped', reason: 'busy', frame, timings: {} };
  if (lost) {
    const detail = '9 inliers where 12 are needed';
    const evidence = { ...pixels, inlierXyPx: new Float32Array(0) };
    const track = { state: 'lost', resetCounter: 0, retrieved: true } as const;
    return { kind: 'lost', reason: 'few-inliers', detail, coarse: null, evidence, frame, timings, ...track };
  }
  const inliers = pixels.inlierPoints.length;
  const worldFromCam = rigid<'world', 'cam'>(
    truth.q,
    truth.t.map((v) => v + 0.02 * random.normal()) as [number, number, number],
  );
  const pose = {
    worldFromCam,
    source: n % 5 === 0 ? ('pnp' as const) : ('tracked' as const),
    inliers,
    matches: inliers + pixels.outlierXyPx.length / 2,
    inlierRatio: 0.8,
    coverage: 0.6,
    reprojectionRmsPx: 1.1,
    covariance: COVARIANCE,
    confidence: 0.9 + 0.08 * random.uniform(),
  };
  const track = { state: 'tracking', resetCounter: 0, retrieved: n % 5 === 0 } as const;
  return { kind: 'posed', pose, smooth: null, keyframe: 0, evidence: pixels, frame, timings, ...track };
}

function emptyPicture(n: number): GrayImage {
  const { widthPx, heightPx } = FAKE_CAMERA;
  const pixels = new Uint8Array(widthPx * heightPx);
  for (let y = 0; y < heightPx; y++) {
    const shade = y < heightPx / 2 ? 190 - y / 4 : 60 + (y - heightPx / 2) / 3;
    pixels.fill(shade + (n % 2), y * widthPx, (y + 1) * widthPx);
  }
  return { pixels, widthPx, heightPx };
}

/** Draws visible map points as dark squares and returns where they are. */
function paintPoints(map: MapModel, worldFromCam: WorldFromCam, image: GrayImage, random: Random): Pixels {
  const camFromWorld = inverse(worldFromCam);
  const px = new Float64Array(2);
  const inliers: number[] = [];
  const outliers: number[] = [];
  const ids: number[] = [];
  for (let p = 0; p < map.points.count; p++) {
    const world = map.points.xyz.subarray(3 * p, 3 * p + 3);
    const [x, y, z] = transformPoint(camFromWorld, [world[0], world[1], world[2]]);
    if (z < 3 || z > 60 || !project(FAKE_CAMERA, x, y, z, px)) continue;
    if (px[0] < 4 || px[1] < 4 || px[0] > image.widthPx - 5 || px[1] > image.heightPx - 5) continue;
    paintSquare(image, px[0], px[1], Math.min(4, Math.max(1, Math.round(30 / z))), 40 + ((p * 37) % 120));
    if (p % 6 !== 0) continue;
    if (random.uniform() < 0.85) {
      inliers.push(px[0], px[1]);
      ids.push(p);
    } else outliers.push(px[0] + 9 * random.normal(), px[1] + 9 * random.normal());
  }
  return {
    inlierXyPx: Float32Array.from(inliers),
    outlierXyPx: Float32Array.from(outliers),
    inlierPoints: Uint32Array.from(ids),
  };
}

function paintSquare(image: GrayImage, xPx: number, yPx: number, half: number, shade: number): void {
  const { pixels, widthPx, heightPx } = image as { pixels: Uint8Array; widthPx: number; heightPx: number };
  const x0 = Math.max(0, Math.floor(xPx) - half);
  const x1 = Math.min(widthPx, Math.floor(xPx) + half + 1);
  for (let y = Math.max(0, Math.floor(yPx) - half); y <= Math.min(heightPx - 1, Math.floor(yPx) + half); y++)
    pixels.fill(shade, y * widthPx + x0, y * widthPx + x1);
}
