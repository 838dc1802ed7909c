import type { PassThrough, Readable } from 'node:stream';
import { type OpenInput, SHORT_PROBE } from './liveInput.js';

/** Containers a camera may push: a browser's MediaRecorder gives WebM or MP4, an encoder MPEG-TS or fragmented MP4. */
const CONTAINERS = 'matroska,webm,mpegts,mov,mp4,m4a,3gp,3g2,mj2,h264,hevc,nut';

/** Whoever sends a stream's video. */
export interface Sender {
  /** Ended when the sender leaves; destroyed by the decoder when it makes nothing of them. */
  readonly bytes: PassThrough;
  /** Called once, when another sender takes the place. */
  readonly replaced: () => void;
}

/** Where one camera at a time hands in its bytes. */
export interface PushPort {
  /** The newest sender counts: one that comes back after its connection broke must not be held up by its own ghost. */
  readonly attach: (sender: Sender) => void;
  /** For `openLive`: waits for the next sender. */
  readonly open: OpenInput;
}

/** A source whose pictures are pushed to us by a program of ours, such as the gateway's `/ingest`. */
export function pushPort(): PushPort {
  let current: Sender | null = null;
  let waiting: (() => void) | null = null;
  return {
    attach: (sender) => {
      const before = current;
      current = sender;
      sender.bytes.once('close', () => {
        if (current === sender) current = null;
      });
      if (before !== null && !before.bytes.writableEnded) {
        before.replaced();
        before.bytes.end();
      }
      waiting?.();
    },
    open: async (_, signal) => ({
      label: 'the pushed stream',
      input: await nextSender(signal),
      inputOptions: [
        ...['-protocol_whitelist', 'pipe', '-format_whitelist', CONTAINERS],
        ...SHORT_PROBE,
        // Without `nobuffer`, which throws away what was probed: a recorder sends its next key frame much later.
        ...['-flags', 'low_delay', '-threads', '1'],
        ...['-noautorotate', '-copyts'],
      ],
      isListener: false,
      clock: 'media',
    }),
  };

  function nextSender(signal: AbortSignal): Promise<Readable> {
    return new Promise((resolve, reject) => {
      const stop = () => reject(signal.reason);
      const look = () => {
        // One that flows already is being decoded to its end.
        if (current === null || current.bytes.readableFlowing !== null) return;
        waiting = null;
        signal.removeEventListener('abort', stop);
        resolve(current.bytes);
      };
      if (signal.aborted) {
        stop();
        return;
      }
      signal.addEventListener('abort', stop, { once: true });
      waiting = look;
      look();
    });
  }
}
