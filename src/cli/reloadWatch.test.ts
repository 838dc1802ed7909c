import assert from 'node:assert/strict';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { watchText } from './reloadWatch.js';

function watching(t: TestContext, slowMs = 0) {
  const folder = mkdtempSync(join(tmpdir(), 'posestream-watch-'));
  const path = join(folder, 'posestream.yaml');
  writeFileSync(path, 'first');
  const seen: string[] = [];
  const troubles: unknown[] = [];
  let inside = 0;
  const stop = new AbortController();
  const onText = async (text: string): Promise<void> => {
    assert.equal(inside++, 0, 'one at a time');
    await delay(slowMs);
    seen.push(text);
    inside--;
  };
  watchText(path, 'first', { onText, onTrouble: (error) => troubles.push(error) }, stop.signal);
  t.after(() => {
    stop.abort();
    rmSync(folder, { recursive: true });
  });
  const until = async (count: number): Promise<void> => {
    for (let waited = 0; seen.length < count && waited < 5000; waited += 20) await delay(20);
    assert.equal(seen.length, count, JSON.stringify(seen));
  };
  return { folder, path, seen, troubles, until, stop };
}

test('a file that is written, replaced, or taken away and put back is read once each', async (t) => {
  const { folder, path, seen, until } = watching(t);
  writeFileSync(path, '');
  writeFileSync(path, 'written');
  await until(1);
  writeFileSync(join(folder, 'new'), 'renamed');
  renameSync(join(folder, 'new'), path);
  await until(2);
  rmSync(path);
  await delay(300);
  writeFileSync(path, 'back');
  await until(3);
  writeFileSync(join(folder, 'other'), 'x');
  writeFileSync(path, 'back');
  await delay(500);
  assert.deepEqual(seen, ['written', 'renamed', 'back']);
});

test('what changes while the last text is worked on is read afterwards', async (t) => {
  const { path, seen, until } = watching(t, 600);
  writeFileSync(path, 'one');
  await delay(400);
  writeFileSync(path, 'two');
  await delay(250);
  writeFileSync(path, 'three');
  await until(2);
  assert.deepEqual(seen, ['one', 'three']);
});

test('SIGHUP reads it again even where nothing changed, and says where it is gone', async (t) => {
  const { path, seen, troubles, until, stop } = watching(t);
  process.kill(process.pid, 'SIGHUP');
  await until(1);
  assert.deepEqual(seen, ['first']);
  rmSync(path);
  process.kill(process.pid, 'SIGHUP');
  await delay(100);
  assert.equal(troubles.length, 1);
  stop.abort();
  assert.equal(process.listenerCount('SIGHUP'), 0);
});
