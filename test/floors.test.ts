import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { test } from 'node:test';

const SRC = new URL('../src', import.meta.url).pathname;

/** Each folder's height; equal heights are side by side and may not see each other. */
const FLOOR: Readonly<Record<string, number>> = {
  domain: 0,
  geometry: 1,
  kernels: 1,
  map: 2,
  hfnet: 2,
  tracking: 2,
  operators: 3,
  streams: 4,
  server: 5,
  cli: 6,
  client: 6,
};
const MAY_TOUCH_DISK = new Set(['map', 'hfnet', 'streams', 'server', 'cli']);
const MAY_USE_RXJS = new Set(['operators', 'streams', 'server', 'cli']);

const files = readdirSync(SRC, { recursive: true, encoding: 'utf8' }).filter((f) => f.endsWith('.ts'));

const folderOf = (path: string) => relative(SRC, path).split(sep)[0]!;

function importsOf(file: string): string[] {
  const text = readFileSync(join(SRC, file), 'utf8');
  return [...text.matchAll(/(?:from|import)\s*\(?\s*'([^']+)'/g)].map((m) => m[1]!);
}

test('every folder has its floor', () => {
  for (const file of files) assert.ok(folderOf(join(SRC, file)) in FLOOR, `${file} stands on no floor`);
});

test('a file imports its own folder or a lower floor', () => {
  for (const file of files) {
    const here = folderOf(join(SRC, file));
    for (const target of importsOf(file).filter((t) => t.startsWith('.'))) {
      const there = folderOf(join(SRC, file, '..', target));
      if (there === here || there.startsWith('..')) continue;
      assert.ok(FLOOR[there]! < FLOOR[here]!, `${file} imports ${target}: ${here} may not see ${there}`);
    }
  }
});

test('packages stay on their floors', () => {
  for (const file of files.filter((f) => !f.endsWith('.test.ts'))) {
    const here = folderOf(join(SRC, file));
    for (const target of importsOf(file)) {
      if (target.startsWith('rxjs')) assert.ok(MAY_USE_RXJS.has(here), `${file} imports rxjs`);
      if (/^node:(fs|child_process|net|http)/.test(target))
        assert.ok(MAY_TOUCH_DISK.has(here), `${file} does I/O through ${target}`);
    }
  }
});

test('maths below the streams reads no clock and no global randomness', () => {
  for (const file of files.filter((f) => !f.endsWith('.test.ts'))) {
    if (FLOOR[folderOf(join(SRC, file))]! > 3) continue;
    const text = readFileSync(join(SRC, file), 'utf8');
    assert.doesNotMatch(text, /Math\.random\(|Date\.now\(|performance\.now\(|new Date\(\)/, file);
  }
});
