import { asFloat32, decodePacked } from '../../src/server/packed.js';
import type { ViewHeader } from '../../src/server/wire.js';
import type { Connection } from './connection.js';
import { backoffMs } from './model/backoff.js';

export interface Picture {
  readonly header: ViewHeader;
  readonly jpeg: Blob;
  /** [2n] pixels of the frame. */
  readonly inlierXyPx: Float32Array;
  readonly outlierXyPx: Float32Array;
}

/** Pictures of one stream until the returned function is called; the next comes when `show` is done with one. */
export function watchPictures(
  connection: Connection,
  stream: string,
  show: (picture: Picture | null) => Promise<void>,
): () => void {
  let stopped = false;
  let attempt = 0;
  let socket: WebSocket | null = null;
  let retry: ReturnType<typeof setTimeout> | undefined;

  async function open(): Promise<void> {
    try {
      const url = await connection.socketUrl('view');
      if (stopped) return;
      url.searchParams.set('stream', stream);
      const opened = new WebSocket(url);
      opened.binaryType = 'arraybuffer';
      opened.addEventListener('message', (event) => void receive(opened, event.data));
      opened.addEventListener('close', again);
      socket = opened;
    } catch {
      again();
    }
  }

  function again(): void {
    if (stopped) return;
    void show(null);
    retry = setTimeout(open, backoffMs(attempt++, Math.random()));
  }

  async function receive(from: WebSocket, data: unknown): Promise<void> {
    if (!(data instanceof ArrayBuffer)) return;
    attempt = 0;
    const { header, sections } = decodePacked(data);
    const view = header as ViewHeader;
    const jpeg = new Blob([sections[2] as Uint8Array<ArrayBuffer>], { type: 'image/jpeg' });
    if (!stopped)
      await show({
        header: view,
        jpeg,
        inlierXyPx: asFloat32(sections[0].slice()),
        outlierXyPx: asFloat32(sections[1].slice()),
      });
    const { epoch, sequence } = view;
    if (from.readyState === WebSocket.OPEN)
      from.send(JSON.stringify({ type: 'ack', stream, epoch, sequence }));
  }

  void open();
  return () => {
    stopped = true;
    clearTimeout(retry);
    socket?.close();
  };
}
