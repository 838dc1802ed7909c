import type { Connection } from '../connection.js';
import { backoffMs } from '../model/backoff.js';
import { containerOf } from './camera.js';

const BITS_PER_S = 2_500_000;
const PIECE_MS = 100;
/** Two seconds of video that the line has not taken: what is sent later is no pose of now. */
const MOST_BACKLOG_BYTES = 512 * 1024;
const TELL_MS = 500;

export type SendState =
  | { readonly kind: 'opening' }
  | { readonly kind: 'sending' }
  | { readonly kind: 'waiting'; readonly why: 'refused' | 'lost' | 'slow' | 'unreadable' }
  | { readonly kind: 'replaced' };

export interface Sending {
  readonly state: SendState;
  readonly kbitPerS: number;
  readonly backlogBytes: number;
  /** How often video was thrown away because the line was too slow. */
  readonly cuts: number;
}

/** Sends a camera to a stream until `stop`. A recording must be read from its beginning, so whatever breaks it (the
 * line, or a backlog that was dropped) starts a new one. */
export function sendCamera(
  connection: Connection,
  stream: string,
  camera: MediaStream,
  tell: (sending: Sending) => void,
): () => void {
  let state: SendState = { kind: 'opening' };
  let socket: WebSocket | null = null;
  let recorder: MediaRecorder | null = null;
  let retry: ReturnType<typeof setTimeout> | undefined;
  let attempt = 0;
  let cuts = 0;
  let bytes = 0;
  let stopped = false;

  async function open(): Promise<void> {
    become({ kind: 'opening' });
    try {
      const url = await connection.socketUrl(`ingest/${stream}`);
      if (stopped) return;
      const opened = new WebSocket(url);
      socket = opened;
      opened.addEventListener('open', () => record(opened));
      opened.addEventListener('close', ({ code, reason }) => {
        if (opened === socket) closed(code, reason);
      });
    } catch {
      again('refused');
    }
  }

  function record(to: WebSocket): void {
    if (to !== socket) return;
    recorder = new MediaRecorder(camera, { mimeType: containerOf(), videoBitsPerSecond: BITS_PER_S });
    recorder.addEventListener('dataavailable', ({ data }) => {
      if (to !== socket || to.readyState !== WebSocket.OPEN) return;
      if (to.bufferedAmount > MOST_BACKLOG_BYTES) {
        cuts++;
        again('slow');
        return;
      }
      attempt = 0;
      bytes += data.size;
      to.send(data);
    });
    recorder.start(PIECE_MS);
    become({ kind: 'sending' });
  }

  function closed(code: number, reason: string): void {
    if (code === 1008 && reason.includes('another sender')) {
      drop();
      become({ kind: 'replaced' });
    } else again(code === 1003 ? 'unreadable' : state.kind === 'sending' ? 'lost' : 'refused');
  }

  function again(why: Extract<SendState, { kind: 'waiting' }>['why']): void {
    drop();
    if (stopped) return;
    become({ kind: 'waiting', why });
    retry = setTimeout(open, backoffMs(attempt++, Math.random()));
  }

  /** Lets go of the recording and its socket; what was not sent yet is dropped with it. */
  function drop(): void {
    if (recorder && recorder.state !== 'inactive') recorder.stop();
    recorder = null;
    const old = socket;
    socket = null;
    old?.close();
  }

  function become(next: SendState): void {
    state = next;
    report(0);
  }

  function report(kbitPerS: number): void {
    tell({ state, kbitPerS, backlogBytes: socket?.bufferedAmount ?? 0, cuts });
  }

  const ticks = setInterval(() => {
    report((8 * bytes) / TELL_MS);
    bytes = 0;
  }, TELL_MS);
  void open();
  return () => {
    stopped = true;
    clearInterval(ticks);
    clearTimeout(retry);
    drop();
  };
}
