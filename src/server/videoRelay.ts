import { PosestreamError } from '../domain/errors.js';
import type { Sender } from '../streams/pushed.js';
import type { SenderOut } from './bus.js';

/** Bytes on their way to the worker that it has not swallowed. */
const AHEAD_BYTES = 1 << 18;

/** One client's video on its way to the worker. */
export interface VideoRelay {
  /** The worker took a piece. */
  readonly swallowed: () => void;
  readonly out: (why: SenderOut | 'worker gone') => void;
}

/** Sends what a client pushes piece by piece, no faster than it is swallowed. */
export function relayVideo(sender: Sender, send: (piece: Uint8Array) => void, end: () => void): VideoRelay {
  const { bytes } = sender;
  const ahead: number[] = [];
  let aheadBytes = 0;
  bytes.on('data', (piece: Buffer) => {
    ahead.push(piece.length);
    aheadBytes += piece.length;
    if (aheadBytes > AHEAD_BYTES) bytes.pause();
    send(piece);
  });
  bytes.once('end', end);
  return {
    swallowed: () => {
      aheadBytes -= ahead.shift() ?? 0;
      if (aheadBytes <= AHEAD_BYTES) bytes.resume();
    },
    out: (why) => {
      if (why === 'replaced') sender.replaced();
      // A recording cannot be taken up in its middle: the client has to begin a new one.
      else if (why !== 'refused') bytes.destroy(new PosestreamError('E_SOURCE_STALL', 'Begin again.'));
      else bytes.destroy();
    },
  };
}
