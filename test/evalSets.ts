import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type Assessment, assess, type Reference } from '../src/cli/eval/assess.js';
import { readReference } from '../src/cli/eval/reference.js';
import { hasSmoothPoses } from '../src/cli/eval/reportFile.js';
import { TRAJECTORIES, type Trajectory } from '../src/cli/eval/run.js';
import { readRun } from '../src/cli/eval/runFile.js';
import { RECALL_THRESHOLDS } from '../src/cli/evaluate.js';
import { readTextFile } from '../src/map/posedFolder.js';
import { brokenBars } from './sets/bars.js';
import { allCases, isHere, type SetCase } from './sets/cases.js';
import { cachedMap } from './sets/mapCache.js';
import { formatRows, type SetRow } from './sets/rows.js';
import { posestream } from './support/cli.js';

/** Every real and rendered set, frame by frame against as a sequence.
 *   npm run eval:sets                         all of them; the table is Markdown
 *   npm run eval:sets -- night 'kitti_a$'     those whose name matches
 *   npm run eval:sets -- --out DIR            keeps the reports there, for `posestream eval --compare`
 * Maps are kept in the temporary folder and built again when their input, the network or the builder changes.
 * Exit code 1 where sequence mode breaks a bar, 2 where there is nothing to run. */

const { values, positionals } = parseArgs({ allowPositionals: true, options: { out: { type: 'string' } } });
const cache = join(tmpdir(), 'posestream-eval-sets');
const out = values.out ?? join(cache, 'reports');
const say = (words: string) => process.stderr.write(`${words}\n`);

const MODES = ['frame', 'sequence'] as const;

async function runSet(set: SetCase): Promise<SetRow[]> {
  say(`${set.name}: map`);
  const map = await cachedMap(set.map, join(cache, 'maps'));
  const reference = referenceOf(set);
  const rows: SetRow[] = [];
  for (const mode of MODES) {
    const report = join(out, `${set.name.replaceAll(' ', '-')}-${mode}.jsonl`);
    say(`${set.name}: ${mode}`);
    await localize(set, ['--map', map, '--mode', mode, '--report', report, '--out', `${report}.tum`]);
    for (const trajectory of trajectoriesIn(report))
      rows.push({
        set: set.name,
        mode: trajectory === 'raw' ? mode : `${mode}, ${trajectory}`,
        figures: figuresOf(report, trajectory, reference),
      });
  }
  return rows;
}

/** A report has smooth poses where something smooths. */
const trajectoriesIn = (report: string): readonly Trajectory[] =>
  hasSmoothPoses(readTextFile(report)) ? TRAJECTORIES : ['raw'];

async function localize({ input, args }: SetCase, more: readonly string[]): Promise<void> {
  const { code, stderr } = await posestream('localize', input, ...args, ...more);
  if (code !== 0) throw new Error(stderr);
  say(stderr.trim().split('\n').slice(-3).join('\n'));
}

const TOLERANCE_S = 0.005;

function referenceOf({ reference: file, list, mappedEvery }: SetCase): Reference {
  const reference = readReference({ reference: file, list, toleranceS: TOLERANCE_S });
  if (mappedEvery === undefined) return reference;
  return { ...reference, queries: reference.queries.filter((_, i) => i % mappedEvery !== 0) };
}

function figuresOf(report: string, use: Trajectory, reference: Reference): Assessment {
  const options = { thresholds: RECALL_THRESHOLDS, toleranceS: TOLERANCE_S, align: 'none' } as const;
  return assess(readRun(report, { use }), reference, { ...options, jump: { m: 0.5, deg: 5 } }).figures;
}

const wanted = positionals.map((pattern) => new RegExp(pattern));
const named = allCases().filter(
  ({ name }) => wanted.length === 0 || wanted.some((pattern) => pattern.test(name)),
);
const cases = named.filter(isHere);
for (const { name } of named.filter((set) => !isHere(set)))
  say(`${name}: not on this machine (POSESTREAM_SHARED)`);
if (cases.length === 0) {
  say('No set of such a name is here.');
  process.exit(2);
}
mkdirSync(out, { recursive: true });
const rows: SetRow[] = [];
const broken: string[] = [];
for (const set of cases) {
  const [frame, ...sequences] = await runSet(set);
  rows.push(frame, ...sequences);
  for (const { mode, figures } of sequences)
    broken.push(...brokenBars(set, frame.figures, figures).map((words) => `${set.name}, ${mode}: ${words}`));
}
process.stdout.write(formatRows(rows));
process.stdout.write(
  broken.length === 0 ? '\nEvery bar is kept.\n' : `\nBroken:\n${broken.map((b) => `- ${b}\n`).join('')}`,
);
say(`reports in ${out}`);
if (broken.length > 0) process.exitCode = 1;
