import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { DEFAULT_MODEL } from '../src/cli/openLocalizer.js';
import { compareWith, readResults, writeResults } from './baseline.js';
import type { BenchRow } from './benchRow.js';
import type { Bench } from './context.js';
import { framesBench } from './frames.js';
import { describeMachine } from './machine.js';
import { mapLoadBench } from './mapLoad.js';
import { matchingBench } from './matching.js';
import { networkBench } from './networkRows.js';
import { pnpBench } from './pnpRows.js';
import { poseStagesBench } from './poseStages.js';
import { formatTable } from './table.js';
import { trackingBench } from './tracking.js';
import { windowBench } from './windowRows.js';

const BENCHES: readonly Bench[] = [
  pnpBench,
  matchingBench,
  networkBench,
  mapLoadBench,
  poseStagesBench,
  trackingBench,
  windowBench,
  framesBench,
];

const EXAMPLES = `
Parts:
${BENCHES.map(({ name, what }) => `  ${name.padEnd(12)}${what}`).join('\n')}

Examples:
  npm run bench                                   everything, about a quarter of an hour on two cores
  npm run bench -- --quick --only matching        does it run, roughly how fast
  npm run bench -- --json now.json                keep the figures
  npm run bench -- --baseline before.json         compare the ratios with an earlier run's

Ours and its peers take turns in one run on one machine, so their ratio holds where absolute times do not.`;

interface Options {
  readonly quick?: boolean;
  readonly only?: readonly string[];
  readonly json?: string;
  readonly baseline?: string;
  readonly keep?: string;
  readonly model: string;
}

const say = (line: string) => process.stderr.write(`${line}\n`);

async function main(options: Options): Promise<void> {
  const parts = chosen(options.only);
  const before = options.baseline === undefined ? null : readResults(options.baseline);
  const scratch = options.keep ?? mkdtempSync(join(tmpdir(), 'posestream-bench-'));
  mkdirSync(scratch, { recursive: true });
  const rows: BenchRow[] = [];
  const machine = await describeMachine();
  say(machine);
  try {
    for (const bench of parts) {
      say(`${bench.name}: ${bench.what}`);
      rows.push(
        ...(await runPart(bench, { quick: options.quick === true, model: options.model, scratch, say })),
      );
    }
  } finally {
    if (options.keep === undefined) rmSync(scratch, { recursive: true, force: true });
  }
  process.stdout.write(`${machine}\n\n${formatTable(rows)}\n`);
  if (before !== null) process.stdout.write(`\n${compareWith(before, rows)}\n`);
  if (options.json !== undefined) writeResults(options.json, { machine, rows });
}

function chosen(only: readonly string[] | undefined): readonly Bench[] {
  if (only === undefined) return BENCHES;
  const unknown = only.find((name) => !BENCHES.some((bench) => bench.name === name));
  if (unknown !== undefined)
    program.error(`There is no part "${unknown}"; there are ${BENCHES.map(({ name }) => name).join(', ')}.`, {
      exitCode: 2,
    });
  return BENCHES.filter(({ name }) => only.includes(name));
}

/** A part that fails is told and counted; the others still run. */
async function runPart(bench: Bench, context: Parameters<Bench['run']>[0]): Promise<readonly BenchRow[]> {
  try {
    return await bench.run(context);
  } catch (error) {
    process.exitCode = 1;
    say(`${bench.name} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    return [];
  }
}

const program = new Command('bench')
  .description('speed with correctness, ours beside what one would use instead')
  .option('--quick', 'fewer rounds, smaller inputs')
  .option('--only <names...>', 'these parts only')
  .option('--json <file>', 'write the rows')
  .option('--baseline <file>', "compare with an earlier run's --json file")
  .option('--model <manifest>', 'network of the whole-frame part', DEFAULT_MODEL)
  .option('--keep <folder>', 'put maps and jobs there and leave them')
  .addHelpText('after', EXAMPLES)
  .action(main);

await program.parseAsync();
