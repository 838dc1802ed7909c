import { createServer, type Server } from 'node:http';
import { fileURLToPath } from 'node:url';
import { PosestreamError } from '../domain/errors.js';
import type { GrayImage, ModelIdentity } from '../domain/features.js';
import type { MapModel } from '../domain/mapModel.js';
import type { Outcome } from '../domain/outcome.js';
import { type AccessToken, accessTokens, createAccess, isLoopback } from './access.js';
import type { Item } from './delivery.js';
import { type Encoded, encodedOnce } from './encoding.js';
import { createFanOut } from './fanOut.js';
import { createFoxglove } from './formats/foxglove.js';
import { FOXGLOVE_PROTOCOLS } from './formats/foxgloveSocket.js';
import { createHttpHandler } from './httpRoutes.js';
import { takeVideo } from './ingestSocket.js';
import { listen, publicWithoutToken, urlOf } from './listen.js';
import { encodeMapGeometry } from './mapGeometry.js';
import { createMetrics } from './metrics.js';
import { captureAgeMs } from './poseMessage.js';
import { type PoseClient, servePoses } from './poseSocket.js';
import type { Changes } from './rest/rest.js';
import { loadStaticFiles } from './staticFiles.js';
import { createStreamHub, type GatewayStream, type StreamHub } from './streamHub.js';
import { acceptSockets, type Route, type Sockets } from './upgrade.js';
import { CLOSE, type HelloMessage, PROTOCOL, type SourceStatus } from './wire.js';

export type { GatewayStream } from './streamHub.js';

export interface GatewayLimits {
  readonly maxClients: number;
  readonly maxClientsPerAddress: number;
  readonly maxViewers: number;
  /** Camera pictures a second and stream. */
  readonly viewHz: number;
}

export interface GatewayOptions {
  /** Default 127.0.0.1; any other needs a token. */
  readonly host?: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly token?: string | null;
  /** Others, which may do what their scopes say. */
  readonly tokens?: readonly AccessToken[];
  /** Other pages that may open sockets, as browsers name them in Origin; default none. */
  readonly origins?: readonly string[];
  readonly map: MapModel;
  readonly model: ModelIdentity;
  readonly streams: readonly GatewayStream[];
  readonly serverVersion: string;
  /** What may be changed over REST; default nothing. */
  readonly changes?: Changes;
  /** Folder of the built page; default dist/web of this package. */
  readonly pageDir?: string;
  readonly limits?: Partial<GatewayLimits>;
  /** Unix time, ms, that ages are counted to; default the system's. */
  readonly nowMs?: () => number;
  /** Told about failures that end nothing, such as a picture that could not be encoded. */
  readonly onWarning?: (message: string) => void;
}

/** The outside of a running server. Publishing never waits for a client and never throws for one. */
export interface Gateway {
  /** Address of the page, with a trailing slash. */
  readonly url: string;
  publishOutcome(stream: string, outcome: Outcome): void;
  publishStatus(stream: string, status: SourceStatus): void;
  /** Whether somebody would see a picture now: ask before keeping pixels or asking for evidence. */
  wantsFrame(stream: string): boolean;
  /** The picture an outcome was made from; copied at once where it is wanted, ignored otherwise. */
  publishFrame(stream: string, image: GrayImage, outcome: Outcome): void;
  clients(): number;
  /** Sockets close with 1001; done within 2 s. */
  close(): Promise<void>;
}

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
  const hubs = new Map<string, StreamHub>();
  for (const stream of options.streams)
    hubs.set(stream.id, createStreamHub(stream, { ...options, viewHz: limits.viewHz, monotonicMs, nowMs }));
  const clients = new Set<PoseClient>();
  const slices = { sliceMs: SLICE_MS, monotonicMs, soon: setImmediate };
  const fanOuts = <T>(give: (id: string) => (client: PoseClient, item: T) => void) =>
    new Map([...hubs.keys()].map((id) => [id, createFanOut({ ...slices, give: give(id) })]));
  const poses = fanOuts<Item>((id) => (client, item) => client.offer(id, item));
  const statuses = fanOuts<Encoded>((id) => (client, status) => client.sendStatus(id, status));
  const foxglove = createFoxglove({ ...options, viewHz: limits.viewHz, monotonicMs, nowMs });

  const metrics = createMetrics({ clients: () => clients.size, viewers: () => viewers() });
  const viewers = (): number => [...hubs.values()].reduce((sum, { view }) => sum + view.viewers(), 0);

  const hello = (): HelloMessage => helloOf(options, hubs);
  const geometry = { bytes: encodeMapGeometry(options.map), etag: `"${options.map.sha256.slice(0, 32)}"` };
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
      health: () => ({ status: 'ok', streams: hubs.size, clients: clients.size }),
      ...{ hello, metrics, onWarning: options.onWarning },
      changes: options.changes ?? null,
    }),
  );
  server.maxConnections = limits.maxClients + 256;
  const sockets = acceptSockets(server, {
    ...limits,
    ...{ access, boundToLoopback, route },
    origins: options.origins ?? [],
  });

  function route(url: URL): number | Route {
    if (url.pathname === '/poses') return { serve: addPoseClient };
    if (url.pathname === '/foxglove') return { serve: foxglove.add, protocols: FOXGLOVE_PROTOCOLS };
    const ingest = /^\/ingest\/([\w-]{1,64})$/.exec(url.pathname);
    if (ingest) return uploadTo(options.streams.find(({ id }) => id === ingest[1]));
    if (url.pathname !== '/view') return 404;
    const hub = hubs.get(url.searchParams.get('stream') ?? options.streams[0]?.id ?? '');
    if (!hub) return 404;
    return viewers() >= limits.maxViewers ? 503 : { serve: hub.view.add };
  }

  function addPoseClient(socket: Parameters<typeof servePoses>[0]): void {
    socket.send(JSON.stringify(hello()));
    const client = servePoses(socket, {
      knowsStream: (id) => hubs.has(id),
      latest: (id) => hubs.get(id)?.latest() ?? null,
      streams: () => hubs.keys(),
      monotonicMs,
      nowMs,
    });
    clients.add(client);
    socket.on('close', () => clients.delete(client));
  }

  function broadcastStatus(hub: StreamHub): void {
    const message = hub.statusMessage();
    foxglove.publishStatus(message);
    if (clients.size === 0) return;
    statuses.get(hub.id)?.(clients, encodedOnce(message));
  }

  const everySecond = setInterval(() => {
    for (const hub of hubs.values()) broadcastStatus(hub);
    for (const client of clients) client.everySecond();
  }, STATISTICS_MS);
  everySecond.unref();

  const hubOf = (stream: string): StreamHub => {
    const hub = hubs.get(stream);
    if (!hub) throw new PosestreamError('E_INTERNAL', `No stream '${stream}' in this gateway.`);
    return hub;
  };

  await listen(server, host, options.port);
  return {
    url: urlOf(server, host),
    publishOutcome(stream, outcome) {
      const item = hubOf(stream).record(outcome);
      metrics.outcome(stream, outcome, captureAgeMs(outcome.frame, nowMs()));
      if (item) poses.get(stream)?.(clients, item);
      foxglove.publishOutcome(stream, outcome, item);
    },
    publishStatus(stream, status) {
      const hub = hubOf(stream);
      hub.setSource(status);
      metrics.source(stream, status);
      foxglove.publishSource(stream, status);
      broadcastStatus(hub);
    },
    wantsFrame: (stream) => hubOf(stream).view.wanted() || foxglove.wantsFrame(stream),
    publishFrame(stream, image, outcome) {
      const { view } = hubOf(stream);
      Promise.all([view.publish(image, outcome), foxglove.publishFrame(stream, image, outcome)]).catch(
        (error: unknown) => options.onWarning?.(`picture of ${stream}: ${String(error)}`),
      );
    },
    clients: () => clients.size,
    close: once(async () => {
      clearInterval(everySecond);
      await shutDown(server, sockets);
    }),
  };
}

function uploadTo(stream: GatewayStream | undefined): number | Route {
  const attach = stream?.ingest;
  return attach ? { isUpload: true, serve: (socket) => takeVideo(socket, attach) } : 404;
}

function helloOf(options: GatewayOptions, hubs: ReadonlyMap<string, StreamHub>): HelloMessage {
  const { header, sha256, keyframes, points } = options.map;
  const { name, version } = options.model;
  return {
    type: 'hello',
    protocol: PROTOCOL,
    server: { name: 'posestream', version: options.serverVersion },
    map: {
      name: header.name,
      sha256,
      keyframes: keyframes.count,
      points: points.count,
      scale: header.scale,
      anchor: header.anchor,
    },
    model: { name, version, sha256: options.model.sha256 },
    streams: [...hubs.values()].map((hub) => hub.info()),
  };
}

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
