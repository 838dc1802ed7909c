import type { Camera } from '../domain/camera.js';
import type { Features } from '../domain/features.js';
import type { MapModel } from '../domain/mapModel.js';
import type { Correspondences } from '../domain/place.js';
import type { PredictOptions } from '../geometry/predictPixels.js';
import { lensOf } from '../geometry/projection.js';
import { chanceLevel } from '../kernels/chanceLevel.js';
import { createPointGrid, fillPointGrid, type PointGrid } from '../kernels/grid.js';
import { createGuidedMatches, type GuidedMatches, matchGuided, NO_DOT } from '../kernels/guidedMatch.js';
import { createNearMask, fillNearMask, type NearMask } from '../kernels/nearMask.js';
import { roundRows } from '../kernels/roundRows.js';
import { loadLeft, reserveLeft } from '../kernels/rowDots.js';
import {
  createExpectedPoints,
  createExpectWorkspace,
  type ExpectedPoints,
  type ExpectWorkspace,
  expectPoints,
} from '../tracking/expectPoints.js';
import {
  createLocalMap,
  createLocalMapScratch,
  gatherLocalMap,
  type LocalMap,
  type LocalMapScratch,
} from '../tracking/localMap.js';
import { roomForMatches } from './correspondences.js';

/** Width the search radii are stated for. */
const REFERENCE_WIDTH_PX = 640;
const MIN_RADIUS_PX = 6;
const MAX_RADIUS_PX = 60;
const SIGMAS = 3;
/** Pairs that have nothing to do with each other, and the rank among them that a match must beat: one in 1000. */
const CHANCE_PAIRS = 2000;
const CHANCE_RANK = 2;
/** Points looked for around a pose that was found, at most. */
const MOST_CLOSE = 4000;
/** Side of a grid cell. */
const CELL_PX = 20;

export interface GuidedWorkspace {
  readonly local: LocalMap;
  readonly localScratch: LocalMapScratch;
  readonly expected: ExpectedPoints;
  readonly expect: ExpectWorkspace;
  readonly grid: PointGrid;
  readonly matches: GuidedMatches;
  readonly chance: Int32Array;
  /** What the last search found chance to offer. */
  level: number;
  readonly near: NearMask;
}

export function createGuidedWorkspace(): GuidedWorkspace {
  return {
    local: createLocalMap(),
    localScratch: createLocalMapScratch(),
    expected: createExpectedPoints(),
    expect: createExpectWorkspace(),
    grid: createPointGrid(),
    matches: createGuidedMatches(),
    chance: new Int32Array(CHANCE_RANK),
    level: NO_DOT,
    near: createNearMask(),
  };
}

/** Gathers the local map of a keyframe, its descriptors ready to be compared. */
export function gatherAround(
  map: MapModel,
  keyframe: number,
  most: number,
  { local, localScratch, matches: { rowDots } }: GuidedWorkspace,
): void {
  if (!gatherLocalMap(map, keyframe, most, local, localScratch)) return;
  const { offsets, descriptors, dim } = map.observations;
  reserveLeft(rowDots, local.offsets[local.pointCount], dim);
  let row = 0;
  for (let i = 0; i < local.keyframeCount; i++) {
    const start = offsets[local.keyframes[i]];
    const count = offsets[local.keyframes[i] + 1] - start;
    loadLeft(rowDots, row, descriptors, start, count);
    row += count;
  }
}

/** Makes the frame's keypoints searchable. */
export function loadQuery(camera: Camera, features: Features, ws: GuidedWorkspace): void {
  const cellPx = (CELL_PX * camera.widthPx) / REFERENCE_WIDTH_PX;
  fillPointGrid(ws.grid, features.xyPx, features.count, camera.widthPx, camera.heightPx, cellPx);
}

export interface GuidedMatched {
  readonly correspondences: Correspondences;
  /** Points looked for. */
  readonly expected: number;
  readonly meanRadiusPx: number;
}

/** Points of the local map looked for around their predicted pixels.
 * @param pose [12] row-major 3x4 camFromWorld    @param covariance of `pose`, left perturbation
 * @param limit points looked for at most, in the local map's order */
export function guidedMatches(
  camera: Camera,
  features: Features,
  pose: Float64Array,
  covariance: Float64Array,
  ratio: number,
  limit: number,
  ws: GuidedWorkspace,
): GuidedMatched {
  const options = { ...optionsFor(camera), limit };
  const { expected, matches, local } = ws;
  expectPoints(local, lensOf(camera), pose, covariance, options, null, ws.expect, expected);
  matchExpected(features, ws);
  const apartPx = 2 * options.maxRadiusPx;
  ws.level = chanceLevel(expected, features.xyPx, matches.rowDots, CHANCE_PAIRS, apartPx, ws.chance);
  return {
    correspondences: toCorrespondences(features.xyPx, pick(ws, ratio).sort(bestFirst), ws),
    expected: expected.count,
    meanRadiusPx: mean(expected.radiusPx, expected.count),
  };
}

/** All the local map has within the least radius of where a pose that was found puts it; what chance offers is as in the
 * search that found the pose. @param pose [12] row-major 3x4 camFromWorld */
export function closeMatches(
  camera: Camera,
  features: Features,
  pose: Float64Array,
  ratio: number,
  ws: GuidedWorkspace,
): Correspondences {
  const { expected, local, near } = ws;
  const options = { ...optionsFor(camera), limit: MOST_CLOSE };
  const { widthPx, heightPx, minRadiusPx } = options;
  fillNearMask(near, features.xyPx, features.count, widthPx, heightPx, minRadiusPx);
  expectPoints(local, lensOf(camera), pose, null, options, near, ws.expect, expected);
  matchExpected(features, ws);
  return toCorrespondences(features.xyPx, pick(ws, ratio), ws);
}

function optionsFor({ widthPx, heightPx }: Camera): Omit<PredictOptions, 'limit'> {
  const scale = widthPx / REFERENCE_WIDTH_PX;
  return {
    ...{ widthPx, heightPx, sigmas: SIGMAS, noisePx: scale },
    ...{ minRadiusPx: MIN_RADIUS_PX * scale, maxRadiusPx: MAX_RADIUS_PX * scale },
  };
}

function matchExpected({ descriptors }: Features, { expected, grid, matches }: GuidedWorkspace): void {
  matchGuided(expected, grid, roundRows(descriptors), matches);
}

interface Picked {
  readonly target: number;
  readonly keypoint: number;
  readonly ambiguity: number;
  readonly distinct: boolean;
}

const FULL = 127 * 127;

/** Point and keypoint that choose each other, in the targets' order. A match is distinct if it passes the ratio test against the best
 * rival on either side, and against what the image offers by chance: a window of a few keypoints holds no rival of its
 * own, so that all would pass. */
function pick({ matches, expected, level }: GuidedWorkspace, ratio: number): Picked[] {
  const picked: Picked[] = [];
  const { keypoint, target } = matches;
  for (let t = 0; t < expected.count; t++) {
    const k = keypoint[t];
    if (k < 0 || target[k] !== t) continue;
    const dot = matches.dot[t];
    if (dot < level) continue;
    const rival = Math.max(matches.rivalDot[t], matches.targetRivalDot[k], level, NO_DOT);
    const ambiguity = Math.max(FULL - dot, 0) / Math.max(FULL - rival, 1);
    picked.push({ target: t, keypoint: k, ambiguity, distinct: ambiguity <= ratio * ratio });
  }
  return picked;
}

const bestFirst = (a: Picked, b: Picked) => a.ambiguity - b.ambiguity || a.target - b.target;

function toCorrespondences(
  xyPx: Float32Array,
  picked: readonly Picked[],
  { expected, local }: GuidedWorkspace,
): Correspondences {
  const n = picked.length;
  const out = roomForMatches(n);
  let distinctCount = 0;
  for (const [i, { target, keypoint, distinct }] of picked.entries()) {
    const at = expected.point[target];
    out.xyPx[2 * i] = xyPx[2 * keypoint];
    out.xyPx[2 * i + 1] = xyPx[2 * keypoint + 1];
    for (let axis = 0; axis < 3; axis++) out.xyz[3 * i + axis] = local.xyz[3 * at + axis];
    out.point[i] = local.points[at];
    out.keyframe[i] = local.keyframes[expected.view[target]];
    out.distinct[i] = distinct ? 1 : 0;
    if (distinct) distinctCount++;
  }
  return { ...out, distinctCount };
}

function mean(values: Float32Array, count: number): number {
  let sum = 0;
  for (let i = 0; i < count; i++) sum += values[i];
  return count === 0 ? 0 : sum / count;
}
