import type { Log } from './log.js';

/** How late the event loop was over a while. */
export interface DelayWindow {
  /** A timer that was due every `stepMs` came this much late. */
  note(atMs: number, lateMs: number): void;
  /** As late as 99 of 100 moments of the window at most found it; 0 before the first. */
  p99Ms(atMs: number): number;
}

/** A loop that stands still for a second is late to all that would have come within that second, not once: the moments
 * in between are counted as late as they were. Memory: a sample a step, fewer while it is late.
 * Source: G. Tene, "How not to measure latency", 2013 (coordinated omission). */
export function createDelayWindow(windowMs: number, stepMs: number): DelayWindow {
  const samples: { readonly atMs: number; readonly lateMs: number }[] = [];
  return {
    note(atMs, lateMs) {
      while (samples.length > 0 && atMs - samples[0].atMs > windowMs) samples.shift();
      samples.push({ atMs, lateMs });
    },
    p99Ms(atMs) {
      const moments = samples
        .filter((sample) => atMs - sample.atMs <= windowMs)
        .flatMap(({ lateMs }) => momentsOf(Math.min(lateMs, windowMs), stepMs))
        .toSorted((a, b) => a - b);
      // What is not known of the window was in time.
      const unknown = Math.max(0, windowMs / stepMs - moments.length);
      return moments[Math.ceil(0.99 * (unknown + moments.length) - unknown) - 1] ?? 0;
    },
  };
}

const momentsOf = (lateMs: number, stepMs: number): number[] =>
  Array.from({ length: 1 + Math.floor(lateMs / stepMs) }, (_, i) => lateMs - i * stepMs);

export interface LoopWatch {
  /** Event loop delay of the last ten seconds, ms. */
  p99Ms(): number;
  isDegraded(): boolean;
  stop(): void;
}

export interface LoopWatchOptions {
  /** Monotonic, ms. */
  readonly monotonicMs: () => number;
  readonly onChange: (isDegraded: boolean, p99Ms: number) => void;
  readonly windowMs?: number;
  /** p99 above which it is degraded. */
  readonly limitMs?: number;
}

const STEP_MS = 20;
const WINDOW_MS = 10_000;
const LIMIT_MS = 100;
/** So that it does not flicker: calm again below half of the limit. */
const CALM_SHARE = 0.5;

/** Watches the loop it runs in: degraded while p99 of its delay over ten seconds is above 100 ms. */
export function watchLoop(options: LoopWatchOptions): LoopWatch {
  const { monotonicMs, onChange, windowMs = WINDOW_MS, limitMs = LIMIT_MS } = options;
  const window = createDelayWindow(windowMs, STEP_MS);
  let lastMs: number | null = null;
  let judgedMs = monotonicMs();
  let p99Ms = 0;
  let isDegraded = false;

  function judge(): void {
    p99Ms = window.p99Ms(judgedMs);
    const now = p99Ms > (isDegraded ? CALM_SHARE * limitMs : limitMs);
    if (now === isDegraded) return;
    isDegraded = now;
    onChange(isDegraded, p99Ms);
  }

  const timer = setInterval(() => {
    const nowMs = monotonicMs();
    // Whoever opens this is busy opening until the first turn.
    if (lastMs !== null) window.note(nowMs, Math.max(0, nowMs - lastMs - STEP_MS));
    lastMs = nowMs;
    if (nowMs - judgedMs < windowMs / 20) return;
    judgedMs = nowMs;
    judge();
  }, STEP_MS);
  timer.unref();

  return { p99Ms: () => p99Ms, isDegraded: () => isDegraded, stop: () => clearInterval(timer) };
}

/** Tells a log of every change. */
export function loopToLog(log: Log | undefined): LoopWatchOptions['onChange'] {
  return (isDegraded, p99) => {
    const fields = { p99Ms: Math.round(p99) };
    if (isDegraded) log?.event('warn', 'degraded', 'DEGRADED: the event loop is late', fields);
    else log?.event('info', 'recovered', 'the event loop is in time again', fields);
  };
}
