import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import test from 'node:test';
import { fakeMap } from '../../../test/fakeScene.js';
import type { Posed } from '../../domain/outcome.js';
import {
  compose,
  exp,
  fromRotationMatrix,
  inverse,
  log,
  rigid,
  rotationMatrix,
} from '../../geometry/rigid.js';
import { createMavlinkOutput, type MavlinkOptions } from './mavlink.js';
import { crcX25, mavlinkPacket } from './mavlinkFrame.js';
import {
  axesOf,
  type MavlinkPose,
  mavlinkPoseOf,
  ODOMETRY,
  odometryPayload,
  VISION_POSITION_ESTIMATE,
  visionPayload,
} from './mavlinkPose.js';
import { positionFirst } from './poseCovariance.js';

/** Packets of the values below as node-mavlink 2.3.0 writes them; system 42, component 197. */
const ODOMETRY_PACKET =
  'fde90000c82ac54b010040222018240a06000000c03f000010c0000048400000003f0000003f000000bf0000003f0000c07f0000c07f0000c07f0000c07f0000c07f0000c07f0000803e0000883e0000903e0000983e0000a03e0000a83e0000043f0000083f00000c3f0000103f0000143f0000483f00004c3f0000503f0000543f0000863f0000883f00008a3f0000a83f0000aa3f0000ca3f0000c07f0000c07f0000c07f0000c07f0000c07f0000c07f0000c07f0000c07f0000c07f0000c07f0000c07f0000c07f0000c07f0000c07f0000c07f0000c07f0000c07f0000c07f0000c07f0000c07f0000c07f140c07025aca4b';
const VISION_PACKET =
  'fd740000032ac566000040222018240a06000000c03f000010c0000048400000000000000000db0fc93f0000803e0000883e0000903e0000983e0000a03e0000a83e0000043f0000083f00000c3f0000103f0000143f0000483f00004c3f0000503f0000543f0000863f0000883f00008a3f0000a83f0000aa3f0000ca3f7bf7';

const covariance = Float64Array.from({ length: 36 }, (_, i) => {
  const [row, column] = [Math.floor(i / 6), i % 6];
  return (Math.min(row, column) + 1) / 4 + Math.max(row, column) / 64;
});
const known: MavlinkPose = {
  timeUs: 1_700_000_000_123_456n,
  frame: 'frd',
  localFromBody: rigid([0.5, -0.5, 0.5, 0.5], [1.5, -2.25, 3.125]),
  covariance,
  resetCounter: 7,
  confidence: 0.9,
};

test('the checksum is CRC-16/MCRF4XX', () => {
  assert.equal(crcX25(Buffer.from('123456789')), 0x6f91);
});

test('packets are those another implementation writes, byte for byte', () => {
  const sender = { systemId: 42, componentId: 197 };
  const odometry = mavlinkPacket(ODOMETRY, odometryPayload(known), { ...sender, sequence: 200 });
  // NaN has many bit patterns; ours and theirs are the quiet one.
  assert.equal(odometry.toString('hex'), ODOMETRY_PACKET);
  const half = Math.SQRT1_2;
  const turned = {
    ...known,
    localFromBody: rigid<'local', 'body'>([0, 0, half, half], known.localFromBody.t),
  };
  const payload = visionPayload({ ...turned, resetCounter: 0 });
  const vision = mavlinkPacket(VISION_POSITION_ESTIMATE, payload, { ...sender, sequence: 3 });
  assert.equal(vision.toString('hex'), VISION_PACKET);
});

/** Level camera on a map with z up: columns are right, down, ahead. */
const looking = (ahead: [number, number], t: [number, number, number]) =>
  fromRotationMatrix<'world', 'cam'>([ahead[1], 0, ahead[0], -ahead[0], 0, ahead[1], 0, -1, 0], t);

function fix(extra: Partial<Posed['pose']>, frame: Partial<Posed['frame']> = {}): Posed {
  return {
    kind: 'posed',
    frame: {
      ...{ stream: 'car', epoch: 0, sequence: 1, timestampS: 1, captureMs: 1.7e12, captureClock: 'arrival' },
      ...frame,
    },
    timings: {},
    ...{ state: 'tracking', resetCounter: 0, retrieved: false, smooth: null, keyframe: 0, evidence: null },
    pose: {
      worldFromCam: looking([0, 1], [10, 20, 5]),
      source: 'pnp',
      ...{ inliers: 99, matches: 120, inlierRatio: 0.8, coverage: 0.5, reprojectionRmsPx: 1 },
      covariance: null,
      confidence: 0.9,
      ...extra,
    },
  };
}

const NED = axesOf(true, 'z');
const near = (a: Iterable<number>, b: Iterable<number>, by = 1e-12) => {
  const [left, right] = [[...a], [...b]];
  assert.equal(left.length, right.length);
  for (const [i, v] of left.entries()) assert.ok(Math.abs(v - right[i]) <= by, `${left} is not ${right}`);
};

test('frames: north-east-down, and forward-right-down of either kind of map', () => {
  const north = mavlinkPoseOf(fix({}), 'ned', NED, 0);
  near(north.localFromBody.t, [20, 10, -5]);
  near(rotationMatrix(north.localFromBody), [1, 0, 0, 0, 1, 0, 0, 0, 1]);
  const east = mavlinkPoseOf(fix({ worldFromCam: looking([1, 0], [10, 20, 5]) }), 'ned', NED, 0);
  assert.ok(
    Math.abs(visionPayload(east).readFloatLE(28) - Math.PI / 2) < 1e-6,
    'east is a yaw of 90 degrees',
  );
  const forward = mavlinkPoseOf(
    fix({ worldFromCam: looking([1, 0], [10, 20, 5]) }),
    'frd',
    axesOf(false, 'z'),
    0,
  );
  near(forward.localFromBody.t, [10, -20, -5]);
  near(rotationMatrix(forward.localFromBody), [1, 0, 0, 0, 1, 0, 0, 0, 1]);
  const asCamera = mavlinkPoseOf(
    fix({ worldFromCam: rigid([0, 0, 0, 1], [1, 2, 3]) }),
    'frd',
    axesOf(false, '-y'),
    0,
  );
  near(asCamera.localFromBody.t, [3, 1, 2]);
  near(rotationMatrix(asCamera.localFromBody), [1, 0, 0, 0, 1, 0, 0, 0, 1]);
});

test('the covariance is that of the position along local axes and the rotation about body axes', () => {
  const worldFromCam = rigid<'world', 'cam'>([0.1, -0.3, 0.5, 0.8], [12, -7, 3]);
  const at = (pose: typeof worldFromCam) =>
    mavlinkPoseOf(fix({ worldFromCam: pose }), 'ned', NED, 0).localFromBody;
  const here = at(worldFromCam);
  const step = 1e-6;
  const columns = [0, 1, 2, 3, 4, 5].map((k) => {
    const delta = [0, 0, 0, 0, 0, 0].map((_, i) => (i === k ? step : 0));
    const there = at(compose(exp<'world', 'world'>(delta), worldFromCam));
    const turned = log(compose(inverse(here), there)).slice(0, 3);
    return [...there.t.map((v, i) => v - here.t[i]), ...turned].map((v) => v / step);
  });
  // Sum of outer products of the columns, weighted: the covariance of a diagonal input.
  const variances = [1, 2, 3, 4, 5, 6];
  const diagonal = Float64Array.from({ length: 36 }, (_, i) => (i % 7 === 0 ? variances[i / 7] : 0));
  const expected = Array.from({ length: 36 }, (_, i) =>
    columns.reduce((sum, c, k) => sum + variances[k] * c[Math.floor(i / 6)] * c[i % 6], 0),
  );
  const given = mavlinkPoseOf(fix({ worldFromCam, covariance: diagonal }), 'ned', NED, 0).covariance;
  assert.ok(given);
  near(given, expected, 1e-2);
  const odd = diagonal.map((v, i) => (i === 3 ? Number.NaN : v));
  assert.equal(positionFirst(worldFromCam, odd), null);
});

const MAP = { scale: 'metric', anchor: null } as const;
const OPTIONS: MavlinkOptions = {
  ...{ host: '127.0.0.1', port: 0, stream: 'car', message: 'odometry', up: 'z' },
  ...{ systemId: 1, componentId: 197 },
};

test('over UDP: every fix once, nothing predicted, resets counted', async () => {
  const receiver = createSocket('udp4').bind(0, '127.0.0.1');
  await once(receiver, 'listening');
  const packets: Buffer[] = [];
  receiver.on('message', (packet) => packets.push(packet));
  const warnings: string[] = [];
  const output = createMavlinkOutput({ ...OPTIONS, port: receiver.address().port }, MAP, (w) =>
    warnings.push(w),
  );
  const send = (outcome: Posed) => output.outcome(outcome, 0);
  send(fix({}));
  send(fix({ source: 'coasted' }));
  send(fix({}, { stream: 'other' }));
  send({ ...fix({ source: 'tracked' }), resetCounter: 1 });
  send(fix({}, { epoch: 1 }));
  while (packets.length < 3) await once(receiver, 'message');
  assert.deepEqual(
    packets.map((packet) => [packet.readUIntLE(7, 3), packet[4], packet[10 + 228], packet[10 + 230]]),
    [0, 1, 2].map((n) => [331, n, 20, n]),
  );
  assert.ok(Number.isNaN(packets[0].readFloatLE(10 + 60)), 'an unknown covariance starts with NaN');
  assert.deepEqual(warnings, []);
  await output.close();
  receiver.close();
});

test('a map without metres, or without north, is refused', () => {
  const open = (extra: object, map: object) =>
    createMavlinkOutput({ ...OPTIONS, ...extra }, { ...MAP, ...map }, () => undefined);
  assert.throws(() => open({}, { scale: 'arbitrary' }), { code: 'E_CONFIG' });
  assert.throws(() => open({ frame: 'ned' }, {}), { code: 'E_CONFIG' });
});

test('while a map without metres is swapped in nothing is sent', async () => {
  const receiver = createSocket('udp4').bind(0, '127.0.0.1');
  await once(receiver, 'listening');
  const packets: Buffer[] = [];
  receiver.on('message', (packet) => packets.push(packet));
  const warnings: string[] = [];
  const port = receiver.address().port;
  const output = createMavlinkOutput({ ...OPTIONS, port }, MAP, (warning) => warnings.push(warning));
  const swap = (scale: 'metric' | 'arbitrary') =>
    output.mapChanged?.({ ...fakeMap(1, 10), header: { ...fakeMap(1, 10).header, scale } }, 0);
  const resets = [0, 1, 2].map((resetCounter) => ({ ...fix({}), resetCounter }));
  output.outcome(resets[0], 0);
  swap('arbitrary');
  output.outcome(resets[1], 0);
  swap('metric');
  output.outcome(resets[2], 0);
  while (packets.length < 2) await once(receiver, 'message');
  assert.deepEqual(
    packets.map((packet) => [packet[4], packet[10 + 230]]),
    [
      [0, 0],
      [1, 1],
    ],
  );
  assert.equal(warnings.length, 1);
  assert.match(warnings[0], /metres.*Nothing is sent/);
  await output.close();
  receiver.close();
});
