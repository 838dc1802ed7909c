import { existsSync } from 'node:fs';
import { Command } from 'commander';
import { matcherOf } from '../src/cli/buildMapFile.js';
import { openMapInput } from '../src/cli/mapInput.js';
import { DEFAULT_MODEL } from '../src/cli/openLocalizer.js';
import type { Engine } from '../src/domain/features.js';
import type { MapModel } from '../src/domain/mapModel.js';
import { project } from '../src/geometry/projection.js';
import { inverse, transformPoint } from '../src/geometry/rigid.js';
import { createEngine } from '../src/hfnet/engine.js';
import { buildMap } from '../src/map/build/buildMap.js';
import { fitVlad } from '../src/map/build/fitVlad.js';
import type { KeyframeInput } from '../src/map/build/options.js';
import { projectGlobal } from '../src/map/projectGlobal.js';
import { aggregate, projectionOf } from '../src/map/vlad.js';
import { manifestAtHand, OTHERS } from '../test/support/networkManifests.js';
import { sharedPath } from '../test/support/shared.js';

const SETS = ['redkitchen7_early', 'kitti_a', 'karma_drone', 'walk_goproMax', 'brighton_drone'];
const NETWORKS: Readonly<Record<string, string | null>> = {
  ours: DEFAULT_MODEL,
  xfeat: manifestAtHand(OTHERS.xfeat),
  aliked: manifestAtHand(OTHERS.alikedT16),
};
const MAX_SIDE_PX = 640;
const KEYPOINTS = { map: 2000, query: 1000 };
const RANKS = [1, 5, 10];
/** Of a keyframe's points, those that a query must have in its picture for the keyframe to be a right answer. */
const MIN_SEEN = 0.5;

const EXAMPLES = `
All keyframes of all sets are one gallery, so every other set distracts. Right is a keyframe of which at least half
the map points lie in the query's picture.`;

interface Shots {
  readonly keyframes: readonly KeyframeInput[];
  readonly queries: readonly KeyframeInput[];
  /** [query][keyframe] */
  readonly isRight: readonly (readonly boolean[])[];
}

async function shots(engine: Engine, set: string, list: 'map' | 'query'): Promise<KeyframeInput[]> {
  const folder = sharedPath('data', set);
  const listFile = sharedPath('data', set, `${list}.txt`);
  const input = await openMapInput(folder, { list: listFile, maxSidePx: MAX_SIDE_PX });
  const out: KeyframeInput[] = [];
  for await (const frame of input.frames) {
    const { camera, pixels, timestampS } = frame;
    const image = { pixels, widthPx: camera.widthPx, heightPx: camera.heightPx };
    const features = await engine.extract(image, { maxKeypoints: KEYPOINTS[list] });
    const worldFromCam = input.poseOf(frame);
    if (worldFromCam !== null)
      out.push({ name: input.nameOf(frame), timeS: timestampS, camera, worldFromCam, features });
    frame.release();
  }
  return out;
}

async function shotsOf(engine: Engine, set: string): Promise<Shots> {
  const keyframes = await shots(engine, set, 'map');
  const queries = await shots(engine, set, 'query');
  const options = {
    ...{ name: set, builtWith: 'bench', model: engine.model },
    ...{ scale: 'metric' as const, maxSidePx: MAX_SIDE_PX },
  };
  const map = await buildMap({ images: keyframes, match: matcherOf(engine), assign: engine.assign, options });
  const isRight = queries.map((query) => keyframes.map((_, k) => seenShare(map, k, query) >= MIN_SEEN));
  return { keyframes, queries, isRight };
}

/** Of the keyframe's points, the share that lies in the query's picture. */
function seenShare({ observations, points }: MapModel, keyframe: number, query: KeyframeInput): number {
  const { camera } = query;
  const camFromWorld = inverse(query.worldFromCam);
  const pixel = new Float64Array(2);
  const [from, to] = observations.offsets.subarray(keyframe, keyframe + 2);
  let seen = 0;
  for (const point of observations.point.subarray(from, to)) {
    const [x, y, z] = points.xyz.subarray(3 * point, 3 * point + 3);
    const [cx, cy, cz] = transformPoint(camFromWorld, [x, y, z]);
    if (cz <= 0 || !project(camera, cx, cy, cz, pixel)) continue;
    const [u, v] = pixel;
    if (u >= 0 && v >= 0 && u < camera.widthPx && v < camera.heightPx) seen++;
  }
  return to > from ? seen / (to - from) : 0;
}

type Describe = (shot: KeyframeInput) => Promise<Float32Array>;

/** Share of queries with a right keyframe among the first of each rank. */
async function recall(sets: readonly Shots[], describe: Describe): Promise<string> {
  const gallery: { set: number; keyframe: number; row: Float32Array }[] = [];
  for (const [set, { keyframes }] of sets.entries())
    for (const [keyframe, shot] of keyframes.entries())
      gallery.push({ set, keyframe, row: await describe(shot) });
  const hits = RANKS.map(() => 0);
  let asked = 0;
  for (const [set, { queries, isRight }] of sets.entries())
    for (const [q, query] of queries.entries()) {
      const row = await describe(query);
      const ranked = gallery
        .map((entry) => ({ ...entry, dot: entry.row.reduce((sum, value, d) => sum + value * row[d], 0) }))
        .sort((a, b) => b.dot - a.dot);
      const first = ranked.findIndex((entry) => entry.set === set && isRight[q][entry.keyframe]);
      asked++;
      for (const [i, rank] of RANKS.entries()) if (first >= 0 && first < rank) hits[i]++;
    }
  return hits.map((count) => `${((100 * count) / asked).toFixed(1)} %`).join(' | ');
}

async function main({ networks }: { readonly networks: readonly string[] }): Promise<void> {
  process.stdout.write('| network | described by | R@1 | R@5 | R@10 |\n|---|---|---|---|---|\n');
  for (const network of networks) {
    const manifestPath = NETWORKS[network] ?? null;
    if (manifestPath === null) continue;
    const engine = await createEngine({ manifestPath });
    const sets: Shots[] = [];
    for (const set of SETS) if (existsSync(sharedPath('data', set))) sets.push(await shotsOf(engine, set));
    if (engine.model.globalDim > 0) {
      const own = await recall(sets, async ({ features }) => features.global ?? new Float32Array(0));
      process.stdout.write(`| ${network} | its global head | ${own} |\n`);
    }
    const keyframes = sets.flatMap((set) => set.keyframes.map(({ features }) => features));
    const fitted = await fitVlad(keyframes, engine.assign);
    if (fitted !== null) {
      const projection = projectionOf(fitted.vlad);
      const stood = await recall(sets, async ({ features }) =>
        projectGlobal(await aggregate(features, fitted.vlad, engine.assign), projection),
      );
      process.stdout.write(`| ${network} | VLAD fitted to the map | ${stood} |\n`);
    }
    await engine.close();
  }
}

await new Command('networkRetrieval')
  .description(
    'does retrieval find the right keyframes: global heads and the VLAD that stands in, on real sets',
  )
  .option('--networks <names...>', `of ${Object.keys(NETWORKS).join(', ')}`, Object.keys(NETWORKS))
  .addHelpText('after', EXAMPLES)
  .action(main)
  .parseAsync();
