import { openInput } from '../../src/cli/input.js';
import type { Frame } from '../../src/domain/frame.js';

/** Every n-th frame of a recording, the first among them; each with pixels of its own, to be used again and again. */
export async function everyNth(path: string, n: number, maxSidePx = 640): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of (await openInput(path, { maxSidePx })).frames) {
    if (frame.sequence % n === 0)
      frames.push({ ...frame, pixels: frame.pixels.slice(), release: () => undefined });
    frame.release();
  }
  return frames;
}
