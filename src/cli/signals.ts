import { fromEvent, type Observable, of, take } from 'rxjs';

/** Emits once when the signal aborts, at once where it already has. */
export function aborted(signal: AbortSignal): Observable<unknown> {
  return signal.aborted ? of(null) : fromEvent(signal, 'abort').pipe(take(1));
}
