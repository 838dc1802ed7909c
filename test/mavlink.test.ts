import assert from 'node:assert/strict';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import test from 'node:test';
import {
  common,
  type MavLinkData,
  type MavLinkDataConstructor,
  type MavLinkPacket,
  MavLinkPacketParser,
  MavLinkPacketSplitter,
} from 'node-mavlink';
import type { Posed } from '../src/domain/outcome.js';
import type { WorldFromCam } from '../src/domain/rigid.js';
import { compose, exp, rigid, rotationMatrix } from '../src/geometry/rigid.js';
import { createRandom, type Random } from '../src/kernels/random.js';
import { createMavlinkOutput, type MavlinkOptions } from '../src/server/formats/mavlink.js';
import { fakeDrive, fakeMap } from './fakeScene.js';
import { until } from './support/until.js';

/** What our datagrams say is read by another implementation of MAVLink, and compared with the poses by arithmetic of
 * this test's own. */
const START_MS = 1_700_000_000_123.456;
const ANCHORED = { scale: 'metric', anchor: { latDeg: 50, lonDeg: 8, altM: 100 } } as const;
const FLAT = { scale: 'metric', anchor: null } as const;
const MESSAGES: Readonly<Record<number, MavLinkDataConstructor<MavLinkData>>> = {
  [common.Odometry.MSG_ID]: common.Odometry,
  [common.VisionPositionEstimate.MSG_ID]: common.VisionPositionEstimate,
};
const MAGIC = Object.fromEntries(
  Object.entries(MESSAGES).map(([id, { MAGIC_NUMBER }]) => [id, MAGIC_NUMBER]),
);

interface Decoded {
  readonly packet: MavLinkPacket;
  readonly data: MavLinkData;
}

function decoder() {
  const decoded: Decoded[] = [];
  const splitter = new MavLinkPacketSplitter({}, { magicNumbers: MAGIC });
  splitter.pipe(new MavLinkPacketParser()).on('data', (packet: MavLinkPacket) => {
    decoded.push({ packet, data: packet.protocol.data(packet.payload, MESSAGES[packet.header.msgid]) });
  });
  return { decoded, splitter };
}

/** Sends the fixes through an output to a real UDP socket and returns what the other implementation makes of them. */
async function overUdp(
  fixes: readonly Posed[],
  options: Partial<MavlinkOptions> = {},
  map: Parameters<typeof createMavlinkOutput>[1] = ANCHORED,
): Promise<{ decoded: Decoded[]; datagrams: Buffer[] }> {
  const receiver = createSocket('udp4').bind(0, '127.0.0.1');
  await once(receiver, 'listening');
  const { decoded, splitter } = decoder();
  const datagrams: Buffer[] = [];
  receiver.on('message', (datagram) => {
    datagrams.push(datagram);
    splitter.write(datagram);
  });
  const output = createMavlinkOutput(
    {
      ...{ host: '127.0.0.1', port: receiver.address().port, stream: 'front', message: 'odometry' },
      ...{ up: 'z', systemId: 42, componentId: 197, ...options },
    },
    map,
    (warning) => assert.fail(warning),
  );
  for (const [n, fix] of fixes.entries()) {
    output.outcome(fix, 0);
    await until(() => datagrams.length === n + 1, `datagram ${n}`);
  }
  await until(() => decoded.length === fixes.length, 'every packet decoded');
  await output.close();
  receiver.close();
  assert.equal(splitter.invalidPackages + splitter.unknownPackagesCount, 0);
  return { decoded, datagrams };
}

const drive = fakeDrive(fakeMap(1, 500), 'front', () => START_MS);

function fix(worldFromCam: WorldFromCam, extra: Partial<Posed['pose']> = {}, n = 1): Posed {
  const { outcome } = drive.frame(1, false);
  assert.ok(outcome.kind === 'posed');
  const frame = { ...outcome.frame, sequence: n, captureMs: START_MS + n / 7 };
  return { ...outcome, frame, pose: { ...outcome.pose, worldFromCam, ...extra } };
}

function anyPose(random: Random): WorldFromCam {
  const q = [random.normal(), random.normal(), random.normal(), random.normal()] as const;
  return rigid([...q], [30 * random.normal(), 30 * random.normal(), 5 * random.normal()]);
}

/** A symmetric positive matrix, 6 x 6. */
function anyCovariance(random: Random): Float64Array {
  const a = Array.from({ length: 36 }, () => random.normal() / 10);
  return Float64Array.from({ length: 36 }, (_, i) => {
    const [r, c] = [Math.floor(i / 6), i % 6];
    return [0, 1, 2, 3, 4, 5].reduce((sum, k) => sum + a[6 * r + k] * a[6 * c + k], 0);
  });
}

type Vector = readonly number[];
const near = (actual: Vector, expected: Vector, by: number, what: string): void => {
  assert.equal(actual.length, expected.length, what);
  for (const [i, v] of expected.entries())
    assert.ok(Math.abs(actual[i] - v) <= by, `${what}: ${actual} is not ${expected}`);
};
/** Where the camera's axis `column` (right, down, ahead) points in the world. */
const cameraAxis = (pose: WorldFromCam, column: number): Vector =>
  [0, 1, 2].map((row) => rotationMatrix(pose)[3 * row + column]);
const nedOfEnu = ([e, n, u]: Vector): Vector => [n, e, -u];
/** Hamilton's product, w first, as MAVLink writes quaternions. */
const times = ([a, b, c, d]: Vector, [e, f, g, h]: Vector): Vector => [
  a * e - b * f - c * g - d * h,
  a * f + b * e + c * h - d * g,
  a * g - b * h + c * e + d * f,
  a * h + b * g - c * f + d * e,
];
const conjugate = ([w, x, y, z]: Vector): Vector => [w, -x, -y, -z];
const turned = (q: Vector, v: Vector): Vector => times(times(q, [0, ...v]), conjugate(q)).slice(1);
const odometryOf = ({ data }: Decoded): common.Odometry => {
  assert.ok(data instanceof common.Odometry);
  return data;
};
const visionOf = ({ data }: Decoded): common.VisionPositionEstimate => {
  assert.ok(data instanceof common.VisionPositionEstimate);
  return data;
};

test('ODOMETRY: every field, of any pose on an anchored map', async () => {
  const random = createRandom(11);
  const fixes = Array.from({ length: 60 }, (_, n) => fix(anyPose(random), { confidence: 0.37 }, n));
  const { decoded } = await overUdp(fixes);
  for (const [n, one] of decoded.entries()) {
    const { worldFromCam } = fixes[n].pose;
    const odometry = odometryOf(one);
    assert.equal(odometry.timeUsec, BigInt(Math.round(fixes[n].frame.captureMs * 1000)));
    assert.equal(odometry.frameId, common.MavFrame.LOCAL_NED);
    assert.equal(odometry.childFrameId, common.MavFrame.BODY_FRD);
    assert.equal(odometry.estimatorType, common.MavEstimatorType.VISION);
    assert.equal(odometry.quality, 37);
    assert.equal(odometry.resetCounter, 0);
    const { x, y, z, q } = odometry;
    near([x, y, z], nedOfEnu(worldFromCam.t), 1e-4, 'position');
    near([Math.hypot(...q)], [1], 1e-6, 'length of the quaternion');
    near(turned(q, [1, 0, 0]), nedOfEnu(cameraAxis(worldFromCam, 2)), 1e-6, 'forward');
    near(turned(q, [0, 1, 0]), nedOfEnu(cameraAxis(worldFromCam, 0)), 1e-6, 'right');
    near(turned(q, [0, 0, 1]), nedOfEnu(cameraAxis(worldFromCam, 1)), 1e-6, 'down');
    const { vx, vy, vz, rollspeed, pitchspeed, yawspeed, velocityCovariance } = odometry;
    for (const unknown of [vx, vy, vz, rollspeed, pitchspeed, yawspeed, velocityCovariance[0]])
      assert.ok(Number.isNaN(unknown), 'a velocity nobody measured');
  }
});

test('VISION_POSITION_ESTIMATE: position and angles, also looking straight up and down', async () => {
  const random = createRandom(12);
  const straight = [1, -1].map((s) => rigid<'world', 'cam'>([0, 0, s > 0 ? 0 : 1, s > 0 ? 1 : 0], [1, 2, 3]));
  const looksUp = rigid<'world', 'cam'>([1, 0, 0, 0], [0, 0, 2]);
  const poses = [...Array.from({ length: 40 }, () => anyPose(random)), ...straight, looksUp];
  const { decoded } = await overUdp(
    poses.map((pose, n) => fix(pose, {}, n)),
    { message: 'vision' },
  );
  for (const [n, one] of decoded.entries()) {
    const { x, y, z, roll, pitch, yaw, usec } = visionOf(one);
    assert.ok(usec > 0n);
    near([x, y, z], nedOfEnu(poses[n].t), 1e-4, 'position');
    const about = (angle: number, axis: Vector): Vector => [
      Math.cos(angle / 2),
      ...axis.map((v) => v * Math.sin(angle / 2)),
    ];
    const q = times(times(about(yaw, [0, 0, 1]), about(pitch, [0, 1, 0])), about(roll, [1, 0, 0]));
    // At a pitch of 90 degrees arcsine keeps half the digits of a float.
    near(turned(q, [1, 0, 0]), nedOfEnu(cameraAxis(poses[n], 2)), 2e-3, 'forward');
    near(turned(q, [0, 0, 1]), nedOfEnu(cameraAxis(poses[n], 1)), 2e-3, 'down');
  }
});

/** Six numbers on the wire of a pose turned and moved a little: position, then rotation about the body's axes. */
async function jacobianOnTheWire(pose: WorldFromCam, options: Partial<MavlinkOptions>): Promise<number[][]> {
  const step = 2e-3;
  const nudged = [0, 1, 2, 3, 4, 5].flatMap((k) =>
    [step, -step].map((d) =>
      compose(exp<'world', 'world'>([0, 0, 0, 0, 0, 0].map((_, i) => (i === k ? d : 0))), pose),
    ),
  );
  const { decoded } = await overUdp(
    [pose, ...nudged].map((p, n) => fix(p, {}, n)),
    options,
  );
  const [here, ...moved] = decoded.map(odometryOf);
  const offset = ({ x, y, z, q }: common.Odometry): number[] => {
    const turn = times(conjugate(here.q), q).slice(1);
    return [x - here.x, y - here.y, z - here.z, ...turn.map((v) => 2 * v)];
  };
  return [0, 1, 2, 3, 4, 5].map((k) => {
    const [plus, minus] = [offset(moved[2 * k]), offset(moved[2 * k + 1])];
    return plus.map((v, i) => (v - minus[i]) / (2 * step));
  });
}

test('the covariance is that of the very numbers beside it, in rows of the upper triangle', async () => {
  const random = createRandom(13);
  for (const message of ['odometry', 'vision'] as const) {
    const pose = anyPose(random);
    const columns = await jacobianOnTheWire(pose, {});
    const covariance = anyCovariance(random);
    const { decoded } = await overUdp([fix(pose, { covariance })], { message });
    const sent =
      message === 'odometry' ? odometryOf(decoded[0]).poseCovariance : visionOf(decoded[0]).covariance;
    const expected: number[] = [];
    for (let r = 0; r < 6; r++)
      for (let c = r; c < 6; c++)
        expected.push(
          columns.reduce(
            (sum, column, i) =>
              sum +
              columns.reduce((part, other, j) => part + column[r] * covariance[6 * i + j] * other[c], 0),
            0,
          ),
        );
    const largest = Math.max(...expected.map(Math.abs));
    near([...sent], expected, 5e-3 * largest, `covariance of ${message}`);
  }
});

test('an unknown covariance says so in its first number', async () => {
  const pose = anyPose(createRandom(14));
  const damaged = Float64Array.from({ length: 36 }, (_, i) => (i === 9 ? Number.POSITIVE_INFINITY : 0));
  for (const covariance of [null, damaged]) {
    const odometry = await overUdp([fix(pose, { covariance })]);
    assert.ok(Number.isNaN(odometryOf(odometry.decoded[0]).poseCovariance[0]));
    const vision = await overUdp([fix(pose, { covariance })], { message: 'vision' });
    assert.ok(Number.isNaN(visionOf(vision.decoded[0]).covariance[0]));
  }
});

test('frames: forward, right, down of a map with z up and of one with y down', async () => {
  const pose = anyPose(createRandom(15));
  const [x, y, z] = pose.t;
  const zUp = odometryOf((await overUdp([fix(pose)], { up: 'z' }, FLAT)).decoded[0]);
  assert.equal(zUp.frameId, common.MavFrame.LOCAL_FRD);
  near([zUp.x, zUp.y, zUp.z], [x, -y, -z], 1e-4, 'z up');
  const yDown = odometryOf((await overUdp([fix(pose)], { up: '-y' }, FLAT)).decoded[0]);
  near([yDown.x, yDown.y, yDown.z], [z, x, y], 1e-4, 'y down');
  const anchoredFrd = odometryOf((await overUdp([fix(pose)], { frame: 'frd' })).decoded[0]);
  assert.equal(anchoredFrd.frameId, common.MavFrame.LOCAL_FRD);
  near([anchoredFrd.x, anchoredFrd.y, anchoredFrd.z], nedOfEnu(pose.t), 1e-4, 'anchored');
});

test('headers: version 2, sender, sequence and reset counter that go round', async () => {
  const pose = anyPose(createRandom(16));
  const fixes = Array.from({ length: 300 }, (_, n) => ({ ...fix(pose, {}, n), resetCounter: n }));
  const { decoded, datagrams } = await overUdp(fixes);
  for (const [n, { packet, data }] of decoded.entries()) {
    const { header } = packet;
    assert.deepEqual([datagrams[n][0], header.sysid, header.compid], [0xfd, 42, 197]);
    assert.deepEqual([header.incompatibilityFlags, header.compatibilityFlags], [0, 0]);
    assert.equal(header.seq, n % 256);
    assert.ok(data instanceof common.Odometry);
    assert.equal(data.resetCounter, n % 256);
    assert.equal(packet.signature, null);
  }
});

test('zeros at the end are cut, and come back', async () => {
  const pose = rigid<'world', 'cam'>([0, 0, 0, 1], [3, 4, 5]);
  const nothing = fix(pose, { covariance: new Float64Array(36) });
  const { decoded, datagrams } = await overUdp([nothing], { message: 'vision' });
  const { x, y, z, covariance, resetCounter } = visionOf(decoded[0]);
  near([x, y, z], [4, 3, -5], 1e-5, 'position');
  assert.deepEqual([[...covariance], resetCounter], [new Array(21).fill(0), 0]);
  assert.ok(datagrams[0].length < 60, `${datagrams[0].length} bytes`);
  assert.equal(decoded[0].packet.header.payloadLength, datagrams[0].length - 12);
});

test('a damaged packet is told from a whole one, byte by byte', async () => {
  const { datagrams } = await overUdp([fix(anyPose(createRandom(17)), { covariance: null })]);
  const [whole] = datagrams;
  for (let at = 1; at < whole.length; at++) {
    const { decoded, splitter } = decoder();
    const damaged = Buffer.from(whole);
    damaged[at] ^= 0x10;
    splitter.write(damaged);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(decoded.length, 0, `byte ${at}`);
  }
});
