import { z } from 'zod';
import { PosestreamError } from '../domain/errors.js';
import { parseSource } from '../streams/sourceUrl.js';
import { scope } from './scopes.js';
import { streamId } from './wire.js';

const path = z.string().min(1).max(4096);
const token = z.string().min(16, 'a token has at least 16 characters').max(512);

/** What is printed in place of a credential is never one. */
const noRedacted = (text: string): boolean => !text.includes('***');
const REDACTED = "'***' stands for credentials that were hidden; write them out";

const source = path.superRefine((text, context) => {
  if (!noRedacted(text)) context.addIssue({ code: 'custom', message: REDACTED });
  else
    try {
      parseSource(text);
    } catch (error) {
      if (!(error instanceof PosestreamError)) throw error;
      context.addIssue({ code: 'custom', message: error.message });
    }
});

export const streamConfig = z.strictObject({
  id: streamId.describe('Letters, digits, - and _; what clients name the stream by.'),
  source: source.describe(
    'A video file, a live address (rtsp: rtmp: srt: udp: https:), push:, or /dev/video0.',
  ),
  intrinsics: path
    .optional()
    .describe("Intrinsics file. Default: intrinsics.json beside the video, else the map's only camera."),
  realtime: z.boolean().default(true).describe('Files play at their own pace and late frames are dropped.'),
  loop: z.boolean().default(false).describe('Files play again and again.'),
  maxSidePx: z
    .int()
    .min(64)
    .max(4096)
    .optional()
    .describe(
      "Longer side that pictures are scaled to. Default: 640, or the map's own where that is smaller.",
    ),
  captureClock: z
    .enum(['camera', 'arrival'])
    .optional()
    .describe(
      'Default camera: its own clock, where it tells one by RTCP that can be right. arrival: ours, when pictures come.',
    ),
  reference: path
    .optional()
    .describe("TUM trajectory in the map's frame; messages and page then carry the error against it."),
});

const mavlinkOutput = z
  .strictObject({
    kind: z.literal('mavlink'),
    host: z.string().min(1).max(253),
    port: z.int().min(1).max(65535).default(14540),
    stream: streamId,
    message: z
      .enum(['odometry', 'vision'])
      .default('odometry')
      .describe('ODOMETRY, or VISION_POSITION_ESTIMATE.'),
    frame: z.enum(['ned', 'frd']).optional().describe('Default: ned where the map is anchored, else frd.'),
    up: z.enum(['z', '-y']).default('z').describe('Which way is up in a map that is not anchored.'),
    systemId: z.int().min(1).max(255).default(1),
    componentId: z
      .int()
      .min(1)
      .max(255)
      .default(197)
      .describe('197 is MAV_COMP_ID_VISUAL_INERTIAL_ODOMETRY.'),
  })
  .describe('A flight controller that is sent every fix of a stream over UDP.');

const rosbridgeOutput = z
  .strictObject({
    kind: z.literal('rosbridge'),
    url: z
      .string()
      .regex(/^wss?:\/\/\S+$/, 'an address is ws://host:9090')
      .max(2048)
      .refine(noRedacted, REDACTED),
    stream: streamId,
    topic: z
      .string()
      .regex(/^\/[\w/]{1,255}$/, 'a topic is /like/this')
      .optional()
      .describe('Default: /posestream/<stream>/pose.'),
    ros: z.union([z.literal(1), z.literal(2)]).default(2),
  })
  .describe('A rosbridge server that is sent every fix of a stream.');

const outputConfig = z.discriminatedUnion('kind', [mavlinkOutput, rosbridgeOutput]);

const listenConfig = z.strictObject({
  host: z
    .string()
    .min(1)
    .max(253)
    .default('127.0.0.1')
    .describe('Address to listen on; any but this machine needs a token.'),
  port: z.int().min(0).max(65535).default(8080).describe('0 takes any free port.'),
  token: token.optional().describe('One token that may do everything.'),
  tokens: z
    .array(z.strictObject({ token, scopes: z.array(scope).min(1).max(256) }))
    .max(256)
    .optional()
    .describe('Tokens that may do only what their scopes say.'),
  origins: z
    .array(z.string().regex(/^([a-z][a-z0-9+.-]*:\/\/[^/\s]*|null)$/, 'an origin is https://host, no path'))
    .max(32)
    .optional()
    .describe('Other pages that may open sockets, such as https://app.foxglove.dev.'),
});

const limitsConfig = z.strictObject({
  maxClients: z.int().min(1).max(65_536).optional().describe('Sockets in all. Default 4096.'),
  maxClientsPerAddress: z.int().min(1).max(65_536).optional().describe('Default 256.'),
  maxViewers: z.int().min(0).max(1024).optional().describe('Sockets that watch camera pictures. Default 16.'),
  maxStreams: z
    .int()
    .min(1)
    .max(64)
    .optional()
    .describe('Streams open at once; others are refused. Default: four for each core.'),
  viewHz: z
    .number()
    .positive()
    .max(30)
    .optional()
    .describe('Camera pictures a second and stream. Default 10.'),
});

const sourcesConfig = z.strictObject({
  fileRoots: z.array(path).max(64).default([]).describe('Folders whose files may be named over REST.'),
  allowPrivateHosts: z
    .boolean()
    .default(false)
    .describe('Cameras in private networks and on this machine may be named over REST.'),
  allowLocalDevices: z
    .boolean()
    .default(false)
    .describe('Cameras of this machine and listeners on it may be named over REST.'),
});

export const serveConfig = z
  .strictObject({
    listen: listenConfig.prefault({}).describe('Where the server listens and who may come in.'),
    map: path.describe('Map to localize in.'),
    mapRoots: z
      .array(path)
      .max(64)
      .optional()
      .describe('Folders whose maps may be swapped in over REST. Default: the folder of the map.'),
    model: path
      .optional()
      .describe('Manifest of the network. Default: the one that comes with this package.'),
    record: path.optional().describe('MCAP file to record to.'),
    recordImagesHz: z
      .number()
      .positive()
      .max(30)
      .optional()
      .describe('Camera pictures a second and stream in the recording. Default: none.'),
    streams: z.array(streamConfig).max(64).describe('Cameras and videos, in order of admission.'),
    outputs: z.array(outputConfig).max(64).default([]).describe('Others that are sent poses without asking.'),
    limits: limitsConfig.prefault({}),
    sources: sourcesConfig
      .prefault({})
      .describe('What streams added over REST may reach. This file may name anything.'),
  })
  .superRefine((config, context) => {
    const complain = (at: (string | number)[], message: string): void =>
      context.addIssue({ code: 'custom', path: at, message });
    const ids = config.streams.map(({ id }) => id);
    ids.forEach((id, i) => {
      if (ids.indexOf(id) < i) complain(['streams', i, 'id'], `stream id '${id}' is taken`);
    });
    config.outputs.forEach(({ stream }, i) => {
      if (!ids.includes(stream)) complain(['outputs', i, 'stream'], `no stream is called '${stream}'`);
    });
    const tokens = [config.listen.token, ...(config.listen.tokens ?? []).map((entry) => entry.token)];
    tokens.forEach((text, i) => {
      if (text !== undefined && tokens.indexOf(text) < i)
        complain(['listen', 'tokens', i - 1, 'token'], 'the same token is given twice');
    });
  });

export type ServeConfig = z.infer<typeof serveConfig>;
export type StreamConfig = z.infer<typeof streamConfig>;
export type OutputConfig = z.infer<typeof outputConfig>;
export type ListenConfig = ServeConfig['listen'];
