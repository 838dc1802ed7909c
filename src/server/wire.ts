import { z } from 'zod';

/** Grows when a message changes in a way an older client could misread; new optional fields do not count. */
export const PROTOCOL = 1;

/** Close codes of RFC 6455, section 7.4, as this server uses them. */
export const CLOSE = {
  goingAway: 1001,
  unsupportedData: 1003,
  notJson: 1007,
  policy: 1008,
  tryAgainLater: 1013,
} as const;

const vec3 = z.tuple([z.number(), z.number(), z.number()]);
const quaternion = z.tuple([z.number(), z.number(), z.number(), z.number()]);
const sha256 = z.string();
const count = z.int().nonnegative();

export const streamId = z
  .string()
  .regex(/^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$/, 'a stream id is 1-64 letters, digits, - or _');

const transform = z.object({ position: vec3, orientation: quaternion });

/** Row-major 6 x 6: rotation (rad), then translation; left perturbation of worldFromCam. */
const covariance = z.array(z.number()).length(36);

const droppedBy = z.record(z.string(), count);

const counters = z.object({
  /** Frames that came in = posed + lost + the sum of dropped. */
  in: count,
  posed: count,
  lost: count,
  dropped: droppedBy,
});

const timings = z.object({
  extractMs: z.number().optional(),
  retrieveMs: z.number().optional(),
  clusterMs: z.number().optional(),
  matchMs: z.number().optional(),
  solveMs: z.number().optional(),
  smoothMs: z.number().optional(),
  totalMs: z.number().optional(),
});

const frameFields = {
  type: z.literal('pose'),
  stream: z.string(),
  /** Grows when the source restarts; `sequence` starts anew within it and shows gaps. */
  epoch: count,
  sequence: count,
  timestampS: z.number(),
  captureMs: z.number(),
  clock: z.enum(['rtcp', 'arrival', 'media']),
  /** Capture to send, ms; null where the capture time is on the file's own time line. */
  ageMs: z.number().nullable(),
  timings,
  counters,
  mapSha256: sha256,
  modelSha256: sha256,
  /** What the stream makes of its frames so far, this one included. */
  track: z.enum(['lost', 'relocalizing', 'tracking', 'coasting']).optional(),
  /** Grows by one whenever poses before and after are not one continuous path. */
  resetCounter: count.optional(),
  /** Whether the frame was looked up in the whole map. */
  retrieved: z.boolean().optional(),
  /** What is wrong with the stream as a whole, as long as it seems to be. */
  warning: z.object({ code: z.string(), message: z.string(), hint: z.string() }).optional(),
  /** Whether fixes come often enough for a flight controller: 30 Hz over the last second, no gap above 200 ms. */
  evRateOk: z.boolean().optional(),
  /** Reference pose of this very frame in the map's frame, where a reference trajectory was handed in. */
  truth: transform.optional(),
};

const posed = z.object({
  ...frameFields,
  state: z.literal('posed'),
  source: z.enum(['pnp', 'tracked', 'coasted']),
  /** worldFromCam: camera centre in the map's frame (metres where the map is metric). */
  position: vec3,
  /** worldFromCam as [x, y, z, w]; camera axes x right, y down, z forward. */
  orientation: quaternion,
  /** What `position` and `orientation` are given in. */
  frameId: z.literal('map').optional(),
  /** On the clock of `captureMs`: nobody should act on this pose any later. */
  validUntilMs: z.number().optional(),
  covariance: covariance.nullable(),
  confidence: z.number(),
  inliers: count,
  matches: count,
  coverage: z.number(),
  reprojectionRmsPx: z.number(),
  /** The pose as neighbours in time correct it. */
  smooth: transform.extend({ covariance: covariance.nullable() }).optional(),
  wgs84: z.object({ latDeg: z.number(), lonDeg: z.number(), altM: z.number() }).optional(),
  /** Distance and angle to `truth`. */
  error: z.object({ m: z.number(), deg: z.number() }).optional(),
});

const lost = z.object({
  ...frameFields,
  state: z.literal('lost'),
  reason: z.string(),
  /** One line a person understands. */
  detail: z.string(),
  /** Pose of the best retrieved keyframe: a hint, never a fix. */
  coarse: transform.optional(),
});

export const poseMessage = z.discriminatedUnion('state', [posed, lost]);

export const sourceStatus = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('connecting') }),
  z.object({ kind: z.literal('streaming') }),
  z.object({ kind: z.literal('stalled') }),
  z.object({ kind: z.literal('frozen') }),
  z.object({
    ...{ kind: z.literal('retrying'), attempt: count, inMs: z.number() },
    /** SOURCE_DOWN: no frames come, whether the camera or the worker that reads it is gone. */
    code: z.literal('SOURCE_DOWN').optional(),
    message: z.string().optional(),
  }),
  /** Closed on request, until it is resumed. */
  z.object({ kind: z.literal('paused') }),
  z.object({ kind: z.literal('ended') }),
  z.object({ kind: z.literal('failed'), code: z.string(), message: z.string(), hint: z.string().optional() }),
]);

const percentiles = z.object({ p50: z.number(), p95: z.number(), p99: z.number() });

const statistics = z.object({
  counters,
  lostBy: z.record(z.string(), count),
  /** Frames that came in and are neither posed, lost nor dropped yet; counted at the door, on its own. */
  inFlight: count.optional(),
  /** Frames that ended posed or lost, per second, over the window. */
  processedHz: z.number(),
  inputHz: z.number(),
  /** Pipeline time per processed frame over the window; null before the first. */
  totalMs: percentiles.nullable(),
  /** Capture to outcome; null where capture times are not on our clock. */
  ageMs: percentiles.nullable(),
  /** How often the source was in trouble. */
  lastHour: z.object({ reconnects: count, stalls: count, freezes: count }).optional(),
});

/** Sent on every change of the source, and once a second: whoever hears nothing for five has lost the server. */
export const statusMessage = z.object({
  type: z.literal('status'),
  stream: z.string(),
  source: sourceStatus,
  statistics,
});

const streamInfo = z.object({
  id: z.string(),
  label: z.string(),
  /** Intrinsics in COLMAP's order, where known beforehand. */
  camera: z
    .object({ model: z.string(), params: z.array(z.number()), widthPx: count, heightPx: count })
    .optional(),
  hasTruth: z.boolean(),
  /** Clients push this stream's video to `/ingest/<stream>`. */
  takesVideo: z.boolean().optional(),
  source: sourceStatus,
  statistics,
});

/** First message on every socket, and again whenever the map, the network or the list of streams has changed. */
export const helloMessage = z.object({
  type: z.literal('hello'),
  protocol: z.literal(PROTOCOL),
  server: z.object({ name: z.string(), version: z.string() }),
  map: z.object({
    name: z.string(),
    sha256,
    keyframes: count,
    points: count,
    scale: z.enum(['metric', 'arbitrary']),
    anchor: z.object({ latDeg: z.number(), lonDeg: z.number(), altM: z.number() }).nullable(),
  }),
  model: z.object({ name: z.string(), version: z.string(), sha256 }),
  streams: z.array(streamInfo),
});

export const errorMessage = z.object({
  type: z.literal('error'),
  code: z.string(),
  message: z.string(),
  hint: z.string().optional(),
});

/** Sent to a client that heard nothing else for a second, because it wants no stream that is there. */
export const aliveMessage = z.object({ type: z.literal('alive') });

export const serverMessage = z.union([helloMessage, poseMessage, statusMessage, errorMessage, aliveMessage]);

/** Narrows what this socket receives; without it a socket receives every stream at full rate. */
export const subscribeMessage = z.strictObject({
  type: z.literal('subscribe'),
  streams: z.array(streamId).max(256).optional(),
  maxRateHz: z.number().positive().max(1000).optional(),
  /** Unacknowledged messages in flight per stream; the first `ack` sets 2 where this is absent. */
  window: z.int().min(1).max(64).optional(),
  /** A pose that waited longer than this for the client's acknowledgements is left out; default 500 with a window. */
  lifespanMs: z.number().min(10).max(60_000).optional(),
  /** Of what the server sends from here on: JSON text (default), or the same fields as binary MessagePack. */
  encoding: z.enum(['json', 'msgpack']).optional(),
  /** Newest message handled of each stream before the connection broke: it is not sent again. */
  after: z.record(streamId, z.strictObject({ epoch: count, sequence: count })).optional(),
});

/** Everything of this stream up to and including this message has been handled. */
export const ackMessage = z.strictObject({
  type: z.literal('ack'),
  stream: streamId,
  epoch: count,
  sequence: count,
});

export const clientMessage = z.discriminatedUnion('type', [subscribeMessage, ackMessage]);

/** JSON header of a packed `/view` message; sections: inlier xy, outlier xy (float32 pixels of the frame), JPEG. */
export const viewHeader = z.object({
  type: z.literal('view'),
  stream: z.string(),
  epoch: count,
  sequence: count,
  state: z.enum(['posed', 'lost', 'dropped']),
  widthPx: count,
  heightPx: count,
});

/** JSON header of packed `/api/map`; sections: points xyz (float32, minus origin), their track lengths (uint8,
 * capped at 255), keyframes tx ty tz qx qy qz qw (float32, translation minus origin). */
export const mapGeometryHeader = z.object({
  type: z.literal('map'),
  name: z.string(),
  sha256,
  scale: z.enum(['metric', 'arbitrary']),
  /** Subtracted in float64, so that float32 keeps millimetres far from the world's origin. */
  origin: vec3,
  points: count,
  pointsInMap: count,
  keyframes: count,
  camera: z
    .object({ model: z.string(), params: z.array(z.number()), widthPx: count, heightPx: count })
    .nullable(),
});

export type PoseMessage = z.infer<typeof poseMessage>;
export type PosedMessage = z.infer<typeof posed>;
export type LostMessage = z.infer<typeof lost>;
export type StatusMessage = z.infer<typeof statusMessage>;
export type SourceStatus = z.infer<typeof sourceStatus>;
export type Statistics = z.infer<typeof statistics>;
export type Counters = z.infer<typeof counters>;
export type StreamInfo = z.infer<typeof streamInfo>;
export type HelloMessage = z.infer<typeof helloMessage>;
export type ErrorMessage = z.infer<typeof errorMessage>;
export type ServerMessage = z.infer<typeof serverMessage>;
export type ClientMessage = z.infer<typeof clientMessage>;
export type ViewHeader = z.infer<typeof viewHeader>;
export type MapGeometryHeader = z.infer<typeof mapGeometryHeader>;
