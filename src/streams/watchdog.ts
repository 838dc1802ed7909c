import type { Clock } from './clock.js';

export interface WatchdogOptions {
  readonly clock: Clock;
  /** Longest wait for the first value; may be infinite. */
  readonly firstMs: number;
  /** Longest wait for a later one, or five usual intervals where that is longer. */
  readonly stallMs: number;
  /** Called once, when a wait was too long: it must make the values end. */
  readonly onSilence: (silentMs: number) => void;
}

const INTERVALS = 5;
const SMOOTHING = 0.1;

/** Hands values on and watches the time each one takes to come. Time in which nobody pulls does not count: a slow
 * reader is not a silent source. */
export async function* watchSilence<T>(
  values: AsyncGenerator<T, void>,
  { clock, firstMs, stallMs, onSilence }: WatchdogOptions,
): AsyncGenerator<T, void> {
  let limitMs = firstMs;
  let usualMs = Number.NaN;
  let lastMs = Number.NaN;
  try {
    for (;;) {
      const next = await withLimit(values.next(), limitMs, clock, onSilence);
      if (next.done) return;
      const nowMs = clock.nowMs();
      // A long pause of the reader says little about the source.
      const gapMs = Math.min(nowMs - lastMs, firstMs);
      usualMs = Number.isNaN(usualMs) ? gapMs : usualMs + SMOOTHING * (gapMs - usualMs);
      if (!Number.isNaN(usualMs)) limitMs = Math.max(stallMs, INTERVALS * usualMs);
      lastMs = nowMs;
      yield next.value;
    }
  } finally {
    await values.return();
  }
}

/** What `promise` gives; `late` is called if that takes longer than `limitMs`. */
async function withLimit<T>(
  promise: Promise<T>,
  limitMs: number,
  clock: Clock,
  late: (ms: number) => void,
): Promise<T> {
  if (limitMs === Number.POSITIVE_INFINITY) return promise;
  const cancel = new AbortController();
  void clock.sleep(limitMs, cancel.signal).then(() => {
    if (!cancel.signal.aborted) late(limitMs);
  });
  try {
    return await promise;
  } finally {
    cancel.abort();
  }
}
