import { type SchemaName, schemaText } from './foxgloveSchemas.js';

/** A named flow of JSON messages of one type, as Foxglove and MCAP know it. */
export interface Channel {
  readonly topic: string;
  readonly schemaName: SchemaName;
  readonly schema: string;
}

/** One message of a channel. */
export interface ChannelMessage {
  /** When it was published, ns since the Unix epoch. */
  readonly timeNs: bigint;
  /** UTF-8 JSON. */
  readonly data: Uint8Array;
}

export type StreamChannel =
  | 'pose'
  | 'transform'
  | 'image'
  | 'annotations'
  | 'calibration'
  | 'log'
  | 'message'
  | 'status'
  | 'source'
  | 'outcome';

const SCHEMA_OF: Readonly<Record<StreamChannel, SchemaName>> = {
  pose: 'foxglove.PoseInFrame',
  transform: 'foxglove.FrameTransform',
  image: 'foxglove.CompressedImage',
  annotations: 'foxglove.ImageAnnotations',
  calibration: 'foxglove.CameraCalibration',
  log: 'foxglove.Log',
  message: 'posestream.Pose',
  status: 'posestream.Status',
  source: 'posestream.Source',
  outcome: 'posestream.Outcome',
};

const channel = (topic: string, schemaName: SchemaName): Channel => ({
  topic,
  schemaName,
  schema: schemaText(schemaName),
});

export const MAP_POINTS: Channel = channel('/map/points', 'foxglove.PointCloud');

/** Streams and maps that come and go. */
export const CHANGES: Channel = channel('/changes', 'posestream.Change');

/** `/<stream>/<name>` */
export const streamChannel = (stream: string, name: StreamChannel): Channel =>
  channel(`/${stream}/${name}`, SCHEMA_OF[name]);

export const jsonBytes = (value: unknown): Uint8Array => Buffer.from(JSON.stringify(value));

export const nsOfMs = (ms: number): bigint => BigInt(Math.round(ms * 1000)) * 1000n;
