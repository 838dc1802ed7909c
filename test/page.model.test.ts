import assert from 'node:assert/strict';
import test from 'node:test';
import type { HelloMessage, PoseMessage, StatusMessage } from '../src/server/wire.js';
import { backoffMs } from '../web/src/model/backoff.js';
import { INITIAL, type LiveState, received } from '../web/src/model/liveState.js';
import { dot, mapFrameOf, type Vec3 } from '../web/src/model/mapFrame.js';
import { createTrail } from '../web/src/model/trail.js';
import { badgeOf, lostInWords } from '../web/src/model/words.js';
import { cameraAt } from './fakeScene.js';

const NO_POINTS = new Float32Array(0);
const near = (a: Vec3, b: Vec3): void => assert.ok(dot(a, b) > 0.999, `${a} is not ${b}`);
const poses = (rows: number[][]): Float32Array => Float32Array.from(rows.flat());

test('up is found for a street, a straight one, a nadir flight and a tilted world', () => {
  const street = Array.from({ length: 60 }, (_, i) => cameraAt(5 * i, 1)).map(({ t, q }) => [...t, ...q]);
  near(mapFrameOf(poses(street), NO_POINTS, false).up, [0, 0, 1]);
  near(mapFrameOf(poses(street.slice(0, 15)), NO_POINTS, false).up, [0, 0, 1]);
  // World is the first camera: ahead is z, up is -y.
  const dashcam = Array.from({ length: 20 }, (_, i) => [0, 0, i, 0, 0, 0, 1]);
  near(mapFrameOf(poses(dashcam), NO_POINTS, false).up, [0, -1, 0]);
  // Looking straight down (half a turn about x), flying along y, never turning.
  const nadir = Array.from({ length: 20 }, (_, i) => [0, i, 80, 1, 0, 0, 0]);
  near(mapFrameOf(poses(nadir), NO_POINTS, false).up, [0, 0, 1]);
});

test('the plan lies level, its long side across', () => {
  const road = Array.from({ length: 30 }, (_, i) => [0.1 * i, 3 * i, 0, 0, 0, 0, 1]);
  const { up, planRight, planUp } = mapFrameOf(poses(road), NO_POINTS, true);
  near(up, [0, 0, 1]);
  near(planRight, [1, 0, 0]);
  near(planUp, [0, 1, 0]);
  const free = mapFrameOf(
    poses(Array.from({ length: 30 }, (_, i) => [0, 0, i, 0, 0, 0, 1])),
    NO_POINTS,
    false,
  );
  assert.ok(Math.abs(free.planRight[2]) > 0.999);
  assert.ok(Math.abs(dot(free.planRight, free.up)) < 1e-6);
});

test('a few points far astray do not blow up what is shown', () => {
  const road = poses(Array.from({ length: 50 }, (_, i) => [i, 0, 0, 0, 0, 0, 1]));
  const points = new Float32Array(3000).map((_, i) => (i < 60 ? 1e6 : i % 20));
  assert.ok(mapFrameOf(road, points, true).radius < 60);
});

test('an empty map has a frame all the same', () => {
  const frame = mapFrameOf(NO_POINTS, NO_POINTS, false);
  for (const value of [...frame.up, ...frame.planRight, frame.radius, frame.spacing])
    assert.ok(Number.isFinite(value));
});

test('a trail keeps its gaps, skips crumbs and forgets the oldest', () => {
  const trail = createTrail(3, 0.5, 10);
  for (const x of [0, 0.1, 1, 2]) trail.add([x, 0, 0]);
  assert.equal(trail.count(), 2);
  trail.cut();
  trail.add([5, 0, 0]);
  trail.add([90, 0, 0]);
  assert.equal(trail.count(), 2);
  trail.add([91, 0, 0]);
  trail.add([92, 0, 0]);
  assert.equal(trail.count(), 3);
  assert.deepEqual([...trail.segments.subarray(0, 6)], [91, 0, 0, 92, 0, 0]);
});

test('waits grow to five seconds and never more', () => {
  for (let attempt = 0; attempt < 50; attempt++) {
    assert.ok(backoffMs(attempt, 0) <= 5000);
    assert.ok(backoffMs(attempt, 0.999) >= 0.75 * backoffMs(attempt, 0) - 1);
  }
  assert.equal(backoffMs(0, 0), 500);
});

const statistics = {
  counters: { in: 0, posed: 0, lost: 0, dropped: {} },
  lostBy: {},
  processedHz: 0,
  inputHz: 0,
  totalMs: null,
  ageMs: null,
};
const hello: HelloMessage = {
  type: 'hello',
  protocol: 1,
  server: { name: 'posestream', version: '0' },
  map: { name: 'm', sha256: 'a', keyframes: 1, points: 1, scale: 'metric', anchor: null },
  model: { name: 'n', version: '1', sha256: 'b' },
  streams: [{ id: 's', label: 's', hasTruth: false, source: { kind: 'streaming' }, statistics }],
};
const lost: PoseMessage = {
  type: 'pose',
  stream: 's',
  epoch: 0,
  sequence: 1,
  timestampS: 0,
  captureMs: 0,
  clock: 'media',
  ageMs: null,
  timings: {},
  counters: statistics.counters,
  mapSha256: 'a',
  modelSha256: 'b',
  state: 'lost',
  reason: 'no-place',
  detail: '',
};
const after = (...messages: (HelloMessage | PoseMessage | StatusMessage)[]): LiveState =>
  messages.reduce((state, message) => received(state, message, 1000), INITIAL);
const badge = (state: LiveState, nowMs: number) => badgeOf(state.link, state.streams.get('s') ?? null, nowMs);

test('the badge follows the link, the source and the frame, in this order', () => {
  assert.equal(badge(INITIAL, 0).tone, 'waiting');
  assert.equal(badge(after(hello), 0).word, 'Waiting');
  assert.equal(badge(after(hello, lost), 1100).word, 'Lost');
  assert.equal(badge(after(hello, lost), 9000).word, 'Waiting');
  const silent = badgeOf({ kind: 'live' }, after(hello, lost).streams.get('s') ?? null, 1100, 4200);
  assert.deepEqual([silent.word, silent.detail], ['No data', 'Nothing from the server for 4 s.']);
  const ended: StatusMessage = { type: 'status', stream: 's', source: { kind: 'ended' }, statistics };
  assert.equal(badge(after(hello, lost, ended), 1100).word, 'Ended');
  const down: LiveState = { ...after(hello, lost), link: { kind: 'down', why: 'too-slow', retryAtMs: 3000 } };
  assert.match(badge(down, 1000).detail, /keep up.*2 s/);
});

test('the badge says what the stream makes of its frames; a predicted pose is not shown as found', () => {
  const { reason, detail, ...frame } = lost as PoseMessage & { state: 'lost' };
  const pose = { position: [0, 0, 0], orientation: [0, 0, 0, 1], covariance: null, confidence: 0.9 };
  const counts = { inliers: 60, matches: 80, coverage: 0.5, reprojectionRmsPx: 1 };
  const posed = (more: object) => ({ ...frame, ...pose, ...counts, state: 'posed', ...more }) as PoseMessage;
  const shown = (more: object) => badge(after(hello, posed(more)), 1100);
  assert.equal(shown({ source: 'pnp', track: 'relocalizing' }).word, 'Found');
  assert.deepEqual(shown({ source: 'tracked', track: 'tracking' }).tone, 'posed');
  const coasted = shown({ source: 'coasted', track: 'coasting' });
  assert.deepEqual([coasted.word, coasted.tone], ['Coasting', 'waiting']);
  assert.equal(shown({ source: 'pnp' }).word, 'Posed', 'a server that does not say');
});

test('a reconnection keeps what is known of the same map and drops it with another', () => {
  assert.ok(received(after(hello, lost), hello, 0).streams.get('s')?.last);
  const other = { ...hello, map: { ...hello.map, sha256: 'c' } };
  assert.equal(received(after(hello, lost), other, 0).streams.get('s')?.last, null);
});

test('messages of unknown streams change nothing', () => {
  const state = after(hello);
  assert.equal(received(state, { ...lost, stream: 'ghost' }, 0), state);
});

test('every reason has its words', () => {
  for (const reason of ['no-features', 'no-place', 'few-matches', 'few-inliers', 'low-coverage', 'ambiguous'])
    assert.match(lostInWords(reason), /^[A-Z].+\.$/);
});
