import type { Camera } from '../../domain/camera.js';
import type { FrameId } from '../../domain/frame.js';
import type { Evidence, Outcome } from '../../domain/outcome.js';
import type { WorldFromCam } from '../../domain/rigid.js';
import type { Quaternion, Vec3 } from '../../geometry/rigid.js';
import { encodeMapGeometry } from '../mapGeometry.js';
import { asFloat32, decodePacked } from '../packed.js';
import type { ServedMap } from '../servedMap.js';
import { mapGeometryHeader, type SourceStatus } from '../wire.js';

/** Every pose is given in this frame. */
export const MAP_FRAME = 'map';

/** Optical frame of a stream's camera: x right, y down, z forward. */
const cameraFrame = (stream: string): string => `camera/${stream}`;

const NUMERIC_FLOAT32 = 7;
const ANNOTATION_POINTS = 1;
const LOG_LEVEL = { info: 2, warning: 3, error: 4 } as const;
/** Foxglove, like ROS, has a pixel's centre at whole numbers; ours is at halves. */
const PIXEL_CENTRE = 0.5;

const GREEN = { r: 0.2, g: 0.9, b: 0.35, a: 1 };
const RED = { r: 0.95, g: 0.3, b: 0.25, a: 0.8 };
const CLEAR = { r: 0, g: 0, b: 0, a: 0 };

/** When the light fell in, on the calendar; a file's own time line is none, there it is now. */
export const stampMsOf = (frame: FrameId, nowMs: number): number =>
  frame.captureClock === 'media' ? nowMs : frame.captureMs;

export function timeOfMs(ms: number) {
  const us = Math.round(Math.max(ms, 0) * 1000);
  return { sec: Math.floor(us / 1e6), nsec: (us % 1e6) * 1000 };
}

const vector = ([x, y, z]: Vec3) => ({ x, y, z });
const quaternion = ([x, y, z, w]: Quaternion) => ({ x, y, z, w });

export function poseInFrame({ q, t }: WorldFromCam, stampMs: number) {
  return {
    timestamp: timeOfMs(stampMs),
    frame_id: MAP_FRAME,
    pose: { position: vector(t), orientation: quaternion(q) },
  };
}

export function frameTransform(stream: string, { q, t }: WorldFromCam, stampMs: number) {
  return {
    timestamp: timeOfMs(stampMs),
    parent_frame_id: MAP_FRAME,
    child_frame_id: cameraFrame(stream),
    translation: vector(t),
    rotation: quaternion(q),
  };
}

/** At most 50 000 points as float32, from an origin of their own so that they keep their millimetres. */
export function mapPointCloud(map: ServedMap, stampMs: number) {
  const { header, sections } = decodePacked(encodeMapGeometry(map).buffer as ArrayBuffer);
  const { origin } = mapGeometryHeader.parse(header);
  const xyz = asFloat32(sections[0]);
  return {
    timestamp: timeOfMs(stampMs),
    frame_id: MAP_FRAME,
    pose: { position: vector(origin), orientation: quaternion([0, 0, 0, 1]) },
    point_stride: 12,
    fields: ['x', 'y', 'z'].map((name, i) => ({ name, offset: 4 * i, type: NUMERIC_FLOAT32 })),
    data: Buffer.from(xyz.buffer, xyz.byteOffset, xyz.byteLength).toString('base64'),
  };
}

export function compressedImage(stream: string, jpeg: Uint8Array, stampMs: number) {
  return {
    timestamp: timeOfMs(stampMs),
    frame_id: cameraFrame(stream),
    data: Buffer.from(jpeg).toString('base64'),
    format: 'jpeg',
  };
}

/** Inliers green, the rest red. */
export function imageAnnotations(evidence: Evidence | null, stampMs: number) {
  const timestamp = timeOfMs(stampMs);
  const dots = (xyPx: Float32Array, colour: typeof GREEN) => ({
    timestamp,
    type: ANNOTATION_POINTS,
    points: Array.from({ length: xyPx.length / 2 }, (_, i) => ({
      x: xyPx[2 * i] - PIXEL_CENTRE,
      y: xyPx[2 * i + 1] - PIXEL_CENTRE,
    })),
    outline_color: colour,
    outline_colors: [],
    fill_color: CLEAR,
    thickness: 4,
  });
  const points = evidence === null ? [] : [dots(evidence.outlierXyPx, RED), dots(evidence.inlierXyPx, GREEN)];
  return { circles: [], points, texts: [] };
}

export function cameraCalibration(stream: string, camera: Camera, stampMs: number) {
  const { fx, fy, cx, cy, model, d } = lensOf(camera);
  return {
    timestamp: timeOfMs(stampMs),
    frame_id: cameraFrame(stream),
    width: camera.widthPx,
    height: camera.heightPx,
    distortion_model: model,
    D: d,
    K: [fx, 0, cx, 0, fy, cy, 0, 0, 1],
    R: [1, 0, 0, 0, 1, 0, 0, 0, 1],
    P: [fx, 0, cx, 0, 0, fy, cy, 0, 0, 0, 1, 0],
  };
}

/** A COLMAP camera in the terms of OpenCV and ROS. */
function lensOf({ model, params }: Camera) {
  const oneFocal = model === 'SIMPLE_PINHOLE' || model === 'SIMPLE_RADIAL' || model === 'RADIAL';
  const [fx, fy, cx, cy, ...d] = oneFocal ? [params[0], ...params] : params;
  const centred = { fx, fy, cx: cx - PIXEL_CENTRE, cy: cy - PIXEL_CENTRE };
  if (model === 'OPENCV_FISHEYE') return { ...centred, model: 'kannala_brandt', d };
  return { ...centred, model: 'plumb_bob', d: [...d, 0, 0, 0, 0, 0].slice(0, 5) };
}

/** What is worth a line in a log: a frame without a pose. Null for the others. */
export function logOfOutcome(outcome: Outcome, stampMs: number) {
  if (outcome.kind === 'posed') return null;
  const message =
    outcome.kind === 'lost' ? `lost: ${outcome.reason}, ${outcome.detail}` : `dropped: ${outcome.reason}`;
  return logLine(outcome.frame.stream, outcome.kind === 'lost' ? 'warning' : 'info', message, stampMs);
}

export function logOfStatus(stream: string, status: SourceStatus, stampMs: number) {
  const failed = status.kind === 'failed';
  const message = failed ? `${status.code} ${status.message}` : `source ${status.kind}`;
  const calm = status.kind === 'connecting' || status.kind === 'streaming' || status.kind === 'ended';
  return logLine(stream, failed ? 'error' : calm ? 'info' : 'warning', message, stampMs);
}

function logLine(name: string, level: keyof typeof LOG_LEVEL, message: string, stampMs: number) {
  return { timestamp: timeOfMs(stampMs), level: LOG_LEVEL[level], message, name, file: '', line: 0 };
}
