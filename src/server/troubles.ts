import type { SourceStatus, Statistics } from './wire.js';

const HOUR_MS = 3_600_000;
/** A source that fails once a second for an hour, and some. */
const KEPT = 4096;

/** How often a source was in trouble within the last hour. */
export interface Troubles {
  /** `atMs`: on a clock that never steps. */
  readonly note: (status: SourceStatus, atMs: number) => void;
  readonly lastHour: (atMs: number) => NonNullable<Statistics['lastHour']>;
}

export function createTroubles(): Troubles {
  const times = { reconnects: [] as number[], stalls: [] as number[], freezes: [] as number[] };
  const note = (list: number[], atMs: number): void => {
    list.push(atMs);
    if (list.length > KEPT) list.shift();
  };
  const recent = (list: readonly number[], atMs: number) => list.filter((t) => atMs - t <= HOUR_MS).length;
  return {
    note: ({ kind }, atMs) => {
      if (kind === 'retrying') note(times.reconnects, atMs);
      if (kind === 'stalled') note(times.stalls, atMs);
      if (kind === 'frozen') note(times.freezes, atMs);
    },
    lastHour: (atMs) => ({
      reconnects: recent(times.reconnects, atMs),
      stalls: recent(times.stalls, atMs),
      freezes: recent(times.freezes, atMs),
    }),
  };
}
