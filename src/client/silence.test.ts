import assert from 'node:assert/strict';
import test from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { watchSilence } from './silence.js';

test('silence is told once, and not while something is heard', async () => {
  let silent = 0;
  const watch = watchSilence(100, () => silent++);
  for (let i = 0; i < 10; i++) {
    await delay(30);
    watch.heard();
  }
  assert.equal(silent, 0);
  await delay(400);
  assert.equal(silent, 1);
});

test('a program that was held up is no silence of the other side', async () => {
  let silent = 0;
  const watch = watchSilence(100, () => silent++);
  await delay(10);
  const untilMs = performance.now() + 300;
  while (performance.now() < untilMs);
  await delay(15);
  assert.equal(silent, 0);
  watch.stop();
  await delay(300);
  assert.equal(silent, 0);
});
