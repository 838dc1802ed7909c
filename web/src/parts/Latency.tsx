import { useRef } from 'preact/hooks';
import type { PoseMessage, Statistics } from '../../../src/server/wire.js';
import { ms } from './format.js';

const STAGES = [
  ['extract', 'extractMs'],
  ['retrieve', 'retrieveMs'],
  ['cluster', 'clusterMs'],
  ['match', 'matchMs'],
  ['solve', 'solveMs'],
] as const;
const SMOOTHING = 0.12;

type Smoothed = Record<string, number>;

/** Where the time of a frame goes: one stacked bar, smoothed so that it can be read. */
export function Latency({ last, statistics }: { last: PoseMessage | null; statistics: Statistics }) {
  const smoothed = useSmoothed(last);
  const parts = STAGES.map(([name, key]) => [name, smoothed[key] ?? 0] as const);
  const known = parts.reduce((sum, [, value]) => sum + value, 0);
  const total = Math.max(known, smoothed.totalMs ?? 0);
  const all = [...parts, ['other', total - known] as const].filter(([, value]) => value >= 0.05);
  return (
    <section class="panel" aria-labelledby="latency-title">
      <h2 id="latency-title">
        Time per frame <span>{total > 0 ? ms(total) : ''}</span>
      </h2>
      {total > 0 ? (
        <>
          <div class="bar" aria-hidden="true">
            {all.map(([name, value]) => (
              <span key={name} class={`stage-${name}`} style={{ flexGrow: value }} />
            ))}
          </div>
          <ul class="legend">
            {all.map(([name, value]) => (
              <li key={name}>
                <span class={`swatch stage-${name}`} aria-hidden="true" />
                {name} <b>{ms(value)}</b>
              </li>
            ))}
          </ul>
          {statistics.totalMs && (
            <p class="fine">
              10 s: p50 {ms(statistics.totalMs.p50)} · p95 {ms(statistics.totalMs.p95)} · p99{' '}
              {ms(statistics.totalMs.p99)}
            </p>
          )}
        </>
      ) : (
        <p class="empty">No frame measured yet.</p>
      )}
    </section>
  );
}

function useSmoothed(last: PoseMessage | null): Smoothed {
  const values = useRef<Smoothed>({});
  const seen = useRef('');
  if (last && seen.current !== `${last.stream}/${last.epoch}/${last.sequence}`) {
    if (!seen.current.startsWith(`${last.stream}/`)) values.current = {};
    seen.current = `${last.stream}/${last.epoch}/${last.sequence}`;
    // A stage that did not run took no time.
    for (const key of [...STAGES.map(([, key]) => key), 'totalMs' as const]) {
      const now = last.timings[key] ?? 0;
      const before = values.current[key] ?? now;
      values.current[key] = before + SMOOTHING * (now - before);
    }
  }
  return values.current;
}
