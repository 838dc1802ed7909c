import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ErrorCode } from '../domain/errors.js';
import { type Access, hostAllowed, originAllowed } from './access.js';
import { securityHeaders } from './headers.js';
import type { Metrics } from './metrics.js';
import { PAGE_MISSING, type StaticFile } from './staticFiles.js';

export interface RouteContext {
  readonly access: Access;
  readonly boundToLoopback: boolean;
  readonly files: ReadonlyMap<string, StaticFile>;
  /** Packed map geometry and its ETag. */
  readonly map: { readonly bytes: Uint8Array; readonly etag: string };
  readonly health: () => object;
  readonly streams: () => object;
  readonly metrics: Pick<Metrics, 'text' | 'contentType'>;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

/** Answers every plain HTTP request: the page, its data, health. Sockets are upgraded elsewhere. */
export function createHttpHandler(context: RouteContext): Handler {
  const api: Record<string, Handler> = {
    'GET /api/map': (request, response) =>
      sendCached(request, response, {
        bytes: context.map.bytes,
        gzip: null,
        type: 'application/octet-stream',
        etag: context.map.etag,
        immutable: false,
      }),
    'GET /api/streams': (_request, response) => sendJson(response, 200, context.streams()),
    'GET /metrics': (_request, response) => void sendMetrics(response, context.metrics),
    'POST /api/ticket': (_request, response) =>
      sendJson(response, 201, { ticket: context.access.issueTicket() }),
  };

  return (request, response) => {
    // A body is never read here; what a client sends is let go unread.
    request.resume();
    if (!hostAllowed(request.headers.host, context.boundToLoopback)) {
      sendError(response, 421, 'E_PROTOCOL', 'This host name is not served here.');
      return;
    }
    for (const [name, value] of Object.entries(securityHeaders(request.headers.host ?? '')))
      response.setHeader(name, value);
    const path = (request.url ?? '/').split('?', 1)[0];
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    if (path === '/healthz' && method === 'GET') sendJson(response, 200, context.health());
    else if (path.startsWith('/api/') || path === '/metrics')
      routeApi(request, response, api[`${method} ${path}`]);
    else sendPage(request, response, path, method);
  };

  function routeApi(request: IncomingMessage, response: ServerResponse, handler: Handler | undefined): void {
    if (!originAllowed(request)) sendError(response, 403, 'E_UNAUTHORIZED', 'Foreign origin.');
    else if (!context.access.bearer(request)) {
      response.setHeader('WWW-Authenticate', 'Bearer');
      sendError(response, 401, 'E_UNAUTHORIZED', 'This server wants a token.');
    } else if (!handler) sendError(response, 404, 'E_PROTOCOL', 'No such resource.');
    else handler(request, response);
  }

  function sendPage(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    method: string | undefined,
  ): void {
    const file = context.files.get(path);
    if (method !== 'GET') {
      response.setHeader('Allow', 'GET, HEAD');
      sendError(response, 405, 'E_PROTOCOL', 'Only GET and HEAD.');
    } else if (file) sendCached(request, response, file);
    else if (path === '/') send(response, 200, 'text/html; charset=utf-8', PAGE_MISSING);
    else sendError(response, 404, 'E_PROTOCOL', 'No such file.');
  }
}

function sendCached(request: IncomingMessage, response: ServerResponse, file: StaticFile): void {
  response.setHeader('ETag', file.etag);
  response.setHeader('Cache-Control', file.immutable ? 'public, max-age=31536000, immutable' : 'no-cache');
  response.setHeader('Vary', 'Accept-Encoding');
  if (request.headers['if-none-match'] === file.etag) {
    response.writeHead(304).end();
    return;
  }
  const zipped = file.gzip !== null && /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
  if (zipped) response.setHeader('Content-Encoding', 'gzip');
  send(response, 200, file.type, zipped && file.gzip ? file.gzip : file.bytes);
}

async function sendMetrics(response: ServerResponse, { text, contentType }: RouteContext['metrics']) {
  const body = await text();
  response.setHeader('Cache-Control', 'no-store');
  send(response, 200, contentType, body);
}

function sendJson(response: ServerResponse, status: number, body: object): void {
  response.setHeader('Cache-Control', 'no-store');
  send(response, status, 'application/json', JSON.stringify(body));
}

function sendError(response: ServerResponse, status: number, code: ErrorCode, message: string): void {
  sendJson(response, status, { error: { code, message } });
}

function send(response: ServerResponse, status: number, type: string, body: string | Uint8Array): void {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': bytes.byteLength });
  // Node drops the body itself where the request was HEAD.
  response.end(bytes);
}
