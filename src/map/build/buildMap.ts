import { PosestreamError } from '../../domain/errors.js';
import type { Keyframes, MapModel, Observations } from '../../domain/mapModel.js';
import { transposeCsr } from '../../kernels/csr.js';
import { decodeMap, encodeMap, type MapContent } from '../container.js';
import type { Assign } from '../vlad.js';
import { buildTracks } from './buildTracks.js';
import { choosePairs, type Pair } from './choosePairs.js';
import { covisibilityOf } from './covisibility.js';
import { type FittedVlad, fitVlad } from './fitVlad.js';
import { type MapGlobals, storeGlobals, storeVlad } from './globals.js';
import {
  type BuildOptions,
  type BuildProgress,
  type BuildTuning,
  DEFAULT_TUNING,
  type KeyframeInput,
  type Match,
} from './options.js';
import { type Points, triangulateTracks } from './triangulateTracks.js';
import { type KeypointMatches, verifyPair } from './verifyPair.js';
import { prepareViews, type Views } from './views.js';

export interface BuildRequest {
  readonly images: readonly KeyframeInput[];
  readonly match: Match;
  /** Wanted where the network has no global head: a VLAD of its local descriptors then stands in. Without it the map
   * has no global descriptors, and whoever asks it looks at every keyframe. */
  readonly assign?: Assign;
  readonly options: BuildOptions;
  readonly onProgress?: (progress: BuildProgress) => void;
}

/** Triangulates the network's keypoints under poses that are taken as given: choose pairs, match, keep what lies on the
 * epipolar lines, join to tracks, triangulate, filter. Equal input gives equal bytes.
 * Throws E_MAP_INPUT for keyframes that cannot make a map, E_MAP_EMPTY where too few points came out. */
export async function buildMap(request: BuildRequest): Promise<MapModel> {
  const { images, match, options, onProgress } = request;
  checkInput(images, options);
  const tuning: BuildTuning = { ...DEFAULT_TUNING, ...options.tuning };
  const report = onProgress ?? (() => undefined);
  const views = prepareViews(images);
  const standIn = await fitStandIn(request);
  const pairs = choosePairs(
    images.map(({ worldFromCam, features }, k) => ({
      worldFromCam,
      global: standIn?.rows[k] ?? features.global,
    })),
    tuning,
  );
  report({ stage: 'pairs', done: 1, total: 1 });
  const matches = await matchPairs(images, views, pairs, match, tuning, report);
  const points = triangulateTracks(views, buildTracks(matches, views.keyframeOf), tuning);
  report({ stage: 'triangulate', done: 1, total: 1 });
  checkPoints(points.count, images.length);
  const map = assemble(images, views, points, standIn, options, tuning);
  const finished = decodeMap(encodeMap(map), options.name);
  report({ stage: 'write', done: 1, total: 1 });
  return finished;
}

async function fitStandIn({ images, options, assign }: BuildRequest): Promise<FittedVlad | null> {
  if (options.model.globalDim > 0 || assign === undefined) return null;
  return fitVlad(
    images.map(({ features }) => features),
    assign,
  );
}

function checkInput(images: readonly KeyframeInput[], { model }: BuildOptions): void {
  const fail = (what: string) =>
    new PosestreamError('E_MAP_INPUT', what, {
      hint: 'Give at least two posed images with different names.',
    });
  if (images.length < 2)
    throw fail(`A map needs two keyframes, there ${images.length === 1 ? 'is 1' : 'are none'}.`);
  const names = new Set<string>();
  for (const { name, features } of images) {
    if (names.has(name)) throw fail(`Keyframe ${name} comes twice.`);
    names.add(name);
    if (features.dim !== model.descriptorDim)
      throw fail(
        `Keyframe ${name} has ${features.dim}-d descriptors, the network gives ${model.descriptorDim}-d.`,
      );
  }
}

/** Fewer points can never carry a pose: that takes 15 inliers. */
const MIN_POINTS = 15;

function checkPoints(points: number, keyframes: number): void {
  if (points >= MIN_POINTS) return;
  throw new PosestreamError(
    'E_MAP_EMPTY',
    `Only ${points} points could be triangulated from ${keyframes} keyframes, a pose needs ${MIN_POINTS}.`,
    {
      hint: 'Check that poses are camera-to-world, that intrinsics fit the images, and that views overlap and move.',
    },
  );
}

async function matchPairs(
  images: readonly KeyframeInput[],
  views: Views,
  pairs: readonly Pair[],
  match: Match,
  tuning: BuildTuning,
  report: (progress: BuildProgress) => void,
): Promise<KeypointMatches[]> {
  const kept: KeypointMatches[] = [];
  for (const [done, pair] of pairs.entries()) {
    const [a, b] = [images[pair[0]].features, images[pair[1]].features];
    if (a.count > 0 && b.count > 0) {
      const verified = verifyPair(views, pair, await match(a.descriptors, b.descriptors), tuning);
      if (verified !== null) kept.push(verified);
    }
    report({ stage: 'match', done: done + 1, total: pairs.length });
  }
  return kept;
}

function assemble(
  images: readonly KeyframeInput[],
  views: Views,
  points: Points,
  standIn: FittedVlad | null,
  options: BuildOptions,
  tuning: BuildTuning,
): MapContent {
  const { model, name, builtWith, scale, maxSidePx, anchor = null } = options;
  const cameras = [...new Map(images.map(({ camera }) => [JSON.stringify(camera), camera])).values()];
  const own = images.map(({ features }) => features.global);
  const stored = standIn === null ? storeGlobals(own, model.globalDim, tuning.pcaFrom) : storeVlad(standIn);
  return {
    header: { name, builtWith, model, cameras, scale, maxSidePx, pca: stored.pca, anchor },
    keyframes: keyframesOf(images, cameras, stored),
    points: {
      count: points.count,
      xyz: points.xyz,
      trackLength: Uint16Array.from({ length: points.count }, (_, p) => rowOf(points, p).length),
      errorPx: points.errorPx,
    },
    observations: observationsOf(images, views, points, model.descriptorDim),
    covisibility: covisibilityOf(
      images.length,
      Array.from({ length: points.count }, (_, p) => rowOf(points, p).map((i) => views.keyframeOf[i])),
    ),
    ...(standIn === null ? {} : { vlad: standIn.vlad }),
  };
}

function rowOf({ keypoints }: Points, point: number): Uint32Array {
  return keypoints.items.subarray(keypoints.offsets[point], keypoints.offsets[point + 1]);
}

function keyframesOf(
  images: readonly KeyframeInput[],
  cameras: readonly KeyframeInput['camera'][],
  { globals, dim }: MapGlobals,
): Keyframes {
  const numberOf = new Map(cameras.map((camera, i) => [JSON.stringify(camera), i]));
  return {
    count: images.length,
    names: images.map(({ name }) => name),
    timeS: Float64Array.from(images, ({ timeS }) => timeS),
    worldFromCam: Float64Array.from(images.flatMap(({ worldFromCam: { t, q } }) => [...t, ...q])),
    camera: Uint32Array.from(images, ({ camera }) => numberOf.get(JSON.stringify(camera))!),
    globals,
    globalDim: dim,
  };
}

/** Keypoints that support a point, keyframe after keyframe, descriptors as unit rows x 127. */
function observationsOf(
  images: readonly KeyframeInput[],
  views: Views,
  points: Points,
  dim: number,
): Observations {
  const pointOfKeypoint = transposeCsr(points.keypoints, views.keyframeOf.length);
  const count = points.keypoints.items.length;
  const offsets = Uint32Array.from(views.firstKeypoint, (first) => pointOfKeypoint.offsets[first]);
  const xyPx = new Float32Array(2 * count);
  const descriptors = new Int8Array(dim * count);
  let row = 0;
  for (let i = 0; i < views.keyframeOf.length; i++)
    for (let e = pointOfKeypoint.offsets[i]; e < pointOfKeypoint.offsets[i + 1]; e++, row++) {
      const keyframe = views.keyframeOf[i];
      const from = (i - views.firstKeypoint[keyframe]) * dim;
      xyPx.set(views.xyPx.subarray(2 * i, 2 * i + 2), 2 * row);
      const source = images[keyframe].features.descriptors;
      for (let d = 0; d < dim; d++)
        descriptors[row * dim + d] = Math.round(127 * Math.max(-1, Math.min(1, source[from + d])));
    }
  return { count, offsets, point: pointOfKeypoint.items, xyPx, descriptors, dim };
}
