import type { WebSocket } from 'ws';
import type { Camera } from '../../domain/camera.js';
import type { GrayImage } from '../../domain/features.js';
import type { MapModel } from '../../domain/mapModel.js';
import type { Outcome } from '../../domain/outcome.js';
import type { Item } from '../delivery.js';
import { encodeJpeg } from '../viewChannel.js';
import type { SourceStatus, StatusMessage } from '../wire.js';
import {
  type Channel,
  type ChannelMessage,
  jsonBytes,
  MAP_POINTS,
  nsOfMs,
  type StreamChannel,
  streamChannel,
} from './channels.js';
import {
  cameraCalibration,
  compressedImage,
  frameTransform,
  imageAnnotations,
  logOfOutcome,
  logOfStatus,
  mapPointCloud,
  poseInFrame,
  stampMsOf,
} from './foxgloveMessages.js';
import { type FoxgloveClient, serveFoxglove } from './foxgloveSocket.js';

/** Everything the gateway publishes, for Foxglove and Lichtblick. Messages are made only for channels that somebody
 * subscribed to. */
export interface Foxglove {
  add(socket: WebSocket): void;
  /** @param item the pose message of the outcome; null for a drop */
  publishOutcome(stream: string, outcome: Outcome, item: Item | null): void;
  publishSource(stream: string, status: SourceStatus): void;
  publishStatus(message: StatusMessage): void;
  wantsFrame(stream: string): boolean;
  /** Copies the pixels before it returns. */
  publishFrame(stream: string, image: GrayImage, outcome: Outcome): Promise<void>;
}

export interface FoxgloveOptions {
  readonly map: MapModel;
  readonly streams: readonly { readonly id: string; readonly camera?: Camera }[];
  /** Camera pictures a second and stream. */
  readonly viewHz: number;
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
}

const LIVE: readonly StreamChannel[] = [
  'pose',
  'transform',
  'image',
  'annotations',
  'calibration',
  'log',
  'message',
  'status',
];

export function createFoxglove(options: FoxgloveOptions): Foxglove {
  const { nowMs, monotonicMs } = options;
  const clients = new Set<FoxgloveClient>();
  const channels: Channel[] = [MAP_POINTS];
  const idOf = new Map<string, number>([[MAP_POINTS.topic, 0]]);
  for (const { id, camera } of options.streams)
    for (const name of LIVE) if (name !== 'calibration' || camera) addChannel(streamChannel(id, name));
  const pictures = new Map(options.streams.map(({ id }) => [id, { encoding: false, lastMs: -Infinity }]));
  const sessionId = String(nowMs());
  const latched = createLatched(options, (topic) => idOf.get(topic) ?? -1);

  function addChannel(channel: Channel): void {
    idOf.set(channel.topic, channels.length);
    channels.push(channel);
  }

  const channelId = (stream: string, name: StreamChannel): number => idOf.get(`/${stream}/${name}`) ?? -1;
  const wanted = (id: number): boolean => [...clients].some((client) => client.wants(id));

  /** @param make JSON value, bytes, or null for nothing to say; asked only where somebody listens */
  function publish(stream: string, name: StreamChannel, make: () => object | null): void {
    const id = channelId(stream, name);
    if (!wanted(id)) return;
    const value = make();
    if (value === null) return;
    const message = messageOf(value, nowMs());
    for (const client of clients) client.offer(id, message);
  }

  function wantsFrame(stream: string): boolean {
    const picture = pictures.get(stream);
    if (!picture || picture.encoding || monotonicMs() - picture.lastMs < 900 / options.viewHz) return false;
    const ids = [channelId(stream, 'image'), channelId(stream, 'annotations')];
    return [...clients].some((client) => ids.some((id) => client.ready(id)));
  }

  return {
    add(socket) {
      const client = serveFoxglove(socket, {
        ...{ name: 'posestream', sessionId, channels, latched, monotonicMs },
      });
      clients.add(client);
      socket.on('close', () => clients.delete(client));
    },
    publishOutcome(stream, outcome, item) {
      if (clients.size === 0) return;
      const stampMs = stampMsOf(outcome.frame, nowMs());
      publish(stream, 'log', () => logOfOutcome(outcome, stampMs));
      if (item) publish(stream, 'message', () => Buffer.from(item.encode(nowMs())));
      if (outcome.kind !== 'posed') return;
      const { worldFromCam } = outcome.pose;
      publish(stream, 'pose', () => poseInFrame(worldFromCam, stampMs));
      publish(stream, 'transform', () => frameTransform(stream, worldFromCam, stampMs));
    },
    publishSource: (stream, status) => publish(stream, 'log', () => logOfStatus(stream, status, nowMs())),
    publishStatus: (message) => publish(message.stream, 'status', () => message),
    wantsFrame,
    async publishFrame(stream, image, outcome) {
      const picture = pictures.get(stream);
      if (!picture || !wantsFrame(stream)) return;
      const stampMs = stampMsOf(outcome.frame, nowMs());
      const evidence = outcome.kind === 'dropped' ? null : outcome.evidence;
      picture.encoding = true;
      picture.lastMs = monotonicMs();
      try {
        const jpeg = wanted(channelId(stream, 'image')) ? await encodeJpeg(image) : null;
        publish(stream, 'image', () => jpeg && compressedImage(stream, jpeg, stampMs));
        publish(stream, 'annotations', () => imageAnnotations(evidence, stampMs));
      } finally {
        picture.encoding = false;
      }
    },
  };
}

const messageOf = (value: object, nowMs: number): ChannelMessage => ({
  timeNs: nsOfMs(nowMs),
  data: value instanceof Uint8Array ? value : jsonBytes(value),
});

/** What does not change while the server runs: made once, when first asked for. */
function createLatched({ map, streams, nowMs }: FoxgloveOptions, idOf: (topic: string) => number) {
  const makers = new Map<number, (stampMs: number) => object>([
    [idOf(MAP_POINTS.topic), (stampMs) => mapPointCloud(map, stampMs)],
  ]);
  for (const { id, camera } of streams)
    if (camera)
      makers.set(idOf(streamChannel(id, 'calibration').topic), (stampMs) =>
        cameraCalibration(id, camera, stampMs),
      );
  const made = new Map<number, ChannelMessage>();
  return (id: number): ChannelMessage | null => {
    const make = makers.get(id);
    if (!made.has(id) && make) made.set(id, messageOf(make(nowMs()), nowMs()));
    return made.get(id) ?? null;
  };
}
