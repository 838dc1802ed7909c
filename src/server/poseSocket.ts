import type { WebSocket } from 'ws';
import { createRateLimit, parseClientInput } from './clientInput.js';
import { createDelivery, type Delivery, type Item, type Link } from './delivery.js';
import { CLOSE, type ClientMessage, type ErrorMessage } from './wire.js';

const MAX_BUFFERED_BYTES = 64 * 1024;
/** Twice what a client needs that acknowledges four 60 Hz streams. */
const MAX_MESSAGES_PER_S = 500;
const MAX_UNACKED_MS = 10_000;

type Subscription = ClientMessage & { type: 'subscribe' };

export interface PoseClient {
  /** Newest message of a stream; ignored where the client did not subscribe to it. */
  offer(stream: string, item: Item): void;
  /** A message about the stream itself: sent unless the client lags, since the next one replaces it. */
  sendStatus(stream: string, text: string): void;
  /** Closes a client that owes an acknowledgement for ten seconds. */
  closeIfSilent(): void;
}

export interface PoseSocketOptions {
  readonly knowsStream: (id: string) => boolean;
  readonly latest: (id: string) => Item | null;
  readonly streams: () => Iterable<string>;
  /** Monotonic, ms. */
  readonly monotonicMs: () => number;
  /** Unix time, ms: what an age is counted to. */
  readonly nowMs: () => number;
}

/** One client of `/poses`: what it asked for, and how fast it can take it. */
export function servePoses(socket: WebSocket, options: PoseSocketOptions): PoseClient {
  const deliveries = new Map<string, Delivery>();
  const allowed = createRateLimit(MAX_MESSAGES_PER_S, MAX_MESSAGES_PER_S, options.monotonicMs);
  let wanted: ReadonlySet<string> | null = null;
  let maxRateHz: number | null = null;
  let window: number | null = null;

  const deliveryOf = (stream: string): Delivery => {
    const known = deliveries.get(stream);
    if (known) return known;
    const created = createDelivery(linkOf(socket, options.monotonicMs, options.nowMs), MAX_BUFFERED_BYTES);
    if (window !== null) created.setWindow(window);
    created.setMaxRateHz(maxRateHz);
    deliveries.set(stream, created);
    return created;
  };
  const wants = (stream: string): boolean => wanted === null || wanted.has(stream);
  const offer = (stream: string, item: Item): void => {
    if (wants(stream)) deliveryOf(stream).offer(item);
  };

  function subscribe(message: Subscription): void {
    const unknown = message.streams?.filter((id) => !options.knowsStream(id)) ?? [];
    if (unknown.length > 0) {
      reply(socket, `No such stream: ${unknown.slice(0, 8).join(', ')}.`, 'hello lists the streams.');
      return;
    }
    wanted = message.streams ? new Set(message.streams) : null;
    maxRateHz = message.maxRateHz ?? null;
    window = message.window ?? window;
    for (const delivery of deliveries.values()) delivery.close();
    deliveries.clear();
    offerLatest(message.after);
  }

  function offerLatest(after: Subscription['after'] = {}): void {
    for (const stream of options.streams()) {
      const item = options.latest(stream);
      const known = after[stream];
      if (item && (known?.epoch !== item.epoch || known.sequence !== item.sequence)) offer(stream, item);
    }
  }

  function handle(message: ClientMessage): void {
    if (message.type === 'subscribe') subscribe(message);
    else deliveries.get(message.stream)?.ack(message.epoch, message.sequence);
  }

  function close(): void {
    for (const delivery of deliveries.values()) delivery.close();
    deliveries.clear();
    wanted = new Set();
  }

  socket.on('message', (data, isBinary) => {
    if (socket.readyState !== socket.OPEN) return;
    const input = allowed() ? parseClientInput(data, isBinary) : flooded();
    if (input.ok) handle(input.message);
    else {
      socket.send(JSON.stringify(input.error));
      socket.close(input.closeCode, input.error.code);
    }
  });
  socket.on('close', close);
  offerLatest();

  return {
    offer,
    sendStatus(stream, text) {
      if (wants(stream) && socket.bufferedAmount <= MAX_BUFFERED_BYTES) socket.send(text);
    },
    closeIfSilent() {
      const late = [...deliveries.values()].some((delivery) => delivery.overdueMs() > MAX_UNACKED_MS);
      if (late) socket.close(CLOSE.tryAgainLater, 'no ack for 10 s');
    },
  };
}

/** A delivery's view of a socket: time is monotonic, but messages are dated by the calendar. */
export function linkOf(socket: WebSocket, monotonicMs: () => number, nowMs: () => number): Link {
  return {
    send: (data, sent) => socket.send(data, sent),
    bufferedBytes: () => (socket.readyState === socket.OPEN ? socket.bufferedAmount : Infinity),
    monotonicMs,
    nowMs,
    after: (ms, fire) => {
      const timer = setTimeout(fire, ms);
      return () => clearTimeout(timer);
    },
  };
}

function flooded() {
  const error: ErrorMessage = {
    type: 'error',
    code: 'E_CAPACITY',
    message: `More than ${MAX_MESSAGES_PER_S} messages a second.`,
  };
  return { ok: false as const, error, closeCode: CLOSE.policy };
}

function reply(socket: WebSocket, message: string, hint: string): void {
  const error: ErrorMessage = { type: 'error', code: 'E_PROTOCOL', message, hint };
  if (socket.bufferedAmount <= MAX_BUFFERED_BYTES) socket.send(JSON.stringify(error));
}
