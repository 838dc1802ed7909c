import type { FrameLog } from './frameLog.js';
import type { StatusLog } from './statusLog.js';

/** A stretch of time in which one thing was true, on the page's clock. */
export interface Band {
  readonly fromMs: number;
  readonly toMs: number;
  readonly kind: string;
}

const FIX_KINDS = ['pnp', 'tracked', 'coasted', 'coarse'] as const;
/** Losses by what a person would do about them. */
const LOST_KINDS: Record<string, string> = {
  'no-features': 'lost-picture',
  'no-place': 'lost-place',
  ambiguous: 'lost-doubt',
  jump: 'lost-doubt',
};
const LONGEST_GAP_MS = 1000;

export function bandOf(cause: string, isPosed: boolean): string {
  if (!isPosed) return LOST_KINDS[cause] ?? 'lost-matches';
  return (FIX_KINDS as readonly string[]).includes(cause) ? cause : 'coarse';
}

/** Frames `from` to before `to`, alike neighbours together. A frame lasts until the next, at most a second. */
export function poseBands(frames: FrameLog, from: number, to: number): Band[] {
  const bands: Band[] = [];
  for (let i = from; i < to; i++) {
    const fromMs = frames.atMs(i);
    const nextMs = i + 1 < frames.end() ? frames.atMs(i + 1) : fromMs + 100;
    const toMs = nextMs - fromMs > LONGEST_GAP_MS ? fromMs + 100 : nextMs;
    push(bands, { fromMs, toMs, kind: bandOf(frames.cause(i), frames.isPosed(i)) });
  }
  return bands;
}

/** What the source did between two moments. */
export function sourceBands(statuses: StatusLog, fromMs: number, toMs: number): Band[] {
  const bands: Band[] = [];
  const entries = statuses.entries();
  entries.forEach(({ atMs, source }, i) => {
    const endMs = entries[i + 1]?.atMs ?? toMs;
    if (endMs < fromMs || atMs > toMs) return;
    const kind = source.kind === 'retrying' && source.code ? 'down' : source.kind;
    push(bands, { fromMs: Math.max(atMs, fromMs), toMs: Math.min(endMs, toMs), kind });
  });
  return bands;
}

function push(bands: Band[], band: Band): void {
  const last = bands.at(-1);
  if (last?.kind === band.kind && band.fromMs - last.toMs < 1)
    bands[bands.length - 1] = { ...last, toMs: band.toMs };
  else bands.push(band);
}

/** Columns of the chart, oldest first: seconds of Unix time, then the worst of each few frames. */
export interface ChartColumns {
  readonly timeS: number[];
  readonly inliers: (number | null)[];
  readonly confidence: (number | null)[];
  readonly ageMs: (number | null)[];
}

/** @param startedMs  Unix time of the page's zero    @param most  points at the most: what the eye can tell apart */
export function chartColumns(
  frames: FrameLog,
  from: number,
  to: number,
  startedMs: number,
  most: number,
): ChartColumns {
  const columns: ChartColumns = { timeS: [], inliers: [], confidence: [], ageMs: [] };
  const stride = Math.max(1, Math.ceil((to - from) / most));
  // Buckets are held to running numbers, so that a sliding window does not flicker.
  for (let i = from - (from % stride); i < to; i += stride) {
    const start = Math.max(from, i);
    let [inliers, confidence, ageMs] = [Infinity, Infinity, -Infinity];
    let lost = false;
    for (let k = start; k < Math.min(to, i + stride); k++) {
      if (frames.isPosed(k)) {
        inliers = Math.min(inliers, frames.inliers(k));
        confidence = Math.min(confidence, frames.confidence(k));
      } else lost = true;
      if (!Number.isNaN(frames.ageMs(k))) ageMs = Math.max(ageMs, frames.ageMs(k));
    }
    gap(columns, (startedMs + frames.atMs(start)) / 1000);
    columns.timeS.push((startedMs + frames.atMs(start)) / 1000);
    columns.inliers.push(lost || inliers === Infinity ? null : inliers);
    columns.confidence.push(lost || confidence === Infinity ? null : confidence);
    columns.ageMs.push(ageMs === -Infinity ? null : ageMs);
  }
  return columns;
}

/** Where nothing came for a while the lines break. */
function gap(columns: ChartColumns, nextS: number): void {
  const lastS = columns.timeS.at(-1);
  if (lastS === undefined || nextS - lastS < (2 * LONGEST_GAP_MS) / 1000) return;
  columns.timeS.push((lastS + nextS) / 2);
  columns.inliers.push(null);
  columns.confidence.push(null);
  columns.ageMs.push(null);
}
