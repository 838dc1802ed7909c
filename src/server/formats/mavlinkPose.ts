import type { Posed } from '../../domain/outcome.js';
import type { WorldFromCam } from '../../domain/rigid.js';
import { compose, fromRotationMatrix, inverse, type Rigid, rotationMatrix } from '../../geometry/rigid.js';
import type { MessageKind } from './mavlinkFrame.js';
import { type Axes, positionFirst } from './poseCovariance.js';

/** Local frames of a flight controller, down last: north, east, down, or forward, right, down with a heading of the
 * map's own. */
export type LocalFrame = 'ned' | 'frd';

/** Which way is up in a map that is not anchored: its z (x forward, y left), or against its y as in maps that start
 * with a level camera (x right, y down, z forward). An anchored map is east, north, up. */
export type MapUp = 'z' | '-y';

/** MAV_FRAME_LOCAL_NED, MAV_FRAME_LOCAL_FRD, MAV_FRAME_BODY_FRD, MAV_ESTIMATOR_TYPE_VISION. */
const FRAME_ID: Readonly<Record<LocalFrame, number>> = { ned: 1, frd: 20 };
const BODY_FRD = 12;
const ESTIMATOR_VISION = 2;

const FRD_FROM_Z_UP: Axes = [1, 0, 0, 0, -1, 0, 0, 0, -1];
const FRD_FROM_Y_DOWN: Axes = [0, 0, 1, 1, 0, 0, 0, 1, 0];
const NED_FROM_ENU: Axes = [0, 1, 0, 1, 0, 0, 0, 0, -1];

/** Wire order puts the widest fields first, extensions last. Source: message_definitions/v1.0/common.xml */
export const ODOMETRY: MessageKind = { id: 331, crcExtra: 91 };
export const VISION_POSITION_ESTIMATE: MessageKind = { id: 102, crcExtra: 158 };
const ODOMETRY_BYTES = 233;
const VISION_BYTES = 117;

/** A fix in a flight controller's terms. The camera looks forward, level with the body. */
export interface MavlinkPose {
  readonly timeUs: bigint;
  readonly frame: LocalFrame;
  readonly localFromBody: Rigid<'local', 'body'>;
  /** Row-major 6 x 6: position along the local axes (m), rotation about the body's (rad); null where unknown. */
  readonly covariance: Float64Array | null;
  readonly resetCounter: number;
  /** 0..1 */
  readonly confidence: number;
}

/** The local axes from the map's. Forward may be anywhere; where north is known it is north, for controllers that read
 * only forward, right, down and yet take its yaw for a compass. */
export const axesOf = (anchored: boolean, up: MapUp): Axes =>
  anchored ? NED_FROM_ENU : up === 'z' ? FRD_FROM_Z_UP : FRD_FROM_Y_DOWN;

/** @param resetCounter  changes whenever poses before and after are not one continuous path */
export function mavlinkPoseOf(
  { frame: { captureMs }, pose }: Posed,
  frame: LocalFrame,
  axes: Axes,
  resetCounter: number,
): MavlinkPose {
  const { worldFromCam, confidence } = pose;
  const localFromWorld = fromRotationMatrix<'local', 'world'>(axes, [0, 0, 0]);
  const bodyFromCam = fromRotationMatrix<'body', 'cam'>(FRD_FROM_Y_DOWN, [0, 0, 0]);
  const bodyFromWorld = compose(bodyFromCam, inverse(worldFromCam));
  return {
    timeUs: BigInt(Math.round(captureMs * 1000)),
    frame,
    localFromBody: compose(compose(localFromWorld, worldFromCam), inverse(bodyFromCam)),
    covariance: covarianceIn(axes, bodyFromWorld, worldFromCam, pose.covariance),
    resetCounter: resetCounter & 0xff,
    confidence,
  };
}

const covarianceIn = (
  localAxes: Axes,
  bodyFromWorld: Rigid<'body', 'world'>,
  worldFromCam: WorldFromCam,
  covariance: Float64Array | null,
): Float64Array | null =>
  positionFirst(worldFromCam, covariance, localAxes, Array.from(rotationMatrix(bodyFromWorld)));

/** Payload of ODOMETRY: pose and its covariance; velocities are unknown, hence NaN. */
export function odometryPayload(pose: MavlinkPose): Buffer {
  const { q, t } = pose.localFromBody;
  const out = Buffer.alloc(ODOMETRY_BYTES);
  out.writeBigUInt64LE(pose.timeUs, 0);
  const unknown = new Array<number>(6).fill(Number.NaN);
  const floats = [...t, q[3], q[0], q[1], q[2], ...unknown];
  writeFloats(out, 8, [...floats, ...upperTriangle(pose.covariance), ...upperTriangle(null)]);
  out.writeUInt8(FRAME_ID[pose.frame], 228);
  out.writeUInt8(BODY_FRD, 229);
  out.writeUInt8(pose.resetCounter, 230);
  out.writeUInt8(ESTIMATOR_VISION, 231);
  // 0 says that the quality is unknown.
  out.writeInt8(Math.max(1, Math.round(100 * pose.confidence)), 232);
  return out;
}

/** Payload of VISION_POSITION_ESTIMATE; roll, pitch, yaw turn about x after y after z. */
export function visionPayload(pose: MavlinkPose): Buffer {
  const out = Buffer.alloc(VISION_BYTES);
  out.writeBigUInt64LE(pose.timeUs, 0);
  const angles = rollPitchYaw(rotationMatrix(pose.localFromBody));
  writeFloats(out, 8, [...pose.localFromBody.t, ...angles, ...upperTriangle(pose.covariance)]);
  out.writeUInt8(pose.resetCounter, 116);
  return out;
}

/** Looking straight up or down, roll and yaw turn about one axis: yaw then has all of it. */
function rollPitchYaw(r: ArrayLike<number>): [number, number, number] {
  const pitch = -Math.asin(Math.min(1, Math.max(-1, r[6]))) + 0;
  if (Math.hypot(r[0], r[3]) < 1e-9) return [0, pitch, Math.atan2(-r[1], r[4])];
  return [Math.atan2(r[7], r[8]), pitch, Math.atan2(r[3], r[0])];
}

function writeFloats(out: Buffer, at: number, values: readonly number[]): void {
  for (const [i, value] of values.entries()) out.writeFloatLE(value, at + 4 * i);
}

/** Row by row; NaN first says that nothing is known. */
function upperTriangle(covariance: Float64Array | null): number[] {
  const values: number[] = [];
  for (let row = 0; row < 6; row++)
    for (let column = row; column < 6; column++) values.push(covariance?.[6 * row + column] ?? Number.NaN);
  return values;
}
