import assert from 'node:assert/strict';
import { test } from 'node:test';
import { concat, from, lastValueFrom, type Observable, Subject, tap, throwError, toArray } from 'rxjs';
import { PosestreamError } from '../domain/errors.js';
import type { Engine, Features, NearestTwo } from '../domain/features.js';
import type { Frame } from '../domain/frame.js';
import type { MapModel } from '../domain/mapModel.js';
import type { Outcome } from '../domain/outcome.js';
import { parseCamera } from '../geometry/camera.js';
import { answersInTime } from '../hfnet/answersInTime.js';
import { createRandom } from '../kernels/random.js';
import { DEFAULT_OPTIONS, type Localizer } from '../operators/localizer.js';
import { roundRobin } from '../operators/turns.js';
import { localizeLive, localizeRecording } from './localize.js';

const CAMERA = parseCamera('SIMPLE_PINHOLE', 640, 480, [500, 320, 240]);
const POINTS = 200;

/** A cloud in front of the origin, and where a camera at the origin sees it. */
const random = createRandom(4);
const xyz = Float64Array.from({ length: 3 * POINTS }, (_, i) =>
  i % 3 === 2 ? 6 + 10 * random.uniform() : (random.uniform() - 0.5) * 7,
);
const xyPx = Float32Array.from({ length: 2 * POINTS }, (_, i) => {
  const [x, y, z] = xyz.subarray(3 * (i >> 1), 3 * (i >> 1) + 3);
  return i % 2 === 0 ? 320 + (500 * x) / z : 240 + (500 * y) / z;
});

const DIM = 32;

/** [rows x DIM] of length 127, as maps keep descriptors. */
function randomDescriptors(rows: number): Int8Array {
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
const descriptors = randomDescriptors(POINTS);

/** Two keyframes; the second sees nothing of the cloud. */
const map = {
  header: { cameras: [CAMERA], maxSidePx: 640, scale: 'metric' },
  keyframes: {
    count: 2,
    globalDim: 4,
    worldFromCam: Float64Array.of(0, 0, 0, 0, 0, 0, 1, 9, 9, 9, 0, 0, 0, 1),
  },
  points: { count: POINTS, xyz },
  observations: {
    count: POINTS,
    offsets: Uint32Array.of(0, POINTS, POINTS),
    point: Uint32Array.from({ length: POINTS }, (_, i) => i),
    xyPx,
    descriptors,
    dim: DIM,
  },
  covisibility: {
    offsets: Uint32Array.of(0, 0, 0),
    neighbour: new Uint32Array(0),
    weight: new Uint32Array(0),
  },
} as unknown as MapModel;

const features: Features = {
  count: POINTS,
  xyPx,
  scores: new Float32Array(POINTS).fill(1),
  descriptors: Float32Array.from(descriptors, (v) => v / 127),
  dim: DIM,
  global: Float32Array.of(1, 0, 0, 0),
};
/** Keypoints where the map's are, of things the map does not know. */
const strange: Features = {
  ...features,
  descriptors: Float32Array.from(randomDescriptors(POINTS), (v) => v / 127),
};

const rightMatches: NearestTwo = {
  index: Int32Array.from({ length: 2 * POINTS }, (_, i) => (i % 2 === 0 ? i / 2 : (i >> 1) + 1) % POINTS),
  dot: Float32Array.from({ length: 2 * POINTS }, (_, i) => (i % 2 === 0 ? 0.95 : 0.4)),
  refBest: Int32Array.from({ length: POINTS }, (_, i) => i),
};
const wrongMatches: NearestTwo = {
  ...rightMatches,
  index: Int32Array.from(rightMatches.index, (row) => (row * 7 + 3) % POINTS),
  refBest: new Int32Array(POINTS).fill(-1),
};

interface Script {
  readonly extract?: () => Promise<Features>;
  readonly match?: () => NearestTwo;
}

/** A localizer whose engine follows a script and whose look-ups are counted. */
function scripted({ extract = async () => features, match = () => rightMatches }: Script = {}) {
  const counts = { retrieved: 0, matched: 0 };
  const engine = {
    model: { globalDim: 4 },
    extract,
    match: async () => {
      counts.matched++;
      return match();
    },
  } as unknown as Engine;
  const places = {
    kind: 'exact' as const,
    describe: async ({ global }: Features) => global,
    search: async () => {
      counts.retrieved++;
      return { ids: Int32Array.of(0, 1), scores: Float32Array.of(1, 0.5) };
    },
  };
  const localizer: Localizer = { engine, map, places, options: DEFAULT_OPTIONS, nowMs: () => 0 };
  return { localizer, counts };
}

function frames(count: number, released: number[], stepS = 0.1): Frame[] {
  return Array.from({ length: count }, (_, sequence) => ({
    stream: 'test',
    epoch: 0,
    sequence,
    timestampS: sequence * stepS,
    captureMs: 0,
    captureClock: 'media' as const,
    camera: CAMERA,
    pixels: new Uint8Array(0),
    release: () => {
      released.push(sequence);
    },
  }));
}

async function* pulled<T>(values: readonly T[]): AsyncGenerator<T> {
  yield* values;
}

const all = (outcomes: Observable<Outcome>) => lastValueFrom(outcomes.pipe(toArray()));

test('a recording is posed frame by frame; after the first, retrieval is skipped', async () => {
  const released: number[] = [];
  const { localizer, counts } = scripted();
  const outcomes = await all(localizeRecording(pulled(frames(5, released)), localizer, 'sequence'));
  assert.deepEqual(
    outcomes.map((o) => o.kind === 'posed' && o.pose.source),
    ['pnp', 'tracked', 'tracked', 'tracked', 'tracked'],
  );
  assert.equal(counts.retrieved, 1);
  assert.deepEqual(released, [0, 1, 2, 3, 4]);
  for (const outcome of outcomes)
    if (outcome.kind === 'posed') assert.ok(Math.hypot(...outcome.pose.worldFromCam.t) < 1e-3);
});

test('two fixes that agree make a track', async () => {
  const { localizer } = scripted();
  const outcomes = await all(localizeRecording(pulled(frames(3, [])), localizer, 'sequence'));
  assert.deepEqual(
    outcomes.map((o) => o.kind === 'posed' && [o.state, o.retrieved, o.resetCounter]),
    [
      ['relocalizing', true, 0],
      ['tracking', false, 0],
      ['tracking', false, 0],
    ],
  );
});

test('live: a frame its source rejects is dropped beside the others and takes no place in the queue', async () => {
  const released: number[] = [];
  const { localizer } = scripted();
  const [first, waiting, repeat] = frames(3, released);
  const source = from([first, waiting, { ...repeat, reject: 'duplicate-time' as const }]);
  const outcomes = await all(source.pipe(localizeLive(localizer, 'sequence')));
  const fates = outcomes.map((o) => [o.frame.sequence, o.kind === 'dropped' ? o.reason : o.kind]);
  assert.deepEqual(
    fates.sort(([a], [b]) => Number(a) - Number(b)),
    [
      [0, 'posed'],
      [1, 'posed'],
      [2, 'duplicate-time'],
    ],
  );
  assert.deepEqual([...released].sort(), [0, 1, 2]);
});

test('frame mode and gaps of time retrieve anew', async () => {
  const alone = scripted();
  await all(localizeRecording(pulled(frames(4, [])), alone.localizer, 'frame'));
  assert.equal(alone.counts.retrieved, 4);
  const sparse = scripted();
  await all(localizeRecording(pulled(frames(4, [], 2)), sparse.localizer, 'sequence'));
  assert.equal(sparse.counts.retrieved, 4);
});

test('where the tracked place fails, retrieval takes over within the frame', async () => {
  let calls = 0;
  const { localizer, counts } = scripted({
    extract: async () => (counts.retrieved === 0 ? features : strange),
    match: () => (++calls === 2 ? wrongMatches : rightMatches),
  });
  const outcomes = await all(localizeRecording(pulled(frames(2, [])), localizer, 'sequence'));
  assert.deepEqual(
    outcomes.map((o) => o.kind === 'posed' && o.pose.source),
    ['pnp', 'pnp'],
  );
  assert.equal(counts.retrieved, 2);
});

test('matches that agree on nothing are lost, with a reason and a coarse pose', async () => {
  const { localizer } = scripted({ match: () => wrongMatches });
  const [outcome] = await all(localizeRecording(pulled(frames(1, [])), localizer, 'frame'));
  assert.equal(outcome.kind, 'lost');
  if (outcome.kind !== 'lost') return;
  assert.match(outcome.reason, /few/);
  assert.deepEqual(outcome.coarse?.t, [0, 0, 0]);
});

test('a dark frame is lost for want of features', async () => {
  const dark: Features = {
    ...features,
    count: 0,
    xyPx: new Float32Array(0),
    descriptors: new Float32Array(0),
  };
  const { localizer, counts } = scripted({ extract: async () => dark });
  const [outcome] = await all(localizeRecording(pulled(frames(1, [])), localizer, 'frame'));
  assert.equal(outcome.kind === 'lost' && outcome.reason, 'no-features');
  assert.equal(counts.matched, 0);
});

test('a pose of a suspect frame is never a confident one, and needs twice the inliers', async () => {
  const { localizer } = scripted();
  const suspects = (of: Frame[]) => of.map((frame) => ({ ...frame, isSuspect: true as const }));
  const [trusted] = await all(localizeRecording(pulled(frames(1, [])), localizer, 'frame'));
  const [doubted] = await all(localizeRecording(pulled(suspects(frames(1, []))), localizer, 'frame'));
  assert.ok(trusted.kind === 'posed' && doubted.kind === 'posed');
  assert.equal(doubted.pose.confidence, trusted.pose.confidence / 2);
  const { inliers } = trusted.pose;
  const options = { ...localizer.options, minInliers: Math.ceil(0.6 * inliers), certainInliers: 1 };
  const strict = { ...localizer, options };
  const [fix] = await all(localizeRecording(pulled(frames(1, [])), strict, 'frame'));
  const [miss] = await all(localizeRecording(pulled(suspects(frames(1, []))), strict, 'frame'));
  assert.deepEqual([fix.kind, miss.kind], ['posed', 'lost']);
});

test('a picture the network chokes on is dropped as a fault; the next goes on', async () => {
  let calls = 0;
  const released: number[] = [];
  const { localizer } = scripted({
    extract: async () => {
      if (++calls === 1) throw new PosestreamError('E_MODEL_NONFINITE', 'NaN');
      return features;
    },
  });
  const outcomes = await all(localizeRecording(pulled(frames(2, released)), localizer, 'frame'));
  assert.deepEqual(
    outcomes.map((o) => o.kind),
    ['dropped', 'posed'],
  );
  assert.deepEqual(released, [0, 1]);
});

test('any other failure ends the stream', async () => {
  const { localizer } = scripted({
    extract: async () => {
      throw new PosestreamError('E_ENGINE', 'gone');
    },
  });
  await assert.rejects(all(localizeRecording(pulled(frames(2, [])), localizer, 'frame')), {
    code: 'E_ENGINE',
  });
});

test('live: an engine that never answers ends its stream in time, and holds up nobody else', async () => {
  const turns = roundRobin();
  const never = () => new Promise<never>(() => undefined);
  const stuck = scripted({ extract: never }).localizer;
  const engine = answersInTime(stuck.engine, 50);
  const first = lastValueFrom(
    from(frames(1, [])).pipe(localizeLive({ ...stuck, engine, turns }, 'sequence'), toArray()),
  );
  const second = lastValueFrom(
    from(frames(1, [])).pipe(localizeLive({ ...scripted().localizer, turns }, 'sequence'), toArray()),
  );
  await assert.rejects(first, (error) => error instanceof PosestreamError && error.code === 'E_ENGINE');
  assert.deepEqual(
    (await second).map(({ kind }) => kind),
    ['posed'],
  );
});

test('live: a burst gives the first and the newest a pose, the rest are dropped and released once', async () => {
  const released: number[] = [];
  const { localizer } = scripted();
  const outcomes = await all(from(frames(10, released)).pipe(localizeLive(localizer, 'sequence')));
  assert.equal(outcomes.length, 10);
  const posed = outcomes.filter(({ kind }) => kind === 'posed').map(({ frame }) => frame.sequence);
  assert.deepEqual(posed, [0, 9]);
  assert.deepEqual(
    [...released].sort((a, b) => a - b),
    [0, 1, 2, 3, 4, 5, 6, 7, 8, 9],
  );
});

test('live: where the source fails, every frame before has its outcome, then the failure is told', async () => {
  const released: number[] = [];
  const { localizer } = scripted();
  const source = concat(
    from(frames(5, released)),
    throwError(() => new Error('cable')),
  );
  const outcomes: Outcome[] = [];
  const told = tap((outcome: Outcome) => outcomes.push(outcome));
  await assert.rejects(lastValueFrom(source.pipe(localizeLive(localizer, 'sequence'), told)), /cable/);
  assert.deepEqual(outcomes.map(({ frame }) => frame.sequence).sort(), [0, 1, 2, 3, 4]);
  assert.deepEqual([...released].sort(), [0, 1, 2, 3, 4]);
});

test('live: unsubscribing releases the frame that waits', () => {
  const released: number[] = [];
  const source = new Subject<Frame>();
  const { localizer } = scripted({ extract: () => new Promise(() => undefined) });
  const subscription = source.pipe(localizeLive(localizer, 'sequence')).subscribe();
  for (const frame of frames(3, released)) source.next(frame);
  subscription.unsubscribe();
  assert.deepEqual([...released].sort(), [0, 1, 2]);
});

test('a network that refuses a turned canvas still gives the upright frame its outcome', async () => {
  let calls = 0;
  const { localizer } = scripted({
    match: () => wrongMatches,
    extract: async () => {
      if (++calls > 1) throw new PosestreamError('E_MODEL_CONTRACT', 'takes exactly 640 x 480 px');
      return features;
    },
  });
  // A picture to turn: the scripted frames carry none.
  const [frame] = frames(1, []);
  const outcomes = await all(
    localizeRecording(pulled([{ ...frame, pixels: new Uint8Array(640 * 480) }]), localizer, 'frame'),
  );
  assert.deepEqual(
    outcomes.map(({ kind }) => kind),
    ['lost'],
  );
  assert.equal(calls, 1 + DEFAULT_OPTIONS.turnsDeg.length);
});
