import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSlowly } from './support/slowReaders.js';

test('a client that handles five poses a second of thirty never gets an old one', async () => {
  for (const { name, agesMs } of await readSlowly(5)) {
    assert.ok(agesMs.length >= 12, `${name}: ${agesMs.length} poses`);
    // The command of its own asks it of every pose; here a busy machine may hold one of them up.
    const ageMs = [...agesMs].sort((a, b) => a - b)[Math.floor(0.9 * agesMs.length)];
    assert.ok(ageMs < 500, `${name}: ${ageMs} ms`);
  }
});
