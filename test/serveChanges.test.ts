import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { demoMap } from '../src/cli/demoMap.js';
import { errorAnswer, mapAnswer, streamAnswer } from '../src/server/rest/schemas.js';
import { type ServerMessage, serverMessage } from '../src/server/wire.js';
import { ffmpeg, hasFfmpeg } from './clips.js';
import { type RtspServer, startRtspServer } from './rtspServer.js';
import { posestream } from './support/cli.js';
import { repositoryPath } from './support/shared.js';

const town = (...parts: string[]) => repositoryPath('fixtures', 'town', ...parts);
const CAMERA = town('day-other-lane', 'intrinsics.json');
const ADMIN = 'admin token 0123456789';
const READER = 'reader token 0123456789';
const PATIENCE_MS = 60_000;

/** The real server as a process of its own, changed while it runs: over REST and by its file. One stream is never
 * touched, and must not notice any of it. */
describe('serve, changed while it runs', {
  skip: hasFfmpeg ? false : 'no ffmpeg and ffprobe on the PATH',
}, () => {
  const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'posestream-changes-')));
  const [first, copy, config] = ['town.map', 'copy.map', 'posestream.yaml'].map((name) =>
    join(scratch, name),
  );
  let camera: RtspServer;
  let server: ChildProcess;
  let base = '';
  let said = '';
  let all: ReturnType<typeof listen>;
  let carOnly: ReturnType<typeof listen>;

  const yaml = (streams: readonly string[], mapPath = first) =>
    [
      `map: ${mapPath}`,
      `listen: { port: 0, tokens: [{ token: ${ADMIN}, scopes: [admin] }, { token: ${READER}, scopes: ["read:car"] }] }`,
      `sources: { fileRoots: [${town('day-other-lane')}], allowPrivateHosts: true }`,
      'limits: { maxStreams: 3 }',
      'streams:',
      ...[`{ id: car, source: '${camera.url}', intrinsics: ${CAMERA} }`, ...streams].map((s) => `  - ${s}`),
    ].join('\n');
  const write = (...streams: string[]) => writeFileSync(config, yaml(streams));
  const until = async (what: string, isSo: () => boolean): Promise<void> => {
    const untilMs = performance.now() + PATIENCE_MS;
    while (!isSo()) {
      if (performance.now() > untilMs || server.exitCode !== null) throw new Error(`never: ${what}\n${said}`);
      await delay(20);
    }
  };
  const ask = (method: string, path: string, body?: object, token = ADMIN) =>
    fetch(new URL(path, base), {
      method,
      body: body && JSON.stringify(body),
      headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    });

  before(async () => {
    const map = await demoMap(town('day-map'), new AbortController().signal);
    for (const path of [first, copy]) copyFileSync(map, path);
    const clip = join(scratch, 'cam.h264');
    const x264 = ['-c:v', 'libx264', '-profile:v', 'baseline', '-bf', '0', '-g', '15', '-pix_fmt', 'yuv420p'];
    const annexB = ['-x264-params', 'slices=1:sliced-threads=0', '-f', 'h264', clip];
    ffmpeg('-i', town('day-other-lane', 'video.mp4'), ...x264, ...annexB);
    camera = await startRtspServer(readFileSync(clip), { fps: 10 });
    write();
    const checked = await posestream('serve', '--check', config);
    assert.equal(checked.code, 0, checked.stderr);
    server = spawn(
      process.execPath,
      ['--import', 'tsx', repositoryPath('src/cli/main.ts'), 'serve', config],
      {
        stdio: ['ignore', 'ignore', 'pipe'],
      },
    );
    server.stderr?.on('data', (chunk) => {
      said += String(chunk);
    });
    await until('an address', () => /http:\S+/.test(said));
    base = /http:\S+/.exec(said)?.[0] ?? '';
    all = listen(base, ADMIN);
    carOnly = listen(base, READER);
    await until('poses of car', () => all.poses('car').length > 2 && carOnly.poses('car').length > 0);
  });
  after(async () => {
    for (const socket of [all?.socket, carOnly?.socket]) socket?.terminate();
    server?.kill('SIGKILL');
    await camera?.close();
    rmSync(scratch, { recursive: true, force: true });
  });

  // Another look through the same camera: a file that is played again has new epochs of its own.
  const drone = (more = '') => `{ id: drone, source: '${camera.url}', intrinsics: ${CAMERA} ${more} }`;

  test('REST opens a stream, pauses it, goes on in a new epoch, and closes it', async () => {
    assert.equal((await fetch(new URL('/readyz', base))).status, 200);
    const added = await ask('POST', '/api/v1/streams', {
      id: 'rest',
      source: camera.url,
      intrinsics: CAMERA,
    });
    assert.equal(added.status, 201, said);
    streamAnswer.parse(await added.json());
    await until('poses of rest', () => all.poses('rest').length > 0);
    const paused = streamAnswer.parse(await (await ask('POST', '/api/v1/streams/rest/pause')).json());
    assert.equal(paused.source.kind, 'paused');
    const before = all.poses('rest').at(-1);
    assert.equal((await ask('POST', '/api/v1/streams/rest/resume')).status, 200);
    await until('a new epoch', () => (all.poses('rest').at(-1)?.epoch ?? 0) > (before?.epoch ?? 0));
    const refused = await ask('POST', '/api/v1/streams', { id: 'x', source: '/etc/passwd' });
    assert.equal(refused.status, 422);
    assert.equal(errorAnswer.parse(await refused.json()).error.code, 'E_SOURCE_URL');
    assert.equal((await ask('DELETE', '/api/v1/streams/rest')).status, 204);
    assert.equal((await ask('GET', '/api/v1/streams/rest')).status, 404);
    await until('a hello without it', () => !all.streams().includes('rest'));
  });

  test('a file that is no map is refused, and the old map stays', async () => {
    writeFileSync(join(scratch, 'no.mp4'), 'no video');
    const reply = await ask('PUT', '/api/v1/map', { path: 'no.mp4' });
    assert.equal(reply.status, 422, await reply.text());
  });

  test('the file adds, changes and removes streams; one that is wrong changes nothing', async () => {
    write(drone());
    await until('poses of drone', () => all.poses('drone').length > 0);
    const epoch = all.poses('drone').at(-1)?.epoch ?? 0;
    write(drone(', maxSidePx: 320'));
    await until('drone anew', () => (all.poses('drone').at(-1)?.epoch ?? 0) > epoch);
    writeFileSync(config, yaml([`{ id: drone, sauce: x }`]));
    await until('the refusal', () =>
      /E_CONFIG \S+posestream\.yaml:\d+:\d+: .*sauce.*The old configuration stays/.test(said),
    );
    assert.ok(all.streams().includes('drone'));
    writeFileSync(config, yaml([drone(', maxSidePx: 320')], copy).replace('port: 0', 'port: 1'));
    await until('the map and the key that waits', () =>
      /copy\.map; counts only after a restart: listen\.port/.test(said),
    );
    write();
    await until('a hello without drone', () => !all.streams().includes('drone'));
  });

  test('a map is swapped over REST: resetCounter grows, no stream starts anew', async () => {
    const before = all.poses('car').at(-1);
    const swapped = await ask('PUT', '/api/v1/map', { path: 'copy.map' });
    assert.equal(swapped.status, 200, said);
    mapAnswer.parse(await swapped.json());
    await until(
      'a greater resetCounter',
      () => (all.poses('car').at(-1)?.resetCounter ?? 0) > (before?.resetCounter ?? 0),
    );
  });

  test('the stream that nobody touched never noticed', async () => {
    const poses = all.poses('car');
    assert.deepEqual([...new Set(poses.map(({ epoch }) => epoch))].length, 1);
    for (let i = 1; i < poses.length; i++) assert.ok(poses[i].sequence > poses[i - 1].sequence);
    const kinds = all.sources('car');
    assert.deepEqual(new Set(kinds.slice(kinds.indexOf('streaming'))), new Set(['streaming']));
  });

  test('a token for car heard of nothing else, in hello or after it, and may change nothing', async () => {
    assert.deepEqual(carOnly.everyStream(), ['car']);
    assert.equal((await ask('DELETE', '/api/v1/streams/car', undefined, READER)).status, 403);
  });

  test('SIGTERM ends it with 0', async () => {
    server.kill('SIGTERM');
    assert.deepEqual(await once(server, 'exit'), [0, null]);
  });
});

/** A client that keeps what it hears. */
function listen(base: string, token: string) {
  const socket = new WebSocket(new URL('/poses', base.replace('http', 'ws')), {
    headers: { Authorization: `Bearer ${token}` },
  });
  const heard: ServerMessage[] = [];
  socket.on('message', (data) => heard.push(serverMessage.parse(JSON.parse(String(data)))));
  const of = <T extends ServerMessage['type']>(type: T) =>
    heard.filter((m): m is Extract<ServerMessage, { type: T }> => m.type === type);
  const listed = () => of('hello').map(({ streams }) => streams.map(({ id }) => id));
  return {
    socket,
    poses: (stream: string) => of('pose').filter((pose) => pose.stream === stream),
    sources: (stream: string) => of('status').flatMap((m) => (m.stream === stream ? [m.source.kind] : [])),
    /** As the newest hello lists them. */
    streams: () => listed().at(-1) ?? [],
    everyStream: () => [
      ...new Set([...listed().flat(), ...[...of('pose'), ...of('status')].map(({ stream }) => stream)]),
    ],
  };
}
