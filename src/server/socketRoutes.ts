import type { WebSocket } from 'ws';
import type { Foxglove } from './formats/foxglove.js';
import { FOXGLOVE_PROTOCOLS } from './formats/foxgloveSocket.js';
import { takeVideo } from './ingestSocket.js';
import type { Grant } from './scopes.js';
import type { GatewayStream, StreamHub } from './streamHub.js';
import type { Route } from './upgrade.js';

interface RouteOptions {
  readonly served: ReadonlyMap<string, { readonly stream: GatewayStream; readonly hub: StreamHub }>;
  readonly foxglove: Pick<Foxglove, 'add'>;
  readonly addPoseClient: (socket: WebSocket, grant: Grant) => void;
  /** Told of every piece of video that comes in. */
  readonly ingested: (stream: string, bytes: number) => void;
  /** Whether one more may have pictures. */
  readonly mayWatch: () => boolean;
}

/** What a socket's address leads to, or the HTTP status that refuses it. A stream that may not be read is one that is not
 * there. */
export const socketRoutes =
  ({ served, foxglove, addPoseClient, ingested, mayWatch }: RouteOptions) =>
  ({ pathname, searchParams }: URL, grant: Grant): number | Route => {
    const ingest = /^\/ingest\/([\w-]{1,64})$/.exec(pathname);
    if (ingest) return uploadTo(served.get(ingest[1])?.stream, grant, ingested);
    if (!['/poses', '/foxglove', '/view'].includes(pathname)) return 404;
    if (!grant.readsAny) return 403;
    if (pathname === '/poses') return { serve: (socket) => addPoseClient(socket, grant) };
    if (pathname === '/foxglove')
      return { serve: (socket) => foxglove.add(socket, grant.mayRead), protocols: FOXGLOVE_PROTOCOLS };
    const viewed = searchParams.get('stream') ?? [...served.keys()].find(grant.mayRead) ?? '';
    const view = grant.mayRead(viewed) ? served.get(viewed)?.hub.view : undefined;
    if (!view) return 404;
    return mayWatch() ? { serve: view.add } : 503;
  };

function uploadTo(
  stream: GatewayStream | undefined,
  { mayIngest, mayRead }: Grant,
  ingested: (stream: string, bytes: number) => void,
): number | Route {
  if (!stream?.ingest) return 404;
  if (!mayIngest(stream.id)) return mayRead(stream.id) ? 403 : 404;
  const { id, ingest } = stream;
  return {
    isUpload: true,
    serve(socket) {
      socket.on('message', (data, isBinary) => isBinary && ingested(id, (data as Buffer).length));
      takeVideo(socket, ingest);
    },
  };
}
