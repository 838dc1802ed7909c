import { delay, fromEvent, type Observable, of, take } from 'rxjs';

/** Emits once when the signal aborts, at once where it already has. */
export function aborted(signal: AbortSignal): Observable<unknown> {
  return signal.aborted ? of(null) : fromEvent(signal, 'abort').pipe(take(1));
}

/** A source ends by itself when the signal aborts; the frames already in the pipeline have this long to come out. */
const FINISH_MS = 1000;

/** Emits once when what runs on after an abort has had its time. */
export function tooLate(signal: AbortSignal): Observable<unknown> {
  return aborted(signal).pipe(delay(FINISH_MS));
}
