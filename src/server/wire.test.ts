import assert from 'node:assert/strict';
import test from 'node:test';
import type { FrameId } from '../domain/frame.js';
import type { Lost, Posed } from '../domain/outcome.js';
import { parseClientInput } from './clientInput.js';
import { type PoseContext, poseEncoder, poseMessageOf } from './poseMessage.js';
import { CLOSE, poseMessage, serverMessage } from './wire.js';

const frame: FrameId = {
  stream: 'front',
  epoch: 1,
  sequence: 42,
  timestampS: 1.4,
  captureMs: 1000,
  captureClock: 'arrival',
};
const timings = { extractMs: 20, solveMs: 2, totalMs: 30 };
const quarterTurn: [number, number, number, number] = [0, 0, Math.SQRT1_2, Math.SQRT1_2];
const posed: Posed = {
  kind: 'posed',
  frame,
  timings,
  state: 'tracking',
  resetCounter: 1,
  retrieved: false,
  smooth: null,
  keyframe: 3,
  evidence: null,
  pose: {
    worldFromCam: { q: [0, 0, 0, 1], t: [1, 2, 3] },
    source: 'pnp',
    inliers: 120,
    matches: 150,
    inlierRatio: 0.8,
    coverage: 0.5,
    reprojectionRmsPx: 1.2,
    covariance: new Float64Array(36).fill(0.5),
    confidence: 0.97,
  },
};
const lost: Lost = {
  kind: 'lost',
  frame,
  timings,
  state: 'lost',
  resetCounter: 1,
  retrieved: true,
  reason: 'no-place',
  detail: 'nothing alike',
  coarse: null,
  evidence: null,
};
const context: PoseContext = {
  counters: { in: 3, posed: 1, lost: 1, dropped: { busy: 1 } },
  mapSha256: 'a',
  modelSha256: 'b',
  anchor: null,
  evRateOk: true,
  truth: null,
};

const sent = (outcome: Posed | Lost, extra: Partial<PoseContext>, nowMs: number): unknown =>
  JSON.parse(String(poseEncoder(poseMessageOf(outcome, { ...context, ...extra }), outcome.frame)(nowMs)));

test('a pose goes through JSON and its schema unchanged, dated at each sending', () => {
  const first = poseMessage.parse(sent(posed, {}, 1062.34));
  const second = poseMessage.parse(sent(posed, {}, 1100));
  assert.equal(first.ageMs, 62.3);
  assert.equal(second.ageMs, 100);
  assert.deepEqual(sent(posed, {}, 1100), second);
  assert.ok(first.state === 'posed');
  assert.deepEqual(first.position, [1, 2, 3]);
  assert.equal(first.covariance?.length, 36);
  assert.deepEqual([first.track, first.resetCounter, first.retrieved], ['tracking', 1, false]);
  assert.equal(first.smooth, undefined);
  assert.deepEqual([first.frameId, first.validUntilMs, first.evRateOk], ['map', 1500, true]);
});

test('a smoothed pose travels beside the raw one', () => {
  const smooth = { worldFromCam: { q: quarterTurn, t: [4, 5, 6] }, covariance: null } as const;
  const message = poseMessage.parse(sent({ ...posed, smooth }, {}, 0));
  assert.ok(message.state === 'posed');
  assert.deepEqual(message.smooth, { position: [4, 5, 6], orientation: quarterTurn, covariance: null });
});

test('the error against the truth is distance and angle', () => {
  const message = poseMessage.parse(sent(posed, { truth: { q: quarterTurn, t: [1, 2, 8] } }, 0));
  assert.ok(message.state === 'posed' && message.error);
  assert.ok(Math.abs(message.error.m - 5) < 1e-12);
  assert.ok(Math.abs(message.error.deg - 90) < 1e-9);
});

test('an unknown covariance is null, never a number', () => {
  const covariance = new Float64Array(36).fill(Number.NaN);
  const message = poseMessage.parse(sent({ ...posed, pose: { ...posed.pose, covariance } }, {}, 0));
  assert.ok(message.state === 'posed');
  assert.equal(message.covariance, null);
});

test('a lost frame says why and carries no pose', () => {
  const message = serverMessage.parse(sent(lost, {}, 0));
  assert.ok(message.type === 'pose' && message.state === 'lost');
  assert.equal(message.reason, 'no-place');
  assert.ok(!('position' in message));
});

test('a time on a file has no age', () => {
  const media: Lost = { ...lost, frame: { ...frame, captureClock: 'media' } };
  assert.equal(poseMessage.parse(sent(media, {}, 5)).ageMs, null);
});

test('a georeferenced map gives WGS84', () => {
  const message = poseMessage.parse(sent(posed, { anchor: { latDeg: 50, lonDeg: 8, altM: 100 } }, 0));
  assert.ok(message.state === 'posed' && message.wgs84);
  assert.ok(Math.abs(message.wgs84.altM - 103) < 1e-3);
});

const refusals: [input: string, binary: boolean, code: number][] = [
  ['{', false, CLOSE.notJson],
  ['', false, CLOSE.notJson],
  ['{"type":"subscribe"}', true, CLOSE.unsupportedData],
  ['null', false, CLOSE.policy],
  ['{"type":"publish"}', false, CLOSE.policy],
  ['{"type":"subscribe","rate":1}', false, CLOSE.policy],
  ['{"type":"subscribe","maxRateHz":0}', false, CLOSE.policy],
  ['{"type":"subscribe","streams":["../x"]}', false, CLOSE.policy],
  ['{"type":"ack","stream":"a","epoch":0}', false, CLOSE.policy],
  ['{"type":"ack","stream":"a","epoch":0,"sequence":-1}', false, CLOSE.policy],
];
for (const [text, binary, code] of refusals)
  test(`client input ${JSON.stringify(text)} is answered with E_PROTOCOL and ${code}`, () => {
    const input = parseClientInput(Buffer.from(text), binary);
    assert.ok(!input.ok);
    assert.deepEqual([input.error.code, input.closeCode], ['E_PROTOCOL', code]);
  });

test('subscribe and ack are understood', () => {
  assert.ok(parseClientInput(Buffer.from('{"type":"subscribe","streams":["a"],"maxRateHz":5}'), false).ok);
  assert.ok(parseClientInput(Buffer.from('{"type":"ack","stream":"a","epoch":0,"sequence":3}'), false).ok);
});
