import { PassThrough } from 'node:stream';
import { PosestreamError } from '../domain/errors.js';
import type { PushPort } from '../streams/pushed.js';
import type { SenderOut } from './bus.js';

/** Where pieces of clients' video come in from the gateway. */
export interface Intake {
  bytes(sender: number, piece: Uint8Array): void;
  end(sender: number): void;
  close(): void;
}

export interface IntakeEvents {
  /** A piece has left our hands; the next may come. */
  readonly swallowed: (sender: number) => void;
  readonly out: (sender: number, why: SenderOut) => void;
}

/** Hands the video of one stream's senders to its decoder, at the decoder's pace. */
export function createIntake(port: PushPort, events: IntakeEvents): Intake {
  const senders = new Map<number, PassThrough>();

  function open(sender: number): PassThrough {
    const bytes = new PassThrough();
    senders.set(sender, bytes);
    bytes.on('error', () => undefined);
    bytes.once('close', () => {
      senders.delete(sender);
      events.out(sender, bytes.errored === null ? 'refused' : 'stopped');
    });
    port.attach({ bytes, replaced: () => events.out(sender, 'replaced') });
    return bytes;
  }

  return {
    bytes(sender, piece) {
      const bytes = senders.get(sender) ?? open(sender);
      if (bytes.writable) bytes.write(piece, () => events.swallowed(sender));
    },
    end(sender) {
      const bytes = senders.get(sender);
      // Bytes that no decoder has begun to read would wait for one for ever.
      if (bytes?.readableFlowing === null) bytes.destroy();
      else bytes?.end();
    },
    close() {
      for (const bytes of senders.values())
        bytes.destroy(new PosestreamError('E_SOURCE_STALL', 'The stream is closed.'));
    },
  };
}
