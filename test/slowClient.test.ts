import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readSlowly } from './support/slowReaders.js';

test('a client that handles five poses a second of thirty never gets an old one', async () => {
  for (const { name, agesMs } of await readSlowly(5)) {
    assert.ok(agesMs.length >= 15, `${name}: ${agesMs.length} poses`);
    assert.ok(Math.max(...agesMs) < 500, `${name}: ${Math.max(...agesMs)} ms`);
  }
});
