import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { demoMap } from '../src/cli/demoMap.js';
import { DEFAULT_MODEL } from '../src/cli/openLocalizer.js';
import { serveStreams } from '../src/cli/serveStreams.js';
import { readMap, writeMap } from '../src/map/mapFile.js';
import type { PosedMessage } from '../src/server/wire.js';
import {
  booksOf,
  cannotWatchProcesses,
  descendants,
  isGone,
  type Listener,
  listenTo,
  type ServeProcess,
  startServe,
  workerOf,
} from './support/serveProcess.js';
import { repositoryPath } from './support/shared.js';
import { until } from './support/until.js';

const town = (...parts: string[]) => repositoryPath('fixtures', 'town', ...parts);
const IDS = ['left', 'right'];
const skip = cannotWatchProcesses;

/** The real server as processes of their own, ended in every way a process can end. */
describe('a worker that dies', { skip }, () => {
  const scratch = mkdtempSync(join(tmpdir(), 'posestream-worker-'));
  const config = join(scratch, 'posestream.yaml');
  let server: ServeProcess;
  let client: Listener;

  before(async () => {
    const map = await demoMap(town('day-map'), new AbortController().signal);
    const drive = town('day-other-lane', 'video.mp4');
    const streams = IDS.map((id) => `  - { id: ${id}, source: ${drive}, loop: true }`);
    writeFileSync(config, [`map: ${map}`, 'streams:', ...streams].join('\n'));
    server = await startServe(config);
    client = await listenTo(server.url);
    await until(() => IDS.every((id) => client.poses(id).length > 3), 'poses of both streams');
  });
  after(async () => {
    client?.close();
    server?.child.kill('SIGKILL');
    rmSync(scratch, { recursive: true, force: true });
  });

  const pid = () => server.child.pid!;

  /** Ends the worker in some way; every stream must say so and come back later than ever, on the same socket. */
  async function survives(how: (worker: number) => void): Promise<void> {
    const worker = workerOf(pid())!;
    const below = descendants(worker);
    assert.ok(below.length >= IDS.length, 'a decoder for every stream');
    const seen = client.messages.length;
    const last = IDS.map((id) => client.poses(id).at(-1)!);
    how(worker);
    const since = () => client.messages.slice(seen);
    const says = (id: string) =>
      since().some(
        (m) =>
          m.type === 'status' &&
          m.stream === id &&
          m.source.kind === 'retrying' &&
          m.source.code === 'SOURCE_DOWN',
      );
    await until(() => IDS.every(says), 'SOURCE_DOWN of every stream');
    const isBack = (id: string, i: number) =>
      client.poses(id).some(({ state, epoch }) => state === 'posed' && epoch > last[i].epoch);
    await until(() => IDS.every(isBack), 'poses of a new epoch');
    for (const [i, id] of IDS.entries()) {
      const after = since().filter((m) => m.type === 'pose' && m.stream === id && m.epoch > last[i].epoch);
      const at = since().indexOf(after[0]);
      const late = since()
        .slice(at)
        .filter((m) => m.type === 'pose' && m.stream === id && m.epoch <= last[i].epoch);
      assert.equal(late.length, 0, 'nothing of the old worker comes after the new one');
      for (const pose of after)
        assert.ok(pose.type === 'pose' && pose.resetCounter! > last[i].resetCounter!, 'the path is broken');
    }
    assert.equal(client.socket.readyState, client.socket.OPEN);
    assert.notEqual(workerOf(pid()), worker);
    await until(() => [worker, ...below].every(isGone), 'end of the old processes');
  }

  function assertBooks(): void {
    for (const message of client.messages) {
      if (message.type !== 'status') continue;
      const books = booksOf(message);
      assert.equal(books.in, books.posed + books.lost + books.dropped);
      assert.ok(books.inFlight <= 8, `${books.inFlight} frames under way`);
    }
  }

  test('SIGKILL, twice: streams say SOURCE_DOWN, then poses of a new epoch; books balance', async () => {
    await survives((worker) => process.kill(worker, 'SIGKILL'));
    await survives((worker) => process.kill(worker, 'SIGKILL'));
    assertBooks();
  });

  test('SIGSTOP: a worker that hangs is noticed, ended and replaced', async () => {
    const startedMs = performance.now();
    await survives((worker) => process.kill(worker, 'SIGSTOP'));
    assert.ok(performance.now() - startedMs < 30_000);
    assertBooks();
  });

  test('the page and its data are there all the while', async () => {
    const worker = workerOf(pid())!;
    process.kill(worker, 'SIGKILL');
    await until(() => workerOf(pid()) !== worker, 'end of the worker');
    const { status, headers } = await fetch(`${server.url}api/map`);
    assert.equal(status, 200);
    assert.ok(headers.get('etag'));
    assert.equal((await fetch(`${server.url}healthz`)).status, 200);
    await until(() => client.poses(IDS[0]).at(-1)!.epoch > 2, 'poses');
  });

  test('SIGTERM: exit 0 within 2 s, 1001 to clients, nobody left', async () => {
    await until(
      () => workerOf(pid()) !== null && descendants(workerOf(pid())!).length >= IDS.length,
      'decoders',
    );
    const below = descendants(pid());
    const closed = new Promise<number>((resolve) => client.socket.once('close', resolve));
    const { code, ms } = await server.stop();
    assert.equal(code, 0);
    assert.equal(await closed, 1001);
    assert.ok(ms < 2000, `${ms.toFixed(0)} ms`);
    await until(() => below.every(isGone), 'end of all');
    assertBooks();
  });

  test('a gateway killed by SIGKILL leaves no worker and no decoder, not even stopped ones', async () => {
    const other = await startServe(config);
    const gateway = other.child.pid!;
    await until(() => descendants(workerOf(gateway) ?? 0).length >= IDS.length, 'decoders');
    const worker = workerOf(gateway)!;
    const below = descendants(gateway);
    process.kill(worker, 'SIGSTOP');
    other.child.kill('SIGKILL');
    await until(() => below.every(isGone), 'end of all');
    await delay(100);
    assert.deepEqual(
      below.filter((id) => !isGone(id)),
      [],
    );
  });

  test('streams and maps change while the server runs', async () => {
    const quit = new AbortController();
    const path = await demoMap(town('day-map'), quit.signal);
    const map = readMap(path);
    const renamed = join(scratch, 'renamed.map');
    writeMap(renamed, { ...map, header: { ...map.header, name: 'the same town' } });
    const damaged = join(scratch, 'damaged.map');
    writeFileSync(damaged, readFileSync(path).subarray(0, 100_000));
    const stream = (id: string) => ({
      ...{ id, source: town('day-other-lane', 'video.mp4'), realtime: true, loop: true },
    });
    const setup = { mapPath: path, modelPath: DEFAULT_MODEL };
    const serving = await serveStreams([stream('first')], { port: 0 }, setup, quit.signal);
    const { control, gateway } = serving;
    const watcher = await listenTo(gateway.url);
    const posed = (id: string, fits: (pose: PosedMessage) => boolean) => () =>
      watcher.poses(id).some((pose) => pose.state === 'posed' && fits(pose));
    try {
      await until(
        posed('first', () => true),
        'poses',
      );
      const before = watcher.poses('first').at(-1)!;
      await assert.rejects(control.swapMap(damaged), { code: 'E_MAP_CORRUPT' });
      assert.equal((await control.swapMap(renamed)).name, 'the same town');
      const { sha256 } = readMap(renamed);
      await until(
        posed('first', (pose) => pose.mapSha256 === sha256),
        'poses in the new map',
      );
      for (const pose of watcher.poses('first'))
        assert.equal(pose.resetCounter! > before.resetCounter!, pose.mapSha256 === sha256);
      const kinds = watcher.statuses('first').map(({ source }) => source.kind);
      assert.ok(kinds.slice(kinds.indexOf('streaming')).every((kind) => kind === 'streaming'));
      await control.add(stream('second'));
      await until(
        posed('second', (pose) => pose.mapSha256 === sha256),
        'poses of the added stream',
      );
      await control.pause('first');
      const [{ source, statistics }] = control.streams();
      assert.deepEqual([source.kind, statistics.inFlight], ['paused', 0]);
      const last = watcher.poses('first').at(-1)!;
      await control.resume('first');
      await until(
        posed('first', ({ epoch }) => epoch > last.epoch),
        'poses after the pause',
      );
      await control.remove('second');
      await until(() => watcher.messages.filter(({ type }) => type === 'hello').length === 4, 'four hellos');
      assert.deepEqual(
        control.streams().map(({ id }) => id),
        ['first'],
      );
      assert.equal(watcher.socket.readyState, watcher.socket.OPEN);
    } finally {
      watcher.close();
      await serving.close();
    }
  });

  test('a map that is not there ends the start with its code', async () => {
    await assert.rejects(
      startServe('--map', join(scratch, 'no.map'), '--stream', 'a=b.mp4'),
      /E_FILE_NOT_FOUND/,
    );
  });
});
