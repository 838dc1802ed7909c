import { createServer, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { PosestreamError } from '../domain/errors.js';
import { accessTokens, createAccess, isLoopback } from './access.js';
import type { Item } from './delivery.js';
import { type Encoded, encodedOnce } from './encoding.js';
import { createFanOut, type FanOut } from './fanOut.js';
import { createFoxglove } from './formats/foxglove.js';
import type { Gateway, GatewayLimits, GatewayOptions } from './gatewayOptions.js';
import { helloOf, readable } from './hello.js';
import { createHttpHandler } from './httpRoutes.js';
import { listen, publicWithoutToken, urlOf } from './listen.js';
import { loopToLog, watchLoop } from './loopDelay.js';
import { answerMalformed } from './malformedHttp.js';
import { encodeMapGeometry } from './mapGeometry.js';
import { createMetrics } from './metrics.js';
import { captureAgeMs } from './poseMessage.js';
import { type PoseClient, servePoses } from './poseSocket.js';
import type { Grant } from './scopes.js';
import type { ServedMap } from './servedMap.js';
import { socketRoutes } from './socketRoutes.js';
import { loadStaticFiles } from './staticFiles.js';
import { createStreamHub, type GatewayStream, type StreamHub } from './streamHub.js';
import { acceptSockets, type Sockets } from './upgrade.js';
import { CLOSE, type HelloMessage } from './wire.js';

export type { Gateway, GatewayLimits, GatewayOptions } from './gatewayOptions.js';
export type { GatewayStream } from './streamHub.js';

const DEFAULT_LIMITS: GatewayLimits = {
  maxClients: 4096,
  maxClientsPerAddress: 256,
  maxViewers: 16,
  viewHz: 10,
};
const STATISTICS_MS = 1000;
const CLOSE_GRACE_MS = 1000;
const SLICE_MS = 4;

/** Opens the port; poses leave at `ws …/poses`, pictures at `ws …/view?stream=`, all of it for
 * Foxglove at `ws …/foxglove`, the page at `/`;
 * video may come in at `ws …/ingest/<stream>`.
 * @throws PosestreamError E_CONFIG (public bind without a token), E_PORT_IN_USE */
export async function createGateway(options: GatewayOptions): Promise<Gateway> {
  const host = options.host ?? '127.0.0.1';
  const boundToLoopback = isLoopback(host);
  const tokens = accessTokens(options);
  if (!boundToLoopback && tokens.length === 0) throw publicWithoutToken(host);

  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const monotonicMs = (): number => performance.now();
  const nowMs = options.nowMs ?? Date.now;
  const access = createAccess(tokens, monotonicMs);
  const slices = { sliceMs: SLICE_MS, monotonicMs, soon: setImmediate };
  const served = new Map<string, Served>();
  const clients = new Set<PoseClient>();
  const grants = new WeakMap<PoseClient, Grant>();
  const foxglove = createFoxglove({
    ...{ map: options.map, streams: options.streams, viewHz: limits.viewHz, monotonicMs, nowMs },
    mayWatch: () => mayWatch(),
  });
  const loop = watchLoop({ monotonicMs, onChange: loopToLog(options.log) });
  let { map } = options;
  let geometry = geometryOf(map);
  for (const stream of options.streams) serve(stream);

  function serve(stream: GatewayStream): void {
    const { id } = stream;
    const { model } = options;
    const hub = createStreamHub(stream, {
      ...{ map: () => map, model, viewHz: limits.viewHz, monotonicMs, nowMs },
    });
    const poses = createFanOut<PoseClient, Item>({
      ...slices,
      give: (client, item) => client.offer(id, item),
    });
    const statuses = createFanOut<PoseClient, Encoded>({
      ...slices,
      give: (client, status) => client.sendStatus(id, status),
    });
    served.set(id, { stream, hub, poses, statuses });
  }

  const metrics = createMetrics({
    ...{ clients: () => clients.size, viewers: () => viewers(), foxgloveClients: foxglove.clients, loop },
  });
  const viewers = (): number =>
    [...served.values()].reduce((sum, { hub }) => sum + hub.view.viewers(), foxglove.viewers());

  const mayWatch = (): boolean => viewers() < limits.maxViewers;

  const hello = (): HelloMessage =>
    helloOf({ ...options, map, hubs: [...served.values()].map(({ hub }) => hub) });
  const helloAgain = (): void => {
    const message = hello();
    const whole = encodedOnce(message);
    for (const client of clients) {
      const grant = grants.get(client);
      if (grant) client.sendHello(grant.readsAll ? whole : encodedOnce(readable(message, grant)));
    }
  };
  const server = createServer(
    {
      headersTimeout: 3000,
      requestTimeout: 10_000,
      keepAliveTimeout: 5000,
      connectionsCheckingInterval: 1000,
    },
    createHttpHandler({
      access,
      boundToLoopback,
      files: loadStaticFiles(options.pageDir ?? defaultPageDir()),
      map: () => geometry,
      health: () => ({
        status: loop.isDegraded() ? 'degraded' : 'ok',
        streams: served.size,
        clients: clients.size,
      }),
      ...{ hello, metrics, onWarning: options.onWarning },
      changes: options.changes ?? null,
    }),
  );
  server.maxConnections = limits.maxClients + 256;
  answerMalformed(server);
  const sockets = acceptSockets(server, {
    ...limits,
    ...{ access, boundToLoopback },
    route: socketRoutes({ served, foxglove, addPoseClient, mayWatch, ingested: metrics.ingested }),
    origins: options.origins ?? [],
    onRefused: (status) => {
      metrics.clientRefused(status);
      options.log?.event('warn', `refused-${status}`, `a client was refused: ${status}`);
    },
    onClosed: metrics.clientClosed,
  });

  function addPoseClient(socket: Parameters<typeof servePoses>[0], grant: Grant): void {
    socket.send(JSON.stringify(readable(hello(), grant)));
    const client = servePoses(socket, {
      mayRead: grant.mayRead,
      knowsStream: (id) => served.has(id),
      latest: (id) => served.get(id)?.hub.latest() ?? null,
      streams: () => served.keys(),
      monotonicMs,
      nowMs,
    });
    clients.add(client);
    grants.set(client, grant);
    socket.on('close', () => clients.delete(client));
  }

  function broadcastStatus({ hub, statuses }: Served): void {
    const message = hub.statusMessage();
    foxglove.publishStatus(message);
    if (clients.size > 0) statuses(clients, encodedOnce(message));
  }

  const everySecond = setInterval(() => {
    for (const one of served.values()) broadcastStatus(one);
    for (const client of clients) client.everySecond();
  }, STATISTICS_MS);
  everySecond.unref();

  const servedOf = (stream: string): Served => {
    const found = served.get(stream);
    if (!found) throw new PosestreamError('E_INTERNAL', `No stream '${stream}' in this gateway.`);
    return found;
  };

  await listen(server, host, options.port);
  return {
    url: urlOf(server, host),
    publishArrival: (stream, frame) => servedOf(stream).hub.arrive(frame),
    inFlight: (stream) => servedOf(stream).hub.inFlight(),
    publishOutcome(stream, outcome) {
      const { hub, poses } = servedOf(stream);
      const item = hub.record(outcome);
      metrics.outcome(stream, outcome, captureAgeMs(outcome.frame, nowMs()));
      if (item) poses(clients, item);
      foxglove.publishOutcome(stream, outcome, item);
    },
    publishStatus(stream, status) {
      const one = servedOf(stream);
      one.hub.setSource(status);
      metrics.source(stream, status);
      foxglove.publishSource(stream, status);
      broadcastStatus(one);
    },
    wantsFrame: (stream) => servedOf(stream).hub.view.wanted() || foxglove.wantsFrame(stream),
    publishFrame(stream, image, outcome) {
      const { view } = servedOf(stream).hub;
      Promise.all([view.publish(image, outcome), foxglove.publishFrame(stream, image, outcome)]).catch(
        (error: unknown) => options.onWarning?.(`picture of ${stream}: ${String(error)}`),
      );
    },
    has: (stream) => served.has(stream),
    addStream(stream) {
      serve(stream);
      foxglove.setStream(stream);
      helloAgain();
    },
    removeStream(id) {
      servedOf(id).hub.view.close();
      served.delete(id);
      metrics.source(id, { kind: 'ended' });
      foxglove.removeStream(id);
      helloAgain();
    },
    setMap(next) {
      map = next;
      geometry = geometryOf(map);
      foxglove.setMap(map);
      helloAgain();
    },
    noteWorkerRestart(why) {
      metrics.workerRestarted();
      options.log?.event('error', 'worker-ended', why);
    },
    hello,
    clients: () => clients.size,
    close: once(async () => {
      clearInterval(everySecond);
      loop.stop();
      await shutDown(server, sockets);
    }),
  };
}

interface Served {
  readonly stream: GatewayStream;
  readonly hub: StreamHub;
  readonly poses: FanOut<PoseClient, Item>;
  readonly statuses: FanOut<PoseClient, Encoded>;
}

const geometryOf = (map: ServedMap) => ({
  bytes: encodeMapGeometry(map),
  etag: `"${map.sha256.slice(0, 32)}"`,
});

async function shutDown(server: Server, sockets: Sockets): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  await sockets.closeAll(CLOSE.goingAway, CLOSE_GRACE_MS);
  server.closeAllConnections();
  await closed;
}

/** The same folder from the sources and from the build. */
function defaultPageDir(): string {
  const fromBuild = import.meta.url.endsWith('/dist/server/gateway.js');
  return fileURLToPath(new URL(fromBuild ? '../web/' : '../../dist/web/', import.meta.url));
}

function once<T>(run: () => Promise<T>): () => Promise<T> {
  let result: Promise<T> | null = null;
  return () => (result ??= run());
}
