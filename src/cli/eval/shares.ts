import { quantile } from './quantile.js';
import type { Run, RunFrame } from './run.js';

export interface Stage {
  readonly stage: string;
  /** Frames in which it ran. */
  readonly frames: number;
  readonly share: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
}

/** What became of all frames of a run, whether the reference knows them or not. Shares are of all frames, 0..1. */
export interface Shares {
  readonly frames: number;
  readonly outcomes: Readonly<Record<string, number>>;
  readonly states: Readonly<Record<string, number>>;
  readonly sources: Readonly<Record<string, number>>;
  readonly reasons: Readonly<Record<string, number>>;
  /** Share that looked the whole map up; null where the run does not say. */
  readonly retrieved: number | null;
  /** Capture to result, of frames that were not dropped; null where the run does not say. */
  readonly ageP50Ms: number | null;
  readonly ageP95Ms: number | null;
  readonly stages: readonly Stage[];
}

export function sharesOf({ frames, format }: Run): Shares {
  const share = (wordOf: (frame: RunFrame) => string | null) => sharesBy(frames, wordOf);
  const isReport = format === 'report';
  const ages = frames.flatMap(({ ageMs, outcome }) =>
    ageMs === null || outcome === 'dropped' ? [] : [ageMs],
  );
  return {
    frames: frames.length,
    outcomes: isReport ? share(({ outcome }) => outcome) : {},
    states: share(({ state }) => state),
    sources: share(({ source }) => source),
    reasons: share(({ reason }) => reason),
    retrieved: retrievedShare(frames),
    ageP50Ms: quantile(ages, 0.5),
    ageP95Ms: quantile(ages, 0.95),
    stages: stagesOf(frames),
  };
}

/** Largest first; frames without a value are in no share. */
function sharesBy(frames: readonly RunFrame[], wordOf: (frame: RunFrame) => string | null) {
  const counts = new Map<string, number>();
  for (const frame of frames) {
    const value = wordOf(frame);
    if (value !== null) counts.set(value, (counts.get(value) ?? 0) + 1);
  }
  const sorted = [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1));
  return Object.fromEntries(sorted.map(([value, count]) => [value, count / frames.length]));
}

/** As said; an older report without the word tells it by the time spent on it. */
function retrievedShare(frames: readonly RunFrame[]): number | null {
  const knows = frames.some(({ retrieved, timings }) => retrieved !== null || timings.totalMs !== undefined);
  if (!knows) return null;
  const looked = frames.filter(({ retrieved, timings }) => retrieved ?? timings.retrieveMs !== undefined);
  return looked.length / frames.length;
}

function stagesOf(frames: readonly RunFrame[]): Stage[] {
  const names = [...new Set(frames.flatMap(({ timings }) => Object.keys(timings)))];
  return names.map((name) => {
    const times = frames.flatMap(({ timings }) => (timings[name] === undefined ? [] : [timings[name]]));
    return {
      stage: name.replace(/Ms$/, ''),
      frames: times.length,
      share: times.length / frames.length,
      p50Ms: quantile(times, 0.5)!,
      p95Ms: quantile(times, 0.95)!,
    };
  });
}
