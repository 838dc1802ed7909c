import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after } from 'node:test';
import { McapIndexedReader, McapStreamReader } from '@mcap/core';
import { Ajv } from 'ajv';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { PosestreamError } from '../src/domain/errors.js';
import type { Outcome } from '../src/domain/outcome.js';
import { createRandom } from '../src/kernels/random.js';
import { withOutputs } from '../src/server/formats/outputs.js';
import { type RecordedEntry, readRecording } from '../src/server/formats/readRecording.js';
import { openRecording } from '../src/server/formats/recording.js';
import { createReplay } from '../src/server/formats/replay.js';
import { createGateway, type Gateway } from '../src/server/gateway.js';
import { FAKE_CAMERA, FAKE_MODEL, fakeDrive, fakeMap } from './fakeScene.js';
import { posestream } from './support/cli.js';
import { repositoryPath } from './support/shared.js';
import { until } from './support/until.js';

const folder = mkdtempSync(join(tmpdir(), 'posestream-mcap-'));
after(() => rmSync(folder, { recursive: true }));

const bare = fakeMap(1, 2000);
const map = { ...bare, header: { ...bare.header, anchor: { latDeg: 50.8, lonDeg: -0.1, altM: 80 } } };
const FRAMES = 80;
const START_MS = 1_700_000_000_000;
const frameMs = (n: number): number => START_MS + (n * 1000) / 15;

/** Frames of the made-up drive, lost and dropped ones among them. */
function outcomes(): Outcome[] {
  let nowMs = 0;
  const drive = fakeDrive(map, 'front', () => nowMs);
  return Array.from({ length: FRAMES }, (_, n) => {
    nowMs = frameMs(n);
    return drive.frame(n, n >= 40 && n < 50).outcome;
  });
}
const truth = fakeDrive(map, 'front', Date.now).truth;
const streams = [{ id: 'front', camera: FAKE_CAMERA, truth }];

async function record(path: string, gateway: Gateway | null, list = outcomes()) {
  const recording = await openRecording({
    ...{ path, map, model: FAKE_MODEL, streams, serverVersion: '1.2.3', nowMs: START_MS, imageHz: 0 },
    onFailure: () => assert.fail('the recording failed'),
  });
  let nowMs = START_MS;
  const both = gateway && withOutputs(gateway, [recording], () => nowMs);
  both?.publishStatus('front', { kind: 'streaming' });
  for (const [n, outcome] of list.entries()) {
    nowMs = frameMs(n);
    if (both) both.publishOutcome('front', outcome);
    else recording.outcome(outcome, nowMs);
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (both) await both.close();
  else await recording.close();
}

async function listen(gateway: Gateway) {
  const texts: string[] = [];
  const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}poses`);
  socket.on('message', (data) => texts.push(String(data)));
  await until(() => texts.length > 0, 'hello');
  const poses = () => texts.filter((text) => text.includes('"type":"pose"'));
  return { texts, poses };
}

/** Without the age, which is counted to the moment of sending. */
const timeless = (text: string): string => text.replace(/^\{"ageMs":[^,]+,/, '{');

const serve = (extra: object) =>
  createGateway({ port: 0, map, model: FAKE_MODEL, streams, serverVersion: '1.2.3', ...extra });

test('a replay says what was said, to the byte, and as old as it was', async () => {
  const path = join(folder, 'whole.mcap');
  const live = await serve({ nowMs: () => START_MS });
  const then = await listen(live);
  const expected = outcomes().filter(({ kind }) => kind !== 'dropped').length;
  await record(path, live);
  await until(() => then.poses().length === expected, 'every pose');

  const replay = createReplay(await readRecording(path), { rate: 40, monotonicMs: () => performance.now() });
  const gateway = await serve(replay.gatewayOptions);
  const now = await listen(gateway);
  await replay.play(gateway, new AbortController().signal);
  await until(() => now.poses().length === expected, 'every pose again');
  assert.deepEqual(now.poses().map(timeless), then.poses().map(timeless));
  const first = JSON.parse(now.poses()[0]);
  assert.ok(first.ageMs > 0 && first.wgs84 && first.error, 'age, place and error are there');
  const hello = JSON.parse(now.texts[0]);
  assert.deepEqual(hello.map, JSON.parse(then.texts[0]).map);
  const drawn = await (await fetch(`${gateway.url}api/map`)).arrayBuffer();
  assert.ok(drawn.byteLength > 12 * map.points.count);
  await gateway.close();
});

test('streams and a map that came and went while it was recorded do so again', async () => {
  const path = join(folder, 'changed.mcap');
  const other = fakeMap(2, 500);
  let nowMs = START_MS;
  const live = await serve({ nowMs: () => nowMs });
  const then = await listen(live);
  const recording = await openRecording({
    ...{ path, map, model: FAKE_MODEL, streams, serverVersion: '1.2.3', nowMs: START_MS, imageHz: 0 },
    onFailure: () => assert.fail('the recording failed'),
  });
  const both = withOutputs(live, [recording], () => nowMs);
  const rear = fakeDrive(map, 'rear', () => nowMs);
  both.addStream({ id: 'rear', camera: FAKE_CAMERA, truth: rear.truth });
  for (let n = 0; n < 20; n++) {
    nowMs = frameMs(n);
    both.publishOutcome('rear', rear.frame(n).outcome);
    if (n === 9) both.setMap(other);
    await new Promise((resolve) => setImmediate(resolve));
  }
  both.removeStream('rear');
  await until(() => then.poses().length === 20, 'every pose');
  await both.close();

  const replay = createReplay(await readRecording(path), { rate: 40, monotonicMs: () => performance.now() });
  const gateway = await serve(replay.gatewayOptions);
  const now = await listen(gateway);
  await replay.play(gateway, new AbortController().signal);
  await until(() => now.poses().length === 20, 'every pose again');
  assert.deepEqual(now.poses().map(timeless), then.poses().map(timeless));
  const greetings = ({ texts }: { texts: readonly string[] }) =>
    texts
      .map((text) => JSON.parse(text))
      .filter(({ type }) => type === 'hello')
      .map((hello) => [
        hello.map.sha256,
        hello.map.points,
        hello.streams.map(({ id }: { id: string }) => id),
      ]);
  await until(() => greetings(now).length === 4, 'four greetings');
  assert.deepEqual(greetings(now), greetings(then));
  assert.deepEqual(greetings(now).at(-1), [other.sha256, 500, ['front']]);
  await gateway.close();
});

/** Reads the file with the official reader, by its index; how many messages of each topic fit their schema. */
async function countsOf(path: string): Promise<Record<string, number>> {
  const file = await open(path);
  const reader = await McapIndexedReader.Initialize({
    readable: {
      size: async () => BigInt(statSync(path).size),
      read: async (offset, length) => {
        const { buffer } = await file.read(Buffer.alloc(Number(length)), 0, Number(length), Number(offset));
        return buffer;
      },
    },
  });
  const counts = new Map<string, number>();
  let lastNs = 0n;
  for await (const { channelId, data, logTime } of reader.readMessages({ validateCrcs: true })) {
    const channel = reader.channelsById.get(channelId);
    const schema = reader.schemasById.get(channel?.schemaId ?? 0);
    assert.ok(channel && schema?.encoding === 'jsonschema' && channel.messageEncoding === 'json');
    z.fromJSONSchema(JSON.parse(Buffer.from(schema.data).toString())).parse(
      JSON.parse(Buffer.from(data).toString()),
    );
    assert.ok(logTime > lastNs);
    lastNs = logTime;
    counts.set(channel.topic, (counts.get(channel.topic) ?? 0) + 1);
  }
  await file.close();
  assert.equal(reader.attachmentIndexes.length, 1);
  return Object.fromEntries(counts);
}

test('the official reader reads the file by its index; every message fits its schema', async () => {
  const path = join(folder, 'indexed.mcap');
  await record(path, null);
  const kinds = outcomes().map(({ kind }) => kind);
  const posed = kinds.filter((kind) => kind === 'posed').length;
  assert.deepEqual(await countsOf(path), {
    '/map/points': 1,
    '/front/calibration': 1,
    '/front/outcome': FRAMES,
    '/front/pose': posed,
    '/front/transform': posed,
    '/front/log': FRAMES - posed,
  });
});

test('the official stream reader agrees, checksums and all; schemas are JSON Schema that ajv takes', async () => {
  const path = join(folder, 'streamed.mcap');
  await record(path, null);
  const reader = new McapStreamReader({ validateCrcs: true });
  reader.append(readFileSync(path));
  const ajv = new Ajv({ strict: true });
  const schemas = new Map<number, string>();
  const checks = new Map<number, ReturnType<typeof ajv.compile>>();
  const seen = new Set<string>();
  let messages = 0;
  for (let record = reader.nextRecord(); record; record = reader.nextRecord()) {
    seen.add(record.type);
    if (record.type === 'Schema') schemas.set(record.id, Buffer.from(record.data).toString());
    if (record.type === 'Channel')
      checks.set(record.id, ajv.compile(JSON.parse(schemas.get(record.schemaId) ?? '')));
    if (record.type !== 'Message') continue;
    const check = checks.get(record.channelId);
    assert.ok(check, 'a message before its channel');
    assert.ok(check(JSON.parse(Buffer.from(record.data).toString())), JSON.stringify(check.errors));
    assert.equal(check({}), false, 'a schema that would take anything');
    messages++;
  }
  assert.ok(reader.done() && messages > 2 * FRAMES);
  for (const type of ['Header', 'Metadata', 'Attachment', 'Statistics', 'DataEnd', 'Footer'])
    assert.ok(seen.has(type), type);
  const damaged = readFileSync(path);
  damaged[Math.floor(damaged.length / 2)] ^= 1;
  const wary = new McapStreamReader({ validateCrcs: true });
  wary.append(damaged);
  assert.throws(() => {
    while (wary.nextRecord());
  }, /crc/i);
});

test('the commands: export says where, replay listens', async () => {
  const path = join(folder, 'commands.mcap');
  await record(path, null);
  const fixes = outcomes().filter(({ kind }) => kind === 'posed').length;
  const places = await posestream('export', path, '--to', 'geojson', '--stream', 'front');
  assert.equal(JSON.parse(places.stdout).features.length, fixes + 1);
  const flat = join(folder, 'flat.tum');
  writeFileSync(flat, '0 1 2 3 0 0 0 1\n');
  const nowhere = await posestream('export', flat, '--to', 'gpx');
  assert.deepEqual([nowhere.code, nowhere.stdout], [1, '']);
  assert.match(nowhere.stderr, /^E_MAP_INPUT .*\n.*--anchor/);

  const child = spawn(process.execPath, [
    ...['--import', 'tsx', repositoryPath('src/cli/main.ts')],
    ...['replay', path, '--port', '0', '--rate', '40', '--wait'],
  ]);
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  await until(() => /http:\S+/.test(said), 'address');
  const texts: string[] = [];
  const socket = new WebSocket(`${/http:\S+/.exec(said)?.[0].replace('http', 'ws')}poses`);
  socket.on('message', (data) => texts.push(String(data)));
  await until(() => texts.some((text) => text.includes(`"sequence":${FRAMES - 1}`)), 'the last pose');
  await until(() => said.includes('over'), 'the end');
  child.kill('SIGTERM');
  const code = await new Promise((resolve) => child.on('close', resolve));
  assert.equal(code, 0);
});

test('pictures are kept on request, as many as asked for, with their inliers', async () => {
  const path = join(folder, 'pictures.mcap');
  const recording = await openRecording({
    ...{ path, map, model: FAKE_MODEL, streams, serverVersion: '1.2.3', nowMs: START_MS, imageHz: 5 },
    onFailure: () => assert.fail('the recording failed'),
  });
  const both = withOutputs(await serve({}), [recording], Date.now);
  let nowMs = START_MS;
  const drive = fakeDrive(map, 'front', () => nowMs);
  for (let n = 0; n < 30; n++) {
    nowMs = frameMs(n);
    const { outcome, image } = drive.frame(n, false);
    await until(() => both.wantsFrame('front'), 'wish for a picture');
    both.publishFrame('front', image, outcome);
  }
  await both.close();
  const counts = await countsOf(path);
  assert.ok((counts['/front/image'] ?? 0) >= 8 && counts['/front/image'] <= 12, JSON.stringify(counts));
  assert.equal(counts['/front/annotations'], counts['/front/image']);
});

async function entriesOf(path: string): Promise<RecordedEntry[]> {
  const { entries } = await readRecording(path);
  const list: RecordedEntry[] = [];
  for await (const entry of entries) list.push(entry);
  return list;
}

test('an outcome comes back to the last bit, NaN and pixels too', async () => {
  const path = join(folder, 'bits.mcap');
  const list = outcomes().slice(0, 3);
  const [first] = list;
  assert.ok(first.kind === 'posed');
  const covariance = Float64Array.from({ length: 36 }, (_, i) => (i === 7 ? Number.NaN : Math.sqrt(i) / 3));
  const smooth = { worldFromCam: first.pose.worldFromCam, covariance };
  const odd: Outcome = { ...first, pose: { ...first.pose, covariance }, smooth };
  await record(path, null, [odd, ...list.slice(1)]);
  const entries = await entriesOf(path);
  assert.deepEqual(
    entries.map((entry) => entry.kind === 'outcome' && entry.outcome),
    [odd, ...list.slice(1)],
  );
  assert.ok(entries[0].kind === 'outcome');
  assert.deepEqual(entries[0].truth, truth(odd.frame));
});

test('a file cut off anywhere gives what came before the cut', async () => {
  const path = join(folder, 'uncut.mcap');
  await record(path, null);
  const whole = readFileSync(path);
  const all = await entriesOf(path);
  const cut = join(folder, 'cut.mcap');
  let most = 0;
  for (const share of [0.4, 0.6, 0.8, 0.95, 0.9999]) {
    writeFileSync(cut, whole.subarray(0, Math.floor(share * whole.length)));
    const entries = await entriesOf(cut);
    assert.deepEqual(entries, all.slice(0, entries.length));
    most = Math.max(most, entries.length);
  }
  assert.equal(most, FRAMES);
});

test('what is no recording is refused with a code', async () => {
  const path = join(folder, 'text.mcap');
  writeFileSync(path, 'timestamp tx ty tz qx qy qz qw\n'.repeat(10));
  await assert.rejects(readRecording(path), { code: 'E_FILE_INVALID' });
  writeFileSync(path, '');
  await assert.rejects(readRecording(path), { code: 'E_FILE_INVALID' });
  await assert.rejects(readRecording(join(folder, 'nowhere.mcap')), { code: 'E_FILE_NOT_FOUND' });
});

test('damaged bytes give what is whole before them, or a code', async () => {
  const path = join(folder, 'sound.mcap');
  await record(path, null, outcomes().slice(0, 20));
  const sound = readFileSync(path);
  const all = await entriesOf(path);
  const random = createRandom(7);
  const broken = join(folder, 'broken.mcap');
  for (let n = 0; n < 150; n++) {
    const bytes = Buffer.from(sound);
    for (let k = 0; k <= random.integer(3); k++)
      bytes[random.integer(bytes.length)] ^= 1 << random.integer(8);
    writeFileSync(broken, bytes);
    const entries: RecordedEntry[] = [];
    try {
      for await (const entry of (await readRecording(broken)).entries) entries.push(entry);
    } catch (error) {
      assert.ok(error instanceof PosestreamError && error.code === 'E_FILE_INVALID', String(error));
    }
    assert.deepEqual(entries, all.slice(0, entries.length), `damage ${n} changed a frame`);
  }
});

test('a full disk ends the recording, told once, and nothing else', async () => {
  const told: string[] = [];
  const recording = await openRecording({
    ...{
      path: '/dev/full',
      map,
      model: FAKE_MODEL,
      streams,
      serverVersion: '1.2.3',
      nowMs: START_MS,
      imageHz: 0,
    },
    onFailure: ({ code }) => told.push(code),
  });
  const gateway = await serve({});
  const client = await listen(gateway);
  const both = withOutputs(gateway, [recording], Date.now);
  const [first, second] = outcomes();
  both.publishOutcome('front', first);
  await until(() => told.length > 0, 'word of the full disk');
  both.publishOutcome('front', second);
  await until(() => client.poses().length === 2, 'both poses');
  await both.close();
  assert.deepEqual(told, ['E_DISK_FULL']);
  assert.equal((await recording.close())?.code, 'E_DISK_FULL');
});

test('a file that may grow no further ends the recording; what was written can be read', async () => {
  const path = join(folder, 'limited.mcap');
  const program = ['--import', 'tsx', repositoryPath('test/support/recordUntilFull.ts'), path];
  // Blocks of 512 bytes in sh: 300 kB.
  const child = spawn('sh', ['-c', 'ulimit -f 600; exec "$0" "$@"', process.execPath, ...program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let out = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  assert.equal(code, 0);
  const { told, before, after } = JSON.parse(out) as { told: string[]; before: number; after: number };
  assert.deepEqual(told, ['E_DISK_FULL']);
  assert.ok(before > 5 && after > before, out);
  const entries = await entriesOf(path);
  assert.ok(entries.length > 0 && entries.length <= before, `${entries.length} of ${before}`);
});
