import { Observable } from 'rxjs';
import type { Frame } from '../domain/frame.js';
import type { FrameSource } from './frameSource.js';

/** A source as a live stream: frames are pushed as soon as they are there, whether or not the last one is done.
 * What comes downstream must drop (`conflateScan`) and release. Unsubscribing ends the source; a frame that was on
 * its way is released here. */
export function liveFrames(source: FrameSource): Observable<Frame> {
  return new Observable((subscriber) => {
    const frames = source[Symbol.asyncIterator]();
    const pump = async (): Promise<void> => {
      for (let next = await frames.next(); !next.done; next = await frames.next()) {
        if (subscriber.closed) next.value.release();
        else subscriber.next(next.value);
      }
      subscriber.complete();
    };
    pump().catch((error: unknown) => subscriber.error(error));
    return () => {
      void frames.return?.();
    };
  });
}
