import { lastValueFrom, Observable, tap } from 'rxjs';

export interface LosslessScanOptions<T, S, R> {
  /** State the first run sees. */
  readonly seed: S;
  /** One run; its values pass through, its completion pulls the next value. */
  readonly project: (value: T, state: S) => Observable<R>;
  /** The state after each value a run gives. */
  readonly next: (state: S, result: R) => S;
}

/** Pulls values one by one, the next only when the run before has completed: nothing is dropped, nothing buffered.
 *
 *     source    a b c|            pulled, so it waits for us
 *     output    ----A----B----(C|)
 *
 * The counterpart of `conflateScan` for files. Unsubscribing lets the run in flight end and returns the iterator.
 * Memory: one value. */
export function losslessScan<T, S, R>(
  source: AsyncIterable<T>,
  options: LosslessScanOptions<T, S, R>,
): Observable<R> {
  return new Observable<R>((subscriber) => {
    let state = options.seed;
    const follow = (result: R) => {
      state = options.next(state, result);
      subscriber.next(result);
    };
    const run = async () => {
      for await (const value of source) {
        await lastValueFrom(options.project(value, state).pipe(tap(follow)), { defaultValue: undefined });
        if (subscriber.closed) return;
      }
    };
    run().then(
      () => subscriber.complete(),
      (error) => subscriber.error(error),
    );
  });
}
