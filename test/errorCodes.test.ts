import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import test from 'node:test';
import { repositoryPath } from './support/shared.js';

const sources = readdirSync(repositoryPath('src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && !path.endsWith('.test.ts'))
  .map((path) => ({ path, text: readFileSync(repositoryPath('src', path), 'utf8') }));
const declaredIn = (text: string): string[] =>
  [...text.matchAll(/^ {2}\| '(E_\w+)'/gm)].map(([, code]) => code);
const declared = declaredIn(readFileSync(repositoryPath('src/domain/errors.ts'), 'utf8'));
const used = new Set(
  sources
    .filter(({ path }) => path !== 'domain/errors.ts')
    .flatMap(({ text }) => text.match(/\bE_[A-Z]+(?:_[A-Z]+)*\b/g) ?? []),
);

test('every code is documented once, with what it means, where it appears and how to mend it', () => {
  const rows = readFileSync(repositoryPath('docs/errors.md'), 'utf8')
    .split('\n')
    .filter((line) => line.startsWith('| `E_'))
    .map((line) => line.slice(1, -1).split(' | '));
  assert.deepEqual(
    rows.map(([code]) => code.trim().replaceAll('`', '')),
    declared,
  );
  for (const row of rows) {
    assert.equal(row.length, 4, row[0]);
    for (const cell of row) assert.ok(cell.trim().length > 4, `${row[0]} says too little`);
  }
});

test('every code can happen, and no other does', () => {
  assert.ok(declared.length > 20);
  for (const code of declared) assert.ok(used.has(code), `${code} is never told`);
  for (const code of used) assert.ok(declared.includes(code), `${code} is not declared`);
});
