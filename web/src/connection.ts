import type { HelloMessage, ServerMessage } from '../../src/server/wire.js';
import { backoffMs } from './model/backoff.js';
import type { DownReason } from './model/liveState.js';
import { mapDataOf } from './model/mapData.js';
import type { Session } from './model/session.js';

const PROTOCOL = 1;
const MAX_RATE_HZ = 30;
/** Close codes that say more than silence. */
const CLOSE_REASONS: Readonly<Record<number, DownReason>> = { 1001: 'stopped', 1013: 'too-slow' };
const TOKEN_KEY = 'posestream.token';

export interface Connection {
  useToken(token: string): void;
  /** Address of a socket of this server, with a fresh ticket where it wants one. */
  socketUrl(path: string): Promise<URL>;
}

/** Keeps one `/poses` socket open for as long as the page lives, and the map that belongs to it loaded. */
export function connect(session: Session): Connection {
  let attempt = 0;
  let tokenRefused = false;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let busy = false;

  async function open(): Promise<void> {
    if (busy) return;
    busy = true;
    clearTimeout(retry);
    if (attempt === 0) session.setLink({ kind: 'connecting' });
    try {
      const socket = new WebSocket(await socketUrl('poses'));
      socket.addEventListener('message', (event) => receive(socket, String(event.data)));
      socket.addEventListener('close', ({ code }) => down(CLOSE_REASONS[code]));
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
      attempt = 0;
      tokenRefused = false;
      socket.send(JSON.stringify({ type: 'subscribe', maxRateHz: MAX_RATE_HZ, window: 2 }));
      void loadMap(session, message, socket);
    }
    session.receive(message, performance.now());
    if (message.type !== 'pose') return;
    const { stream, epoch, sequence } = message;
    socket.send(JSON.stringify({ type: 'ack', stream, epoch, sequence }));
  }

  function down(why: DownReason = 'silent'): void {
    busy = false;
    const waitMs = backoffMs(attempt++, Math.random());
    session.setLink({ kind: 'down', why, retryAtMs: performance.now() + waitMs });
    retry = setTimeout(open, waitMs);
  }

  function locked(): void {
    busy = false;
    session.setLink({ kind: 'token', refused: tokenRefused });
  }

  const soon = (): void => {
    if (session.state().link.kind === 'down') void open();
  };
  addEventListener('online', soon);
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) soon();
  });

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

class TokenWanted extends Error {}

async function request(path: string, method: 'GET' | 'POST'): Promise<Response> {
  const token = sessionStorage.getItem(TOKEN_KEY);
  const response = await fetch(new URL(path, document.baseURI), {
    method,
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
    const response = await request('api/map', 'GET');
    session.setMap(mapDataOf(await response.arrayBuffer(), hello.map.anchor !== null));
  } catch {
    socket.close();
  }
}
