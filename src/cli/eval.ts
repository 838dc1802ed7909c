import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { parseImagesCsv, parseList } from '../map/lists.js';
import { readTextFile } from '../map/posedFolder.js';
import { parseTum, type TimedPose } from '../map/tum.js';
import { usageError } from './command.js';
import { type Evaluation, evaluate } from './evaluate.js';
import { colour } from './terminal.js';

const EXAMPLES = `
Examples:
  posestream eval poses.tum --reference set/poses_tum.txt
  posestream eval poses.tum --reference set/poses_tum.txt --list set/query.txt --json

Both files hold \`timestamp tx ty tz qx qy qz qw\`, camera-to-world, camera x right, y down, z forward.
A listed query without a pose counts as missed. Names on the list get their timestamps from images.csv beside
the reference.`;

interface EvalOptions {
  readonly reference: string;
  readonly list?: string;
  readonly images?: string;
  readonly tolerance: string;
  readonly json?: boolean;
}

export function evalCommand(): Command {
  return new Command('eval')
    .description('hold poses against a reference trajectory')
    .argument('<poses>', 'TUM file of estimated poses')
    .requiredOption('--reference <file>', 'TUM file of true poses')
    .option('--list <file>', 'only these images count (names as in images.csv, one a line)')
    .option('--images <file>', 'images.csv with timestamp,file (default: beside the reference)')
    .option('--tolerance <seconds>', 'timestamps this close are the same frame', '0.005')
    .option('--json', 'print the whole evaluation as JSON')
    .addHelpText('after', EXAMPLES)
    .action((poses: string, options: EvalOptions) => {
      const toleranceS = Number(options.tolerance);
      if (!(toleranceS >= 0)) throw usageError(`--tolerance ${options.tolerance} is no number of seconds.`);
      const reference = parseTum(readTextFile(options.reference), options.reference);
      const wanted = selectReference(reference, options, toleranceS);
      const result = evaluate(readEstimates(poses), wanted, toleranceS);
      process.stdout.write(options.json ? `${JSON.stringify(result, null, 2)}\n` : formatEvaluation(result));
    });
}

/** A run that posed no frame leaves a file without poses; that is a result, not an error. */
function readEstimates(path: string): TimedPose[] {
  const text = readTextFile(path);
  const empty = text.split('\n').every((line) => line.trim() === '' || line.startsWith('#'));
  return empty ? [] : parseTum(text, path);
}

function selectReference(
  reference: readonly TimedPose[],
  options: EvalOptions,
  toleranceS: number,
): readonly TimedPose[] {
  if (options.list === undefined) return reference;
  const times = listedTimes(parseList(readTextFile(options.list), options.list), options);
  return times.map(({ name, timeS }) => {
    const pose = reference.find((candidate) => Math.abs(candidate.timeS - timeS) <= toleranceS);
    if (pose === undefined)
      throw usageError(`${options.list}: ${name} (t = ${timeS}) has no pose in ${options.reference}.`);
    return pose;
  });
}

function listedTimes(names: readonly string[], options: EvalOptions) {
  const csv = options.images ?? join(dirname(options.reference), 'images.csv');
  if (!existsSync(csv)) {
    const times = names.map((name) => ({ name, timeS: Number(name) }));
    if (times.every(({ timeS }) => Number.isFinite(timeS))) return times;
    throw usageError(`${csv} is not there.`, '--images names the file that gives each image its timestamp.');
  }
  const byName = new Map(parseImagesCsv(readTextFile(csv), csv).map((entry) => [entry.name, entry.timeS]));
  return names.map((name) => {
    const timeS = byName.get(name);
    if (timeS === undefined) throw usageError(`${options.list}: ${name} is not in ${csv}.`);
    return { name, timeS };
  });
}

/** A few lines for a person; unknown is a dash. */
export function formatEvaluation(result: Evaluation): string {
  const percent = (fraction: number) => `${(100 * fraction).toFixed(1)} %`;
  const cm = (m: number | null) =>
    m === null ? '–' : m < 1 ? `${(100 * m).toFixed(1)} cm` : `${m.toFixed(2)} m`;
  const deg = (d: number | null) => (d === null ? '–' : `${d.toFixed(3)}°`);
  const rows = [
    ['queries', String(result.queries)],
    ['posed', `${result.posed}`],
    ...result.recall.map(({ m, deg: d, count, fraction }) => [
      `within ${m} m, ${d}°`,
      `${count}/${result.queries}  ${percent(fraction)}`,
    ]),
    ['posed beyond that', String(result.wrong)],
    ['median error', `${cm(result.medianErrorM)}, ${deg(result.medianErrorDeg)}`],
    ['largest error', `${cm(result.maxErrorM)}, ${deg(result.maxErrorDeg)}`],
  ];
  return `${rows.map(([label, value]) => `${colour.dim(label.padEnd(20))} ${value}`).join('\n')}\n`;
}
