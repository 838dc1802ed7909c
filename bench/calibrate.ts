import { mkdirSync, writeFileSync } from 'node:fs';
import { Command } from 'commander';
import { type Reliability, reliability } from '../src/cli/eval/reliability.js';
import { DEFAULT_OPTIONS } from '../src/operators/localizer.js';
import { IMAGE_CELLS } from '../src/operators/poseGate.js';
import {
  CONFIDENCE_FEATURES,
  type ConfidenceEvidence,
  confidenceFeatures,
} from '../src/tracking/confidence.js';
import { repositoryPath } from '../test/support/shared.js';
import { type EvidenceLine, isRight, readEvidence } from './deception/evidenceFile.js';
import { fitLogistic, type Logistic, logistic, type Sample, scoreOf } from './deception/logistic.js';
import { drawReliability } from './deception/reliabilityPicture.js';

const EXAMPLES = `
Fits the confidence to the evidence that bench:evidence has kept. Each place is judged by weights fitted on the other
places alone; the weights that are written are fitted on all of them.

Examples:
  npm run bench:calibrate
  npm run bench:calibrate -- --write      src/tracking/confidenceWeights.ts and docs/reliability.svg`;

interface Options {
  readonly evidence: string;
  readonly penalty: string;
  readonly write?: boolean;
}

/** A line with the confidence of weights that have not seen its place. */
interface Judged {
  readonly line: EvidenceLine;
  readonly confidence: number;
  readonly correct: boolean;
}

function main({ evidence, penalty, write }: Options): void {
  const lines = readEvidence(evidence);
  const judged = heldOut(lines, Number(penalty));
  process.stdout.write(`${report(judged)}\n`);
  const fit = fitLogistic(samplesOf(lines), Number(penalty));
  process.stdout.write(`\n${inWords(fit)}\n`);
  if (write !== true) return;
  writeFileSync(repositoryPath('src', 'tracking', 'confidenceWeights.ts'), sourceOf(fit, lines, judged));
  mkdirSync(repositoryPath('docs'), { recursive: true });
  writeFileSync(
    repositoryPath('docs', 'reliability.svg'),
    drawReliability([
      { title: 'every pose found, the gate open', reliability: reliability(judged) },
      { title: 'poses that pass the gate', reliability: reliability(judged.filter(passesGate)) },
    ]),
  );
}

/** Every line judged by weights fitted on the other places. */
function heldOut(lines: readonly EvidenceLine[], penalty: number): Judged[] {
  const places = [...new Set(lines.map(({ place }) => place))];
  return places.flatMap((place) => {
    const fit = fitLogistic(samplesOf(lines.filter((line) => line.place !== place)), penalty);
    return lines
      .filter((line) => line.place === place)
      .map((line) => ({ line, confidence: confidenceOf(fit, line.evidence), correct: isRight(line) }));
  });
}

const confidenceOf = (fit: Logistic, evidence: ConfidenceEvidence) =>
  logistic(scoreOf(fit, confidenceFeatures(evidence)));

/** For each look at the right map under the right intrinsics, one at a wrong map, and a quarter of one under a wrong focal
 * length: nobody knows how often a user does either, but they do. */
const LOOKS = { right: 1, foreign: 1, wrongFocal: 0.25 } as const;

const kindOf = ({ foreign, condition }: EvidenceLine): keyof typeof LOOKS =>
  foreign ? 'foreign' : condition.startsWith('focal') ? 'wrongFocal' : 'right';

function samplesOf(lines: readonly EvidenceLine[]): Sample[] {
  const count = (kind: keyof typeof LOOKS) => lines.filter((line) => kindOf(line) === kind).length;
  const weightOf = (kind: keyof typeof LOOKS) => (LOOKS[kind] * count('right')) / Math.max(count(kind), 1);
  const weights = { right: 1, foreign: weightOf('foreign'), wrongFocal: weightOf('wrongFocal') };
  return lines.map((line) => ({
    features: confidenceFeatures(line.evidence),
    right: isRight(line),
    weight: weights[kindOf(line)],
  }));
}

function passesGate({ line: { evidence } }: Judged): boolean {
  const { inliers, inlierRatio, coverage } = evidence;
  const { minInliers, minCells, minInlierRatio, certainInliers } = DEFAULT_OPTIONS;
  const agrees = inliers >= certainInliers || inlierRatio >= minInlierRatio;
  return inliers >= minInliers && coverage * IMAGE_CELLS >= minCells && agrees;
}

function report(judged: readonly Judged[]): string {
  const ownMap = judged.filter(({ line }) => !line.foreign);
  const own = [...new Set(ownMap.map(({ line }) => line.place))];
  const published = judged.filter(passesGate);
  const rows = [
    row('all poses found', judged),
    row(
      'in their own map, intrinsics right',
      judged.filter(({ line }) => kindOf(line) === 'right'),
    ),
    row(
      'in their own map, focal length wrong',
      judged.filter(({ line }) => kindOf(line) === 'wrongFocal'),
    ),
    row(
      'in a wrong map',
      judged.filter(({ line }) => line.foreign),
    ),
    row('that pass the gate', published),
    row(
      '  the same, intrinsics right',
      published.filter(({ line }) => kindOf(line) === 'right'),
    ),
    ...own.map((place) =>
      row(
        `  ${place}`,
        ownMap.filter(({ line }) => line.place === place),
      ),
    ),
    ...[...new Set(judged.map(({ line }) => line.condition))].map((condition) =>
      row(
        `  ${condition}`,
        ownMap.filter(({ line }) => line.condition === condition),
      ),
    ),
  ];
  const head = ['poses', 'right', 'ECE', 'wrong ≥ 0.5', 'wrong ≥ 0.9', 'right < 0.5'];
  return [`${'held out by place'.padEnd(40)}${head.map((h) => h.padStart(12)).join('')}`, ...rows].join('\n');
}

function row(name: string, judged: readonly Judged[]): string {
  const count = (of: (sample: Judged) => boolean) => judged.filter(of).length;
  const cells = [
    judged.length,
    count(({ correct }) => correct),
    eceOf(reliability(judged)),
    count(({ correct, confidence }) => !correct && confidence >= 0.5),
    count(({ correct, confidence }) => !correct && confidence >= 0.9),
    count(({ correct, confidence }) => correct && confidence < 0.5),
  ];
  return `${name.padEnd(40)}${cells.map((cell) => String(cell).padStart(12)).join('')}`;
}

const eceOf = ({ ece }: Reliability) => (ece === null ? '–' : ece.toFixed(3));

const inWords = ({ bias, weights }: Logistic) =>
  [`bias ${bias.toFixed(3)}`, ...weights.map((w, i) => `${CONFIDENCE_FEATURES[i]} ${w.toFixed(3)}`)].join(
    ', ',
  );

function sourceOf(fit: Logistic, lines: readonly EvidenceLine[], judged: readonly Judged[]): string {
  const foreign = lines.filter((line) => line.foreign).length;
  const right = lines.filter(isRight).length;
  const places = new Set(lines.map(({ place }) => place)).size;
  const figure = (value: number) => String(Number(value.toPrecision(6)));
  return `import type { ConfidenceWeights } from './confidence.js';

/** Fitted by \`npm run bench:calibrate -- --write\` to ${lines.length} poses of ${places} places, ${right} of them right, ${foreign} found in
 * maps of other places; with each place held out, expected calibration error ${eceOf(reliability(judged))}, of poses that
 * pass the gate ${eceOf(reliability(judged.filter(passesGate)))}. In the order of CONFIDENCE_FEATURES. */
export const CONFIDENCE_WEIGHTS: ConfidenceWeights = {
  bias: ${figure(fit.bias)},
  weights: [${fit.weights.map(figure).join(', ')}],
};
`;
}

new Command('bench:calibrate')
  .description('Fits the confidence of a pose to how often poses like it were right.')
  .option(
    '--evidence <file>',
    'kept by bench:evidence',
    repositoryPath('.cache', 'deception', 'evidence.jsonl'),
  )
  .option('--penalty <n>', 'made-up samples that pull weights to zero', '5')
  .option('--write', 'write the weights and the picture')
  .addHelpText('after', EXAMPLES)
  .action(main)
  .parse();
