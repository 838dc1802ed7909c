import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { parseTum } from '../src/map/tum.js';
import type { HelloMessage, PoseMessage, SourceStatus } from '../src/server/wire.js';
import { bandOf, chartColumns, poseBands, sourceBands } from '../web/src/model/bands.js';
import { exportFrames } from '../web/src/model/exportFile.js';
import { createFrameLog } from '../web/src/model/frameLog.js';
import { stepFrames, stepTime, toggleLive } from '../web/src/model/scrub.js';
import { createSession } from '../web/src/model/session.js';
import { createStatusLog } from '../web/src/model/statusLog.js';
import { sourceInWords } from '../web/src/model/words.js';

const counters = { in: 9, posed: 7, lost: 2, dropped: {} };
const statistics = { counters, lostBy: {}, processedHz: 0, inputHz: 0, totalMs: null, ageMs: null };
const number = fc.double({ noNaN: true, noDefaultInfinity: true });
const count = fc.nat(1e6);
const vec3 = fc.tuple(number, number, number);
const quaternion = fc.tuple(number, number, number, number);

const frame = fc.record({
  type: fc.constant('pose' as const),
  stream: fc.constant('s'),
  epoch: count,
  sequence: count,
  timestampS: number,
  captureMs: number,
  clock: fc.constantFrom('rtcp' as const, 'arrival' as const, 'media' as const),
  ageMs: fc.option(number),
  timings: fc.record({ extractMs: number, solveMs: number, totalMs: number }, { requiredKeys: [] }),
  counters: fc.constant(counters),
  mapSha256: fc.constant(''),
  modelSha256: fc.constant(''),
  track: fc.option(fc.constantFrom('lost' as const, 'tracking' as const, 'coasting' as const), {
    nil: undefined,
  }),
  resetCounter: fc.option(count, { nil: undefined }),
  retrieved: fc.option(fc.boolean(), { nil: undefined }),
  truth: fc.option(fc.record({ position: vec3, orientation: quaternion }), { nil: undefined }),
});
const posed = fc.record({
  state: fc.constant('posed' as const),
  source: fc.constantFrom('pnp' as const, 'tracked' as const, 'coasted' as const),
  position: vec3,
  orientation: quaternion,
  covariance: fc.constant(null),
  confidence: number,
  inliers: count,
  matches: count,
  coverage: number,
  reprojectionRmsPx: number,
  error: fc.option(fc.record({ m: number, deg: number }), { nil: undefined }),
  wgs84: fc.option(fc.record({ latDeg: number, lonDeg: number, altM: number }), { nil: undefined }),
});
const lost = fc.record({
  state: fc.constant('lost' as const),
  reason: fc.constantFrom('no-place', 'jump', 'new-reason'),
  detail: fc.string(),
});
const message = fc
  .tuple(frame, fc.oneof(posed, lost))
  .map(([common, rest]) => ({ ...common, ...rest }) as PoseMessage);

const poseAt = (sequence: number, more: object = {}): PoseMessage =>
  ({
    ...{ type: 'pose', stream: 's', epoch: 0, sequence, timestampS: sequence / 10, captureMs: 0 },
    ...{ clock: 'media', ageMs: null, timings: {}, counters, mapSha256: '', modelSha256: '' },
    ...{ state: 'posed', source: 'tracked', position: [sequence, 0, 0], orientation: [0, 0, 0, 1] },
    ...{ covariance: null, confidence: 1, inliers: 50, matches: 60, coverage: 1, reprojectionRmsPx: 1 },
    ...more,
  }) as PoseMessage;
const LOST = { state: 'lost', reason: 'no-place', detail: 'nothing' };

test('what the log gives back is what it was given', () => {
  fc.assert(
    fc.property(fc.array(message, { minLength: 1, maxLength: 40 }), (messages) => {
      const log = createFrameLog('s');
      for (const [i, pose] of messages.entries()) log.add(pose, 10 * i);
      for (const [i, pose] of messages.entries()) assert.deepEqual(defined(log.pose(i)), defined(pose));
    }),
    { numRuns: 60 },
  );
});

const defined = (value: object): object => JSON.parse(JSON.stringify(value));

test('the log keeps its size, forgets the oldest and finds any moment', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 5000 }), fc.nat(6e4), (frames, atMs) => {
      const log = createFrameLog('s', 2048);
      for (let i = 0; i < frames; i++) log.add(poseAt(i), 10 * i);
      assert.equal(log.end() - log.first(), Math.min(frames, 2048));
      assert.equal(log.pose(log.first()).sequence, log.first());
      const newest = Math.min(frames - 1, Math.floor(atMs / 10));
      assert.equal(log.indexAt(atMs), newest >= log.first() ? newest : -1);
    }),
    { numRuns: 40 },
  );
});

test('an exported trajectory is valid TUM and equals the fixes of the span; predictions stay out', () => {
  const log = createFrameLog('s');
  for (let i = 0; i < 50; i++)
    log.add(
      poseAt(i, i % 7 === 3 ? LOST : i % 7 === 4 ? { source: 'coasted' } : { position: [i / 3, -i, 1e-7] }),
      100 * i,
    );
  const { text, rows, name } = exportFrames(log, 's', [1000, 3950], 'tum', 0);
  const poses = parseTum(text, name);
  const wanted = Array.from({ length: 30 }, (_, k) => k + 10).filter((i) => i % 7 !== 3 && i % 7 !== 4);
  assert.equal(rows, wanted.length);
  assert.deepEqual(
    poses.map(({ timeS, worldFromCam: { t, q } }) => [timeS, ...t, ...q]),
    wanted.map((i) => [i / 10, i / 3, -i, 1e-7, 0, 0, 0, 1]),
  );
  const csv = exportFrames(log, 's', [1000, 3950], 'csv', 0).text.trimEnd().split('\r\n');
  assert.equal(csv.length, 1 + 30);
  assert.equal(new Set(csv.map((line) => line.split(',').length)).size, 1);
  assert.match(csv[1], /^0,10,1,0,media,,lost,,no-place,,/);
  assert.equal(JSON.parse(exportFrames(log, 's', [1000, 3950], 'json', 0).text).length, 30);
  assert.equal(exportFrames(log, 's', [1e6, 2e6], 'tum', 0).rows, 0);
});

test('bands: alike frames are one, a pause is a gap, and every loss has a group', () => {
  const log = createFrameLog('s');
  for (const [i, atMs] of [0, 100, 200, 5000, 5100].entries()) log.add(poseAt(i, i === 2 ? LOST : {}), atMs);
  assert.deepEqual(poseBands(log, 0, 5), [
    { fromMs: 0, toMs: 200, kind: 'tracked' },
    { fromMs: 200, toMs: 300, kind: 'lost-place' },
    { fromMs: 5000, toMs: 5200, kind: 'tracked' },
  ]);
  assert.equal(bandOf('something new', false), 'lost-matches');
  const { timeS, inliers } = chartColumns(log, 0, 5, 0, 100);
  assert.deepEqual(inliers, [50, 50, null, null, 50, 50], 'lost, and the pause, break the line');
  assert.equal(timeS.length, 6);
});

test('a chart of many frames shows the worst of each few', () => {
  const log = createFrameLog('s');
  for (let i = 0; i < 1000; i++)
    log.add(poseAt(i, { inliers: i === 437 ? 3 : 80, ageMs: i === 600 ? 900 : 20 }), 10 * i);
  const columns = chartColumns(log, 0, 1000, 0, 100);
  assert.ok(columns.timeS.length <= 101);
  assert.equal(Math.min(...columns.inliers.map((n) => n ?? 99)), 3);
  assert.equal(Math.max(...columns.ageMs.map((n) => n ?? 0)), 900);
});

test('the status log holds what was said when, and counts drops between', () => {
  const log = createStatusLog();
  const dropped = (busy: number) => ({ ...statistics, counters: { ...counters, dropped: { busy } } });
  log.add({ kind: 'streaming' }, dropped(40), 0);
  log.add({ kind: 'retrying', attempt: 1, inMs: 500, code: 'SOURCE_DOWN' }, dropped(45), 1000);
  log.add({ kind: 'streaming' }, dropped(2), 2000);
  assert.deepEqual(
    log.entries().map((entry) => entry.dropped),
    [0, 5, 0],
    'a new server counts from zero',
  );
  assert.equal(log.at(999)?.source.kind, 'streaming');
  assert.equal(log.at(-1), null);
  assert.deepEqual(sourceBands(log, 500, 3000), [
    { fromMs: 500, toMs: 1000, kind: 'streaming' },
    { fromMs: 1000, toMs: 2000, kind: 'down' },
    { fromMs: 2000, toMs: 3000, kind: 'streaming' },
  ]);
  for (let i = 0; i < 5000; i++) log.add({ kind: 'streaming' }, statistics, 3000 + i);
  assert.ok(log.entries().length <= 1500);
});

const hello = (...ids: string[]): HelloMessage => ({
  type: 'hello',
  protocol: 1,
  server: { name: 'posestream', version: '0' },
  map: { name: 'm', sha256: 'a', keyframes: 1, points: 1, scale: 'metric', anchor: null },
  model: { name: 'n', version: '1', sha256: 'b' },
  streams: ids.map((id) => ({ id, label: id, hasTruth: false, source: { kind: 'streaming' }, statistics })),
});

test('scrubbing shows the past as it was, holds still, and goes live again', () => {
  const session = createSession();
  const startMs = performance.now() - 5000;
  session.receive(hello('s'), startMs);
  for (let i = 0; i < 40; i++) session.receive(poseAt(i, i >= 20 ? LOST : {}), startMs + 100 * i);
  const now = () => performance.now();
  const shown = () => session.shown().streams.get('s');
  toggleLive(session, now());
  stepTime(session, -1e9, now());
  assert.equal(shown()?.last?.sequence ?? null, 0, 'held to the oldest');
  session.scrubTo(startMs + 1055);
  assert.deepEqual([shown()?.last?.state, shown()?.last?.sequence], ['posed', 10]);
  stepFrames(session, 12, now());
  assert.deepEqual([shown()?.last?.state, shown()?.lastPosed?.sequence], ['lost', 19]);
  session.receive(poseAt(40), now());
  assert.equal(shown()?.last?.sequence, 22, 'what comes in meanwhile moves nothing');
  stepFrames(session, 1000, now());
  assert.equal(session.cursorMs(), null);
  assert.equal(shown()?.last?.sequence, 40);
});

test('a second hello adds and takes streams without touching the others; an older epoch is not shown', () => {
  const session = createSession();
  session.receive(hello('s', 't'), 0);
  session.receive(poseAt(3, { epoch: 2 }), 10);
  session.receive(poseAt(9, { epoch: 1 }), 20);
  session.receive(hello('s', 'u'), 30);
  const streams = () => session.state().streams;
  assert.deepEqual([...streams().keys()], ['s', 'u']);
  assert.equal(streams().get('s')?.last?.sequence, 3);
  session.receive(poseAt(10, { epoch: 1 }), 40);
  assert.equal(streams().get('s')?.last?.sequence, 3);
  assert.deepEqual([session.ordinal('s'), session.ordinal('u')], [0, 1]);
  session.setLink({ kind: 'down', why: 'silent', retryAtMs: 0 });
  session.receive(hello('s'), 50);
  session.receive(poseAt(0, { epoch: 0 }), 60);
  assert.equal(streams().get('s')?.last?.epoch, 0, 'a server that was started anew counts from zero');
});

test('every state of a source has its words, with the time to the next try', () => {
  const said = (source: SourceStatus, sinceMs = 0) => Object.values(sourceInWords(source, sinceMs)).join(' ');
  assert.match(said({ kind: 'retrying', attempt: 3, inMs: 2000 }, 500), /Source down.*Attempt 3 in 1\.5 s/);
  assert.match(said({ kind: 'retrying', attempt: 3, inMs: 2000 }, 2500), /Attempt 3 is under way/);
  const worker = {
    kind: 'retrying',
    attempt: 1,
    inMs: 250,
    code: 'SOURCE_DOWN',
    message: 'The worker is gone.',
  } as const;
  assert.match(said(worker), /The worker is gone\. Attempt 1/);
  assert.match(said({ kind: 'paused' }), /Paused/);
  assert.match(said({ kind: 'failed', code: 'E', message: 'Refused.', hint: 'Ask.' }), /Refused\. Ask\./);
});
