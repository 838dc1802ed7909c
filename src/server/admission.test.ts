import assert from 'node:assert/strict';
import { test } from 'node:test';
import { admit, overCapacity, usualMaxStreams } from './admission.js';

test('as many as there are places, the first ones', () => {
  assert.deepEqual(admit(['a', 'b', 'c'], 2), { admitted: ['a', 'b'], refused: ['c'] });
  assert.deepEqual(admit(['a'], 2), { admitted: ['a'], refused: [] });
});

test('a machine of any size serves one stream at least', () => {
  assert.equal(usualMaxStreams(2), 8);
  assert.ok(usualMaxStreams(0) >= 1);
});

test('who is refused learns what to do', () => {
  const { code, hint } = overCapacity('car', 2);
  assert.equal(code, 'E_CAPACITY');
  assert.match(hint ?? '', /limits\.maxStreams/);
});
