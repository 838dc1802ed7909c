import sharp from 'sharp';
import type { WebSocket } from 'ws';
import type { GrayImage } from '../domain/features.js';
import type { Outcome } from '../domain/outcome.js';
import { createRateLimit, parseClientInput } from './clientInput.js';
import { createDelivery, type Delivery, type Item } from './delivery.js';
import { encodePacked } from './packed.js';
import { linkOf } from './poseSocket.js';
import { CLOSE, type ViewHeader } from './wire.js';

const MAX_BUFFERED_BYTES = 256 * 1024;
const MAX_SENT_SIDE_PX = 960;
const JPEG_QUALITY = 75;
const NO_PIXELS = new Float32Array(0);

/** The camera picture of one stream for whoever watches. */
export interface ViewChannel {
  add(socket: WebSocket): void;
  /** Whether a picture published now would be sent to somebody. Cheap; ask before copying pixels. */
  wanted(): boolean;
  /** Copies the pixels, then encodes them off this thread. Resolves when the picture is on its way or dropped. */
  publish(image: GrayImage, outcome: Outcome): Promise<void>;
  viewers(): number;
  /** Everybody goes. */
  close(): void;
}

export interface ViewChannelOptions {
  readonly maxHz: number;
  readonly monotonicMs: () => number;
  readonly nowMs: () => number;
}

/** Encodes at most one picture at a time and only while somebody watches and keeps up; nothing waits in a queue. */
export function createViewChannel(options: ViewChannelOptions): ViewChannel {
  const viewers = new Map<WebSocket, Delivery>();
  // Frames come at their own beat: a tenth early is in time.
  const minIntervalMs = 900 / options.maxHz;
  let encoding = false;
  let lastMs = Number.NEGATIVE_INFINITY;

  const wanted = (): boolean =>
    !encoding &&
    options.monotonicMs() - lastMs >= minIntervalMs &&
    [...viewers.values()].some((delivery) => delivery.ready());

  return {
    wanted,
    viewers: () => viewers.size,
    close() {
      for (const socket of viewers.keys()) socket.close(CLOSE.goingAway, 'this stream is gone');
    },
    add(socket) {
      const delivery = createDelivery(linkOf(socket, options.monotonicMs, options.nowMs), MAX_BUFFERED_BYTES);
      viewers.set(socket, delivery);
      readAcks(socket, delivery, options.monotonicMs);
      socket.on('close', () => {
        viewers.delete(socket);
        delivery.close();
      });
    },
    async publish(image, outcome) {
      if (!wanted()) return;
      encoding = true;
      lastMs = options.monotonicMs();
      try {
        const item = await encodeView(image, outcome);
        for (const delivery of viewers.values()) if (delivery.ready()) delivery.offer(item);
      } finally {
        encoding = false;
      }
    },
  };
}

/** Copies the pixels before it returns; the rest is done off this thread. */
export function encodeJpeg({ pixels, widthPx, heightPx }: GrayImage, maxSidePx = Infinity): Promise<Buffer> {
  const raw = { width: widthPx, height: heightPx, channels: 1 } as const;
  const side = Math.min(maxSidePx, Math.max(widthPx, heightPx));
  return sharp(Buffer.from(pixels), { raw })
    .resize({ width: side, height: side, fit: 'inside', withoutEnlargement: true })
    .jpeg({ quality: JPEG_QUALITY })
    .toBuffer();
}

async function encodeView(image: GrayImage, outcome: Outcome): Promise<Item> {
  const { widthPx, heightPx } = image;
  const jpeg = await encodeJpeg(image, MAX_SENT_SIDE_PX);
  const { stream, epoch, sequence } = outcome.frame;
  const header: ViewHeader = {
    type: 'view',
    stream,
    epoch,
    sequence,
    state: outcome.kind,
    widthPx,
    heightPx,
  };
  const evidence = outcome.kind === 'dropped' ? null : outcome.evidence;
  const bytes = encodePacked(header, [
    evidence?.inlierXyPx ?? NO_PIXELS,
    evidence?.outlierXyPx ?? NO_PIXELS,
    jpeg,
  ]);
  return { epoch, sequence, encode: () => bytes };
}

function readAcks(socket: WebSocket, delivery: Delivery, monotonicMs: () => number): void {
  const allowed = createRateLimit(100, 100, monotonicMs);
  socket.on('message', (data, isBinary) => {
    if (socket.readyState !== socket.OPEN) return;
    const input = allowed() ? parseClientInput(data, isBinary) : null;
    if (input?.ok && input.message.type === 'ack') {
      delivery.ack(input.message.epoch, input.message.sequence);
      return;
    }
    if (input?.ok === false) socket.send(JSON.stringify(input.error));
    socket.close(input?.ok === false ? input.closeCode : CLOSE.policy, 'E_PROTOCOL');
  });
}
