import type { Camera } from '../src/geometry/camera.js';
import { project, unprojectAll } from '../src/geometry/projection.js';
import { inverse, transformPoint, writeMatrix3x4 } from '../src/geometry/rigid.js';
import { CAMERAS, disturb, type Random, randomPose, seenAt } from './synthetic.js';

export interface TrackOptions {
  readonly views: number;
  readonly noisePx: number;
  /** Observations moved to somewhere else in the image, spread over the track. */
  readonly wrong: number;
}

/** A point about 10 m ahead of cameras of mixed models, 0.5 m and a few degrees apart. */
export function trackOf(random: Random, options: TrackOptions) {
  for (;;) {
    const track = tryTrack(random, options);
    if (track !== null) return track;
  }
}

function tryTrack(random: Random, { views: count, noisePx, wrong }: TrackOptions) {
  const base = randomPose(random);
  const point = transformPoint(inverse(base), [random.normal(), random.normal(), 10 + random.normal()]);
  const cameras: Camera[] = [];
  const camFromWorld = new Float64Array(12 * count);
  const pixels = new Float64Array(2 * count);
  const bearings = new Float64Array(3 * count);
  const isRight = new Uint8Array(count).fill(1);
  const centres = [];
  for (let v = 0; v < count; v++) {
    const camera = CAMERAS[random.integer(CAMERAS.length)];
    const pose = disturb(base, random, 0.05, 0.5);
    const seen = seenAt(camera, pose, point);
    if (!(seen[0] > 0 && seen[0] < camera.widthPx && seen[1] > 0 && seen[1] < camera.heightPx)) return null;
    cameras.push(camera);
    centres.push(inverse(pose).t);
    writeMatrix3x4(pose, camFromWorld, 12 * v);
    const isWrong = Math.floor(((v + 1) * wrong) / count) > Math.floor((v * wrong) / count);
    isRight[v] = isWrong ? 0 : 1;
    const shift = isWrong ? 40 + 40 * random.uniform() : 0;
    const heading = 2 * Math.PI * random.uniform();
    pixels[2 * v] = seen[0] + noisePx * random.normal() + shift * Math.cos(heading);
    pixels[2 * v + 1] = seen[1] + noisePx * random.normal() + shift * Math.sin(heading);
    const row = pixels.subarray(2 * v, 2 * v + 2);
    if (unprojectAll(camera, row, 1, bearings.subarray(3 * v, 3 * v + 3)) > 0) return null;
  }
  const costAt = (xyz: ArrayLike<number>): number => {
    let cost = 0;
    for (let v = 0; v < count; v++) {
      const m = camFromWorld.subarray(12 * v, 12 * v + 12);
      const seen = projectBy(cameras[v], m, xyz);
      cost += (seen[0] - pixels[2 * v]) ** 2 + (seen[1] - pixels[2 * v + 1]) ** 2;
    }
    return cost;
  };
  return {
    views: { cameras, camFromWorld },
    viewOf: Int32Array.from({ length: count }, (_, v) => v),
    pixels,
    bearings,
    count,
    isRight,
    point,
    angleRad: widest(centres, point),
    costAt,
  };
}

function projectBy(camera: Camera, m: Float64Array, p: ArrayLike<number>): Float64Array {
  const out = new Float64Array(2);
  const row = (r: number): number =>
    m[4 * r] * p[0] + m[4 * r + 1] * p[1] + m[4 * r + 2] * p[2] + m[4 * r + 3];
  project(camera, row(0), row(1), row(2), out);
  return out;
}

function widest(centres: readonly (readonly number[])[], point: readonly number[]): number {
  let most = 0;
  const rays = centres.map((c) => point.map((v, k) => v - c[k]));
  for (const a of rays)
    for (const b of rays) {
      const dot = a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
      most = Math.max(most, Math.acos(Math.min(1, dot / (Math.hypot(...a) * Math.hypot(...b)))));
    }
  return most;
}

export function trackError(track: { readonly point: readonly number[] }, xyz: ArrayLike<number>): number {
  return Math.hypot(xyz[0] - track.point[0], xyz[1] - track.point[1], xyz[2] - track.point[2]);
}
