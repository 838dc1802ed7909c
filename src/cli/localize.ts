import { writeFileSync } from 'node:fs';
import { Command, Option } from 'commander';
import { finalize, lastValueFrom, type Observable, takeUntil, tap } from 'rxjs';
import type { Outcome } from '../domain/outcome.js';
import { fileError } from '../map/fileError.js';
import { formatTum, type TimedPose } from '../map/tum.js';
import { DEFAULT_OPTIONS, type Localizer } from '../operators/localizer.js';
import { systemClock } from '../streams/clock.js';
import { liveFrames } from '../streams/liveFrames.js';
import { type LocalizeMode, localizeLive, localizeRecording } from '../streams/localize.js';
import { isFix } from '../tracking/isFix.js';
import { action } from './command.js';
import { openInput, type RecordingInput } from './input.js';
import { wholeNumber } from './numbers.js';
import { DEFAULT_MODEL, openLocalizer } from './openLocalizer.js';
import { openInputRecording, RECORDED_STREAM } from './record.js';
import { openReport, type Report } from './report.js';
import { tooLate } from './signals.js';
import { addOutcome, EMPTY_SUMMARY, formatSummary, type Summary } from './summary.js';
import { say, startProgress } from './terminal.js';
import { assertWritable } from './writable.js';

const EXAMPLES = `
Examples:
  posestream localize drive.mp4 --map town.map --intrinsics cam.json --out poses.tum
  posestream localize set/ --list set/query.txt --map set.map --mode frame --out poses.tum --report frames.jsonl
  posestream localize drive.mp4 --map town.map --realtime     as a live camera would send it: late frames are dropped
  posestream localize rtsp://127.0.0.1:8554/cam --map town.map --intrinsics cam.json    until Ctrl-C

Poses are camera-to-world (\`timestamp tx ty tz qx qy qz qw\`, camera x right, y down, z forward) under the input's own
timestamps. The report has one JSON line per frame: posed, lost with a reason, or dropped; it alone has the poses that are
only predicted (source "coasted").`;

interface Options {
  readonly map: string;
  readonly intrinsics?: string;
  readonly list?: string;
  readonly mode: LocalizeMode;
  readonly out?: string;
  readonly report?: string;
  readonly record?: string;
  readonly model: string;
  readonly size?: number;
  readonly keypoints: number;
  readonly seed: number;
  readonly threads?: number;
  readonly realtime?: boolean;
}

export function localizeCommand(): Command {
  return new Command('localize')
    .description('poses of a recording (a video, a folder of images) or of a live camera')
    .argument('<video|folder|rtsp://…>')
    .requiredOption('--map <file>', 'map to localize in')
    .option('--intrinsics <file>', 'camera (default: intrinsics.json in the folder or beside the video)')
    .option('--list <file>', 'only these images of a folder, one name a line')
    .addOption(
      new Option(
        '--mode <mode>',
        'frame: every frame alone; sequence: the frames before say where to look and what to believe',
      )
        .choices(['frame', 'sequence'])
        .default('sequence'),
    )
    .option('--out <file>', 'TUM poses (default: standard output)')
    .option('--report <file>', 'one JSON line per frame')
    .option('--record <file>', 'everything as an MCAP file, for `replay`, `export` and Foxglove')
    .option('--model <manifest>', 'network', DEFAULT_MODEL)
    .option('--size <px>', 'longest image side (default: as the map was built)', wholeNumber)
    .option('--keypoints <n>', 'keypoints per frame', wholeNumber, DEFAULT_OPTIONS.maxKeypoints)
    .option('--seed <n>', 'the same input and seed give the same poses', wholeNumber, DEFAULT_OPTIONS.seed)
    .option('--threads <n>', 'threads of the network (default: all cores)', wholeNumber)
    .option('--realtime', 'play a video by its clock and drop what comes too late')
    .addHelpText('after', EXAMPLES)
    .action(action((signal, path: string, options: Options) => localize(path, options, signal)));
}

async function localize(path: string, options: Options, signal: AbortSignal): Promise<void> {
  assertWritable(options.out);
  assertWritable(options.report);
  assertWritable(options.record);
  const localizer = await openLocalizer({
    mapPath: options.map,
    modelPath: options.model,
    threads: options.threads,
    options: { seed: options.seed, maxKeypoints: options.keypoints },
  });
  try {
    const input = await openInput(path, {
      intrinsics: options.intrinsics,
      list: options.list,
      map: localizer.map,
      maxSidePx: options.size ?? localizer.map.header.maxSidePx,
      stream: RECORDED_STREAM,
      clock: options.realtime ? systemClock : undefined,
      signal,
    });
    await run(input, localizer, options, signal);
  } finally {
    await localizer.close();
  }
}

/** Whatever ends the run, the poses so far are written and the summary is said; one that fails at its first frame has
 * neither, and leaves poses of before alone. */
async function run(input: RecordingInput, localizer: Localizer, options: Options, signal: AbortSignal) {
  const reports = await openReports(input, localizer, options);
  const progress = startProgress('Localizing', input.total ?? 0);
  const poses: TimedPose[] = [];
  let summary: Summary = EMPTY_SUMMARY;
  let isOver = false;
  const startedMs = performance.now();
  try {
    const outcomes = outcomesOf(input, localizer, options).pipe(
      takeUntil(tooLate(signal)),
      tap((outcome) => {
        keep(outcome, poses, reports);
        summary = addOutcome(summary, outcome);
        progress.update(summary.frames, outcome.kind === 'posed' ? '' : outcome.kind);
      }),
      finalize(() => progress.stop()),
    );
    await lastValueFrom(outcomes, { defaultValue: null });
    isOver = true;
    if (input.stated !== null && summary.frames < input.stated && !signal.aborted)
      say(`The file counts ${input.stated} frames and gave ${summary.frames}: it may be cut off or damaged.`);
  } finally {
    if (isOver || summary.frames > 0) {
      writePoses(poses, options.out);
      say(formatSummary(summary, performance.now() - startedMs));
    }
    for (const report of reports) await report.close();
  }
}

function outcomesOf(input: RecordingInput, localizer: Localizer, options: Options): Observable<Outcome> {
  return input.isLive
    ? liveFrames(input.frames).pipe(localizeLive(localizer, options.mode))
    : localizeRecording(input.frames, localizer, options.mode);
}

async function openReports(
  { camera, isLive }: RecordingInput,
  localizer: Localizer,
  { report, record }: Options,
): Promise<Report[]> {
  const reports = report === undefined ? [] : [openReport(report)];
  if (record !== undefined) reports.push(await openInputRecording(record, camera, localizer, isLive));
  return reports;
}

function keep(outcome: Outcome, poses: TimedPose[], reports: readonly Report[]): void {
  for (const report of reports) report.write(outcome);
  if (isFix(outcome))
    poses.push({ timeS: outcome.frame.timestampS, worldFromCam: outcome.pose.worldFromCam });
}

function writePoses(poses: readonly TimedPose[], out: string | undefined): void {
  const text = formatTum(poses);
  if (out === undefined) {
    process.stdout.write(text);
    return;
  }
  try {
    writeFileSync(out, text);
  } catch (cause) {
    throw fileError(cause, out);
  }
}
