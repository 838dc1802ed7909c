import { PassThrough } from 'node:stream';
import type { WebSocket } from 'ws';
import { PosestreamError } from '../domain/errors.js';
import type { Sender } from '../streams/pushed.js';
import { CLOSE } from './wire.js';

/** Bytes that wait for the decoder before the sender is told to wait. */
const HELD_BYTES = 1 << 20;

/** Takes a stream's video from a client: binary messages, each a piece of one WebM, MP4 or MPEG-TS stream as it comes off
 * the camera. A slow decoder makes the sender wait. Closes with 1008 where another sender takes over, with 1003 where the
 * decoder could make nothing of the bytes, with 1013 where nobody can take them now. */
export function takeVideo(socket: WebSocket, attach: (sender: Sender) => void): void {
  const bytes = new PassThrough({ highWaterMark: HELD_BYTES });
  bytes.on('error', (error) => {
    if (error instanceof PosestreamError) socket.close(CLOSE.tryAgainLater, error.code);
  });
  socket.on('message', (data, isBinary) => {
    if (!isBinary) {
      socket.close(CLOSE.unsupportedData, 'E_PROTOCOL');
      return;
    }
    if (bytes.writable && !bytes.write(data as Buffer)) socket.pause();
  });
  bytes.on('drain', () => socket.resume());
  bytes.once('close', () => {
    socket.resume();
    socket.close(CLOSE.unsupportedData, 'E_SOURCE_FORMAT');
  });
  // Bytes that no decoder has begun to read would wait for one for ever.
  socket.once('close', () => (bytes.readableFlowing === null ? bytes.destroy() : bytes.end()));
  attach({ bytes, replaced: () => socket.close(CLOSE.policy, 'another sender took over') });
}
