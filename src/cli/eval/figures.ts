import type { Assessment } from './assess.js';
import type { Shares } from './shares.js';

/** One number of a run in words, with which way it gets better. */
export interface Part {
  readonly text: string;
  readonly value: number | null;
  readonly better: 'higher' | 'lower' | null;
}

export interface Figure {
  readonly section: string;
  readonly label: string;
  readonly parts: readonly Part[];
}

const DASH = '–';
const plain = (text: string): Part => ({ text, value: null, better: null });
const lower = (value: number | null, text: (value: number) => string): Part => ({
  text: value === null ? DASH : text(value),
  value,
  better: 'lower',
});

export const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
const metres = (m: number) => {
  if (m >= 1) return `${m.toFixed(2)} m`;
  return m >= 0.01 ? `${(100 * m).toFixed(1)} cm` : `${(1000 * m).toFixed(1)} mm`;
};
const degrees = (deg: number) => `${deg.toFixed(3)}°`;
const milliseconds = (ms: number) => `${ms < 10 ? ms.toFixed(2) : ms.toFixed(1)} ms`;

const error = (m: number | null, deg: number | null): Part[] => [lower(m, metres), lower(deg, degrees)];

/** An assessment as the rows of a table; what a run does not state has no row. */
export const figuresOf = (a: Assessment): Figure[] => [
  ...inSection('accuracy', accuracyRows(a)),
  ...inSection('honesty', honestyRows(a)),
  ...inSection('frames', frameRows(a)),
  ...inSection('time', timeRows(a)),
];

type Row = readonly [label: string, ...parts: Part[]];

const inSection = (section: string, rows: readonly Row[]): Figure[] =>
  rows.map(([label, ...parts]) => ({ section, label, parts }));

function accuracyRows(a: Assessment): Row[] {
  const { relative, alignment } = a;
  const aligned: Row[] =
    alignment === null ? [] : [['aligned with scale', plain(alignment.scale.toPrecision(6))]];
  return [
    ['queries', plain(String(a.queries))],
    ['posed', { text: String(a.posed), value: a.posed, better: 'higher' }],
    ...a.recall.map(
      ({ m, deg, count, fraction }): Row => [
        `within ${m} m, ${deg}°`,
        { text: `${count}/${a.queries}  ${percent(fraction)}`, value: count, better: 'higher' },
      ],
    ),
    ['posed beyond 5 m, 10°', lower(a.wrong, String)],
    ['median error', ...error(a.medianErrorM, a.medianErrorDeg)],
    ['95 % below', ...error(a.p95ErrorM, a.p95ErrorDeg)],
    ['largest error', ...error(a.maxErrorM, a.maxErrorDeg)],
    ['trajectory RMSE', ...error(a.ateRmseM, a.ateRmseDeg)],
    ['step error median', ...error(relative.medianM, relative.medianDeg)],
    ['step error RMSE', ...error(relative.rmseM, relative.rmseDeg)],
    ...aligned,
  ];
}

function honestyRows(a: Assessment): Row[] {
  const announced = a.jumps.filter((jump) => jump.announced).length;
  const note = announced > 0 ? ` (${announced} announced)` : '';
  const jumps: Row = ['jumps', lower(a.jumps.length, (n) => `${n}${note}`)];
  if (a.reliability === null) return [jumps];
  const { confident, confidentWrong, reliability, queries } = a;
  const share = queries === 0 ? 0 : confident! / queries;
  return [
    [
      'confident (≥ 0.5)',
      { text: `${confident}/${queries}  ${percent(share)}`, value: confident, better: 'higher' },
    ],
    ['confident but wrong', lower(confidentWrong, String)],
    ['calibration error', lower(reliability.ece, (ece) => ece.toFixed(3))],
    jumps,
  ];
}

function frameRows(shares: Shares): Row[] {
  const rows = (prefix: string, byValue: Shares['states']): Row[] =>
    Object.entries(byValue).map(([value, share]) => [`${prefix} ${value}`, plain(percent(share))]);
  const retrieved: Row[] =
    shares.retrieved === null ? [] : [['with retrieval', lower(shares.retrieved, percent)]];
  return [
    ['frames', plain(String(shares.frames))],
    ...rows('outcome', shares.outcomes),
    ...rows('state', shares.states),
    ...rows('source', shares.sources),
    ...rows('reason', shares.reasons),
    ...retrieved,
  ];
}

function timeRows({ ageP50Ms, ageP95Ms, stages }: Shares): Row[] {
  const age: Row[] =
    ageP50Ms === null
      ? []
      : [['frame age p50, p95', lower(ageP50Ms, milliseconds), lower(ageP95Ms, milliseconds)]];
  return [
    ...age,
    ...stages.map(
      ({ stage, p50Ms, p95Ms, share }): Row => [
        `${stage} p50, p95`,
        lower(p50Ms, milliseconds),
        lower(p95Ms, milliseconds),
        plain(`in ${percent(share)} of frames`),
      ],
    ),
  ];
}
