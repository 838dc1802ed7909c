import { all, boolean, bytes, integer, list, number, type ObjectSchema, some, text } from './jsonSchema.js';

/** The message types of Foxglove's published schemas that this server speaks, as JSON, and two of our own.
 * Source: https://docs.foxglove.dev/docs/sdk/schemas */
const time = all({ sec: integer, nsec: integer }, 'time');
const vector3 = all({ x: number, y: number, z: number });
const quaternion = all({ x: number, y: number, z: number, w: number });
const pose = all({ position: vector3, orientation: quaternion });
const point2 = all({ x: number, y: number });
const colour = all({ r: number, g: number, b: number, a: number });

const circle = all({
  timestamp: time,
  position: point2,
  diameter: number,
  thickness: number,
  fill_color: colour,
  outline_color: colour,
});
const points = all({
  timestamp: time,
  type: integer,
  points: list(point2),
  outline_color: colour,
  outline_colors: list(colour),
  fill_color: colour,
  thickness: number,
});
const label = all({
  timestamp: time,
  position: point2,
  text,
  font_size: number,
  text_color: colour,
  background_color: colour,
});

const frame = { timestamp: time, frame_id: text };
const outcomeFields = {
  stream: text,
  epoch: integer,
  sequence: integer,
  timestampS: number,
  captureMs: number,
};

const SCHEMAS = {
  'foxglove.PoseInFrame': all({ ...frame, pose }, 'foxglove.PoseInFrame'),
  'foxglove.FrameTransform': all(
    {
      timestamp: time,
      parent_frame_id: text,
      child_frame_id: text,
      translation: vector3,
      rotation: quaternion,
    },
    'foxglove.FrameTransform',
  ),
  'foxglove.PointCloud': all(
    {
      ...frame,
      pose,
      point_stride: integer,
      fields: list(all({ name: text, offset: integer, type: integer })),
      data: bytes,
    },
    'foxglove.PointCloud',
  ),
  'foxglove.CompressedImage': all({ ...frame, data: bytes, format: text }, 'foxglove.CompressedImage'),
  'foxglove.ImageAnnotations': all(
    { circles: list(circle), points: list(points), texts: list(label) },
    'foxglove.ImageAnnotations',
  ),
  'foxglove.CameraCalibration': all(
    {
      ...frame,
      width: integer,
      height: integer,
      distortion_model: text,
      D: list(number),
      K: list(number),
      R: list(number),
      P: list(number),
    },
    'foxglove.CameraCalibration',
  ),
  'foxglove.Log': all(
    { timestamp: time, level: integer, message: text, name: text, file: text, line: integer },
    'foxglove.Log',
  ),
  'posestream.Pose': some(
    ['type', 'state', ...Object.keys(outcomeFields), 'counters'],
    {
      type: text,
      state: text,
      ...outcomeFields,
      clock: text,
      track: text,
      resetCounter: integer,
      source: text,
      position: list(number),
      orientation: list(number),
      confidence: number,
      inliers: integer,
      matches: integer,
      coverage: number,
      reprojectionRmsPx: number,
      reason: text,
      detail: text,
      counters: all({ in: integer, posed: integer, lost: integer }),
    },
    'posestream.Pose',
  ),
  'posestream.Status': some(
    ['type', 'stream', 'source', 'statistics'],
    {
      type: text,
      stream: text,
      source: some(['kind'], { kind: text, attempt: integer, code: text, message: text }, 'source'),
      statistics: some(
        ['processedHz', 'inputHz'],
        {
          processedHz: number,
          inputHz: number,
          counters: all({ in: integer, posed: integer, lost: integer }),
        },
        'statistics',
      ),
    },
    'posestream.Status',
  ),
  'posestream.Source': some(
    ['kind'],
    { kind: text, attempt: integer, code: text, message: text },
    'posestream.Source',
  ),
  'posestream.Outcome': some(
    ['kind', 'frame'],
    {
      kind: text,
      frame: all(outcomeFields),
      reason: text,
      detail: text,
      state: text,
      resetCounter: integer,
      retrieved: boolean,
      keyframe: integer,
    },
    'posestream.Outcome',
  ),
  'posestream.Change': some(['kind'], { kind: text, id: text }, 'posestream.Change'),
} as const satisfies Readonly<Record<string, ObjectSchema>>;

export type SchemaName = keyof typeof SCHEMAS;

/** JSON Schema, as text. */
export function schemaText(name: SchemaName): string {
  return JSON.stringify(SCHEMAS[name]);
}
