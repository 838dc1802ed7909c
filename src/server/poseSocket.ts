import type { RawData, WebSocket } from 'ws';
import { createRateLimit, parseClientInput } from './clientInput.js';
import { createDelivery, type Delivery, type Item, type Link } from './delivery.js';
import { type Encoded, type Encoding, encodedOnce, encodeMessage } from './encoding.js';
import { CLOSE, type ClientMessage, type ErrorMessage, type ServerMessage } from './wire.js';

const MAX_BUFFERED_BYTES = 64 * 1024;
/** Twice what a client needs that acknowledges four 60 Hz streams. */
const MAX_MESSAGES_PER_S = 500;
/** Reading a long message costs as much as several short ones. */
const BYTES_A_MESSAGE = 512;
const MAX_UNACKED_MS = 10_000;
/** As long as a pose may be acted on. */
const LIFESPAN_MS = 500;

const ALIVE = encodedOnce({ type: 'alive' } satisfies ServerMessage);

type Subscription = ClientMessage & { type: 'subscribe' };

export interface PoseClient {
  /** Newest message of a stream; ignored where the client did not subscribe to it. */
  offer(stream: string, item: Item): void;
  /** A message about the stream itself: sent unless the client lags, since the next one replaces it. */
  sendStatus(stream: string, status: Encoded): void;
  /** A new truth about the server: it takes the place of the first hello, so a client that cannot take it is closed
   * with 1013 and comes again. */
  sendHello(hello: Encoded): void;
  /** To be called once a second: says that the line lives where nothing else was said, and closes a client that owes an
   * acknowledgement for ten seconds. */
  everySecond(): void;
}

export interface PoseSocketOptions {
  readonly knowsStream: (id: string) => boolean;
  /** Streams this client may hear of, those to come too; the others are as if they were not there. */
  readonly mayRead?: (id: string) => boolean;
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
  let asked: Omit<Subscription, 'type' | 'streams' | 'after'> = {};
  let encoding: Encoding = 'json';
  let isQuiet = true;

  const deliveryOf = (stream: string): Delivery => {
    const known = deliveries.get(stream);
    if (known) return known;
    const link = linkOf(socket, options.monotonicMs, options.nowMs, () => {
      isQuiet = false;
      return encoding;
    });
    const created = createDelivery(link, MAX_BUFFERED_BYTES);
    const { window, maxRateHz, lifespanMs = window === undefined ? null : LIFESPAN_MS } = asked;
    if (window !== undefined) created.setWindow(window);
    created.setMaxRateHz(maxRateHz ?? null);
    created.setLifespanMs(lifespanMs);
    deliveries.set(stream, created);
    return created;
  };
  const mayRead = options.mayRead ?? (() => true);
  const wants = (stream: string): boolean => mayRead(stream) && (wanted === null || wanted.has(stream));
  const offer = (stream: string, item: Item): void => {
    if (wants(stream)) deliveryOf(stream).offer(item);
  };
  const send = (bytes: Uint8Array): void => {
    isQuiet = false;
    socket.send(bytes, { binary: encoding !== 'json' });
  };
  const lags = (): boolean => socket.bufferedAmount > MAX_BUFFERED_BYTES;

  function subscribe(message: Subscription): void {
    const unknown = message.streams?.filter((id) => !(options.knowsStream(id) && mayRead(id))) ?? [];
    if (unknown.length > 0) {
      sayUnknown(unknown);
      return;
    }
    const { streams, after, type: _, ...rest } = message;
    wanted = streams ? new Set(streams) : null;
    asked = { ...rest, window: rest.window ?? asked.window };
    encoding = rest.encoding ?? 'json';
    for (const delivery of deliveries.values()) delivery.close();
    deliveries.clear();
    offerLatest(after);
  }

  function refuse(error: ErrorMessage, closeCode: number): void {
    send(encodeMessage(error, encoding));
    socket.close(closeCode, error.code);
  }

  function sayUnknown(streams: readonly string[]): void {
    const message = `No such stream: ${streams.slice(0, 8).join(', ')}.`;
    const error: ErrorMessage = {
      type: 'error',
      code: 'E_PROTOCOL',
      message,
      hint: 'hello lists the streams.',
    };
    if (!lags()) send(encodeMessage(error, encoding));
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
    const isLight = allowed(1 + byteLength(data) / BYTES_A_MESSAGE);
    const input = isLight ? parseClientInput(data, isBinary) : FLOODED;
    if (input.ok) handle(input.message);
    else refuse(input.error, input.closeCode);
  });
  for (const control of ['ping', 'pong'] as const)
    socket.on(control, () => {
      if (socket.readyState === socket.OPEN && !allowed()) refuse(FLOODED.error, FLOODED.closeCode);
    });
  socket.on('close', close);
  offerLatest();

  return {
    offer,
    sendStatus(stream, status) {
      if (wants(stream) && !lags()) send(status(encoding));
    },
    sendHello(hello) {
      for (const [stream, delivery] of deliveries)
        if (!options.knowsStream(stream)) {
          delivery.close();
          deliveries.delete(stream);
        }
      if (lags()) socket.close(CLOSE.tryAgainLater, 'too far behind for a new hello');
      else send(hello(encoding));
    },
    everySecond() {
      if (isQuiet && !lags()) send(ALIVE(encoding));
      isQuiet = true;
      for (const delivery of deliveries.values())
        if (delivery.overdueMs() > MAX_UNACKED_MS) socket.close(CLOSE.tryAgainLater, 'no ack for 10 s');
    },
  };
}

/** A delivery's view of a socket: time is monotonic, but messages are dated by the calendar. Without an encoding the
 * items have a binary form of their own. */
export function linkOf(
  socket: WebSocket,
  monotonicMs: () => number,
  nowMs: () => number,
  encoding: () => Encoding | undefined = () => undefined,
): Link {
  return {
    send: (item, sent) => {
      const form = encoding();
      socket.send(item.encode(nowMs(), form), { binary: form !== 'json' }, sent);
    },
    bufferedBytes: () => (socket.readyState === socket.OPEN ? socket.bufferedAmount : Infinity),
    monotonicMs,
    after: (ms, fire) => {
      const timer = setTimeout(fire, ms);
      return () => clearTimeout(timer);
    },
  };
}

/** `ws` hands over whole messages as one buffer. */
const byteLength = (data: RawData): number => (data as Buffer).length;

const FLOODED = {
  ok: false,
  error: {
    ...{ type: 'error', code: 'E_CAPACITY' },
    message: `More than ${MAX_MESSAGES_PER_S} messages a second, or as many bytes.`,
  } satisfies ErrorMessage,
  closeCode: CLOSE.policy,
} as const;
