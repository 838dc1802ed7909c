import { Command, Option } from 'commander';
import { readMap } from '../map/mapFile.js';
import { usageError } from './command.js';
import { ALIGNMENTS, type AlignmentKind } from './eval/align.js';
import { type Assessed, type AssessOptions, assess, type Reference } from './eval/assess.js';
import { EVAL_HELP } from './eval/help.js';
import { labelRuns } from './eval/labels.js';
import { allThresholds, parseSeconds, parseThreshold } from './eval/options.js';
import { readReference } from './eval/reference.js';
import { TRAJECTORIES, type Trajectory } from './eval/run.js';
import { readRun } from './eval/runFile.js';
import { formatAssessments } from './eval/table.js';
import { type WriteOptions, writeRun } from './eval/writeRun.js';
import type { Threshold } from './evaluate.js';
import { writePlots } from './plots/writePlots.js';
import { say } from './terminal.js';
import { assertWritable } from './writable.js';

interface EvalOptions extends WriteOptions {
  readonly reference?: string;
  readonly list?: string;
  readonly images?: string;
  readonly times?: string;
  readonly tolerance: number;
  readonly use: Trajectory;
  readonly threshold?: readonly Threshold[];
  readonly align: AlignmentKind;
  readonly jump: Threshold;
  readonly compare?: readonly string[];
  readonly json?: boolean;
  readonly plots?: string;
  readonly png?: boolean;
  readonly map?: string;
}

/** @param print  takes the result, a table or JSON */
export function evalCommand(print = (text: string): unknown => process.stdout.write(text)): Command {
  const collect = (text: string, earlier: readonly Threshold[] = []) => [...earlier, parseThreshold(text)];
  return new Command('eval')
    .description('hold poses against a reference trajectory')
    .argument('[poses]', 'TUM file, KITTI pose file or report of `localize`; the content tells which')
    .option('--reference <file>', 'true poses, in the same formats')
    .option('--list <file>', 'only these images count (names as in images.csv, one a line)')
    .option('--images <file>', 'images.csv with timestamp,file (default: beside the reference)')
    .option('--times <file>', 'timestamps of KITTI pose files, one a line (default: the line number)')
    .option('--tolerance <seconds>', 'timestamps this close are the same frame', parseSeconds, 0.005)
    .addOption(
      new Option('--use <trajectory>', "which of a report's poses").choices(TRAJECTORIES).default('raw'),
    )
    .option('--threshold <m,deg>', 'one more recall threshold, as 0.1m,1deg; may be repeated', collect)
    .addOption(
      new Option('--align <kind>', 'fit the poses to the reference first (Umeyama 1991)')
        .choices(ALIGNMENTS)
        .default('none'),
    )
    .addOption(
      new Option('--jump <m,deg>', 'how far a step may leave the reference')
        .argParser(parseThreshold)
        .default({ m: 0.5, deg: 5 }, '0.5m,5deg'),
    )
    .option('--compare <runs...>', 'runs side by side, marked against the first')
    .option('--json', 'print the whole evaluation as JSON')
    .option('--plots <folder>', 'draw trajectory, errors and confidence as SVG')
    .option('--png', 'the drawings as PNG too')
    .option('--map <file>', 'map whose points lie under the drawn trajectory')
    .option('--write-tum <file>', 'the poses as TUM')
    .option('--write-kitti <file>', 'the poses as KITTI')
    .option('--write-times <file>', "the poses' timestamps, one a line, as KITTI's times.txt")
    .addHelpText('after', EVAL_HELP)
    .action(async (poses: string | undefined, options: EvalOptions) => {
      const result = await evaluateFiles(poses, options);
      if (result !== null) print(result);
    });
}

/** @returns the result in words or as JSON; null where poses were only converted */
async function evaluateFiles(poses: string | undefined, options: EvalOptions): Promise<string | null> {
  const paths = [...(poses === undefined ? [] : [poses]), ...(options.compare ?? [])];
  checkUsage(paths, options);
  const runs = labelRuns(paths, (path) => readRun(path, options));
  writeRun(runs[0], options);
  if (options.reference === undefined) return null;
  const reference = readReference({
    ...options,
    reference: options.reference,
    toleranceS: options.tolerance,
  });
  const assessed = runs.map((run) => assess(run, reference, assessOptions(options)));
  await plot(assessed, reference, options);
  const figures = assessed.map((each) => each.figures);
  if (!options.json) return formatAssessments(figures);
  return `${JSON.stringify(figures.length === 1 ? figures[0] : { runs: figures }, null, 2)}\n`;
}

function checkUsage(paths: readonly string[], options: EvalOptions): void {
  const { reference, plots, png, map, writeTum, writeKitti, writeTimes } = options;
  const written = [writeTum, writeKitti, writeTimes].filter((path) => path !== undefined);
  if (paths.length === 0)
    throw usageError('No poses are given.', 'posestream eval poses.tum --reference truth.tum');
  if (reference === undefined && (written.length === 0 || plots !== undefined))
    throw usageError(
      '--reference is missing: poses are held against it.',
      'Without one, poses can only be converted: --write-tum, --write-kitti.',
    );
  if (plots === undefined && (png || map !== undefined))
    throw usageError('--png and --map are about drawings.', 'Name a folder for them with --plots.');
  if (written.length > 0 && paths.length > 1) throw usageError('Only one run at a time can be written.');
  written.forEach(assertWritable);
}

const assessOptions = ({ threshold = [], tolerance, align, jump }: EvalOptions): AssessOptions => ({
  thresholds: allThresholds(threshold),
  toleranceS: tolerance,
  align,
  jump,
});

async function plot(
  assessed: readonly Assessed[],
  reference: Reference,
  options: EvalOptions,
): Promise<void> {
  if (options.plots === undefined) return;
  const map = options.map === undefined ? null : readMap(options.map);
  const files = await writePlots(assessed, reference, {
    folder: options.plots,
    map,
    png: options.png ?? false,
  });
  say(`wrote ${files.join(', ')}`);
}
