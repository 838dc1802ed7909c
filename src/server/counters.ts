import type { Outcome } from '../domain/outcome.js';
import type { Counters, Statistics } from './wire.js';

const WINDOW_MS = 10_000;
/** 10 s at 100 Hz; older samples fall out first. */
const CAPACITY = 1024;

export interface StreamCounters {
  /** Counts one outcome. `atMs`: when it came out, on a clock that never steps; `ageMs`: capture to then, null
   * where unknown. */
  record(outcome: Outcome, atMs: number, ageMs: number | null): void;
  /** A snapshot the caller may keep. */
  totals(): Counters;
  /** Rates and percentiles over the last ten seconds. */
  statistics(atMs: number): Statistics;
}

/** Books of one stream: in = posed + lost + dropped, always. */
export function createStreamCounters(): StreamCounters {
  let posed = 0;
  let lost = 0;
  const lostBy: Record<string, number> = {};
  const dropped: Record<string, number> = {};
  let droppedTotal = 0;
  const processed = slidingSamples();
  const arrivals = slidingSamples();

  const totals = (): Counters => ({ in: posed + lost + droppedTotal, posed, lost, dropped: { ...dropped } });

  return {
    record(outcome, atMs, ageMs) {
      arrivals.add(atMs, 0, Number.NaN);
      if (outcome.kind === 'dropped') {
        droppedTotal++;
        dropped[outcome.reason] = (dropped[outcome.reason] ?? 0) + 1;
        return;
      }
      if (outcome.kind === 'posed') posed++;
      else {
        lost++;
        lostBy[outcome.reason] = (lostBy[outcome.reason] ?? 0) + 1;
      }
      processed.add(atMs, outcome.timings.totalMs ?? Number.NaN, ageMs ?? Number.NaN);
    },
    totals,
    statistics: (nowMs) => ({
      counters: totals(),
      lostBy: { ...lostBy },
      processedHz: processed.rateHz(nowMs),
      inputHz: arrivals.rateHz(nowMs),
      totalMs: processed.percentiles(nowMs, 'total'),
      ageMs: processed.percentiles(nowMs, 'age'),
    }),
  };
}

function slidingSamples() {
  const atMs = new Float64Array(CAPACITY);
  const totalMs = new Float64Array(CAPACITY);
  const ageMs = new Float64Array(CAPACITY);
  let written = 0;

  /** Slots of the window, newest first. */
  const recent = (nowMs: number): number[] => {
    const slots: number[] = [];
    for (let i = written - 1; i >= Math.max(0, written - CAPACITY); i--) {
      if (nowMs - atMs[i % CAPACITY] > WINDOW_MS) break;
      slots.push(i % CAPACITY);
    }
    return slots;
  };

  return {
    add(nowMs: number, total: number, age: number): void {
      const slot = written++ % CAPACITY;
      atMs[slot] = nowMs;
      totalMs[slot] = total;
      ageMs[slot] = age;
    },
    /** Intervals over the time they span, so that a young stream is not shown slow. */
    rateHz(nowMs: number): number {
      const slots = recent(nowMs);
      if (slots.length < 2) return 0;
      const oldest = atMs[slots[slots.length - 1]];
      const span = Math.max(nowMs, atMs[slots[0]] + 1) - oldest;
      return ((slots.length - 1) * 1000) / span;
    },
    percentiles(nowMs: number, which: 'total' | 'age') {
      const column = which === 'total' ? totalMs : ageMs;
      return percentilesOf(recent(nowMs).map((slot) => column[slot]));
    },
  };
}

/** Nearest-rank percentiles of the finite values; null where there are none. */
export function percentilesOf(values: readonly number[]): Statistics['totalMs'] {
  const sorted = Float64Array.from(values.filter(Number.isFinite)).sort();
  if (sorted.length === 0) return null;
  const at = (share: number): number => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99) };
}
