import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { pushPort, type Sender } from './pushed.js';

const TOOL = {} as never;
const sender = (): Sender & { replacedTimes: number } => {
  const made = { bytes: new PassThrough(), replacedTimes: 0, replaced: () => void made.replacedTimes++ };
  return made;
};

test('who waits for a sender gets the next one, or stops with the signal', async () => {
  const port = pushPort();
  const signal = new AbortController();
  const waiting = port.open(TOOL, signal.signal);
  const first = sender();
  port.attach(first);
  assert.equal((await waiting).input, first.bytes);

  first.bytes.resume();
  const next = port.open(TOOL, signal.signal);
  signal.abort();
  await assert.rejects(async () => next);
  await assert.rejects(async () => port.open(TOOL, AbortSignal.abort()));
});

test('the newest sender takes the place, unless the one before has left by itself', async () => {
  const port = pushPort();
  const [first, second, third] = [sender(), sender(), sender()];
  port.attach(first);
  port.attach(second);
  assert.deepEqual([first.replacedTimes, first.bytes.writableEnded], [1, true]);
  second.bytes.end();
  port.attach(third);
  assert.equal(second.replacedTimes, 0);
  assert.equal((await port.open(TOOL, new AbortController().signal)).input, third.bytes);
});
