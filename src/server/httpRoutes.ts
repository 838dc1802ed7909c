import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ErrorCode } from '../domain/errors.js';
import { redactUrl } from '../streams/redactUrl.js';
import { type Access, hostAllowed, originAllowed } from './access.js';
import { securityHeaders } from './headers.js';
import type { Metrics } from './metrics.js';
import { refusal, sendAnswer } from './rest/answer.js';
import { type Changes, createRest } from './rest/rest.js';
import type { Grant } from './scopes.js';
import { PAGE_MISSING, type StaticFile } from './staticFiles.js';
import type { HelloMessage } from './wire.js';

const REST_ROOT = '/api/v1/';

export interface RouteContext {
  readonly access: Access;
  readonly boundToLoopback: boolean;
  readonly files: ReadonlyMap<string, StaticFile>;
  /** Packed map geometry and its ETag. */
  readonly map: () => { readonly bytes: Uint8Array; readonly etag: string };
  readonly health: () => object;
  readonly hello: () => Pick<HelloMessage, 'map' | 'streams'>;
  readonly metrics: Pick<Metrics, 'text' | 'contentType'>;
  /** What may be changed over REST and how; null where nothing can, as in a replay. */
  readonly changes: Changes | null;
  /** Told about failures that are bugs. */
  readonly onWarning?: (message: string) => void;
}

type Handler = (request: IncomingMessage, response: ServerResponse) => void;

interface Guarded {
  readonly may: (grant: Grant) => boolean;
  readonly handle: (request: IncomingMessage, response: ServerResponse, grant: Grant) => void;
}

/** Answers every plain HTTP request: the page, its data, health, REST. Sockets are upgraded elsewhere. */
export function createHttpHandler(context: RouteContext): Handler {
  const rest = createRest(context);
  const api: Record<string, Guarded> = {
    'GET /api/map': {
      may: (grant) => grant.readsAny,
      handle: (request, response) =>
        sendCached(request, response, {
          ...context.map(),
          ...{ gzip: null, type: 'application/octet-stream', immutable: false },
        }),
    },
    'GET /api/streams': {
      may: () => true,
      handle: (_request, response, grant) =>
        sendJson(response, 200, { streams: context.hello().streams.filter(({ id }) => grant.mayRead(id)) }),
    },
    'GET /metrics': {
      may: (grant) => grant.readsAll,
      handle: (_request, response) => void sendMetrics(response, context.metrics),
    },
    'POST /api/ticket': {
      may: () => true,
      handle: (_request, response, grant) =>
        sendJson(response, 201, { ticket: context.access.issueTicket(grant) }),
    },
  };

  return (request, response) => {
    if (!hostAllowed(request.headers.host, context.boundToLoopback)) {
      request.resume();
      sendError(response, 421, 'E_PROTOCOL', 'This host name is not served here.');
      return;
    }
    for (const [name, value] of Object.entries(securityHeaders(request.headers.host ?? '')))
      response.setHeader(name, value);
    const path = (request.url ?? '/').split('?', 1)[0];
    // Only REST reads bodies; what a client sends elsewhere is let go unread.
    if (!path.startsWith(REST_ROOT)) request.resume();
    const method = request.method === 'HEAD' ? 'GET' : request.method;
    if (path === '/healthz' && method === 'GET') sendJson(response, 200, context.health());
    else if (path === '/readyz' && method === 'GET') sendReadiness(response);
    else if (path.startsWith('/api/') || path === '/metrics') routeApi(request, response, path, method);
    else sendPage(request, response, path, method);
  };

  function sendReadiness(response: ServerResponse): void {
    const { isReady, missing } = context.changes?.control.readiness() ?? { isReady: true, missing: [] };
    sendJson(response, isReady ? 200 : 503, { ready: isReady, missing: missing.map(redactUrl) });
  }

  function routeApi(
    request: IncomingMessage,
    response: ServerResponse,
    path: string,
    method: string | undefined,
  ): void {
    const grant = context.access.bearer(request);
    const guarded = api[`${method} ${path}`];
    if (originAllowed(request) && grant && path.startsWith(REST_ROOT)) {
      void rest(request, response, path, grant);
      return;
    }
    request.resume();
    if (!originAllowed(request)) sendError(response, 403, 'E_UNAUTHORIZED', 'Foreign origin.');
    else if (!grant) {
      response.setHeader('WWW-Authenticate', 'Bearer');
      sendError(response, 401, 'E_UNAUTHORIZED', 'This server wants a token.');
    } else if (!guarded) sendError(response, 404, 'E_PROTOCOL', 'No such resource.');
    else if (!guarded.may(grant)) sendError(response, 403, 'E_UNAUTHORIZED', 'This token may not do that.');
    else guarded.handle(request, response, grant);
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

const sendJson = (response: ServerResponse, status: number, body: object): void =>
  sendAnswer(response, { status, body });

const sendError = (response: ServerResponse, status: number, code: ErrorCode, message: string): void =>
  sendAnswer(response, refusal(status, code, message));

function send(response: ServerResponse, status: number, type: string, body: string | Uint8Array): void {
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  response.writeHead(status, { 'Content-Type': type, 'Content-Length': bytes.byteLength });
  // Node drops the body itself where the request was HEAD.
  response.end(bytes);
}
