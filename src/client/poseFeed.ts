import type {
  ErrorMessage,
  HelloMessage,
  PoseMessage,
  ServerMessage,
  StatusMessage,
} from '../server/wire.js';
import { newestPoses } from './newestPoses.js';

/** Where the connection stands. */
export type LinkState =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'open' }
  /** It is tried again after `inMs`. */
  | { readonly kind: 'down'; readonly inMs: number; readonly why: string };

export interface PoseFeedOptions {
  /** Streams to hear of; all where absent. */
  readonly streams?: readonly string[];
  readonly maxRateHz?: number;
  /** The server's token, where it has one. */
  readonly token?: string;
  readonly onHello?: (hello: HelloMessage) => void;
  readonly onStatus?: (status: StatusMessage) => void;
  readonly onError?: (error: ErrorMessage) => void;
  readonly onLink?: (state: LinkState) => void;
}

/** Poses as they come, for `for await`: while the reader is busy only the newest of each stream waits, and the server is
 * told what was handled, so that no backlog grows anywhere. */
export interface PoseFeed extends AsyncIterable<PoseMessage> {
  readonly close: () => void;
}

/** The version of the wire that this client speaks. */
const PROTOCOL = 1;
const WINDOW = 2;

/** Poses of a posestream server. Connects by itself, and again whenever the connection breaks; what was handled before
 * is not sent twice. Works in Node and in browsers.
 *
 *     for await (const pose of connectPoses('http://127.0.0.1:8080', { streams: ['car'] }))
 *       if (pose.state === 'posed' && pose.confidence > 0.5) steer(pose.position, pose.orientation);
 *
 * @param server http(s) address of the server
 * @throws TypeError at once for an address that is none; from the iteration an Error where the server speaks another
 *         protocol version or refuses the token */
export function connectPoses(server: string | URL, options: PoseFeedOptions = {}): PoseFeed {
  const base = new URL(server);
  if (!base.pathname.endsWith('/')) base.pathname += '/';
  const poses = newestPoses();
  const handled = new Map<string, Handled>();
  let socket: WebSocket | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let attempt = 0;
  let fatal: Error | null = null;
  let isClosed = false;

  /** Until the server has read the subscription it sends every stream. */
  const wants = ({ stream }: { readonly stream: string }): boolean =>
    options.streams === undefined || options.streams.includes(stream);

  const end = (error: Error | null): void => {
    isClosed = true;
    fatal ??= error;
    clearTimeout(timer);
    socket?.close();
    poses.close();
  };

  const again = (why: string): void => {
    if (isClosed) return;
    socket = null;
    const inMs = backoffMs(attempt++, Math.random());
    options.onLink?.({ kind: 'down', inMs, why });
    timer = setTimeout(open, inMs);
  };

  const open = async (): Promise<void> => {
    options.onLink?.({ kind: 'connecting' });
    try {
      const url = await socketUrl(base, options.token);
      const Socket = globalThis.WebSocket ?? (await nodeSocket());
      if (isClosed) return;
      const opened = new Socket(url);
      const isNew = newerOnly(handled);
      socket = opened;
      opened.onmessage = ({ data }) => {
        const message = parse(data);
        if (message === null) opened.close();
        else receive(opened, isNew, message);
      };
      opened.onerror = () => undefined;
      opened.onclose = ({ code, reason }) => again(reason || `closed with ${code}`);
    } catch (error) {
      if (error instanceof Refused) end(error);
      else again(String(error));
    }
  };

  const receive = (from: WebSocket, isNew: (pose: PoseMessage) => boolean, message: ServerMessage): void => {
    if (message.type === 'pose') {
      if (wants(message) && isNew(message)) poses.put(message);
    } else if (message.type === 'status') {
      if (wants(message)) options.onStatus?.(message);
    } else if (message.type === 'error') options.onError?.(message);
    else if (message.type === 'hello') welcome(from, message);
  };

  const welcome = (to: WebSocket, hello: HelloMessage): void => {
    if (hello.protocol !== PROTOCOL) {
      end(new Error(`The server speaks protocol ${hello.protocol}, this client ${PROTOCOL}.`));
      return;
    }
    attempt = 0;
    const { streams, maxRateHz } = options;
    const after = Object.fromEntries(handled);
    to.send(JSON.stringify({ type: 'subscribe', streams, maxRateHz, window: WINDOW, after }));
    options.onLink?.({ kind: 'open' });
    options.onHello?.(hello);
  };

  const acknowledge = ({ stream, epoch, sequence }: PoseMessage): void => {
    handled.set(stream, { epoch, sequence });
    if (socket?.readyState === 1) socket.send(JSON.stringify({ type: 'ack', stream, epoch, sequence }));
  };

  void open();
  return {
    close: () => end(null),
    async *[Symbol.asyncIterator]() {
      try {
        for (let pose = await poses.take(); pose !== null; pose = await poses.take()) {
          yield pose;
          acknowledge(pose);
        }
        if (fatal) throw fatal;
      } finally {
        end(null);
      }
    },
  };
}

/** Null for what is no message of ours. */
function parse(data: unknown): ServerMessage | null {
  try {
    return JSON.parse(String(data)) as ServerMessage;
  } catch {
    return null;
  }
}

type Handled = Pick<PoseMessage, 'epoch' | 'sequence'>;

/** A connection begins with the newest pose, perhaps one that was handled over the connection before, and a subscription
 * makes the server send it once more. A server that was started anew counts anew: only the very pose is known again. */
function newerOnly(handled: ReadonlyMap<string, Handled>): (pose: PoseMessage) => boolean {
  const last = new Map<string, PoseMessage>();
  return (pose) => {
    const before = last.get(pose.stream);
    last.set(pose.stream, pose);
    if (before !== undefined) return before.epoch !== pose.epoch || before.sequence < pose.sequence;
    const known = handled.get(pose.stream);
    return known?.epoch !== pose.epoch || known.sequence !== pose.sequence;
  };
}

class Refused extends Error {}

/** Browsers cannot send a header with a socket: the token buys a one-use ticket first. */
async function socketUrl(base: URL, token: string | undefined): Promise<URL> {
  const url = new URL('poses', base);
  url.protocol = base.protocol === 'https:' ? 'wss:' : 'ws:';
  if (token === undefined) return url;
  const headers = { Authorization: `Bearer ${token}` };
  const response = await fetch(new URL('api/ticket', base), { method: 'POST', headers });
  if (response.status === 401) throw new Refused('The server refuses the token.');
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const { ticket } = (await response.json()) as { readonly ticket: string };
  url.searchParams.set('ticket', ticket);
  return url;
}

/** Node has a WebSocket of its own from version 22 on. */
async function nodeSocket(): Promise<typeof WebSocket> {
  const { WebSocket: NodeSocket } = await import('ws');
  return NodeSocket as unknown as typeof WebSocket;
}

/** 0.25 s doubling to 5 s, spread by up to a half. */
const backoffMs = (attempt: number, chance: number): number =>
  Math.min(5000, 250 * 2 ** Math.min(attempt, 8)) * (1 - 0.5 * chance);
