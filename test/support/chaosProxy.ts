import { connect, createServer, type Socket } from 'node:net';
import { Transform } from 'node:stream';
import { createRandom } from '../../src/kernels/random.js';

/** What happens to what the server sends; what the client says passes, but for `dead`. */
export type Trouble =
  | { readonly kind: 'pass' }
  /** Everything comes this much later. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** Nothing comes; it is kept, and comes at once when the trouble is over. */
  | { readonly kind: 'hold' }
  /** Both sides believe in the connection, and nothing passes any more either way. */
  | { readonly kind: 'dead' }
  /** This share of the pieces, up to 4 KiB each, is lost. */
  | { readonly kind: 'drop'; readonly share: number }
  | { readonly kind: 'throttle'; readonly bytesPerS: number };

/** A few bytes a second: never silent, never a picture. */
export const DRIBBLE: Trouble = { kind: 'throttle', bytesPerS: 20 };
export const PASS: Trouble = { kind: 'pass' };

export interface ChaosProxy {
  readonly port: number;
  /** For all connections, from now on. */
  readonly set: (trouble: Trouble) => void;
  /** Cuts every connection in the middle of whatever it was sending. */
  readonly cut: () => void;
  readonly close: () => Promise<void>;
}

const TICK_MS = 10;
const PIECE_BYTES = 4096;

/** A bad line between a TCP client and a server on this machine. */
export async function startChaosProxy(targetPort: number, seed = 1): Promise<ChaosProxy> {
  const { uniform } = createRandom(seed);
  const sockets = new Set<Socket>();
  let trouble: Trouble = PASS;
  const keep = (socket: Socket, other: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      sockets.delete(socket);
      other.destroy();
    });
  };
  const server = createServer((client) => {
    const target = connect(targetPort, '127.0.0.1');
    keep(client, target);
    keep(target, client);
    const said = new Transform({
      transform: (chunk, _encoding, done) => done(null, trouble.kind === 'dead' ? undefined : chunk),
    });
    client.pipe(said).pipe(target);
    const stop = badLine(target, client, () => trouble, uniform);
    client.on('close', stop);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    port: (server.address() as { port: number }).port,
    set: (next) => {
      trouble = next;
    },
    cut,
    close: () => {
      cut();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

/** Carries bytes as the trouble of the moment allows; returns what ends it. */
function badLine(from: Socket, to: Socket, trouble: () => Trouble, uniform: () => number): () => void {
  let queue: { readonly bytes: Buffer; readonly atMs: number }[] = [];
  let allowance = 0;
  const isLost = (now: Trouble) => now.kind === 'drop' && uniform() < now.share;
  from.on('data', (chunk: Buffer) => {
    if (trouble().kind === 'dead') return;
    for (let at = 0; at < chunk.length; at += PIECE_BYTES)
      if (!isLost(trouble()))
        queue.push({ bytes: chunk.subarray(at, at + PIECE_BYTES), atMs: performance.now() });
    if (trouble().kind === 'pass') flush(() => true);
  });
  const flush = (isDue: (piece: { atMs: number; bytes: Buffer }) => boolean): void => {
    while (queue.length > 0 && !to.destroyed && isDue(queue[0])) to.write(queue.shift()!.bytes);
  };
  const timer = setInterval(() => {
    const now = trouble();
    if (now.kind === 'pass' || now.kind === 'drop') flush(() => true);
    if (now.kind === 'delay') flush(({ atMs }) => performance.now() - atMs >= now.ms);
    if (now.kind !== 'throttle') return;
    allowance = Math.min(PIECE_BYTES, allowance + (now.bytesPerS * TICK_MS) / 1000);
    const [head, ...rest] = queue;
    const count = Math.min(Math.floor(allowance), head?.bytes.length ?? 0);
    if (count === 0) return;
    allowance -= count;
    to.write(head.bytes.subarray(0, count));
    const left = { ...head, bytes: head.bytes.subarray(count) };
    queue = left.bytes.length > 0 ? [left, ...rest] : rest;
  }, TICK_MS);
  return () => clearInterval(timer);
}
