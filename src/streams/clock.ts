import { setTimeout as delay } from 'node:timers/promises';

/** Time as sources see it, handed in so that tests own it. */
export interface Clock {
  /** Milliseconds since the Unix epoch; never runs backward. */
  readonly nowMs: () => number;
  /** Resolves after `ms`, or at once when the signal aborts. Never rejects. */
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** The machine's clock, read once at start and carried on monotonically: a step of the wall clock moves no frame. */
export const systemClock: Clock = {
  nowMs: () => performance.timeOrigin + performance.now(),
  sleep: (ms, signal) => delay(Math.max(0, ms), undefined, { signal }).catch(() => undefined),
};
