import type { z } from 'zod';
import { streamConfig } from '../configSchema.js';
import { mapAnswer, streamAnswer, streamsAnswer, swapMapRequest } from './schemas.js';

/** One thing a client may ask for under /api/v1: what the router goes by, and what the OpenAPI document tells. */
export interface Operation {
  readonly id: OperationId;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** `{id}` stands for a stream. */
  readonly path: string;
  readonly summary: string;
  /** What the token must be allowed: any reading, or to change things. */
  readonly needs: 'token' | 'read' | 'admin';
  readonly body?: z.ZodType;
  readonly status: 200 | 201 | 204;
  /** Absent: no body, or a document. */
  readonly answer?: z.ZodType;
  /** What may go wrong beyond 401 and 421. */
  readonly refusals: readonly number[];
}

export type OperationId =
  | 'listStreams'
  | 'getStream'
  | 'addStream'
  | 'removeStream'
  | 'pauseStream'
  | 'resumeStream'
  | 'getMap'
  | 'swapMap'
  | 'swapMapByPost'
  | 'getOpenApi'
  | 'getAsyncApi';

const STREAM = '/api/v1/streams/{id}';
const CHANGING = [403, 404, 405, 409, 422, 503] as const;
const BODY = [400, 413, 415] as const;
const SWAP = {
  path: '/api/v1/map',
  needs: 'admin',
  body: swapMapRequest,
  status: 200,
  answer: mapAnswer,
  refusals: [...BODY, 403, 405, 409, 422, 503],
} as const;

export const OPERATIONS: readonly Operation[] = [
  {
    ...{ id: 'listStreams', method: 'GET', path: '/api/v1/streams', needs: 'token', status: 200 },
    summary: 'Every stream that may be read',
    ...{ answer: streamsAnswer, refusals: [] },
  },
  {
    ...{ id: 'addStream', method: 'POST', path: '/api/v1/streams', needs: 'admin', status: 201 },
    summary: 'Open a stream; the body is as under streams: in the configuration',
    ...{ body: streamConfig, answer: streamAnswer },
    refusals: [...BODY, 403, 405, 409, 422, 429, 503],
  },
  {
    ...{ id: 'getStream', method: 'GET', path: STREAM, needs: 'read', status: 200 },
    summary: 'One stream',
    ...{ answer: streamAnswer, refusals: [404] },
  },
  {
    ...{ id: 'removeStream', method: 'DELETE', path: STREAM, needs: 'admin', status: 204 },
    summary: 'Close a stream and forget it',
    refusals: CHANGING,
  },
  {
    ...{ id: 'pauseStream', method: 'POST', path: `${STREAM}/pause`, needs: 'admin', status: 200 },
    summary: 'Close its source; clients keep their sockets and see `paused`',
    ...{ answer: streamAnswer, refusals: CHANGING },
  },
  {
    ...{ id: 'resumeStream', method: 'POST', path: `${STREAM}/resume`, needs: 'admin', status: 200 },
    summary: 'Open its source again, in a new epoch',
    ...{ answer: streamAnswer, refusals: CHANGING },
  },
  {
    ...{ id: 'getMap', method: 'GET', path: '/api/v1/map', needs: 'read', status: 200 },
    summary: 'The map that streams are localized in; its points are at /api/map',
    ...{ answer: mapAnswer, refusals: [403] },
  },
  {
    ...{ id: 'swapMap', method: 'PUT', ...SWAP },
    summary:
      'Localize in another map; no stream starts anew, and the old map stays where the new one does not fit',
  },
  { ...{ id: 'swapMapByPost', method: 'POST', ...SWAP }, summary: 'The same, for clients without PUT' },
  {
    ...{ id: 'getOpenApi', method: 'GET', path: '/api/v1/openapi.json', needs: 'token', status: 200 },
    summary: 'This document',
    refusals: [],
  },
  {
    ...{ id: 'getAsyncApi', method: 'GET', path: '/api/v1/asyncapi.json', needs: 'token', status: 200 },
    summary: 'What the sockets speak, as AsyncAPI',
    refusals: [],
  },
];

const PATTERNS = OPERATIONS.map((operation) => ({
  operation,
  pattern: new RegExp(
    `^${operation.path.replaceAll('.', '\\.').replace('{id}', '([A-Za-z0-9][\\w-]{0,63})')}$`,
  ),
}));

export type Match =
  | { readonly operation: Operation; readonly stream: string | null }
  /** The path exists, for these methods. */
  | { readonly operation: null; readonly allowed: readonly string[] };

export function matchOperation(method: string, path: string): Match {
  const here = PATTERNS.filter(({ pattern }) => pattern.test(path));
  const found = here.find(({ operation }) => operation.method === method);
  if (!found) return { operation: null, allowed: here.map(({ operation }) => operation.method) };
  return { operation: found.operation, stream: found.pattern.exec(path)?.[1] ?? null };
}
