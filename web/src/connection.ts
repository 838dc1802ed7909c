import type { HelloMessage, ServerMessage } from '../../src/server/wire.js';
import { backoffMs } from './model/backoff.js';
import type { DownReason } from './model/liveState.js';
import { mapDataOf } from './model/mapData.js';
import type { Session } from './model/session.js';

const PROTOCOL = 1;
const MAX_RATE_HZ = 30;
/** The server says something about every stream each second: this long without a word, and the line is dead, whatever
 * the socket believes. */
const SILENT_MS = 5000;
const LOOK_MS = 500;
/** A large map over a slow line. */
const MAP_MS = 120_000;
/** Close codes that say more than silence. */
const CLOSE_REASONS: Readonly<Record<number, DownReason>> = { 1001: 'stopped', 1013: 'too-slow' };
const TOKEN_KEY = 'posestream.token';

export interface Connection {
  useToken(token: string): void;
  /** Address of a socket of this server, with a fresh ticket where it wants one. */
  socketUrl(path: string): Promise<URL>;
}

export interface ConnectOptions {
  /** Whether the map's points are wanted; default true. */
  readonly withMap?: boolean;
  readonly maxRateHz?: number;
}

/** Keeps one `/poses` socket open for as long as the page lives, and the map that belongs to it loaded. */
export function connect(session: Session, options: ConnectOptions = {}): Connection {
  const { withMap = true, maxRateHz = MAX_RATE_HZ } = options;
  let attempt = 0;
  let tokenRefused = false;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let busy = false;
  let current: WebSocket | null = null;
  let greeted = false;
  let lookedAtMs = performance.now();

  async function open(): Promise<void> {
    if (busy) return;
    busy = true;
    clearTimeout(retry);
    if (attempt === 0) session.setLink({ kind: 'connecting' });
    try {
      const socket = new WebSocket(await socketUrl('poses'));
      current = socket;
      greeted = false;
      session.setSilent(0);
      // What a socket given up still says, or that it closed at last, is no news.
      socket.addEventListener('message', (event) => {
        if (socket === current) receive(socket, String(event.data));
      });
      socket.addEventListener('close', ({ code }) => {
        if (socket === current) down(CLOSE_REASONS[code]);
      });
    } catch (error) {
      if (error instanceof TokenWanted) locked();
      else down();
    }
  }

  function receive(socket: WebSocket, text: string): void {
    const message = JSON.parse(text) as ServerMessage;
    if (message.type === 'hello') {
      if (message.protocol !== PROTOCOL) {
        session.setLink({ kind: 'incompatible', protocol: message.protocol });
        return;
      }
      if (!greeted) subscribe(socket, message);
      if (withMap) void loadMap(session, message, socket);
    }
    session.receive(message, performance.now());
    if (message.type !== 'pose') return;
    const { stream, epoch, sequence } = message;
    socket.send(JSON.stringify({ type: 'ack', stream, epoch, sequence }));
  }

  /** On a new connection only: a later hello tells of changes and leaves the subscription as it is. */
  function subscribe(socket: WebSocket, hello: HelloMessage): void {
    greeted = true;
    attempt = 0;
    tokenRefused = false;
    const after = resumeAfter(session, hello);
    socket.send(JSON.stringify({ type: 'subscribe', maxRateHz, window: 2, ...(after ? { after } : {}) }));
  }

  function down(why: DownReason = 'silent'): void {
    busy = false;
    current = null;
    const waitMs = backoffMs(attempt++, Math.random());
    session.setLink({ kind: 'down', why, retryAtMs: performance.now() + waitMs });
    retry = setTimeout(open, waitMs);
  }

  function locked(): void {
    busy = false;
    session.setLink({ kind: 'token', refused: tokenRefused });
  }

  /** A line that broke without a word leaves the socket open; closing it would wait for an answer that never comes. */
  function giveUp(): void {
    const socket = current;
    down();
    socket?.close();
  }

  function look(): void {
    const nowMs = performance.now();
    // While a page sleeps or is busy, messages wait for it: only time it was awake counts.
    const awakeMs = Math.min(nowMs - lookedAtMs, 2 * LOOK_MS);
    lookedAtMs = nowMs;
    const { link, streams } = session.state();
    // Without streams the server has nothing to say.
    if (!current || link.kind === 'incompatible' || (greeted && streams.size === 0)) return;
    session.setSilent(session.silentMs() + awakeMs);
    if (session.silentMs() > SILENT_MS) giveUp();
  }

  const soon = (): void => {
    if (session.state().link.kind === 'down') void open();
  };
  addEventListener('online', soon);
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) soon();
  });
  setInterval(look, LOOK_MS);

  void open();
  return {
    socketUrl,
    useToken(token) {
      sessionStorage.setItem(TOKEN_KEY, token);
      tokenRefused = true;
      void open();
    },
  };
}

/** The newest message of each stream, so that the server need not send it again. */
function resumeAfter(session: Session, hello: HelloMessage): object | null {
  const { streams, hello: before } = session.state();
  if (before?.map.sha256 !== hello.map.sha256) return null;
  const known = hello.streams.flatMap(({ id }) => {
    const last = streams.get(id)?.last;
    return last ? [[id, { epoch: last.epoch, sequence: last.sequence }]] : [];
  });
  return known.length > 0 ? Object.fromEntries(known) : null;
}

class TokenWanted extends Error {}

async function request(path: string, method: 'GET' | 'POST', withinMs = SILENT_MS): Promise<Response> {
  const token = sessionStorage.getItem(TOKEN_KEY);
  const response = await fetch(new URL(path, document.baseURI), {
    method,
    // A request that went into a dead line would be waited for for ever.
    signal: AbortSignal.timeout(withinMs),
    headers: token ? { Authorization: `Bearer ${token}` } : {},
  });
  if (response.status === 401) throw new TokenWanted();
  if (!response.ok) throw new Error(`${path}: HTTP ${response.status}`);
  return response;
}

async function socketUrl(path: string): Promise<URL> {
  const { ticket } = (await (await request('api/ticket', 'POST')).json()) as { ticket: string };
  const url = new URL(path, document.baseURI);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  url.searchParams.set('ticket', ticket);
  return url;
}

/** A map that could not be loaded is asked for again with the next connection. */
async function loadMap(session: Session, hello: HelloMessage, socket: WebSocket): Promise<void> {
  if (session.map()?.header.sha256 === hello.map.sha256) return;
  try {
    const response = await request('api/map', 'GET', MAP_MS);
    const map = mapDataOf(await response.arrayBuffer(), hello.map.anchor !== null);
    // A map that was swapped meanwhile comes with the next hello.
    if (session.state().hello?.map.sha256 === hello.map.sha256) session.setMap(map);
  } catch {
    socket.close();
  }
}
