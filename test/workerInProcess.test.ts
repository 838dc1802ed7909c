import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { PosestreamError } from '../src/domain/errors.js';
import type { Engine, Features } from '../src/domain/features.js';
import type { Frame } from '../src/domain/frame.js';
import { gatedTurns } from '../src/operators/gatedTurns.js';
import { DEFAULT_OPTIONS, type Localizer } from '../src/operators/localizer.js';
import { roundRobin } from '../src/operators/turns.js';
import type { BusEvents, Report } from '../src/server/bus.js';
import { inProcessBus } from '../src/server/busInProcess.js';
import { type LiveLocalizer, startWorker } from '../src/server/worker.js';
import { frameSource } from '../src/streams/frameSource.js';
import { FAKE_CAMERA, FAKE_MODEL, fakeMap } from './fakeScene.js';
import { until } from './support/until.js';

const BLIND: Features = {
  ...{ count: 0, xyPx: new Float32Array(0), scores: new Float32Array(0), dim: 4, global: null },
  descriptors: new Float32Array(0),
};
const RUN = { stream: 'car', run: 1 };
const SPEC = { id: 'car', source: 'made-up', realtime: true, loop: false };

/** A worker within this process whose network does what `extract` says; 100 frames a second come in.
 * @param maps sha256 of the maps it opens, one after the other */
function startFake(extract: Engine['extract'], maps: readonly string[] = ['a', 'b']) {
  const reports: Report[] = [];
  const endings: string[] = [];
  const released: number[] = [];
  const events: BusEvents = {
    report: (report) => void reports.push(report),
    ended: (how) => void endings.push(how),
  };
  const engine = { model: FAKE_MODEL, extract } as Engine;
  const gate = gatedTurns(roundRobin());
  const localizerOf = (sha256: string): Localizer => ({
    ...{ engine, map: { ...fakeMap(1, 50), sha256 }, options: { ...DEFAULT_OPTIONS, turnsDeg: [] } },
    ...{ nowMs: () => performance.now(), turns: gate },
    places: {
      kind: 'exact',
      describe: async () => null,
      search: async () => ({ ids: new Int32Array(0), scores: new Float32Array(0) }),
    },
  });
  let now = localizerOf(maps[0]);
  const localizer: LiveLocalizer = {
    now: () => now,
    gate,
    swap: async (path, quiet) => {
      if (path === '/bad.map') throw new PosestreamError('E_MAP_CORRUPT', 'damaged');
      const goOn = await quiet();
      now = localizerOf(maps[1]);
      goOn();
    },
    close: async () => undefined,
  };
  const frames = frameSource(async function* (signal) {
    for (let sequence = 0; !signal.aborted && endings.length === 0; sequence++) {
      await delay(10);
      yield frameOf(sequence, () => released.push(sequence));
    }
  });
  const bus = inProcessBus((report, end) =>
    startWorker(report, {
      ...{ end, openLocalizer: async () => localizer },
      openSource: async (_, { signal }) => ({
        camera: FAKE_CAMERA,
        frames: frameSource(async function* (inner) {
          for await (const frame of frames) {
            if (signal.aborted || inner.aborted) return;
            yield frame;
          }
        }),
      }),
    }),
  )(events);
  const of = <K extends Report['kind']>(kind: K) =>
    reports.filter((report): report is Extract<Report, { kind: K }> => report.kind === kind);
  bus.send({ kind: 'open', mapPath: '/a.map', modelPath: '/net.json' });
  return { bus, of, reports, endings, released };
}

function frameOf(sequence: number, release: () => void): Frame {
  return {
    ...{ stream: 'car', epoch: 0, sequence, timestampS: sequence / 100, captureMs: 0, captureClock: 'media' },
    ...{ camera: FAKE_CAMERA, pixels: new Uint8Array(FAKE_CAMERA.widthPx * FAKE_CAMERA.heightPx), release },
  };
}

async function run(worker: ReturnType<typeof startFake>, epoch = 5, resetCounter = 3): Promise<void> {
  await until(() => worker.of('opened').length === 1, 'opened');
  worker.bus.send({ kind: 'assign', ...RUN, spec: SPEC });
  worker.bus.send({ kind: 'start', ...RUN, epoch, resetCounter });
}

const blind: Engine['extract'] = async () => {
  await delay(25);
  return BLIND;
};

test('every frame is told at the door and once more with its outcome, on from where clients are', async () => {
  const worker = startFake(blind);
  await run(worker);
  await until(() => worker.of('outcome').length > 20, 'outcomes');
  worker.bus.send({ kind: 'release', ...RUN });
  await until(() => worker.of('over').length === 1, 'end of the run');
  const keys = (frames: readonly { epoch: number; sequence: number }[]) =>
    frames.map(({ epoch, sequence }) => `${epoch}:${sequence}`);
  const arrived = keys(worker.of('arrived').map(({ frame }) => frame));
  const out = keys(worker.of('outcome').map(({ outcome }) => outcome.frame));
  assert.deepEqual(out.toSorted(), arrived.toSorted());
  assert.equal(new Set(out).size, out.length);
  assert.ok(arrived.every((key) => key.startsWith('5:')));
  const lost = worker.of('outcome').flatMap(({ outcome }) => (outcome.kind === 'lost' ? [outcome] : []));
  assert.ok(lost.length > 3 && lost.every(({ resetCounter }) => resetCounter === 3));
  assert.deepEqual(
    worker.of('source').map(({ status }) => status.kind),
    ['connecting', 'streaming', 'ended'],
  );
  worker.bus.send({ kind: 'stop' });
  await until(() => worker.endings.length === 1, 'end');
  assert.ok(worker.released.length >= out.length);
});

test('a picture is taken once per request, of the very frame of its outcome', async () => {
  const worker = startFake(blind);
  await run(worker);
  await until(() => worker.of('outcome').length > 3, 'outcomes');
  assert.ok(worker.of('outcome').every(({ image }) => image === null));
  worker.bus.send({ kind: 'picture', ...RUN });
  const images = () => worker.of('outcome').flatMap(({ image }) => image ?? []);
  await until(() => images().length === 1, 'picture');
  const seen = worker.of('outcome').length;
  await until(() => worker.of('outcome').length > seen + 5, 'more outcomes');
  assert.equal(images().length, 1);
  assert.equal(images()[0].pixels.length, FAKE_CAMERA.widthPx * FAKE_CAMERA.heightPx);
  worker.bus.send({ kind: 'stop' });
  await until(() => worker.endings.length === 1, 'end');
});

test('a map is swapped between two frames: the counter grows by one and stays, nothing starts anew', async () => {
  const worker = startFake(blind);
  await run(worker);
  await until(() => worker.of('outcome').length > 5, 'outcomes');
  worker.bus.send({ kind: 'swapMap', id: 1, path: '/bad.map' });
  await until(() => worker.of('notSwapped').length === 1, 'refusal');
  assert.equal(worker.of('notSwapped')[0].fault.code, 'E_MAP_CORRUPT');
  worker.bus.send({ kind: 'swapMap', id: 2, path: '/b.map' });
  await until(() => worker.of('swapped').length === 1, 'swap');
  assert.equal(worker.of('swapped')[0].map.sha256, 'b');
  const after = () => worker.reports.slice(worker.reports.findIndex(({ kind }) => kind === 'swapped'));
  const countersAfter = () =>
    after().flatMap((r) =>
      r.kind === 'outcome' && r.outcome.kind === 'lost' ? [r.outcome.resetCounter] : [],
    );
  await until(() => countersAfter().length > 4, 'outcomes in the new map');
  assert.ok(countersAfter().every((counter) => counter === 4));
  const before = worker.reports.slice(0, worker.reports.length - after().length);
  const counters = before.flatMap((r) =>
    r.kind === 'outcome' && r.outcome.kind === 'lost' ? [r.outcome.resetCounter] : [],
  );
  assert.ok(counters.length > 0 && counters.every((counter) => counter === 3));
  assert.equal(worker.of('over').length, 0);
  assert.equal(worker.of('source').filter(({ status }) => status.kind === 'connecting').length, 1);
  worker.bus.send({ kind: 'stop' });
  await until(() => worker.endings.length === 1, 'end');
});

test('an engine that fails ends the worker with its reason', async () => {
  let calls = 0;
  const worker = startFake(async () => {
    if (++calls > 4) throw new PosestreamError('E_ENGINE', 'out of memory');
    return blind({} as never, {} as never);
  });
  await run(worker);
  await until(() => worker.endings.length === 1, 'end');
  assert.deepEqual(worker.of('failed')[0].fault, { code: 'E_ENGINE', message: 'out of memory' });
});

test('pictures without a finite answer are counted as faults; three in a row end the worker, two do not', async () => {
  let calls = 0;
  const worker = startFake(async () => {
    if (++calls % 3 !== 0 || calls > 9) throw new PosestreamError('E_MODEL_NONFINITE', 'NaN');
    return blind({} as never, {} as never);
  });
  await run(worker);
  await until(() => worker.endings.length === 1, 'end');
  const kinds = worker
    .of('outcome')
    .map(({ outcome }) => (outcome.kind === 'dropped' ? outcome.reason : outcome.kind))
    .filter((kind) => kind !== 'busy');
  const fault = 'fault';
  assert.deepEqual(kinds, [
    fault,
    fault,
    'lost',
    fault,
    fault,
    'lost',
    fault,
    fault,
    'lost',
    fault,
    fault,
    fault,
  ]);
  assert.equal(worker.of('failed')[0].fault.code, 'E_MODEL_NONFINITE');
});

test('a source that does not open is told, and the run never begins', async () => {
  const reports: Report[] = [];
  const localizer = {
    now: () => ({ map: fakeMap(1, 10), engine: { model: FAKE_MODEL } }),
  } as unknown as LiveLocalizer;
  const take = startWorker((report) => void reports.push(report), {
    ...{ end: () => undefined, openLocalizer: async () => ({ ...localizer, close: async () => undefined }) },
    openSource: async () => {
      throw new PosestreamError('E_INTRINSICS', 'there are none', { hint: 'give some' });
    },
  });
  take({ kind: 'open', mapPath: '/a.map', modelPath: '/net.json' });
  await until(() => reports.some(({ kind }) => kind === 'opened'), 'opened');
  take({ kind: 'assign', ...RUN, spec: SPEC });
  take({ kind: 'start', ...RUN, epoch: 0, resetCounter: 0 });
  await until(() => reports.some(({ kind }) => kind === 'unassigned'), 'refusal');
  take({ kind: 'stop' });
  assert.ok(!reports.some(({ kind }) => kind === 'arrived'));
});
