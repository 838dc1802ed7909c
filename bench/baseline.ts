import { readFileSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import type { BenchRow } from './benchRow.js';

const results = z.object({
  machine: z.string(),
  rows: z.array(
    z.object({
      name: z.string(),
      ours: z.number().nullable(),
      ratio: z.number().nullable(),
      unit: z.string(),
    }),
  ),
});

/** What a comparison needs of an earlier run. */
export type Results = z.infer<typeof results>;

/** Throws where the file is not one of `--json`. */
export function readResults(path: string): Results {
  const parsed = results.safeParse(JSON.parse(readFileSync(path, 'utf8')));
  if (parsed.success) return parsed.data;
  const { path: field, message } = parsed.error.issues[0];
  throw new Error(`${path} is no file of --json: ${field.join('.')}: ${message}`);
}

export function writeResults(path: string, run: { machine: string; rows: readonly BenchRow[] }): void {
  writeFileSync(path, `${JSON.stringify(run, null, 2)}\n`);
}

/** Beyond this, up or down, a change is pointed out: two runs of one commit differ by less. */
const NOTABLE = 1.15;

/** One line per row of both runs: this run's ratio over the earlier one's, which a slower machine leaves alone; rows
 * without a peer compare their own figure and say so. */
export function compareWith(before: Results, rows: readonly BenchRow[]): string {
  const earlier = new Map(before.rows.map((row) => [row.name, row]));
  const lines = rows.flatMap((row) => {
    const then = earlier.get(row.name);
    const change = then === undefined ? null : changeOf(row, then);
    return change === null ? [] : [`${row.name}: ${change}`];
  });
  return [`Against the earlier run (${before.machine}):`, ...lines].join('\n');
}

function changeOf(now: BenchRow, then: Results['rows'][number]): string | null {
  if (now.ratio !== null && then.ratio !== null && then.ratio !== 0)
    return `${describe(now.ratio / then.ratio)} (${now.ratio.toFixed(3)} now, ${then.ratio.toFixed(3)} then)`;
  if (now.ours === null || then.ours === null || then.ours === 0) return null;
  return `${describe(now.ours / then.ours)} in ${now.unit} (no peer: holds on one machine only)`;
}

function describe(change: number): string {
  const mark = change > NOTABLE || change < 1 / NOTABLE ? '  <<' : '';
  return `× ${change.toFixed(2)}${mark}`;
}
