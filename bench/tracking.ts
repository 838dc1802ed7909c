import { from, lastValueFrom } from 'rxjs';
import { DEFAULT_MODEL } from '../src/cli/openLocalizer.js';
import type { Engine } from '../src/domain/features.js';
import type { MapModel } from '../src/domain/mapModel.js';
import type { WorldFromCam } from '../src/domain/rigid.js';
import { transport } from '../src/geometry/covariance.js';
import { adjoint } from '../src/geometry/poseMatrix.js';
import { angleBetween, compose, distanceBetween, exp, writeMatrix3x4 } from '../src/geometry/rigid.js';
import { createEngine } from '../src/hfnet/engine.js';
import { createRandom } from '../src/kernels/random.js';
import { createPlaceIndex, type PlaceIndex } from '../src/map/placeIndex.js';
import type { Attempt } from '../src/operators/attempt.js';
import { clusterPlaces } from '../src/operators/clusterPlaces.js';
import {
  DEFAULT_OPTIONS,
  type Localizer,
  MAP_DESCRIPTORS,
  type Query,
  startStopwatch,
} from '../src/operators/localizer.js';
import { matchPlace } from '../src/operators/matchPlace.js';
import { retrievePlaces } from '../src/operators/retrievePlaces.js';
import { solvePose } from '../src/operators/solvePose.js';
import { trackLocalMap } from '../src/operators/trackLocalMap.js';
import type { Prediction } from '../src/tracking/prediction.js';
import { type BenchRow, benchRow } from './benchRow.js';
import type { Bench, BenchContext } from './context.js';
import { type Drive, type DriveQuery, generateDrive } from './generatedDrive.js';
import { padMap } from './paddedMap.js';
import { median } from './timing.js';

export const trackingBench: Bench = {
  name: 'tracking',
  what: 'pose of a tracked frame by guided search against matching all of its place; growth with the map',
  run: benchTracking,
};

const STEP_M = 1;
const DENSE = { full: 1000, quick: 100 };
const SIZES = { full: [1000, 20_000, 100_000], quick: [100, 5000] };
const QUERIES = { full: 100, quick: 20 };
const ROUNDS = { full: 7, quick: 2 };
/** How wrong predictions are, one standard deviation. */
const PREDICTED = { rad: 0.005, m: 0.05 };
const BAR_MS = 2;
const BAR_GROWTH = 1.1;

async function benchTracking({ quick, say }: BenchContext): Promise<BenchRow[]> {
  const kind = quick ? 'quick' : 'full';
  const keyframes = DENSE[kind];
  const drive = generateDrive({ points: 40 * keyframes, keyframes, stepM: STEP_M, perImage: 500, seed: 21 });
  const tasks = Array.from({ length: QUERIES[kind] }, (_, n) => taskOf(drive.query(n), n, keyframes));
  const results = await benchSizes(drive, SIZES[kind], tasks, ROUNDS[kind], say);
  return [
    frameRow(results[0]),
    benchGrowth(drive, SIZES[kind], tasks, ROUNDS[kind]),
    ...results.map((result) => relocalizeRow(result, results[0])),
  ];
}

interface Task {
  readonly query: DriveQuery;
  readonly n: number;
  readonly prediction: Prediction;
}

/** The truth, moved by what a motion model may be off. */
function taskOf(query: DriveQuery, n: number, keyframes: number): Task {
  const random = createRandom(n, 5);
  const { rad, m } = PREDICTED;
  const off = Array.from({ length: 6 }, (_, i) => (i < 3 ? rad : m) * random.normal());
  const worldFromCam = compose(query.worldFromCam, exp<'cam', 'cam'>(off));
  const own = new Float64Array(36);
  for (let i = 0; i < 6; i++) own[7 * i] = i < 3 ? rad * rad : m * m;
  const covariance = transport(adjoint(writeMatrix3x4(worldFromCam, new Float64Array(12))), own);
  const keyframe = Math.min(keyframes - 1, Math.max(0, Math.round(query.worldFromCam.t[0] / STEP_M)));
  return { query, n, prediction: { worldFromCam, covariance, keyframe, turnDeg: 0 } };
}

type Way = 'guided' | 'place' | 'retrieved' | 'retrieval';

interface SizeResult {
  readonly size: number;
  readonly index: PlaceIndex['kind'];
  readonly cpuMs: Readonly<Record<Way, number>>;
  /** Poses within 0.25 m and 2 degrees. */
  readonly right: Readonly<Record<Way, number>>;
  readonly of: number;
  readonly medianErrorM: Readonly<Record<Way, number>>;
}

/** All maps are held at once and take turns: load that comes and goes hurts them alike. */
async function benchSizes(
  drive: Drive,
  sizes: readonly number[],
  tasks: readonly Task[],
  rounds: number,
  say: (line: string) => void,
): Promise<SizeResult[]> {
  const opened: OpenSize[] = [];
  try {
    for (const size of sizes) {
      say(`tracking: ${size} keyframes`);
      opened.push(await openSize(drive, size));
    }
    for (let round = 0; round <= rounds; round++)
      for (const one of opened) await playRound(one, tasks, round > 0);
    return opened.map(({ size, localizer, spent, found }) => ({
      size,
      index: localizer.places.kind,
      of: tasks.length,
      ...summary(spent, found as Record<Way, (Attempt | null)[]>, tasks),
    }));
  } finally {
    for (const { localizer } of opened) await localizer.engine.close();
  }
}

interface OpenSize {
  readonly size: number;
  readonly localizer: Localizer;
  readonly spent: Record<Way, number[]>;
  readonly found: Partial<Record<Way, (Attempt | null)[]>>;
}

async function openSize(drive: Drive, size: number): Promise<OpenSize> {
  const map: MapModel = padMap(drive.map, size, 3);
  const engine = await createEngine({ manifestPath: DEFAULT_MODEL, threads: 1 });
  await engine.store(MAP_DESCRIPTORS, map.observations.descriptors, map.observations.dim);
  const places = await createPlaceIndex(map, engine, { kind: 'auto' });
  const nowMs = () => performance.now();
  const localizer: Localizer = { engine, map, places, options: DEFAULT_OPTIONS, nowMs };
  return { size, localizer, spent: { guided: [], place: [], retrieved: [], retrieval: [] }, found: {} };
}

async function playRound({ localizer, spent, found }: OpenSize, tasks: readonly Task[], counts: boolean) {
  const ways = waysOf(localizer, localizer.engine);
  for (const way of Object.keys(ways) as Way[]) {
    const { user, system } = process.cpuUsage();
    const attempts: (Attempt | null)[] = [];
    for (const task of tasks) attempts.push(await ways[way](task));
    const after = process.cpuUsage();
    if (counts) spent[way].push((after.user + after.system - user - system) / 1000 / tasks.length);
    found[way] = attempts;
  }
}

function summary(
  spent: Record<Way, number[]>,
  found: Record<Way, (Attempt | null)[]>,
  tasks: readonly Task[],
): Pick<SizeResult, 'cpuMs' | 'right' | 'medianErrorM'> {
  const each = <T>(value: (way: Way) => T) =>
    Object.fromEntries((Object.keys(spent) as Way[]).map((way) => [way, value(way)])) as Record<Way, T>;
  const errors = (way: Way) =>
    found[way].map((attempt, i) =>
      attempt?.kind === 'fix' ? distanceBetween(attempt.pose.worldFromCam, tasks[i].query.worldFromCam) : 1e9,
    );
  return {
    cpuMs: each((way) => median(spent[way])),
    right: each(
      (way) => found[way].filter((attempt, i) => isRight(attempt, tasks[i].query.worldFromCam)).length,
    ),
    medianErrorM: each((way) => median(errors(way))),
  };
}

function isRight(attempt: Attempt | null, truth: WorldFromCam): boolean {
  if (attempt?.kind !== 'fix') return false;
  const { worldFromCam } = attempt.pose;
  return (
    distanceBetween(worldFromCam, truth) < 0.25 && angleBetween(worldFromCam, truth) < (2 * Math.PI) / 180
  );
}

/** Neighbours matched besides the last keyframe, as sequences did before the search was guided. */
const PLACE_NEIGHBOURS = 5;

function waysOf(localizer: Localizer, engine: Engine): Record<Way, (task: Task) => Promise<Attempt | null>> {
  const { map } = localizer;
  const solve = (query: Query, keyframes: readonly number[]) =>
    lastValueFrom(
      from([{ keyframes, origin: 'tracked' } as const]).pipe(
        matchPlace(localizer, query),
        solvePose(localizer, query),
      ),
    );
  return {
    guided: async (task) => trackLocalMap(localizer, queryOf(task), task.prediction),
    place: async (task) => {
      const { keyframe } = task.prediction;
      const start = map.covisibility.offsets[keyframe];
      const near = map.covisibility.neighbour.subarray(start, start + PLACE_NEIGHBOURS);
      return solve(queryOf(task), [keyframe, ...near]);
    },
    retrieved: async (task) => {
      const query = queryOf(task);
      const places = from([query]).pipe(retrievePlaces(localizer), clusterPlaces(localizer));
      return lastValueFrom(places.pipe(matchPlace(localizer, query), solvePose(localizer, query)), {
        defaultValue: null,
      });
    },
    retrieval: async ({ query }) => {
      await localizer.places.search(
        query.features.global!,
        engine.model.globalDim > 0 ? localizer.options.retrieved : 1,
      );
      return null;
    },
  };
}

function queryOf({ query, n }: Task): Query {
  const { camera, features } = query;
  const image = { pixels: new Uint8Array(0), widthPx: camera.widthPx, heightPx: camera.heightPx };
  const frame = {
    stream: 'bench',
    epoch: 0,
    sequence: n,
    timestampS: n,
    captureMs: 0,
    captureClock: 'media',
  } as const;
  return { frame, camera, features, image, turnDeg: 0, watch: startStopwatch(() => 0) };
}

const WHAT = 'pose within 0.25 m and 2°';
const cm = (m: number) => `${(100 * m).toFixed(1)} cm`;

function frameRow({ cpuMs, right, of, medianErrorM, size }: SizeResult): BenchRow {
  return benchRow({
    name: 'tracked frame, 640×480, 500 keypoints',
    unit: 'CPU ms',
    ours: cpuMs.guided,
    peer: cpuMs.place,
    peerName: 'all keypoints against the last keyframe and 5 neighbours in the engine, then LO-RANSAC',
    correct: { what: WHAT, ours: right.guided, peer: right.place, of },
    bar: { of: 'ours', limit: 'at most', value: BAR_MS },
    note: `Everything but decoding and network; map of ${size} keyframes; half the keypoints are clutter. Median error ${cm(medianErrorM.guided)}, peer ${cm(medianErrorM.place)}.`,
  });
}

/** Guided search needs no engine, so that all maps are held at once and take turns: load that comes and goes hurts them
 * alike, which it does not where a big map waits for its index. */
function benchGrowth(
  drive: Drive,
  sizes: readonly number[],
  tasks: readonly Task[],
  rounds: number,
): BenchRow {
  const runs = sizes.map((size) => ({
    size,
    localizer: { map: padMap(drive.map, size, 3), options: DEFAULT_OPTIONS, nowMs: () => 0 } as Localizer,
    cpuMs: [] as number[],
    right: 0,
  }));
  for (let round = 0; round <= 2 * rounds; round++)
    for (const run of runs) {
      const before = process.cpuUsage();
      const attempts = tasks.map((task) => trackLocalMap(run.localizer, queryOf(task), task.prediction));
      const { user, system } = process.cpuUsage(before);
      if (round > 1) run.cpuMs.push((user + system) / 1000 / tasks.length);
      run.right = attempts.filter((attempt, i) => isRight(attempt, tasks[i].query.worldFromCam)).length;
    }
  const [first, last] = [runs[0], runs[runs.length - 1]];
  return benchRow({
    name: 'tracked frame, growth with the map',
    unit: '×',
    ours: median(last.cpuMs) / median(first.cpuMs),
    correct: { what: WHAT, ours: last.right, peer: null, of: tasks.length },
    bar: { of: 'ours', limit: 'at most', value: BAR_GROWTH },
    note: `${runs.map(({ size, cpuMs }) => `${size} keyframes ${median(cpuMs).toFixed(2)} CPU ms`).join(', ')}, in turns.`,
  });
}

function relocalizeRow({ size, index, cpuMs, right, of }: SizeResult, smallest: SizeResult): BenchRow {
  return benchRow({
    name: `relocalization in ${size} keyframes`,
    unit: 'CPU ms',
    ours: cpuMs.retrieved,
    peer: cpuMs.retrieval,
    peerName: `retrieval alone (${index})`,
    correct: { what: WHAT, ours: right.retrieved, peer: null, of },
    note: `Growth ${(cpuMs.retrieved / smallest.cpuMs.retrieved).toFixed(2)}, retrieval's own ${(cpuMs.retrieval / smallest.cpuMs.retrieval).toFixed(2)}.`,
  });
}
