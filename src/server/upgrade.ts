import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { type Access, hostAllowed, originAllowed } from './access.js';
import type { Grant } from './scopes.js';

const MAX_MESSAGE_BYTES = 16 * 1024;
/** A second of video, and some. */
const MAX_UPLOAD_BYTES = 2 * 1024 * 1024;
const MAX_FRAGMENTS = 16;
/** Who pings and does not read fills our memory with pongs; beyond this it is cut off. More than a second's worth of
 * messages, so that a flood is first told why it is closed. */
const MAX_UNREAD_PONGS = 1024;
const DEFAULT_PING_MS = 5000;

export interface SocketLimits {
  readonly maxClients: number;
  readonly maxClientsPerAddress: number;
}

export interface UpgradeOptions extends SocketLimits {
  readonly access: Access;
  readonly boundToLoopback: boolean;
  /** Other pages that may open sockets, as browsers name them in Origin. */
  readonly origins: readonly string[];
  /** A client that stays silent from one ping to the next is cut off. */
  readonly pingMs?: number;
  /** HTTP status that refuses this request, or what to do with its socket. */
  readonly route: (url: URL, grant: Grant) => number | Route;
  /** Told of every refusal, with its HTTP status. */
  readonly onRefused?: (status: number) => void;
  /** Told of every socket that is closed, with its code. */
  readonly onClosed?: (code: number) => void;
}

export interface Route {
  readonly serve: (socket: WebSocket) => void;
  /** The client sends video, not messages. */
  readonly isUpload?: boolean;
  /** The client must name one of these in Sec-WebSocket-Protocol. */
  readonly protocols?: readonly string[];
}

export interface Sockets {
  readonly size: () => number;
  /** Closes every socket with this code; those that have not answered after `graceMs` are cut. */
  readonly closeAll: (code: number, graceMs: number) => Promise<void>;
}

const STATUS_TEXT: Record<number, string> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  421: 'Misdirected Request',
  503: 'Service Unavailable',
};

/** WebSockets of a server: refused before the handshake where they may not come in, pinged while they live. */
export function acceptSockets(server: Server, options: UpgradeOptions): Sockets {
  const messages = socketServer(MAX_MESSAGE_BYTES);
  const uploads = socketServer(MAX_UPLOAD_BYTES);
  const clients = (): WebSocket[] => [...messages.clients, ...uploads.clients];
  const perAddress = new Map<string, number>();
  const answered = new WeakSet<WebSocket>();
  let closing = false;

  server.on('upgrade', (request: IncomingMessage, connection: Duplex, head: Buffer) => {
    connection.on('error', () => connection.destroy());
    const address = request.socket.remoteAddress ?? '';
    const verdict = admit(request, address);
    if (typeof verdict === 'number') {
      refuse(connection, verdict);
      options.onRefused?.(verdict);
      return;
    }
    const server = verdict.isUpload ? uploads : messages;
    server.handleUpgrade(request, connection, head, (socket) => {
      hold(socket, address);
      verdict.serve(socket);
    });
  });

  function admit(request: IncomingMessage, address: string): number | Route {
    if (!hostAllowed(request.headers.host, options.boundToLoopback)) return 421;
    if (!originAllowed(request, options.origins)) return 403;
    if (!URL.canParse(request.url ?? '', 'http://host')) return 400;
    const url = new URL(request.url ?? '', 'http://host');
    const grant = options.access.bearer(request) ?? options.access.ticket(url.searchParams.get('ticket'));
    if (grant === null) return 401;
    const full = messages.clients.size + uploads.clients.size >= options.maxClients;
    const fullHere = (perAddress.get(address) ?? 0) >= options.maxClientsPerAddress;
    if (closing || full || fullHere) return 503;
    const route = options.route(url, grant);
    return typeof route === 'number' || speaks(request, route) ? route : 400;
  }

  function hold(socket: WebSocket, address: string): void {
    perAddress.set(address, (perAddress.get(address) ?? 0) + 1);
    answered.add(socket);
    socket.on('pong', () => answered.add(socket));
    // A pong waits behind what the client sends: on a slow line that is seconds of video.
    socket.on('message', () => answered.add(socket));
    // ws closes the socket itself, with 1007 or 1009; the error event must only not go unheard.
    socket.on('error', () => {});
    socket.on('close', (code) => {
      options.onClosed?.(code);
      const left = (perAddress.get(address) ?? 1) - 1;
      if (left > 0) perAddress.set(address, left);
      else perAddress.delete(address);
    });
  }

  const heartbeat = setInterval(() => {
    for (const socket of clients()) {
      if (answered.delete(socket)) socket.ping();
      else socket.terminate();
    }
  }, options.pingMs ?? DEFAULT_PING_MS);
  heartbeat.unref();

  async function closeAll(code: number, graceMs: number): Promise<void> {
    closing = true;
    clearInterval(heartbeat);
    const open = clients();
    const allClosed = Promise.all(
      open.map((socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()))),
    );
    for (const socket of open) socket.close(code, 'server is closing');
    const cut = setTimeout(() => {
      for (const socket of open) socket.terminate();
    }, graceMs);
    await allClosed;
    clearTimeout(cut);
    messages.close();
    uploads.close();
  }

  return { size: () => messages.clients.size + uploads.clients.size, closeAll };
}

/** `ws` then answers with the first protocol the client names. */
function speaks({ headers }: IncomingMessage, { protocols }: Route): boolean {
  const first = (headers['sec-websocket-protocol'] ?? '').split(',', 1)[0].trim();
  return protocols === undefined || protocols.includes(first);
}

const socketServer = (maxPayload: number) =>
  new WebSocketServer({
    noServer: true,
    clientTracking: true,
    maxPayload,
    maxFragments: MAX_FRAGMENTS,
    maxBufferedChunks: 64,
    ...{ maxPendingAutoPongs: MAX_UNREAD_PONGS },
    perMessageDeflate: false,
  });

function refuse(connection: Duplex, status: number): void {
  const reason = `${status} ${STATUS_TEXT[status] ?? 'Error'}`;
  connection.end(`HTTP/1.1 ${reason}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () =>
    connection.destroy(),
  );
}
