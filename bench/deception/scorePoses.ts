import { quantile } from '../../src/cli/eval/quantile.js';
import type { Outcome } from '../../src/domain/outcome.js';
import type { WorldFromCam } from '../../src/domain/rigid.js';
import { angleBetween, distanceBetween } from '../../src/geometry/rigid.js';

/** What came out of one deception. */
export interface Score {
  readonly name: string;
  readonly frames: number;
  readonly posed: number;
  /** Within 0.5 m and 5 degrees. */
  readonly right: number;
  /** Beyond that. */
  readonly wrong: number;
  /** With confidence of at least 0.5. */
  readonly confident: number;
  readonly confidentWrong: number;
  readonly medianErrorM: number | null;
  readonly medianErrorDeg: number | null;
  readonly medianConfidence: number | null;
  readonly medianInlierRatio: number | null;
  readonly medianRmsPx: number | null;
  readonly worstWrongConfidence: number;
  /** Frames until the stream warned that its intrinsics are suspect; null where it did not. */
  readonly warnedAfter: number | null;
}

export const CONFIDENT = 0.5;

/** @param truths  one an outcome; null where any pose is wrong */
export function scorePoses(
  name: string,
  outcomes: readonly Outcome[],
  truths: readonly (WorldFromCam | null)[],
): Score {
  const posed = outcomes.flatMap((outcome, i) => {
    if (outcome.kind !== 'posed') return [];
    const { pose } = outcome;
    const truth = truths[i];
    const errorM = truth === null ? Infinity : distanceBetween(pose.worldFromCam, truth);
    const errorDeg = truth === null ? Infinity : (angleBetween(pose.worldFromCam, truth) * 180) / Math.PI;
    return [{ pose, errorM, errorDeg, isRight: errorM < 0.5 && errorDeg < 5 }];
  });
  const wrong = posed.filter(({ isRight }) => !isRight);
  const median = (values: number[]) => quantile(values, 0.5);
  return {
    ...{ name, frames: outcomes.length, posed: posed.length },
    right: posed.length - wrong.length,
    wrong: wrong.length,
    confident: posed.filter(({ pose }) => pose.confidence >= CONFIDENT).length,
    confidentWrong: wrong.filter(({ pose }) => pose.confidence >= CONFIDENT).length,
    medianErrorM: median(posed.map(({ errorM }) => errorM)),
    medianErrorDeg: median(posed.map(({ errorDeg }) => errorDeg)),
    medianConfidence: median(posed.map(({ pose }) => pose.confidence)),
    medianInlierRatio: median(posed.map(({ pose }) => pose.inlierRatio)),
    medianRmsPx: median(posed.map(({ pose }) => pose.reprojectionRmsPx)),
    worstWrongConfidence: Math.max(0, ...wrong.map(({ pose }) => pose.confidence)),
    warnedAfter: firstWarning(outcomes),
  };
}

function firstWarning(outcomes: readonly Outcome[]): number | null {
  const at = outcomes.findIndex((outcome) => outcome.kind !== 'dropped' && outcome.warning !== undefined);
  return at < 0 ? null : at + 1;
}

const HEAD = [
  'frames',
  'posed',
  '≥.5',
  'right',
  'wrong',
  'wrong≥.5',
  'median m',
  'median °',
  'rms px',
  'conf.',
  'worst',
  'warned',
];

/** A line a score. */
export function scoreTable(scores: readonly Score[]): string {
  const width = Math.max(...scores.map(({ name }) => name.length)) + 2;
  const line = (name: string, cells: readonly string[]) =>
    `${name.padEnd(width)}${cells.map((cell) => cell.padStart(10)).join('')}`;
  const figure = (value: number | null, digits: number) =>
    value === null || !Number.isFinite(value) ? '–' : value.toFixed(digits);
  const rows = scores.map((s) =>
    line(s.name, [
      ...[s.frames, s.posed, s.confident, s.right, s.wrong, s.confidentWrong].map(String),
      figure(s.medianErrorM, 3),
      figure(s.medianErrorDeg, 2),
      figure(s.medianInlierRatio, 2),
      figure(s.medianRmsPx, 2),
      figure(s.medianConfidence, 2),
      s.wrong === 0 ? '–' : s.worstWrongConfidence.toFixed(2),
      s.warnedAfter === null ? '–' : String(s.warnedAfter),
    ]),
  );
  return [line('', HEAD), ...rows].join('\n');
}
