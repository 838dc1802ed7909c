import assert from 'node:assert/strict';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, test } from 'node:test';
import { WebSocket } from 'ws';
import type { FrameId } from '../src/domain/frame.js';
import type { Outcome } from '../src/domain/outcome.js';
import type { BusEvents, Order, Report } from '../src/server/bus.js';
import type { StreamConfig } from '../src/server/configSchema.js';
import { createGateway, type Gateway } from '../src/server/gateway.js';
import { servedMapOf } from '../src/server/servedMap.js';
import { createStation, type Station } from '../src/server/station.js';
import { type ServerMessage, serverMessage } from '../src/server/wire.js';
import { FAKE_CAMERA, FAKE_MODEL, fakeDrive, fakeMap } from './fakeScene.js';
import { until } from './support/until.js';

const map = servedMapOf(fakeMap(1, 100));
const otherMap = { ...map, sha256: 'cd'.repeat(32) };
const drive = fakeDrive(fakeMap(1, 100), 'car', Date.now);
const config = (id: string, source = 'a.mp4'): StreamConfig => ({ id, source, realtime: true, loop: true });

/** The orders a worker got, and what the test makes it say. */
interface FakeWorker {
  readonly orders: Order[];
  readonly say: BusEvents['report'];
  readonly die: () => void;
}

let workers: FakeWorker[];
let station: Station;
let gateway: Gateway;
let heard: ServerMessage[];
let client: WebSocket;

const worker = (): FakeWorker => workers.at(-1)!;
/** The newest order of a kind. */
const told = <K extends Order['kind']>(kind: K) =>
  worker().orders.findLast((order) => order.kind === kind) as Extract<Order, { kind: K }> | undefined;
const runOf = (stream: string) => {
  const isOf = (order: Order) => order.kind === 'assign' && order.stream === stream;
  const order = worker().orders.findLast(isOf) as Extract<Order, { kind: 'assign' }>;
  return { stream, run: order.run };
};
const assign = (stream: string, camera = FAKE_CAMERA) =>
  worker().say({ kind: 'assigned', ...runOf(stream), camera });
const open = () => worker().say({ kind: 'opened', map, model: FAKE_MODEL });
const statusOf = (stream: string) => station.streams().find(({ id }) => id === stream)!;
const booksOf = (stream: string) => {
  const { counters, inFlight } = statusOf(stream).statistics;
  return { ...counters, inFlight };
};

function frame(sequence: number, epoch = told('start')!.epoch): FrameId {
  return { ...drive.frame(sequence).outcome.frame, epoch, sequence };
}
const arrive = (id: FrameId, run = runOf('car')) => worker().say({ kind: 'arrived', ...run, frame: id });
function posed(id: FrameId, run = runOf('car')): void {
  const { outcome } = drive.frame(1);
  worker().say({ kind: 'outcome', ...run, outcome: { ...outcome, frame: id } as Outcome, image: null });
}

beforeEach(async () => {
  workers = [];
  station = createStation({
    openBus: ({ report, ended }) => {
      const orders: Order[] = [];
      workers.push({ orders, say: report, die: () => ended('by SIGKILL') });
      const send = (order: Order): void => {
        orders.push(order);
        if (order.kind === 'stop') setImmediate(() => ended('with code 0'));
      };
      return { send, kill: () => ended('by SIGKILL') };
    },
    ...{ setup: { mapPath: '/a.map', modelPath: '/net.json' }, maxStreams: 2 },
    ...{ truthOf: () => undefined, random: () => 0 },
  });
  open();
  const opening = station.open([config('car')]);
  assign('car');
  const served = { map, model: FAKE_MODEL, streams: await opening, serverVersion: '0' };
  gateway = await createGateway({ ...served, port: 0 });
  station.serve(gateway);
  heard = [];
  client = new WebSocket(`${gateway.url.replace('http', 'ws')}poses`);
  client.on('message', (data) => heard.push(serverMessage.parse(JSON.parse(String(data)))));
  await until(() => heard.length > 0, 'hello');
});
afterEach(async () => {
  client.close();
  await station.close();
  await gateway.close();
});

test('frames of a worker that dies are counted as its loss; the next one begins above all epochs seen', async () => {
  assert.deepEqual([told('start')?.epoch, told('start')?.resetCounter], [0, 0]);
  const old = runOf('car');
  for (const n of [1, 2, 3]) arrive(frame(n));
  posed(frame(1));
  assert.deepEqual(booksOf('car'), { in: 1, posed: 1, lost: 0, dropped: {}, inFlight: 2 });
  worker().die();
  assert.deepEqual(booksOf('car'), { in: 3, posed: 1, lost: 0, dropped: { 'worker-lost': 2 }, inFlight: 0 });
  const { source } = statusOf('car');
  assert.ok(source.kind === 'retrying' && source.code === 'SOURCE_DOWN' && /SIGKILL/.test(source.message!));
  assert.deepEqual(station.readiness().isReady, false);
  await until(() => workers.length === 2, 'a second worker');
  open();
  assert.ok(runOf('car').run > old.run);
  assign('car');
  const { epoch, resetCounter } = told('start')!;
  assert.equal(epoch, 1);
  assert.equal(resetCounter, 1 + (drive.frame(1).outcome as Outcome & { kind: 'posed' }).resetCounter);
  posed(frame(2, 0), old);
  arrive(frame(9, 7), old);
  assert.equal(booksOf('car').in, 3, 'what is said of an old run counts no more');
  arrive(frame(1));
  posed(frame(1));
  assert.deepEqual(booksOf('car'), { in: 4, posed: 2, lost: 0, dropped: { 'worker-lost': 2 }, inFlight: 0 });
  await until(() => heard.some((m) => m.type === 'pose' && m.epoch === 1), 'a pose of the new epoch');
  assert.equal(client.readyState, client.OPEN);
});

test('a worker that dies before a stream is open opens it in the next; a stream that failed stays so', async () => {
  const adding = station.add(config('bus'));
  worker().die();
  await until(() => workers.length === 2, 'a second worker');
  open();
  assign('bus');
  assert.equal((await adding).id, 'bus');
  assign('car');
  const run = runOf('car');
  worker().say({
    kind: 'source',
    ...run,
    status: { kind: 'failed', code: 'E_SOURCE_FORMAT', message: 'bad' },
  });
  arrive(frame(1));
  worker().say({ kind: 'over', ...run });
  assert.deepEqual(booksOf('car').dropped, { fault: 1 });
  worker().die();
  assert.equal(statusOf('car').source.kind, 'failed');
  await until(() => workers.length === 3, 'a third worker');
  open();
  assert.deepEqual(
    worker().orders.flatMap((order) => (order.kind === 'assign' ? [order.stream] : [])),
    ['bus'],
  );
});

test('pause closes the source and keeps the books; resume begins a new epoch', async () => {
  arrive(frame(1));
  const pausing = station.pause('car');
  worker().say({ kind: 'source', ...runOf('car'), status: { kind: 'ended' } });
  posed(frame(1));
  arrive(frame(2));
  assert.deepEqual(told('release')?.run, runOf('car').run);
  worker().say({ kind: 'over', ...runOf('car') });
  await pausing;
  assert.equal(statusOf('car').source.kind, 'paused');
  assert.deepEqual(booksOf('car'), { in: 2, posed: 1, lost: 0, dropped: { shutdown: 1 }, inFlight: 0 });
  const resuming = station.resume('car');
  assign('car');
  await resuming;
  assert.equal(told('start')?.epoch, 1);
  await assert.rejects(station.pause('nobody'), { code: 'E_CONFIG' });
});

test('asked for resume, then pause or removal, while its source is still closing: the last word counts', async () => {
  const assigned = () => worker().orders.filter(({ kind }) => kind === 'assign').length;
  for (const last of ['pause', 'remove'] as const) {
    const pausing = station.pause('car');
    const resuming = station.resume('car');
    const ending = station[last]('car');
    worker().say({ kind: 'over', ...runOf('car') });
    await Promise.all([pausing, assert.rejects(resuming, { code: 'E_SOURCE_OPEN' }), ending]);
    assert.equal(assigned(), last === 'pause' ? 1 : 2, 'no source is opened that nobody wants');
    if (last === 'remove') break;
    assert.equal(statusOf('car').source.kind, 'paused');
    const again = station.resume('car');
    assign('car');
    await again;
  }
});

test('asked for resume twice while its source is still closing: one source is opened, and both are answered', async () => {
  const pausing = station.pause('car');
  const resuming = [station.resume('car'), station.resume('car')];
  const old = runOf('car');
  worker().say({ kind: 'over', ...old });
  await pausing;
  assert.equal(statusOf('car').source.kind, 'connecting');
  assert.ok(runOf('car').run > old.run);
  assign('car');
  await Promise.all(resuming);
  assert.equal(worker().orders.filter(({ kind }) => kind === 'assign').length, 2);
  assert.equal(told('start')?.run, runOf('car').run);
});

test('a stream paused while there is no worker stays paused when there is one', async () => {
  worker().die();
  await station.pause('car');
  await until(() => workers.length === 2, 'a second worker');
  open();
  assert.equal(told('assign'), undefined);
  assert.equal(statusOf('car').source.kind, 'paused');
});

test('streams come and go; clients get a new hello on the socket they have', async () => {
  const ids = () => heard.flatMap((m) => (m.type === 'hello' ? [m.streams.map(({ id }) => id).join()] : []));
  const adding = station.add(config('bus'));
  assign('bus');
  const { camera } = await adding;
  assert.equal(camera?.widthPx, FAKE_CAMERA.widthPx);
  assert.deepEqual(told('start')?.stream, 'bus');
  await assert.rejects(station.add(config('bus')), { code: 'E_CONFIG' });
  await assert.rejects(station.add(config('van')), { code: 'E_CAPACITY' });
  const removing = station.remove('bus');
  worker().say({ kind: 'over', ...runOf('bus') });
  await removing;
  await until(() => ids().length === 3, 'three hellos');
  assert.deepEqual(ids(), ['car', 'car,bus', 'car']);
  const refusing = station.add(config('van'));
  worker().say({
    ...{ kind: 'unassigned', ...runOf('van') },
    fault: { code: 'E_INTRINSICS', message: 'none', hint: 'give some' },
  });
  await assert.rejects(refusing, { code: 'E_INTRINSICS', hint: 'give some' });
  assert.equal(station.streams().length, 1);
});

test('a swapped map is told to clients and to workers to come; a failed swap changes nothing', async () => {
  const tag = async () => (await fetch(`${gateway.url}api/map`)).headers.get('etag');
  const before = await tag();
  const failing = station.swapMap('/bad.map');
  const fault = { code: 'E_MAP_CORRUPT', message: 'the map is damaged' } as const;
  worker().say({ kind: 'notSwapped', id: told('swapMap')!.id, fault });
  await assert.rejects(failing, { code: 'E_MAP_CORRUPT' });
  const dying = station.swapMap('/other.map');
  worker().die();
  await assert.rejects(dying, { code: 'E_ENGINE' });
  await assert.rejects(station.swapMap('/other.map'), { code: 'E_ENGINE' });
  assert.equal(await tag(), before);
  await until(() => workers.length === 2, 'a second worker');
  assert.deepEqual(worker().orders[0], { kind: 'open', mapPath: '/a.map', modelPath: '/net.json' });
  open();
  const swapping = station.swapMap('/other.map');
  worker().say({ kind: 'swapped', id: told('swapMap')!.id, map: otherMap });
  assert.equal((await swapping).sha256, otherMap.sha256);
  assert.notEqual(await tag(), before);
  const isTold = () => heard.some((m) => m.type === 'hello' && m.map.sha256 === otherMap.sha256);
  await until(isTold, 'hello of the new map');
  worker().die();
  await until(() => workers.length === 3, 'a third worker');
  assert.deepEqual(worker().orders[0], { kind: 'open', mapPath: '/other.map', modelPath: '/net.json' });
});

test('a picture is asked for once, while somebody watches', async () => {
  const asks = () => worker().orders.filter(({ kind }) => kind === 'picture').length;
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.equal(asks(), 0);
  const viewer = new WebSocket(`${gateway.url.replace('http', 'ws')}view?stream=car`);
  await until(() => asks() === 1, 'a request');
  await new Promise((resolve) => setTimeout(resolve, 60));
  assert.equal(asks(), 1);
  const { outcome, image } = drive.frame(5);
  const picture = once(viewer, 'message');
  worker().say({
    kind: 'outcome',
    ...runOf('car'),
    outcome: { ...outcome, frame: frame(5) } as Outcome,
    image,
  });
  await picture;
  viewer.close();
});

test('video of a client goes to the worker no faster than it is swallowed, and ends with the worker', async () => {
  const adding = station.add(config('phone', 'push:'));
  assign('phone');
  await adding;
  const socket = new WebSocket(`${gateway.url.replace('http', 'ws')}ingest/phone`);
  const closed = once(socket, 'close');
  await once(socket, 'open');
  const pieces = () => worker().orders.filter((o) => o.kind === 'bytes');
  for (let i = 0; i < 40; i++) socket.send(Buffer.alloc(65_536, i));
  await until(() => pieces().length >= 4, 'the first pieces');
  await new Promise((resolve) => setTimeout(resolve, 50));
  const ahead = pieces().length;
  assert.ok(ahead < 10, `${ahead} pieces ahead of a worker that swallows nothing`);
  const { sender } = pieces()[0];
  for (let n = 0; n < 40; n++) {
    await until(() => pieces().length > n, `piece ${n}`);
    worker().say({ kind: 'swallowed', ...runOf('phone'), sender });
  }
  assert.deepEqual(
    pieces().map(({ bytes }) => bytes[0]),
    Array.from({ length: 40 }, (_, i) => i),
  );
  worker().die();
  const [code] = await closed;
  assert.equal(code, 1013);
});

test('a sender that is replaced or sends nonsense is told so', async () => {
  const [stream] = await openPush();
  const replaced = new PassThrough();
  let isReplaced = false;
  stream.ingest?.({ bytes: replaced, replaced: () => (isReplaced = true) });
  replaced.write('x');
  await until(() => told('bytes') !== undefined, 'bytes');
  const { sender } = told('bytes')!;
  worker().say({ kind: 'senderOut', ...runOf('phone'), sender, why: 'replaced' });
  assert.ok(isReplaced);
  worker().say({ kind: 'senderOut', ...runOf('phone'), sender, why: 'refused' });
  assert.ok(replaced.destroyed);
});

/** A station of its own whose only stream is pushed. */
async function openPush() {
  const opening = station.open([config('phone', 'push:')]);
  assign('phone');
  const streams = await opening;
  gateway.addStream(streams[0]);
  station.serve(gateway);
  return streams;
}

test('what was never asked for changes nothing: reports of no run are left aside', () => {
  const stray: Report = { kind: 'over', stream: 'nobody', run: 99 };
  worker().say(stray);
  worker().say({ ...stray, stream: 'car' });
  assert.equal(station.streams().length, 1);
});
