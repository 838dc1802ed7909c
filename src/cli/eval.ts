import { Command, Option } from 'commander';
import { usageError } from './command.js';
import { ALIGNMENTS, type AlignmentKind } from './eval/align.js';
import { type Assessed, assess } from './eval/assess.js';
import { EVAL_HELP } from './eval/help.js';
import { labelRuns } from './eval/labels.js';
import { allThresholds, parseSeconds, parseThreshold } from './eval/options.js';
import { readReference } from './eval/reference.js';
import { type Run, TRAJECTORIES, type Trajectory } from './eval/run.js';
import { readRun } from './eval/runFile.js';
import { formatAssessments } from './eval/table.js';
import { type WriteOptions, writeRun } from './eval/writeRun.js';
import type { Threshold } from './evaluate.js';
import { assertWritable } from './writable.js';

interface EvalOptions extends WriteOptions {
  readonly reference?: string;
  readonly list?: string;
  readonly images?: string;
  readonly times?: string;
  readonly tolerance: number;
  readonly use: Trajectory;
  readonly threshold: readonly Threshold[];
  readonly align: AlignmentKind;
  readonly jump: Threshold;
  readonly compare: readonly string[];
  readonly json?: boolean;
}

export function evalCommand(): Command {
  const collect = (text: string, earlier: readonly Threshold[]) => [...earlier, parseThreshold(text)];
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
    .option('--threshold <m,deg>', 'one more recall threshold, as 0.1m,1deg; may be repeated', collect, [])
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
    .option('--compare <runs...>', 'runs side by side, marked against the first', [])
    .option('--json', 'print the whole evaluation as JSON')
    .option('--write-tum <file>', 'the poses as TUM')
    .option('--write-kitti <file>', 'the poses as KITTI')
    .option('--write-times <file>', "the poses' timestamps, one a line, as KITTI's times.txt")
    .addHelpText('after', EVAL_HELP)
    .action(evaluateFiles);
}

function evaluateFiles(poses: string | undefined, options: EvalOptions): void {
  const paths = [...(poses === undefined ? [] : [poses]), ...options.compare];
  checkUsage(paths, options);
  const runs = labelRuns(paths, (path) => readRun(path, options));
  writeRun(runs[0], options);
  if (options.reference === undefined) return;
  const assessed = assessAll(runs, { ...options, reference: options.reference });
  const figures = assessed.map((each) => each.figures);
  const result = figures.length === 1 ? figures[0] : { runs: figures };
  process.stdout.write(options.json ? `${JSON.stringify(result, null, 2)}\n` : formatAssessments(figures));
}

function checkUsage(paths: readonly string[], options: EvalOptions): void {
  const written = [options.writeTum, options.writeKitti, options.writeTimes].filter(
    (path) => path !== undefined,
  );
  if (paths.length === 0)
    throw usageError('No poses are given.', 'posestream eval poses.tum --reference truth.tum');
  if (options.reference === undefined && written.length === 0)
    throw usageError(
      '--reference is missing: poses are held against it.',
      'Without one, poses can only be converted: --write-tum, --write-kitti.',
    );
  if (written.length > 0 && paths.length > 1) throw usageError('Only one run at a time can be written.');
  written.forEach(assertWritable);
}

function assessAll(runs: readonly Run[], options: EvalOptions & { readonly reference: string }): Assessed[] {
  const { tolerance: toleranceS, align, jump } = options;
  const reference = readReference({ ...options, toleranceS });
  const thresholds = allThresholds(options.threshold);
  return runs.map((run) => assess(run, reference, { thresholds, toleranceS, align, jump }));
}
