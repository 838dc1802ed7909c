import type { Assessment } from '../../src/cli/eval/assess.js';

/** Sequence mode may not lose recall, and its medians not grow by more than this share. */
const MEDIAN_MAY_GROW = 0.05;
const NIGHT_POINTS = 0.1;
const NIGHT_ENOUGH = 0.95;
const RETRIEVAL_WHILE_TRACKING = 0.05;

/** What a set breaks, in words; empty where it keeps every bar. */
export function brokenBars(
  set: { readonly name: string; readonly kind: 'real' | 'rendered' },
  frame: Assessment,
  sequence: Assessment,
): string[] {
  const broken: string[] = [];
  frame.recall.forEach(({ m, deg, count }, i) => {
    const now = sequence.recall[i].count;
    if (now < count)
      broken.push(`recall at ${m} m, ${deg}°: ${now} of ${frame.queries}, frame by frame ${count}`);
  });
  for (const [key, unit] of [
    ['medianErrorM', 'm'],
    ['medianErrorDeg', '°'],
  ] as const) {
    const growth = (sequence[key] ?? Infinity) / (frame[key] ?? Infinity) - 1;
    if (growth > MEDIAN_MAY_GROW)
      broken.push(
        `median ${sequence[key]?.toFixed(4)} ${unit}, ${(100 * growth).toFixed(0)} % above frame by frame`,
      );
  }
  if (set.name.endsWith('night') && !nightKept(frame, sequence))
    broken.push('night: recall at (0.5 m, 5°) grows by less than 10 points');
  if (set.kind === 'rendered' && (sequence.retrieved ?? 0) > RETRIEVAL_WHILE_TRACKING)
    broken.push(`retrieval in ${(100 * sequence.retrieved!).toFixed(1)} % of frames, bar 5 %`);
  return broken;
}

function nightKept(frame: Assessment, sequence: Assessment): boolean {
  const medium = (a: Assessment) => a.recall.find(({ m }) => m === 0.5)!.fraction;
  return medium(sequence) >= NIGHT_ENOUGH || medium(sequence) - medium(frame) >= NIGHT_POINTS;
}
