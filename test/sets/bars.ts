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
  broken.push(...medianBroken(frame, sequence, 'M', 'm'), ...medianBroken(frame, sequence, 'Deg', '°'));
  if (set.name.endsWith('night') && !nightKept(frame, sequence))
    broken.push('night: recall at (0.5 m, 5°) grows by less than 10 points');
  if (set.kind === 'rendered' && (sequence.retrieved ?? 0) > RETRIEVAL_WHILE_TRACKING)
    broken.push(`retrieval in ${(100 * sequence.retrieved!).toFixed(1)} % of frames, bar 5 %`);
  return broken;
}

/** With few queries a median moves by chance: how many of them got worse stands beside it. */
function medianBroken(frame: Assessment, sequence: Assessment, of: 'M' | 'Deg', unit: string): string[] {
  const [before, now] = [frame[`medianError${of}`], sequence[`medianError${of}`]];
  if (before === null || now === null || now <= before * (1 + MEDIAN_MAY_GROW)) return [];
  const earlier = new Map(frame.errors.map((error) => [error.timeS, error[`error${of}`]]));
  const worse = sequence.errors.filter(
    (error) => error[`error${of}`] > (earlier.get(error.timeS) ?? Infinity),
  );
  const growth = (100 * (now / before - 1)).toFixed(0);
  return [
    `median ${now.toFixed(4)} ${unit}, ${growth} % above frame by frame (${worse.length} of ${sequence.posed} queries worse)`,
  ];
}

function nightKept(frame: Assessment, sequence: Assessment): boolean {
  const medium = (a: Assessment) => a.recall.find(({ m }) => m === 0.5)!.fraction;
  return medium(sequence) >= NIGHT_ENOUGH || medium(sequence) - medium(frame) >= NIGHT_POINTS;
}
