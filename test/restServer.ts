import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname } from 'node:path';
import { PosestreamError } from '../src/domain/errors.js';
import { type AccessToken, createAccess } from '../src/server/access.js';
import { overCapacity } from '../src/server/admission.js';
import type { StreamConfig } from '../src/server/configSchema.js';
import type { Control, Readiness } from '../src/server/control.js';
import { createHttpHandler } from '../src/server/httpRoutes.js';
import { answerMalformed } from '../src/server/malformedHttp.js';
import type { RestRules } from '../src/server/rest/rules.js';
import type { HelloMessage, StreamInfo } from '../src/server/wire.js';

/** A control that keeps its books and opens nothing. */
export function fakeControl(maxStreams: number) {
  const streams = new Map<string, { config: StreamConfig; info: StreamInfo }>();
  const asked: string[] = [];
  let map: HelloMessage['map'] = MAP;
  let readiness: Readiness = { isReady: true, missing: [] };
  const known = (id: string) => {
    const found = streams.get(id);
    if (!found) throw new PosestreamError('E_CONFIG', `no stream is called '${id}'`);
    return found;
  };
  const become = (id: string, kind: 'paused' | 'connecting') => {
    const { config, info } = known(id);
    streams.set(id, { config, info: { ...info, source: { kind } } });
  };
  const control: Control = {
    streams: () => [...streams.values()].map(({ info }) => info),
    async add(config) {
      asked.push(`add ${config.id}`);
      if (streams.has(config.id)) throw new PosestreamError('E_CONFIG', `stream id '${config.id}' is taken`);
      if (streams.size >= maxStreams) throw overCapacity(config.id, maxStreams);
      if (config.source.includes('bug')) throw new Error(`a bug with ${config.source}`);
      const info = infoOf(config.id);
      streams.set(config.id, { config, info });
      return info;
    },
    async pause(id) {
      asked.push(`pause ${id}`);
      become(id, 'paused');
    },
    async resume(id) {
      asked.push(`resume ${id}`);
      become(id, 'connecting');
    },
    async remove(id) {
      asked.push(`remove ${id}`);
      known(id);
      streams.delete(id);
    },
    async swapMap(path) {
      asked.push(`swap ${path}`);
      if (!path.endsWith('.map')) throw new PosestreamError('E_MAP_CORRUPT', `${path} is damaged.`);
      map = { ...MAP, name: path };
      return map;
    },
    readiness: () => readiness,
  };
  return {
    ...{ control, asked },
    configOf: (id: string) => streams.get(id)?.config,
    hello: () => ({ map, streams: [...control.streams()] }),
    setReadiness: (value: Readiness) => {
      readiness = value;
    },
  };
}

const MAP: HelloMessage['map'] = {
  ...{ name: 'town', sha256: 'a'.repeat(64), keyframes: 3, points: 100, scale: 'metric', anchor: null },
};

const infoOf = (id: string): StreamInfo => ({
  ...{ id, label: id, hasTruth: false, source: { kind: 'connecting' } },
  statistics: {
    counters: { in: 0, posed: 0, lost: 0, dropped: {} },
    ...{ lostBy: {}, processedHz: 0, inputHz: 0, totalMs: null, ageMs: null },
  },
});

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  readonly json: () => unknown;
}

export interface Sent {
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string | number>>;
}

/** The HTTP side of a gateway over a fake control, on a port of its own. */
export async function restServer(
  setup: { rules?: Partial<RestRules>; tokens?: AccessToken[]; maxStreams?: number; readOnly?: boolean } = {},
) {
  const fake = fakeControl(setup.maxStreams ?? 4);
  const warnings: string[] = [];
  const rules: RestRules = {
    ...{ baseDir: dirname(import.meta.filename), mapRoots: [] },
    sources: { fileRoots: [], allowPrivateHosts: false, allowLocalDevices: false },
    ...setup.rules,
  };
  const handler = createHttpHandler({
    access: createAccess(setup.tokens ?? [], () => performance.now()),
    ...{ boundToLoopback: true, files: new Map(), hello: fake.hello },
    map: () => ({ bytes: new Uint8Array(4), etag: '"x"' }),
    health: () => ({ status: 'ok', streams: 0, clients: 0 }),
    metrics: { text: async () => 'metrics', contentType: 'text/plain' },
    changes: setup.readOnly ? null : { control: fake.control, rules },
    onWarning: (message) => warnings.push(message),
  });
  const server = createServer({ requestTimeout: 5000, headersTimeout: 3000 }, handler);
  answerMalformed(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  function ask(method: string, path: string, { body, headers = {} }: Sent = {}): Promise<Reply> {
    return new Promise((resolve, reject) => {
      const sent = request({ port, host: '127.0.0.1', method, path, headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('error', reject);
        response.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          const { statusCode: status = 0, headers: got } = response;
          resolve({ status, headers: got, text, json: () => JSON.parse(text) });
        });
      });
      sent.on('error', reject);
      sent.end(body);
    });
  }

  return {
    ...{ ...fake, ask, warnings, port },
    /** JSON in, as a client means it. */
    send: (method: string, path: string, body: unknown, headers: Sent['headers'] = {}) =>
      ask(method, path, {
        body: JSON.stringify(body),
        headers: { 'Content-Type': 'application/json', ...headers },
      }),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
