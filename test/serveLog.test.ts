import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { WebSocket } from 'ws';
import { demoMap } from '../src/cli/demoMap.js';
import { hasFfmpeg } from './clips.js';
import { startServe, workerOf } from './support/serveProcess.js';
import { repositoryPath } from './support/shared.js';
import { until } from './support/until.js';

const town = (...parts: string[]) => repositoryPath('fixtures', 'town', ...parts);
const scratch = mkdtempSync(join(tmpdir(), 'posestream-log-'));
after(() => rmSync(scratch, { recursive: true }));
const skip = !hasFfmpeg
  ? 'no ffmpeg and ffprobe on the PATH'
  : process.platform === 'linux'
    ? false
    : 'a full disk is /dev/full';

const TOKEN = 'CANARY-token-0123456789';
const BAD = 'CANARY-mistyped-token';

test('serve logs JSON, no secret leaves it anywhere, and a full disk stops a recording alone', {
  skip,
}, async () => {
  const map = await demoMap(town('day-map'), new AbortController().signal);
  const config = join(scratch, 'posestream.yaml');
  const camera = town('day-other-lane', 'intrinsics.json');
  const lines = [
    `map: ${map}`,
    `listen: { token: ${TOKEN} }`,
    'record: /dev/full',
    'streams:',
    `  - { id: car, source: ${town('day-other-lane', 'video.mp4')}, loop: true }`,
    `  - { id: cam, source: "rtsp://CANARYuser:CANARYpass@127.0.0.1:9/x?token=CANARYquery", intrinsics: ${camera} }`,
    'outputs:',
    '  - { kind: rosbridge, stream: car, url: "ws://u:CANARYros@127.0.0.1:9" }',
  ];
  writeFileSync(config, lines.join('\n'));
  const server = await startServe(config, '--log-level', 'debug');
  const heard: string[] = [];
  const authorization = `Bearer ${TOKEN}`;
  try {
    const socket = new WebSocket(`${server.url.replace('http', 'ws')}poses`, { headers: { authorization } });
    socket.on('message', (data) => heard.push(String(data)));
    const events = () => server.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
    const said = (event: string) => events().filter((one) => one.event === event);
    await until(() => said('recording-stopped').length === 1, 'word of the full disk');
    assert.equal(said('recording-stopped')[0].code, 'E_DISK_FULL');
    const poses = () => heard.filter((text) => text.includes('"type":"pose"')).length;
    const before = poses();
    await until(() => poses() > before + 3, 'poses after that');
    await until(() => said('source-retrying').length > 0, 'the camera that is not there');
    assert.match(String(said('source-retrying')[0].message), /E_SOURCE_OPEN rtsp:\/\/\*\*\*@127\.0\.0\.1:9/);
    const asked = [
      ['metrics', authorization],
      ['api/streams', authorization],
      ['api/v1/streams', authorization],
      ['api/v1/streams/cam', authorization],
      ['healthz', authorization],
      ['api/streams', `Bearer ${BAD}`],
      [`api/v1/streams?token=${BAD}`, `Bearer ${BAD}`],
    ];
    for (const [path, header] of asked) {
      const answer = await fetch(`${server.url}${path}`, { headers: { authorization: header } });
      heard.push(await answer.text());
    }
    const added = await fetch(`${server.url}api/v1/streams`, {
      method: 'POST',
      headers: { authorization, 'content-type': 'application/json' },
      body: JSON.stringify({ id: 'new', source: 'rtsp://u:CANARYnew@127.0.0.1:9/y' }),
    });
    heard.push(await added.text());
    process.kill(workerOf(server.child.pid ?? 0) ?? 0, 'SIGKILL');
    await until(() => said('worker-ended').length === 1, 'word of the worker');
    assert.equal(said('worker-ended')[0].level, 'error');
    assert.equal((await server.stop()).code, 0);
    assert.equal(said('stopping').length, 1);
    for (const event of events())
      assert.ok(event.level && event.event && Date.parse(String(event.time)), JSON.stringify(event));
    for (const text of [...heard, ...server.lines]) assert.doesNotMatch(text, /CANARY/);
  } finally {
    server.child.kill('SIGKILL');
  }
});
