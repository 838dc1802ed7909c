import type { IncomingMessage, ServerResponse } from 'node:http';
import type { StreamConfig } from '../configSchema.js';
import type { Control } from '../control.js';
import { asyncApiDocument } from '../schemas/asyncapi.js';
import { openApiDocument } from '../schemas/openapi.js';
import type { Grant } from '../scopes.js';
import type { HelloMessage, StreamInfo } from '../wire.js';
import { type Answer, refusal, refusalOf, sendAnswer } from './answer.js';
import { readBody } from './body.js';
import { matchOperation, type Operation, type OperationId } from './operations.js';
import { allowedMap, allowedStream, type RestRules } from './rules.js';

/** How a running server is changed, and what may be named when it is. */
export interface Changes {
  readonly control: Control;
  readonly rules: RestRules;
}

export interface RestContext {
  readonly hello: () => Pick<HelloMessage, 'map' | 'streams'>;
  /** Null where nothing can be changed, as in a replay. */
  readonly changes: Changes | null;
  /** Told about failures that are bugs. */
  readonly onWarning?: (message: string) => void;
}

interface Call {
  readonly grant: Grant;
  /** The stream the path names; only where the operation has one. */
  readonly stream: StreamInfo;
  readonly body: unknown;
  readonly control: Control;
  readonly rules: RestRules;
}

/** Answers requests below /api/v1/ of a caller whose token is known. Never rejects. */
export function createRest(context: RestContext) {
  const { hello } = context;
  const streamNow = (id: string): StreamInfo | undefined =>
    hello().streams.find((stream) => stream.id === id);

  const handlers: Record<OperationId, (call: Call) => Answer | Promise<Answer>> = {
    listStreams: ({ grant }) => ok({ streams: hello().streams.filter(({ id }) => grant.mayRead(id)) }),
    getStream: ({ stream }) => ok(stream),
    addStream: async ({ body, control, rules }) => {
      const wanted = body as StreamConfig;
      if (streamNow(wanted.id)) return refusal(409, 'E_CONFIG', `stream id '${wanted.id}' is taken`);
      const added = await control.add(await allowedStream(wanted, rules));
      return { status: 201, body: added, headers: { Location: `/api/v1/streams/${added.id}` } };
    },
    removeStream: async ({ stream, control }) => {
      await control.remove(stream.id);
      return { status: 204 };
    },
    pauseStream: async ({ stream, control }) => {
      await control.pause(stream.id);
      return ok(streamNow(stream.id) ?? stream);
    },
    resumeStream: async ({ stream, control }) => {
      await control.resume(stream.id);
      return ok(streamNow(stream.id) ?? stream);
    },
    getMap: () => ok(hello().map),
    swapMap,
    swapMapByPost: swapMap,
    getOpenApi: () => ok(openApiDocument()),
    getAsyncApi: () => ok(asyncApiDocument()),
  };

  async function swapMap({ body, control, rules }: Call): Promise<Answer> {
    const { path } = body as { path: string };
    return ok(await control.swapMap(await allowedMap(path, rules)));
  }

  async function answer(request: IncomingMessage, path: string, grant: Grant): Promise<Answer> {
    const method = request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET');
    const match = matchOperation(method, path);
    if (match.operation === null) return unknown(match.allowed);
    const { operation } = match;
    // Looked up first, allowed after: a stream that may not be read is one that is not there.
    const stream = match.stream === null ? undefined : streamNow(match.stream);
    if (match.stream !== null && (!stream || !grant.mayRead(stream.id))) return notFound();
    const refused = forbidden(operation, grant) ?? unable(operation, context);
    if (refused) return refused;
    const body = operation.body ? await readBody(request, operation.body) : { value: undefined };
    if ('refused' in body) return body.refused;
    const call = { grant, body: body.value, stream, ...context.changes } as Call;
    return handlers[operation.id](call);
  }

  return async (request: IncomingMessage, response: ServerResponse, path: string, grant: Grant) => {
    const warn = context.onWarning ?? (() => undefined);
    const reply = await answer(request, path, grant).catch((error: unknown) => refusalOf(error, warn));
    request.resume();
    sendAnswer(response, reply);
  };
}

const ok = (body: object): Answer => ({ status: 200, body });
const notFound = (): Answer => refusal(404, 'E_PROTOCOL', 'No such resource.');

function unknown(allowed: readonly string[]): Answer {
  if (allowed.length === 0) return notFound();
  const methods = allowed.join(', ');
  return refusal(405, 'E_PROTOCOL', `Only ${methods} here.`, undefined, { Allow: methods });
}

function forbidden({ needs, path }: Operation, grant: Grant): Answer | null {
  const may =
    needs === 'admin' ? grant.isAdmin : needs === 'token' || path.includes('{id}') || grant.readsAny;
  return may
    ? null
    : refusal(
        403,
        'E_UNAUTHORIZED',
        `This token may not do that.`,
        `It needs the scope ${needs === 'admin' ? 'admin' : 'read:…'}.`,
      );
}

/** Why nothing can be changed at all, or not now. */
function unable({ needs, id }: Operation, { changes }: RestContext): Answer | null {
  if (needs !== 'admin') return null;
  if (changes === null) return refusal(405, 'E_PROTOCOL', 'Nothing can be changed on this server.');
  const { isReady, missing } = changes.control.readiness();
  const waits = id === 'addStream' || id === 'swapMap' || id === 'swapMapByPost';
  if (isReady || !waits) return null;
  const why = missing.join('; ') || 'it is starting';
  return refusal(503, 'E_CAPACITY', `The server is not ready: ${why}.`, 'Try again.', { 'Retry-After': '2' });
}
