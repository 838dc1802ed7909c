import type { RawData, WebSocket } from 'ws';
import { z } from 'zod';
import { createRateLimit } from '../clientInput.js';
import { CLOSE } from '../wire.js';
import type { Channel, ChannelMessage } from './channels.js';
import { createLatestQueue } from './latestQueue.js';

/** What a client may ask for in Sec-WebSocket-Protocol; the first it names that is known is taken. */
export const FOXGLOVE_PROTOCOLS: readonly string[] = ['foxglove.websocket.v1', 'foxglove.sdk.v1'];

const MAX_BUFFERED_BYTES = 256 * 1024;
const MAX_SUBSCRIPTIONS = 1024;
const MAX_MESSAGES_PER_S = 100;
const MESSAGE_DATA = 1;
const HEADER_BYTES = 13;
const LEVEL = { warning: 1, error: 2 } as const;

const id = z.int().min(0).max(0xffffffff);
const request = z.discriminatedUnion('op', [
  z.object({
    op: z.literal('subscribe'),
    subscriptions: z.array(z.object({ id, channelId: id })).max(MAX_SUBSCRIPTIONS),
  }),
  z.object({ op: z.literal('unsubscribe'), subscriptionIds: z.array(id).max(MAX_SUBSCRIPTIONS) }),
]);
const anyOp = z.object({ op: z.string() });

export interface FoxgloveClient {
  wants(channelId: number): boolean;
  /** Whether a message of this channel would leave at once. */
  ready(channelId: number): boolean;
  offer(channelId: number, message: ChannelMessage): void;
  /** Tells of channels that are new. */
  advertise(channelIds: readonly number[]): void;
  /** Tells that channels are gone, and ends their subscriptions. */
  unadvertise(channelIds: readonly number[]): void;
}

export interface FoxgloveSocketOptions {
  readonly name: string;
  readonly sessionId: string;
  /** By id, as they are now. */
  readonly channels: ReadonlyMap<number, Channel>;
  /** Whether this client may hear of a channel; the others are as if they were not there. */
  readonly isShown: (channelId: number) => boolean;
  /** What a new subscriber gets at once; null where the channel keeps nothing. */
  readonly latched: (channelId: number) => ChannelMessage | null;
  /** Why nobody more may subscribe to it; null where they may. */
  readonly refusal: (channelId: number) => string | null;
  readonly monotonicMs: () => number;
}

/** One client of the Foxglove WebSocket protocol, version 1: it is told the channels, subscribes to some, and gets the
 * newest message of each. Source: github.com/foxglove/ws-protocol, docs/spec.md. */
export function serveFoxglove(socket: WebSocket, options: FoxgloveSocketOptions): FoxgloveClient {
  const subscriptions = new Map<number, number>();
  const idsOf = new Map<number, number>();
  const allowed = createRateLimit(MAX_MESSAGES_PER_S, MAX_MESSAGES_PER_S, options.monotonicMs);
  const queue = createLatestQueue<number>(
    {
      send: (data, sent) => socket.send(data, sent),
      bufferedBytes: () => (socket.readyState === socket.OPEN ? socket.bufferedAmount : Infinity),
    },
    MAX_BUFFERED_BYTES,
  );

  const tell = (message: object): void => {
    if (socket.bufferedAmount <= MAX_BUFFERED_BYTES) socket.send(JSON.stringify(message));
  };
  const complain = (level: keyof typeof LEVEL, message: string): void =>
    tell({ op: 'status', level: LEVEL[level], message });

  function offer(channelId: number, message: ChannelMessage): void {
    const subscription = idsOf.get(channelId);
    if (subscription !== undefined) queue.put(channelId, messageData(subscription, message));
  }

  function subscribe(subscription: number, channelId: number): void {
    const channel = options.isShown(channelId) ? options.channels.get(channelId) : undefined;
    const refusal = options.refusal(channelId);
    if (!channel) complain('error', `There is no channel ${channelId}.`);
    else if (idsOf.has(channelId)) complain('error', `${channel.topic} is subscribed to already.`);
    else if (subscriptions.has(subscription))
      complain('error', `Subscription ${subscription} exists already.`);
    else if (refusal !== null) complain('error', `${channel.topic} is not sent: ${refusal}`);
    else {
      subscriptions.set(subscription, channelId);
      idsOf.set(channelId, subscription);
      const kept = options.latched(channelId);
      if (kept) offer(channelId, kept);
    }
  }

  function unsubscribe(subscription: number): void {
    const channelId = subscriptions.get(subscription);
    if (channelId === undefined) complain('warning', `There is no subscription ${subscription}.`);
    else forget(subscription, channelId);
  }

  function forget(subscription: number, channelId: number): void {
    subscriptions.delete(subscription);
    idsOf.delete(channelId);
    queue.forget(channelId);
  }

  function advertise(ids: Iterable<number>): void {
    const known = [...ids].filter(options.isShown).flatMap((id) => advertised(id, options.channels.get(id)));
    if (known.length > 0) tell({ op: 'advertise', channels: known });
  }

  function unadvertise(ids: readonly number[]): void {
    const channelIds = ids.filter(options.isShown);
    if (channelIds.length === 0) return;
    for (const channelId of channelIds) {
      const subscription = idsOf.get(channelId);
      if (subscription !== undefined) forget(subscription, channelId);
    }
    tell({ op: 'unadvertise', channelIds });
  }

  function handle(data: RawData, isBinary: boolean): void {
    const json = isBinary ? null : parseJson(data.toString());
    const parsed = request.safeParse(json);
    if (!parsed.success) {
      const other = anyOp.safeParse(json);
      if (other.success) complain('warning', `'${other.data.op.slice(0, 40)}' is not served here.`);
      else socket.close(isBinary ? CLOSE.unsupportedData : CLOSE.policy, 'E_PROTOCOL');
    } else if (parsed.data.op === 'subscribe')
      for (const { id, channelId } of parsed.data.subscriptions) subscribe(id, channelId);
    else for (const subscription of parsed.data.subscriptionIds) unsubscribe(subscription);
  }

  socket.on('message', (data, isBinary) => {
    if (socket.readyState !== socket.OPEN) return;
    if (allowed()) handle(data, isBinary);
    else socket.close(CLOSE.policy, 'E_CAPACITY');
  });
  socket.on('close', () => queue.close());

  tell({ op: 'serverInfo', name: options.name, capabilities: [], sessionId: options.sessionId });
  advertise(options.channels.keys());

  return {
    wants: (channelId) => idsOf.has(channelId),
    ready: (channelId) => idsOf.has(channelId) && queue.free(channelId),
    ...{ offer, advertise, unadvertise },
  };
}

const advertised = (id: number, channel: Channel | undefined) =>
  channel
    ? [
        {
          ...{ id, topic: channel.topic, encoding: 'json' },
          ...{ schemaName: channel.schemaName, schema: channel.schema, schemaEncoding: 'jsonschema' },
        },
      ]
    : [];

/** u8 opcode, u32 subscription, u64 ns, payload; little-endian. */
function messageData(subscription: number, { timeNs, data }: ChannelMessage): Uint8Array {
  const out = Buffer.allocUnsafe(HEADER_BYTES + data.byteLength);
  out.writeUInt8(MESSAGE_DATA, 0);
  out.writeUInt32LE(subscription, 1);
  out.writeBigUInt64LE(timeNs, 5);
  out.set(data, HEADER_BYTES);
  return out;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
