import { STATUS_CODES } from 'node:http';
import type { z } from 'zod';
import { streamConfig } from '../configSchema.js';
import { MAX_BODY_BYTES } from '../rest/body.js';
import { OPERATIONS, type Operation } from '../rest/operations.js';
import {
  errorAnswer,
  healthAnswer,
  mapAnswer,
  readinessAnswer,
  streamAnswer,
  streamsAnswer,
  swapMapRequest,
  ticketAnswer,
} from '../rest/schemas.js';
import { streamId } from '../wire.js';
import { type Json, namedSchemas, once } from './named.js';

const NAMED: Readonly<Record<string, z.ZodType>> = {
  StreamId: streamId,
  StreamConfig: streamConfig,
  Stream: streamAnswer,
  Streams: streamsAnswer,
  Map: mapAnswer,
  SwapMap: swapMapRequest,
  Health: healthAnswer,
  Readiness: readinessAnswer,
  Ticket: ticketAnswer,
  Error: errorAnswer,
};

const nameOf = new Map(Object.entries(NAMED).map(([name, schema]) => [schema, name]));

function jsonOf(schema: z.ZodType): Json {
  const $ref = `#/components/schemas/${nameOf.get(schema)}`;
  return { 'application/json': { schema: { $ref } } };
}

/** OpenAPI 3.1 of the REST interface, from the operations the router goes by and the schemas that check the bodies. */
export const openApiDocument = once(
  (): Json => ({
    openapi: '3.1.0',
    info: {
      title: 'posestream',
      version: '1',
      summary: 'Streams and maps of a running pose server.',
      description: `JSON bodies hold at most ${MAX_BODY_BYTES} bytes; unknown keys are refused. Poses leave over WebSocket: see asyncapi.json.`,
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }],
    paths: { ...outside(), ...restPaths() },
    components: {
      securitySchemes: {
        token: {
          ...{ type: 'http', scheme: 'bearer' },
          description: 'Needed where listen.token or listen.tokens is set. Operations say which scope.',
        },
      },
      schemas: namedSchemas(NAMED, '#/components/schemas/'),
    },
  }),
);

function restPaths(): Json {
  const paths: Record<string, Json> = {};
  for (const operation of OPERATIONS) {
    paths[operation.path] ??= operation.path.includes('{id}') ? { parameters: [STREAM_ID] } : {};
    paths[operation.path][operation.method.toLowerCase()] = operationOf(operation);
  }
  return paths;
}

const STREAM_ID = {
  ...{ name: 'id', in: 'path', required: true, description: 'The id of a stream.' },
  schema: { $ref: '#/components/schemas/StreamId' },
};

const SCOPES = {
  token: 'Any token.',
  read: 'A token with read:… of it.',
  admin: 'A token with the scope admin.',
} as const;

function operationOf({ id, summary, needs, body, status, answer, refusals }: Operation): Json {
  const done = answer ? { content: jsonOf(answer) } : status === 200 ? { content: DOCUMENT } : {};
  return {
    operationId: id,
    ...{ summary, description: SCOPES[needs] },
    ...(body ? { requestBody: { required: true, content: jsonOf(body) } } : {}),
    responses: {
      [status]: { description: STATUS_CODES[status], ...done },
      ...refused([401, ...refusals, 421].toSorted((a, b) => a - b)),
    },
  };
}

const DOCUMENT = { 'application/json': { schema: { type: 'object' } } };

const refused = (statuses: readonly number[]): Json =>
  Object.fromEntries(
    statuses.map((status) => [status, { description: STATUS_CODES[status], content: jsonOf(errorAnswer) }]),
  );

/** What is not under /api/v1 but belongs to running a server. */
function outside(): Json {
  const answers = (status: number, schema: z.ZodType) => ({
    [status]: { description: STATUS_CODES[status], content: jsonOf(schema) },
  });
  return {
    '/healthz': {
      get: {
        ...{ operationId: 'getHealth', summary: 'Whether the process answers', security: [] },
        responses: { ...answers(200, healthAnswer), ...refused([421]) },
      },
    },
    '/readyz': {
      get: {
        ...{ operationId: 'getReadiness', summary: 'Whether poses can come', security: [] },
        responses: { ...answers(200, readinessAnswer), ...answers(503, readinessAnswer), ...refused([421]) },
      },
    },
    '/api/ticket': {
      post: {
        ...{
          operationId: 'createTicket',
          summary: "A ticket for a browser's WebSocket",
          description: SCOPES.token,
        },
        responses: { ...answers(201, ticketAnswer), ...refused([401, 421]) },
      },
    },
  };
}
