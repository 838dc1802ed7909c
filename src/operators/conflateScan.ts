import { Observable, type OperatorFunction, Subscription } from 'rxjs';
import { NO_TURNS, type Turns } from './turns.js';

export interface ConflateScanOptions<T, S, R> {
  /** State the first run sees. */
  readonly seed: S;
  /** One run; its values pass through, its completion frees the lane. `leaveTurn` lets the next lane begin while this one
   * still works on what it got from the engine. */
  readonly project: (value: T, state: S, leaveTurn: () => void) => Observable<R>;
  /** The state after each value a run gives. */
  readonly next: (state: S, result: R) => S;
  /** Told of every value that will never run, exactly once: release what it holds; what is returned is emitted. */
  readonly displaced: (value: T) => R | undefined;
  /** Where several lanes share an engine: the newest value waits for its lane's turn. */
  readonly turns?: Turns;
}

/** Runs one value at a time; while busy, or until its turn comes, keeps only the newest and reports the rest as
 * displaced.
 *
 *     source   a-b-c-----|        run takes 5 frames
 *     output   ----bA----(C|)     c displaced b while a ran; c ran with the state a left
 *
 * Values that need no run belong on another lane: merge them behind this operator.
 * A source that ends, well or by an error, ends this after the running and the waiting value have had their run.
 * Errors of a run or of a callback end it at once; the waiting value is then displaced unheard.
 * Memory: at most one running and one waiting value. */
export function conflateScan<T, S, R>(options: ConflateScanOptions<T, S, R>): OperatorFunction<T, R> {
  return (source) =>
    new Observable<R>((subscriber) => {
      const turns = options.turns ?? NO_TURNS;
      let state = options.seed;
      let waiting: { readonly value: T } | null = null;
      let isBusy = false;
      let end: (() => void) | null = null;
      let run = Subscription.EMPTY;
      /** Takes back the request for a turn, or ends the turn. */
      let leave: (() => void) | null = null;

      const guarded = (work: () => void) => {
        try {
          work();
        } catch (error) {
          subscriber.error(error);
        }
      };

      const dropWaiting = (): R | undefined => {
        const dropped = waiting;
        waiting = null;
        return dropped === null ? undefined : options.displaced(dropped.value);
      };

      const ask = (): void => {
        let isGranted = false;
        const cancel = turns.take((done) => {
          isGranted = true;
          leave = done;
          start();
        });
        if (!isGranted) leave = cancel;
      };

      const start = (): void => {
        if (waiting === null) return;
        const { value } = waiting;
        waiting = null;
        isBusy = true;
        const inner = new Subscription();
        run = inner;
        guarded(() =>
          inner.add(
            options
              .project(value, state, () => run === inner && isBusy && leaveTurn())
              .subscribe({
                next: (result) =>
                  guarded(() => {
                    state = options.next(state, result);
                    subscriber.next(result);
                  }),
                error: (error) => subscriber.error(error),
                complete: settle,
              }),
          ),
        );
      };

      const leaveTurn = (): void => {
        const left = leave;
        leave = null;
        left?.();
      };

      const settle = (): void => {
        isBusy = false;
        leaveTurn();
        if (waiting !== null) ask();
        else end?.();
      };

      const endWith = (how: () => void): void => {
        end = how;
        if (!isBusy && waiting === null) how();
      };

      const accept = (value: T): void => {
        const displaced = dropWaiting();
        waiting = { value };
        if (displaced !== undefined) subscriber.next(displaced);
        if (!isBusy && leave === null) ask();
      };

      subscriber.add(() => {
        run.unsubscribe();
        dropWaiting();
        leaveTurn();
      });
      subscriber.add(
        source.subscribe({
          next: (value) => guarded(() => accept(value)),
          error: (error) => endWith(() => subscriber.error(error)),
          complete: () => endWith(() => subscriber.complete()),
        }),
      );
    });
}
