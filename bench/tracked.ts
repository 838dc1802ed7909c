import { parseArgs } from 'node:util';
import { quantile } from '../src/cli/eval/quantile.js';
import { readReference } from '../src/cli/eval/reference.js';
import { type Evaluation, evaluate, type PoseError } from '../src/cli/evaluate.js';
import type { Outcome } from '../src/domain/outcome.js';
import type { TimedPose } from '../src/map/tum.js';
import { allCases, isHere, type SetCase } from '../test/sets/cases.js';
import { recordingOf } from './replay/recording.js';
import { type Replayed, replay } from './replay/replay.js';

/** Every set as a sequence against frame by frame, behind the network: what the network saw is recorded once in the
 * temporary folder, so that a change of tracking is judged within a minute.
 *   npx tsx bench/tracked.ts                              accuracy, 1000 keypoints
 *   npx tsx bench/tracked.ts --keypoints 500 --rounds 5 night     and the CPU time of a tracked frame
 * Beside the medians, which few queries move by chance, stands the paired comparison: the geometric mean over queries of
 * the error as a sequence over the error alone, and how many standard errors it lies from 1. */

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    keypoints: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '0' },
  },
});
const TOLERANCE_S = 0.005;

type Trajectory = 'raw' | 'smooth';
type Of = 'errorM' | 'errorDeg';

function posesOf(outcomes: readonly Outcome[], use: Trajectory): TimedPose[] {
  return outcomes.flatMap((outcome) => {
    if (outcome.kind !== 'posed') return [];
    const raw = outcome.pose.source === 'coasted' ? null : outcome.pose;
    const pose = use === 'raw' ? raw : outcome.smooth;
    return pose === null ? [] : [{ timeS: outcome.frame.timestampS, worldFromCam: pose.worldFromCam }];
  });
}

function queriesOf({ reference, list, mappedEvery }: SetCase): readonly TimedPose[] {
  const { queries } = readReference({ reference, list, toleranceS: TOLERANCE_S });
  return mappedEvery === undefined ? queries : queries.filter((_, i) => i % mappedEvery !== 0);
}

/** Logarithms of the ratios of errors of the same query. */
function logRatios(sequence: readonly PoseError[], alone: readonly PoseError[], of: Of): number[] {
  const before = new Map(alone.map((error) => [error.timeS, error[of]]));
  return sequence.flatMap((error) => {
    const other = before.get(error.timeS);
    return other === undefined || !(other > 0 && error[of] > 0) ? [] : [Math.log(error[of] / other)];
  });
}

function paired(logs: readonly number[]): string {
  const mean = logs.reduce((sum, v) => sum + v, 0) / logs.length;
  const variance = logs.reduce((sum, v) => sum + (v - mean) ** 2, 0) / Math.max(logs.length - 1, 1);
  const sigmas = variance === 0 ? 0 : mean / Math.sqrt(variance / logs.length);
  return `${Math.exp(mean).toFixed(2)} (${sigmas.toFixed(1)} σ)`;
}

function cellsOf(alone: Evaluation, sequence: Evaluation): string[] {
  const median = (errors: readonly PoseError[], of: Of) =>
    quantile(
      errors.map((error) => error[of]),
      0.5,
    ) ?? Number.NaN;
  const ratio = (of: Of) => (median(sequence.errors, of) / median(alone.errors, of)).toFixed(2);
  const centimetres = (errors: readonly PoseError[]) => (100 * median(errors, 'errorM')).toFixed(2);
  return [
    `${sequence.recall[0].count} / ${alone.recall[0].count} of ${alone.queries}`,
    `${centimetres(alone.errors)} → ${centimetres(sequence.errors)} cm`,
    ...[ratio('errorM'), ratio('errorDeg')],
    paired(logRatios(sequence.errors, alone.errors, 'errorM')),
    paired(logRatios(sequence.errors, alone.errors, 'errorDeg')),
  ];
}

const cpuCell = ({ cpuMs, tracked }: Replayed): string =>
  cpuMs.length === 0 ? '–' : `${Math.min(...cpuMs).toFixed(2)} (${tracked} frames)`;

const HEAD = ['set', 'poses', '0.25 m 2°', 'median', '×', 'angle ×', 'paired', 'angle', 'CPU ms, best round'];
const line = (cells: readonly string[]) => process.stdout.write(`| ${cells.join(' | ')} |\n`);
const wanted = positionals.map((pattern) => new RegExp(pattern));

line(HEAD);
line(HEAD.map(() => '---'));
for (const set of allCases().filter(isHere)) {
  if (wanted.length > 0 && !wanted.some((pattern) => pattern.test(set.name))) continue;
  const recording = await recordingOf(set, (words) => process.stderr.write(`${words}\n`));
  const replayed = await replay(recording, Number(values.keypoints), Number(values.rounds));
  const queries = queriesOf(set);
  const alone = evaluate(posesOf(recording.alone, 'raw'), queries, TOLERANCE_S);
  for (const use of ['raw', 'smooth'] as const) {
    const sequence = evaluate(posesOf(replayed.outcomes, use), queries, TOLERANCE_S);
    line([set.name, use, ...cellsOf(alone, sequence), use === 'raw' ? cpuCell(replayed) : '']);
  }
}
