import type { Assessment } from '../../src/cli/eval/assess.js';

/** One line of the Markdown table. */
export interface SetRow {
  readonly set: string;
  readonly mode: string;
  readonly figures: Assessment;
}

const HEAD = [
  'set',
  'mode',
  'queries',
  '0.25 m 2°',
  '0.5 m 5°',
  '5 m 10°',
  'median',
  'p95',
  'conf. wrong',
  'jumps',
  'frames',
  'retrieval',
  'states',
  'sources',
];

export function formatRows(rows: readonly SetRow[]): string {
  const lines = rows.map(({ set, mode, figures: a }) => [
    set,
    mode,
    String(a.queries),
    ...a.recall.map(({ fraction }) => percent(fraction)),
    `${length(a.medianErrorM)} ${angle(a.medianErrorDeg)}`,
    `${length(a.p95ErrorM)} ${angle(a.p95ErrorDeg)}`,
    String(a.confidentWrong ?? '–'),
    String(a.jumps.length),
    String(a.frames),
    a.retrieved === null ? '–' : percent(a.retrieved),
    shares(a.states),
    shares(a.sources),
  ]);
  return [HEAD, HEAD.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |\n`).join('');
}

const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const length = (m: number | null) => (m === null ? '–' : `${(100 * m).toFixed(1)} cm`);
const angle = (deg: number | null) => (deg === null ? '–' : `${deg.toFixed(2)}°`);
const shares = (of: Readonly<Record<string, number>>) =>
  Object.entries(of)
    .map(([word, share]) => `${word} ${(100 * share).toFixed(0)}`)
    .join(', ');
