import type { SourceStatus, Statistics } from '../../../src/server/wire.js';

/** One a second for a quarter of an hour, and every change of the source between. */
const KEPT = 1200;

export interface StatusEntry {
  readonly atMs: number;
  readonly source: SourceStatus;
  readonly statistics: Statistics;
  /** Frames dropped since the entry before. */
  readonly dropped: number;
}

/** What was said of one stream, oldest first, of fixed size. */
export interface StatusLog {
  readonly add: (source: SourceStatus, statistics: Statistics, atMs: number) => void;
  readonly entries: () => readonly StatusEntry[];
  /** What was true at this time; null before the first. */
  readonly at: (atMs: number) => StatusEntry | null;
}

export function createStatusLog(): StatusLog {
  let entries: StatusEntry[] = [];
  let droppedBefore = 0;
  return {
    add(source, statistics, atMs) {
      const total = Object.values(statistics.counters.dropped).reduce((sum, n) => sum + n, 0);
      // A server that was started anew counts from zero; what was dropped before this page came is not its news.
      const dropped = entries.length === 0 ? 0 : Math.max(0, total - droppedBefore);
      droppedBefore = total;
      entries.push({ atMs, source, statistics, dropped });
      if (entries.length > 1.25 * KEPT) entries = entries.slice(-KEPT);
    },
    entries: () => entries,
    at: (atMs) => entries.findLast((entry) => entry.atMs <= atMs) ?? null,
  };
}
