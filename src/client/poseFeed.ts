import type {
  ErrorMessage,
  HelloMessage,
  PoseMessage,
  ServerMessage,
  StatusMessage,
} from '../server/wire.js';
import { keepLine, type LinkState, Refused } from './line.js';
import { newestPoses } from './newestPoses.js';
import { type StreamState, streamBooks } from './streamBooks.js';

export interface PoseFeedOptions {
  /** Streams to hear of; all where absent. */
  readonly streams?: readonly string[];
  readonly maxRateHz?: number;
  /** `msgpack` takes half the bytes. Default `json`. */
  readonly encoding?: 'json' | 'msgpack';
  /** The server's token, where it has one. */
  readonly token?: string;
  /** The server speaks every second; after so long without a word the connection is given up. Default 5000. */
  readonly silenceMs?: number;
  /** At the start of every connection, and again whenever the map, the network or the list of streams has changed. */
  readonly onHello?: (hello: HelloMessage) => void;
  readonly onStatus?: (status: StatusMessage) => void;
  readonly onError?: (error: ErrorMessage) => void;
  readonly onLink?: (state: LinkState) => void;
}

/** Poses as they come, for `for await`: while the reader is busy only the newest of each stream waits, and the server is
 * told what was handled, so that no backlog grows anywhere. */
export interface PoseFeed extends AsyncIterable<PoseMessage> {
  /** What is known of each stream by now. */
  readonly streams: () => ReadonlyMap<string, StreamState>;
  readonly close: () => void;
}

/** The version of the wire that this client speaks. */
const PROTOCOL = 1;
const WINDOW = 2;
const SILENCE_MS = 5000;

/** Poses of a posestream server. Connects by itself, and again whenever the connection breaks or falls silent; what was
 * handled before is not sent twice, and what a stream said before it started anew is not told. Works in Node and in
 * browsers.
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
  const { streams, maxRateHz, encoding = 'json', silenceMs = SILENCE_MS } = options;
  const poses = newestPoses();
  const books = streamBooks();
  let fatal: Error | null = null;
  let unpack: Unpack = textOnly;

  /** Until the server has read the subscription it sends every stream. */
  const wants = ({ stream }: { readonly stream: string }): boolean =>
    streams === undefined || streams.includes(stream);

  const end = (error: Error | null): void => {
    fatal ??= error;
    line.close();
    poses.close();
  };

  const line = keepLine({
    silenceMs,
    address: async () => {
      if (encoding === 'msgpack') unpack = await loadUnpack();
      return socketUrl(base, options.token, silenceMs);
    },
    onConnecting: () => {
      books.connected();
      options.onLink?.({ kind: 'connecting' });
    },
    onData: (data) => {
      const message = parsed(unpack, data);
      if (message !== null) receive(message);
      return message !== null;
    },
    onDown: (inMs, why) => options.onLink?.({ kind: 'down', inMs, why }),
    onRefused: end,
  });

  const receive = (message: ServerMessage): void => {
    if (message.type === 'hello') welcome(message);
    else if (message.type === 'error') options.onError?.(message);
    else if (message.type === 'alive' || !wants(message)) return;
    else if (message.type === 'pose') {
      const kind = books.takes(message);
      if (kind === 'news') poses.put(message);
      // Nobody will handle it, and the server would wait for that.
      else if (kind === 'old') acknowledge(message);
    } else if (message.type === 'status') {
      books.note(message);
      options.onStatus?.(message);
    }
  };

  /** The streams that are there: the server refuses a subscription to one that is not. */
  const welcome = (hello: HelloMessage): void => {
    if (hello.protocol !== PROTOCOL) {
      end(new Error(`The server speaks protocol ${hello.protocol}, this client ${PROTOCOL}.`));
      return;
    }
    line.isGood();
    const listed = hello.streams.map(({ id }) => id);
    books.listed(listed);
    line.send(
      JSON.stringify({
        ...{ type: 'subscribe', maxRateHz, encoding, window: WINDOW, after: books.after() },
        streams: streams?.filter((id) => listed.includes(id)),
      }),
    );
    options.onLink?.({ kind: 'open' });
    options.onHello?.(hello);
    const missing = streams?.filter((id) => !listed.includes(id)) ?? [];
    if (missing.length > 0)
      options.onError?.({
        ...{ type: 'error', code: 'E_PROTOCOL', message: `No such stream: ${missing.join(', ')}.` },
        hint: 'They are heard of as soon as the server has them.',
      });
  };

  const acknowledge = ({ stream, epoch, sequence }: PoseMessage): void =>
    line.send(JSON.stringify({ type: 'ack', stream, epoch, sequence }));

  return {
    streams: books.states,
    close: () => end(null),
    async *[Symbol.asyncIterator]() {
      try {
        for (let pose = await poses.take(); pose !== null; pose = await poses.take()) {
          books.read(pose);
          yield pose;
          books.handled(pose);
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
function parsed(unpack: Unpack, data: unknown): ServerMessage | null {
  try {
    return unpack(data);
  } catch {
    return null;
  }
}

type Unpack = (data: unknown) => ServerMessage;

const textOnly: Unpack = (data) => JSON.parse(String(data)) as ServerMessage;

/** The first hello is text in any case. */
async function loadUnpack(): Promise<Unpack> {
  const { decode } = await import('@msgpack/msgpack');
  return (data) =>
    typeof data === 'string' ? textOnly(data) : (decode(data as ArrayBuffer) as ServerMessage);
}

/** Browsers cannot send a header with a socket: the token buys a one-use ticket first. */
async function socketUrl(base: URL, token: string | undefined, timeoutMs: number): Promise<URL> {
  const url = new URL('poses', base);
  url.protocol = base.protocol === 'https:' ? 'wss:' : 'ws:';
  if (token === undefined) return url;
  const headers = { Authorization: `Bearer ${token}` };
  const response = await fetch(new URL('api/ticket', base), {
    ...{ method: 'POST', headers },
    signal: AbortSignal.timeout(timeoutMs),
  });
  if (response.status === 401) throw new Refused('The server refuses the token.');
  if (!response.ok) throw new Error(`HTTP ${response.status}`);
  const { ticket } = (await response.json()) as { readonly ticket: string };
  url.searchParams.set('ticket', ticket);
  return url;
}
