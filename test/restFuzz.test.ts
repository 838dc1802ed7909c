import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fuzzConfig, fuzzRest } from './restFuzzRun.js';

// `npm run test:rest-fuzz` sends a hundred thousand.
const COUNT = 1000;

test('hostile REST bodies: every one answered, with a code where refused, and none is a bug', async () => {
  const { failures, answers } = await fuzzRest(COUNT, 7);
  assert.deepEqual(failures, []);
  for (const expected of ['201', '400 E_CONFIG', '413 E_PROTOCOL', '415 E_PROTOCOL', '422 E_SOURCE_URL'])
    assert.ok(answers[expected] > 0, `${expected} never came: the bodies test nothing`);
});

test('hostile configurations: each is taken or refused with E_CONFIG', async () => {
  const { failures, answers } = await fuzzConfig(COUNT, 7);
  assert.deepEqual(failures, []);
  assert.ok(answers.E_CONFIG > 0 && answers.taken > 0);
});
