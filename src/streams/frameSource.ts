import type { Frame } from '../domain/frame.js';

/** Frames as they are pulled: nothing is decoded that nobody asks for, nothing is lost. Every iteration opens the
 * input anew. Ending the iteration (`break`, `return()`, or the AbortSignal given at opening) stops what feeds it;
 * after an abort the iteration ends without an error. Who receives a frame releases it. */
export type FrameSource = AsyncIterable<Frame>;

/** A source from a generator that takes a signal. `return()` aborts that signal first, so it also ends a `next()`
 * that is still waiting; a bare generator would queue behind it. */
export function frameSource(
  start: (signal: AbortSignal) => AsyncGenerator<Frame, void>,
  outer?: AbortSignal,
): FrameSource {
  return {
    [Symbol.asyncIterator]() {
      const inner = new AbortController();
      const signal = outer ? AbortSignal.any([outer, inner.signal]) : inner.signal;
      const frames = start(signal);
      return {
        next: () => frames.next(),
        return: () => {
          inner.abort();
          return frames.return();
        },
      };
    },
  };
}
