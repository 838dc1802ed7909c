import type { Outcome } from '../domain/outcome.js';
import { colour } from './terminal.js';

/** Frames by fate: frames = posed + lost + dropped, always. */
export interface Summary {
  readonly frames: number;
  readonly posed: number;
  /** Of the posed, those that are only predicted. */
  readonly coasted: number;
  readonly lost: Readonly<Record<string, number>>;
  readonly dropped: Readonly<Record<string, number>>;
  readonly lastDetail: string | null;
}

export const EMPTY_SUMMARY: Summary = {
  frames: 0,
  posed: 0,
  coasted: 0,
  lost: {},
  dropped: {},
  lastDetail: null,
};

export function addOutcome(summary: Summary, outcome: Outcome): Summary {
  const frames = summary.frames + 1;
  switch (outcome.kind) {
    case 'posed':
      return {
        ...summary,
        frames,
        posed: summary.posed + 1,
        coasted: summary.coasted + (outcome.pose.source === 'coasted' ? 1 : 0),
      };
    case 'lost':
      return { ...summary, frames, lost: count(summary.lost, outcome.reason), lastDetail: outcome.detail };
    case 'dropped':
      return { ...summary, frames, dropped: count(summary.dropped, outcome.reason) };
  }
}

const count = (counts: Readonly<Record<string, number>>, key: string) => ({
  ...counts,
  [key]: (counts[key] ?? 0) + 1,
});

/** Two or three lines for a person. */
export function formatSummary(summary: Summary, elapsedMs: number): string {
  const { frames, posed, coasted, lost, dropped, lastDetail } = summary;
  const predicted = coasted === 0 ? '' : ` (${coasted} of them only predicted)`;
  const rate = elapsedMs > 0 ? ((1000 * frames) / elapsedMs).toFixed(1) : '–';
  const lines = [
    `${colour.bold(`${posed} of ${frames} frames posed`)}${predicted}, ${total(lost)} lost${by(lost)}, ${total(dropped)} dropped${by(dropped)}`,
    `${(elapsedMs / 1000).toFixed(1)} s, ${rate} frames/s`,
  ];
  if (lastDetail !== null) lines.push(`last loss: ${lastDetail}`);
  return lines.join('\n');
}

const total = (counts: Readonly<Record<string, number>>) => Object.values(counts).reduce((a, b) => a + b, 0);

function by(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).map(([reason, n]) => `${reason} ${n}`);
  return parts.length === 0 ? '' : ` (${parts.join(', ')})`;
}
