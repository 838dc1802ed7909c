import type { MapModel } from '../src/domain/mapModel.js';
import { createRandom } from '../src/kernels/random.js';
import type { MapContent } from '../src/map/container.js';
import { writeUnit } from './descriptors.js';

/** Points that two neighbouring keyframes of the padding share. */
const SHARED = 10;
const SEEN = 2 * SHARED;

/** A map with as many keyframes as wanted: the given one, and a long thin road far away, whose keyframes see few points
 * so that 100 000 of them fit into memory. Ids of the given map stay, so that the same queries have the same answers. */
export function padMap(map: MapContent, keyframes: number, seed: number): MapModel {
  const more = keyframes - map.keyframes.count;
  if (more <= 0) return { ...map, sha256: '' };
  return {
    ...map,
    sha256: '',
    keyframes: moreKeyframes(map.keyframes, more, seed),
    points: morePoints(map.points, more),
    observations: moreObservations(map, more, seed),
    covisibility: moreNeighbours(map, more),
  };
}

const FAR_M = 1e5;

function moreKeyframes(
  keyframes: MapContent['keyframes'],
  more: number,
  seed: number,
): MapModel['keyframes'] {
  const { count, globalDim, worldFromCam, names, timeS, camera, globals } = keyframes;
  const rows = new Float32Array((count + more) * globalDim);
  rows.set(globals);
  const random = createRandom(seed);
  for (let k = count; k < count + more; k++) {
    const before = k === count ? undefined : rows.slice((k - 1) * globalDim, k * globalDim);
    writeUnit(rows, k, globalDim, random, before, 0.3);
  }
  const poses = new Float64Array(7 * (count + more));
  poses.set(worldFromCam);
  for (let k = count; k < count + more; k++) poses.set([FAR_M + k, 0, 0, 0, 0, 0, 1], 7 * k);
  const numbered = Array.from({ length: more }, (_, i) => `far ${i}.png`);
  return {
    count: count + more,
    globalDim,
    globals: rows,
    worldFromCam: poses,
    names: [...names, ...numbered],
    timeS: grown(timeS, new Float64Array(count + more)),
    camera: grown(camera, new Uint32Array(count + more)),
  };
}

function morePoints(points: MapContent['points'], more: number): MapModel['points'] {
  const count = points.count + SHARED * (more + 1);
  const xyz = grown(points.xyz, new Float64Array(3 * count));
  for (let p = points.count; p < count; p++) xyz.set([FAR_M + (p - points.count) / SHARED, 3, 5], 3 * p);
  const trackLength = grown(points.trackLength, new Uint16Array(count).fill(2));
  return { count, xyz, trackLength, errorPx: grown(points.errorPx, new Float32Array(count)) };
}

function moreObservations(
  { observations, points, keyframes }: MapContent,
  more: number,
  seed: number,
): MapModel['observations'] {
  const { dim } = observations;
  const count = observations.count + SEEN * more;
  const offsets = grown(observations.offsets, new Uint32Array(keyframes.count + more + 1));
  const point = grown(observations.point, new Uint32Array(count));
  for (let i = 0; i < more; i++) {
    offsets[keyframes.count + i + 1] = observations.count + SEEN * (i + 1);
    for (let s = 0; s < SEEN; s++) point[observations.count + SEEN * i + s] = points.count + SHARED * i + s;
  }
  const descriptors = grown(observations.descriptors, new Int8Array(count * dim));
  const random = createRandom(seed, 1);
  for (let d = observations.count * dim; d < count * dim; d++) descriptors[d] = random.integer(51) - 25;
  return {
    count,
    dim,
    offsets,
    point,
    descriptors,
    xyPx: grown(observations.xyPx, new Float32Array(2 * count)),
  };
}

/** Each keyframe of the padding knows the one before and the one after. */
function moreNeighbours({ covisibility, keyframes }: MapContent, more: number): MapModel['covisibility'] {
  const edges = covisibility.neighbour.length;
  const offsets = grown(covisibility.offsets, new Uint32Array(keyframes.count + more + 1));
  const neighbour: number[] = [];
  for (let i = 0; i < more; i++) {
    if (i > 0) neighbour.push(keyframes.count + i - 1);
    if (i + 1 < more) neighbour.push(keyframes.count + i + 1);
    offsets[keyframes.count + i + 1] = edges + neighbour.length;
  }
  const all = grown(covisibility.neighbour, new Uint32Array(edges + neighbour.length));
  all.set(neighbour, edges);
  const weight = grown(covisibility.weight, new Uint32Array(edges + neighbour.length).fill(SHARED));
  return { offsets, neighbour: all, weight };
}

function grown<T extends { set(from: ArrayLike<number>): void }>(from: ArrayLike<number>, to: T): T {
  to.set(from);
  return to;
}
