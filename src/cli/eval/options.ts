import { usageError } from '../command.js';
import { RECALL_THRESHOLDS, type Threshold } from '../evaluate.js';

/** `0.1m,1deg`, `10cm,1°` or `0.1,1`. */
export function parseThreshold(text: string): Threshold {
  const [, distance, unit, deg] = /^\s*([\d.]+)\s*(cm|m)?\s*,\s*([\d.]+)\s*(?:deg|°)?\s*$/.exec(text) ?? [];
  const threshold = { m: Number(distance) * (unit === 'cm' ? 0.01 : 1), deg: Number(deg) };
  if (threshold.m > 0 && threshold.deg > 0) return threshold;
  throw usageError(`${text} is no distance and angle.`, 'For example 0.25m,2deg.');
}

/** The usual three and those asked for, finest first, each once. */
export function allThresholds(extra: readonly Threshold[]): Threshold[] {
  const unique = new Map([...RECALL_THRESHOLDS, ...extra].map((t) => [`${t.m} ${t.deg}`, t]));
  return [...unique.values()].sort((a, b) => a.m - b.m || a.deg - b.deg);
}

export function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (text.trim() !== '' && seconds >= 0) return seconds;
  throw usageError(`--tolerance ${text} is no number of seconds.`);
}
