import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { exists, hasFfmpeg } from './clips.js';
import { freePort } from './support/freePort.js';

const skip = hasFfmpeg ? false : 'no ffmpeg on the PATH';
const program = fileURLToPath(new URL('support/waitForEncoder.ts', import.meta.url));

test('a decoder that waits for a camera dies with a parent that was killed', { skip }, async () => {
  const args = ['--import', 'tsx', program, String(await freePort())];
  const parent = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const pid = Number(line.toString());
    await delay(500);
    assert.ok(exists(pid), 'the decoder waits');
    process.kill(pid, 'SIGSTOP');
    parent.kill('SIGKILL');
    await once(parent, 'exit');
    for (let i = 0; i < 100 && exists(pid); i++) await delay(50);
    assert.equal(exists(pid), false);
  } finally {
    parent.kill('SIGKILL');
  }
});
