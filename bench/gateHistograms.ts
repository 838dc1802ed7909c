import { writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { DEFAULT_OPTIONS } from '../src/operators/localizer.js';
import { IMAGE_CELLS } from '../src/operators/poseGate.js';
import { repositoryPath } from '../test/support/shared.js';
import { type EvidenceLine, isRight, readEvidence } from './deception/evidenceFile.js';
import { drawHistograms, type Histogram } from './deception/histogramPicture.js';

const EXAMPLES = `
What the gate tells poses apart by: right ones, wrong ones in the right map, and those found in maps of other places.

Examples:
  npm run bench:gate
  npm run bench:gate -- --write      docs/gate-histograms.svg`;

interface Options {
  readonly evidence: string;
  readonly write?: boolean;
}

const CLASSES = [
  { name: 'right', colour: '#2e8b57', holds: isRight },
  {
    name: 'wrong, in the right map',
    colour: '#e08e0b',
    holds: (line: EvidenceLine) => !line.foreign && !isRight(line) && !isNear(line),
  },
  { name: 'in a map of another place', colour: '#c0392b', holds: (line: EvidenceLine) => line.foreign },
] as const;

/** Off by more than promised, yet no false place: the gate cannot see it. */
const isNear = ({ errorM, errorDeg }: EvidenceLine) =>
  errorM !== null && errorDeg !== null && errorM < 5 && errorDeg < 10;

const MEASURES: readonly (Omit<Histogram, 'series'> & { readonly of: (line: EvidenceLine) => number })[] = [
  {
    ...{ title: 'distinct inliers', scale: 'log', from: 4, to: 1024, bins: 32 },
    limit: DEFAULT_OPTIONS.minInliers,
    of: ({ evidence }) => evidence.inliers,
  },
  {
    ...{ title: 'of 64 image cells, those with an inlier', scale: 'linear', from: 0, to: 64, bins: 32 },
    limit: DEFAULT_OPTIONS.minCells,
    of: ({ evidence }) => evidence.coverage * IMAGE_CELLS,
  },
  {
    ...{ title: 'share of distinct matches that agree', scale: 'linear', from: 0, to: 1, bins: 25 },
    limit: DEFAULT_OPTIONS.minInlierRatio,
    of: ({ evidence }) => evidence.inlierRatio,
  },
];

function main({ evidence, write }: Options): void {
  // A wrong focal length moves every pose a little; that is for the confidence, not for the gate.
  const lines = readEvidence(evidence).filter(({ condition }) => !condition.startsWith('focal'));
  process.stdout.write(`${quantiles(lines)}\n\n${gates(lines)}\n`);
  if (write !== true) return;
  const histograms = MEASURES.map(({ of, ...rest }) => ({
    ...rest,
    series: CLASSES.map(({ name, colour, holds }) => ({ name, colour, values: lines.filter(holds).map(of) })),
  }));
  writeFileSync(repositoryPath('docs', 'gate-histograms.svg'), drawHistograms(histograms));
}

function quantiles(lines: readonly EvidenceLine[]): string {
  const shares = [0, 0.01, 0.1, 0.5, 0.9, 0.99, 1];
  const head = `${''.padEnd(70)}${'n'.padStart(7)}${shares.map((q) => `${100 * q} %`.padStart(8)).join('')}`;
  const rows = MEASURES.flatMap(({ title, of }) =>
    CLASSES.map(({ name, holds }) => {
      const values = lines
        .filter(holds)
        .map(of)
        .sort((a, b) => a - b);
      const cells = shares.map((q) => (values[Math.round(q * (values.length - 1))] ?? Number.NaN).toFixed(2));
      return `${`${title}: ${name}`.padEnd(70)}${String(values.length).padStart(7)}${cells.map((c) => c.padStart(8)).join('')}`;
    }),
  );
  return [head, ...rows].join('\n');
}

/** What other limits would let through. */
function gates(lines: readonly EvidenceLine[]): string {
  const { certainInliers } = DEFAULT_OPTIONS;
  const head = `${'inliers, cells, ratio'.padEnd(24)}${CLASSES.map(({ name }) => name.padStart(28)).join('')}`;
  const rows = [10, 12, 15, 20].flatMap((inliers) =>
    [0, 9].flatMap((cells) =>
      [0, 0.2, 0.28].map((ratio) => {
        const passes = ({ evidence: e }: EvidenceLine) =>
          e.inliers >= inliers &&
          e.coverage * IMAGE_CELLS >= cells &&
          (e.inliers >= certainInliers || e.inlierRatio >= ratio);
        const counts = CLASSES.map(({ holds }) => {
          const of = lines.filter(holds);
          return `${of.filter(passes).length} of ${of.length}`.padStart(28);
        });
        return `${`${inliers}, ${cells}, ${ratio}`.padEnd(24)}${counts.join('')}`;
      }),
    ),
  );
  return [head, ...rows].join('\n');
}

new Command('bench:gate')
  .description('The measures of the gate, drawn for right and wrong poses.')
  .option(
    '--evidence <file>',
    'kept by bench:evidence',
    repositoryPath('.cache', 'deception', 'evidence.jsonl'),
  )
  .option('--write', 'write the picture')
  .addHelpText('after', EXAMPLES)
  .action(main)
  .parse();
