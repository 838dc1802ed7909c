import type { Camera } from '../domain/camera.js';
import type { Frame } from '../domain/frame.js';
import { type BufferPool, bufferPool } from './bufferPool.js';
import { type FrameSource, frameSource } from './frameSource.js';
import { probeImage, readGray } from './grayImage.js';
import { cameraAt, chooseView } from './viewCamera.js';

export interface ImageEntry {
  readonly name: string;
  readonly path: string;
  readonly timestampS: number;
  /** Intrinsics of the stored picture, or of the picture as a viewer turns it; any size of the same aspect. */
  readonly camera: Camera;
}

export interface ImageOptions {
  /** Longest side of the frames; pictures are never enlarged. */
  readonly maxSidePx: number;
  readonly stream?: string;
  readonly signal?: AbortSignal;
}

/** Frames of image files in the order given, lossless, each decoded while the one before is worked on.
 * EXIF orientation is left aside unless the intrinsics fit only the turned picture.
 * Throws when it comes to the file: E_FILE_NOT_FOUND, E_SOURCE_FORMAT, E_INTRINSICS_MISMATCH. */
export function openImages(entries: readonly ImageEntry[], options: ImageOptions): FrameSource {
  return frameSource((signal) => readAhead(entries, options, signal), options.signal);
}

async function* readAhead(
  entries: readonly ImageEntry[],
  options: ImageOptions,
  signal: AbortSignal,
): AsyncGenerator<Frame, void> {
  const pool = bufferPool();
  const read = (sequence: number): Promise<Frame> | null => {
    if (sequence >= entries.length || signal.aborted) return null;
    const frame = readFrame(entries[sequence], sequence, options, pool);
    // Its failure is told when its turn comes; until then it must not count as unhandled.
    frame.catch(() => undefined);
    return frame;
  };
  let next = read(0);
  try {
    for (let sequence = 1; next; sequence++) {
      const frame = await next;
      next = read(sequence);
      if (signal.aborted) {
        frame.release();
        return;
      }
      yield frame;
    }
  } finally {
    await next?.then(
      (frame) => frame.release(),
      () => undefined,
    );
  }
}

async function readFrame(
  entry: ImageEntry,
  sequence: number,
  { maxSidePx, stream = 'images' }: ImageOptions,
  pool: BufferPool,
): Promise<Frame> {
  const { name, path, timestampS } = entry;
  const info = await probeImage(path);
  const view = chooseView(entry.camera, info.widthPx, info.heightPx, info.isTurned);
  const image = await readGray(path, info, { maxSidePx, applyTurn: view.isTurned }, pool);
  return {
    ...{ stream, epoch: 0, sequence, timestampS, name },
    captureMs: timestampS * 1000,
    captureClock: 'media',
    camera: cameraAt(view.camera, image.widthPx, image.heightPx),
    pixels: image.picture.bytes,
    release: image.picture.release,
  };
}
