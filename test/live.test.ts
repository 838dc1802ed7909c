import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { demoMap } from '../src/cli/demoMap.js';
import { type ServerMessage, serverMessage } from '../src/server/wire.js';
import { ffmpeg, hasFfmpeg } from './clips.js';
import { type RtspServer, startRtspServer } from './rtspServer.js';
import { posestream } from './support/cli.js';
import { repositoryPath } from './support/shared.js';

const FPS = 15;
const town = (...parts: string[]) => repositoryPath('fixtures', 'town', ...parts);
const CAMERA = town('day-other-lane', 'intrinsics.json');

/** A camera on the network, the real server as a process of its own, a client on its socket. */
describe('live', { skip: hasFfmpeg ? false : 'no ffmpeg and ffprobe on the PATH' }, () => {
  const scratch = mkdtempSync(join(tmpdir(), 'posestream-live-'));
  let map: string;
  let camera: RtspServer;

  before(async () => {
    map = await demoMap(town('day-map'), new AbortController().signal);
    const clip = join(scratch, 'cam.h264');
    const x264 = ['-c:v', 'libx264', '-profile:v', 'baseline', '-bf', '0', '-g', '15', '-pix_fmt', 'yuv420p'];
    const annexB = ['-x264-params', 'slices=1:sliced-threads=0', '-f', 'h264', clip];
    ffmpeg('-i', town('day-other-lane', 'video.mp4'), ...x264, ...annexB);
    camera = await startRtspServer(readFileSync(clip), { fps: FPS });
  });
  after(async () => {
    await camera?.close();
    rmSync(scratch, { recursive: true, force: true });
  });

  test('serve: poses of an RTSP camera over the socket, fresh and counted; SIGTERM ends it with 0', async () => {
    const args = [
      'serve',
      '--map',
      map,
      '--stream',
      `car=${camera.url}`,
      '--intrinsics',
      CAMERA,
      '--port',
      '0',
    ];
    const child = spawn(process.execPath, ['--import', 'tsx', repositoryPath('src/cli/main.ts'), ...args], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    try {
      const socket = new WebSocket(await posesAddress(child.stderr));
      const poses = await takePoses(socket, 20);
      socket.close();
      const last = poses[poses.length - 1];
      assert.ok(poses.filter(({ state }) => state === 'posed').length >= 15);
      assert.equal(last.clock, 'arrival');
      assert.ok(last.ageMs !== null && last.ageMs >= 0);
      const { in: frames, posed, lost, dropped } = last.counters;
      const droppedInAll = Object.values(dropped).reduce((sum, n) => sum + n, 0);
      assert.equal(frames, posed + lost + droppedInAll);
      child.kill('SIGTERM');
      assert.deepEqual(await once(child, 'exit'), [0, null]);
    } finally {
      child.kill('SIGKILL');
    }
  });

  test('serve: a stream too many is refused; dark, blank and covered pictures are lost, never posed', async () => {
    const config = join(scratch, 'posestream.yaml');
    const stream = (id: string) => `  - { id: ${id}, source: '${camera.url}', intrinsics: ${CAMERA} }`;
    const limits = 'listen: { port: 0 }\nlimits: { maxStreams: 1 }';
    writeFileSync(config, [`map: ${map}`, limits, 'streams:', stream('car'), stream('extra')].join('\n'));
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', repositoryPath('src/cli/main.ts'), 'serve', config],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    try {
      const told = messages(new WebSocket(await posesAddress(child.stderr)));
      const hello = await told((m) => m.type === 'hello');
      const failed = hello.type === 'hello' && hello.streams.find(({ id }) => id === 'extra')?.source;
      assert.match(JSON.stringify(failed), /E_CAPACITY.*maxStreams/);
      await told((m) => m.type === 'pose' && m.state === 'posed');
      for (const [name, source] of [
        ['black', 'color=black'],
        ['white', 'color=white'],
        ['covered', 'color=0x101010,noise=alls=6:allf=t'],
      ]) {
        camera.show(blank(name, source));
        // What was on its way before may still be posed.
        await told((m) => m.type === 'pose' && m.state === 'lost' && m.reason === 'no-features');
        const next = await told((m) => m.type === 'pose');
        assert.equal(next.type === 'pose' && next.state, 'lost', name);
      }
      camera.show(readFileSync(join(scratch, 'cam.h264')));
      await told((m) => m.type === 'pose' && m.state === 'posed');
    } finally {
      child.kill('SIGKILL');
    }
  });

  function blank(name: string, source: string): Buffer {
    const path = join(scratch, `${name}.h264`);
    const [color, ...filters] = source.split(',');
    const filter = filters.length > 0 ? ['-vf', filters.join(',')] : [];
    const x264 = ['-c:v', 'libx264', '-profile:v', 'baseline', '-bf', '0', '-g', '15', '-pix_fmt', 'yuv420p'];
    const annexB = ['-x264-params', 'slices=1:sliced-threads=0', '-f', 'h264', path];
    const input = ['-f', 'lavfi', '-i', `${color}:size=640x360:rate=${FPS}:duration=2`];
    ffmpeg(...input, ...filter, ...x264, ...annexB);
    return readFileSync(path);
  }

  test('localize takes the same camera and writes what it has when it is stopped', async () => {
    const out = join(scratch, 'poses.tum');
    const report = join(scratch, 'frames.jsonl');
    const files = ['--out', out, '--report', report];
    const args = ['localize', camera.url, '--map', map, '--intrinsics', CAMERA, ...files];
    const child = spawn(process.execPath, ['--import', 'tsx', repositoryPath('src/cli/main.ts'), ...args], {
      stdio: 'ignore',
    });
    const exited = once(child, 'exit');
    const posed = () => (existsSync(report) ? readFileSync(report, 'utf8').split('"posed"').length - 1 : 0);
    while (posed() < 15 && child.exitCode === null) await delay(100);
    child.kill('SIGINT');
    const [code] = await exited;
    assert.equal(code, 130);
    const poses = readFileSync(out, 'utf8')
      .split('\n')
      .filter((line) => /^\d/.test(line));
    assert.ok(poses.length > 10, `${poses.length} poses`);
  });

  test('a recording that was cut off is localized as far as it goes, and that is said', async () => {
    const video = join(scratch, 'cut.mp4');
    writeFileSync(video, readFileSync(town('dusk', 'video.mp4')).subarray(0, 300_000));
    const out = join(scratch, 'cut.tum');
    const args = ['localize', video, '--map', map, '--intrinsics', CAMERA, '--out', out];
    const { code, stderr } = await posestream(...args);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /counts 84 frames and gave \d+/);
  });
});

type PoseMessage = Extract<ServerMessage, { type: 'pose' }>;

async function posesAddress(stderr: NodeJS.ReadableStream): Promise<string> {
  for await (const line of createInterface({ input: stderr })) {
    const address = /ws:\/\/\S+poses/.exec(line)?.[0];
    if (address !== undefined) return address;
  }
  throw new Error('the server ended without an address');
}

/** Waits for the next message that fits. */
function messages(socket: WebSocket) {
  const heard: ServerMessage[] = [];
  socket.on('message', (data) => heard.push(serverMessage.parse(JSON.parse(String(data)))));
  return async (fits: (message: ServerMessage) => boolean): Promise<ServerMessage> => {
    const untilMs = performance.now() + 60_000;
    for (;;) {
      for (let message = heard.shift(); message; message = heard.shift()) if (fits(message)) return message;
      if (socket.readyState === socket.CLOSED) throw new Error('the socket closed');
      if (performance.now() > untilMs) throw new Error(`no such message: ${fits}`);
      await delay(20);
    }
  };
}

function takePoses(socket: WebSocket, count: number): Promise<PoseMessage[]> {
  const poses: PoseMessage[] = [];
  return new Promise((resolve, reject) => {
    socket.on('error', reject);
    socket.on('close', () => reject(new Error(`the socket closed after ${poses.length} poses`)));
    socket.on('message', (data) => {
      const message = serverMessage.parse(JSON.parse(String(data)));
      if (message.type === 'pose') poses.push(message);
      if (poses.length === count) resolve(poses);
    });
  });
}
