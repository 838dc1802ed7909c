import type { WebSocket } from 'ws';
import type { Camera } from '../../domain/camera.js';
import type { GrayImage } from '../../domain/features.js';
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
import { logOfStatus, stampMsOf } from './foxgloveMessages.js';
import { type FoxgloveClient, serveFoxglove } from './foxgloveSocket.js';
import {
  calibrationChannel,
  type DrawnMap,
  mapChannel,
  messagesOfOutcome,
  messagesOfPicture,
} from './streamMessages.js';

/** A stream as Foxglove's clients are told of it. */
export interface FoxgloveStream {
  readonly id: string;
  readonly camera?: Camera;
}

/** Everything the gateway publishes, for Foxglove and Lichtblick. Messages are made only for channels that somebody
 * subscribed to; those of a stream that is not there are left out. */
export interface Foxglove {
  /** @param mayRead streams this client may hear of, those to come too; the others are as if they were not there */
  add(socket: WebSocket, mayRead: (stream: string) => boolean): void;
  /** Clients are told its channels; where it was there already, that those have gone. */
  setStream(stream: FoxgloveStream): void;
  removeStream(id: string): void;
  /** Who watches the points gets those of the new map. */
  setMap(map: DrawnMap): void;
  /** @param item the pose message of the outcome; null for a drop */
  publishOutcome(stream: string, outcome: Outcome, item: Item | null): void;
  publishSource(stream: string, status: SourceStatus): void;
  publishStatus(message: StatusMessage): void;
  wantsFrame(stream: string): boolean;
  /** Copies the pixels before it returns. */
  publishFrame(stream: string, image: GrayImage, outcome: Outcome): Promise<void>;
  clients(): number;
  /** Pictures of a stream that are sent to somebody. */
  viewers(): number;
}

export interface FoxgloveOptions {
  readonly map: DrawnMap;
  readonly streams: readonly FoxgloveStream[];
  /** Camera pictures a second and stream. */
  readonly viewHz: number;
  /** Whether one more may be sent pictures. */
  readonly mayWatch: () => boolean;
  readonly nowMs: () => number;
  readonly monotonicMs: () => number;
}

const LIVE = ['pose', 'transform', 'image', 'annotations', 'log', 'message', 'status'] as const;
const MAP_ID = 0;

export function createFoxglove(options: FoxgloveOptions): Foxglove {
  const { nowMs, monotonicMs } = options;
  const clients = new Set<FoxgloveClient>();
  /** An id is never given twice. */
  const channels = new Map<number, Channel>();
  const idOf = new Map<string, number>();
  const stills = new Map<number, () => ChannelMessage>();
  const pictures = new Map<string, { encoding: boolean; lastMs: number }>();
  const sessionId = String(nowMs());
  let nextId = MAP_ID;

  const channelId = (stream: string, name: StreamChannel): number => idOf.get(`/${stream}/${name}`) ?? -1;
  const wanted = (id: number): boolean => [...clients].some((client) => client.wants(id));
  const imageIds = (): number[] => [...pictures.keys()].map((stream) => channelId(stream, 'image'));
  const viewers = (): number =>
    [...clients].reduce((sum, client) => sum + imageIds().filter(client.wants).length, 0);

  function addChannel(channel: Channel): number {
    const id = nextId++;
    idOf.set(channel.topic, id);
    channels.set(id, channel);
    return id;
  }

  function refusal(id: number): string | null {
    const isRefused = imageIds().includes(id) && !options.mayWatch();
    return isRefused ? 'As many as may are watching pictures (limits.maxViewers).' : null;
  }

  function setMap(map: DrawnMap): void {
    stills.set(
      MAP_ID,
      lazy(() => messageOf(mapChannel(map).make(nowMs()), nowMs())),
    );
    const points = wanted(MAP_ID) ? stillOf(MAP_ID) : null;
    if (points) for (const client of clients) client.offer(MAP_ID, points);
  }

  const stillOf = (id: number): ChannelMessage | null => stills.get(id)?.() ?? null;

  function setStream({ id: stream, camera }: FoxgloveStream): void {
    removeStream(stream);
    const ids = LIVE.map((name) => addChannel(streamChannel(stream, name)));
    if (camera) {
      const { channel, make } = calibrationChannel(stream, camera);
      const id = addChannel(channel);
      stills.set(
        id,
        lazy(() => messageOf(make(nowMs()), nowMs())),
      );
      ids.push(id);
    }
    pictures.set(stream, { encoding: false, lastMs: -Infinity });
    for (const client of clients) client.advertise(ids);
  }

  function removeStream(stream: string): void {
    const gone = [...channels].filter(([, { topic }]) => topic.startsWith(`/${stream}/`)).map(([id]) => id);
    if (gone.length === 0) return;
    for (const client of clients) client.unadvertise(gone);
    for (const id of gone) {
      idOf.delete(channels.get(id)?.topic ?? '');
      channels.delete(id);
      stills.delete(id);
    }
    pictures.delete(stream);
  }

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

  addChannel(MAP_POINTS);
  setMap(options.map);
  for (const stream of options.streams) setStream(stream);

  return {
    add(socket, mayRead) {
      const client = serveFoxglove(socket, {
        isShown: (id) => id === MAP_ID || mayRead(channels.get(id)?.topic.split('/')[1] ?? ''),
        ...{ name: 'posestream', sessionId, channels, latched: stillOf, refusal, monotonicMs },
      });
      clients.add(client);
      socket.on('close', () => clients.delete(client));
    },
    ...{ setStream, removeStream, setMap, viewers, wantsFrame },
    clients: () => clients.size,
    publishOutcome(stream, outcome, item) {
      if (clients.size === 0) return;
      if (item) publish(stream, 'message', () => item.encode(nowMs()));
      for (const [name, make] of messagesOfOutcome(outcome, stampMsOf(outcome.frame, nowMs())))
        publish(stream, name, make);
    },
    publishSource: (stream, status) => publish(stream, 'log', () => logOfStatus(stream, status, nowMs())),
    publishStatus: (message) => publish(message.stream, 'status', () => message),
    async publishFrame(stream, image, outcome) {
      const picture = pictures.get(stream);
      if (!picture || !wantsFrame(stream)) return;
      const stampMs = stampMsOf(outcome.frame, nowMs());
      picture.encoding = true;
      picture.lastMs = monotonicMs();
      try {
        const jpeg = wanted(channelId(stream, 'image')) ? await encodeJpeg(image) : null;
        for (const [name, make] of messagesOfPicture(outcome, jpeg, stampMs)) publish(stream, name, make);
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

/** Made once, when first asked for. */
function lazy<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
