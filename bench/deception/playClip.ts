import { lastValueFrom, toArray } from 'rxjs';
import type { Frame } from '../../src/domain/frame.js';
import type { Outcome } from '../../src/domain/outcome.js';
import type { Localizer } from '../../src/operators/localizer.js';
import { type LocalizeMode, localizeRecording } from '../../src/streams/localize.js';
import type { Clip } from './places.js';

/** Frames of a clip with pixels of their own, to be played more than once. */
export async function framesOf(clip: Clip): Promise<Frame[]> {
  const frames: Frame[] = [];
  for await (const frame of await clip.open()) {
    frames.push({ ...frame, pixels: frame.pixels.slice(), release: () => undefined });
    frame.release();
  }
  return frames;
}

/** One outcome a frame. */
export function play(frames: readonly Frame[], localizer: Localizer, mode: LocalizeMode): Promise<Outcome[]> {
  return lastValueFrom(localizeRecording(each(frames), localizer, mode).pipe(toArray()));
}

async function* each(frames: readonly Frame[]): AsyncGenerator<Frame> {
  yield* frames;
}
