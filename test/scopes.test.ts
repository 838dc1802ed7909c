import assert from 'node:assert/strict';
import { once } from 'node:events';
import { after, before, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { createGateway, type Gateway } from '../src/server/gateway.js';
import { type ServerMessage, serverMessage } from '../src/server/wire.js';
import { FAKE_CAMERA, FAKE_MODEL, fakeDrive, fakeMap } from './fakeScene.js';

const map = fakeMap(1, 200);
const tokenOf = (name: string) => `token of ${name} 0123456789`;
const tokens = [
  { token: tokenOf('car'), scopes: ['read:car'] },
  { token: tokenOf('phone'), scopes: ['read:phone', 'ingest:phone'] },
  { token: tokenOf('sender'), scopes: ['ingest:phone'] },
  { token: tokenOf('all'), scopes: ['read:*'] },
];
const ingest = () => undefined;
const drives = { car: fakeDrive(map, 'car', Date.now), rear: fakeDrive(map, 'rear', Date.now) };
let gateway: Gateway;

before(async () => {
  gateway = await createGateway({
    ...{ port: 0, map, model: FAKE_MODEL, serverVersion: '1.2.3', token: tokenOf('admin'), tokens },
    streams: [
      { id: 'rear', camera: FAKE_CAMERA },
      { id: 'car', camera: FAKE_CAMERA },
      { id: 'phone', ingest },
    ],
  });
});
after(() => gateway.close());

function dial(path: string, who: string, protocols: string[] = []) {
  const headers = who === '' ? {} : { Authorization: `Bearer ${tokenOf(who)}` };
  const socket = new WebSocket(new URL(path, gateway.url.replace('http', 'ws')), protocols, { headers });
  socket.on('error', () => {});
  const texts: string[] = [];
  socket.on('message', (data, isBinary) => isBinary || texts.push(String(data)));
  const status = new Promise<number>((resolve) => {
    socket.on('open', () => resolve(101));
    socket.on('unexpected-response', (_request, response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
      socket.terminate();
    });
  });
  const messages = (): ServerMessage[] => texts.map((text) => serverMessage.parse(JSON.parse(text)));
  return { socket, texts, status, messages };
}

const streamsOf = (messages: readonly ServerMessage[]): string[] => [
  ...new Set(
    messages.flatMap((m) =>
      m.type === 'hello' ? m.streams.map(({ id }) => id) : 'stream' in m ? [m.stream] : [],
    ),
  ),
];

function publish(): void {
  for (const id of ['car', 'rear'] as const) {
    gateway.publishOutcome(id, drives[id].frame(1).outcome);
    gateway.publishStatus(id, { kind: 'streaming' });
  }
}

test('/poses: a client hears of what it may read, now and later', async () => {
  const [car, all] = [dial('/poses', 'car'), dial('/poses', 'all')];
  await Promise.all([once(car.socket, 'open'), once(all.socket, 'open')]);
  car.socket.send('{"type":"subscribe","streams":["rear"]}');
  await delay(100);
  const refusal = car.messages().find(({ type }) => type === 'error');
  car.socket.send('{"type":"subscribe","streams":["nowhere"]}');
  await delay(100);
  const unknown = car.messages().findLast(({ type }) => type === 'error');
  assert.deepEqual({ ...refusal, message: '' }, { ...unknown, message: '' });
  car.socket.send('{"type":"subscribe"}');
  publish();
  gateway.addStream({ id: 'late' });
  gateway.removeStream('late');
  await delay(200);
  assert.deepEqual(streamsOf(car.messages()), ['car']);
  assert.ok(car.messages().some(({ type }) => type === 'pose'));
  assert.deepEqual(streamsOf(all.messages()).toSorted(), ['car', 'late', 'phone', 'rear']);
  for (const { socket } of [car, all]) socket.terminate();
});

test('/view: another stream is as one that is not there; without a name, the first that may be read', async () => {
  assert.equal(await dial('/view?stream=rear', 'car').status, 404);
  assert.equal(await dial('/view?stream=nowhere', 'car').status, 404);
  const view = dial('/view', 'car');
  assert.equal(await view.status, 101);
  for (let i = 0; i < 100 && !gateway.wantsFrame('car'); i++) await delay(10);
  assert.deepEqual([gateway.wantsFrame('car'), gateway.wantsFrame('rear')], [true, false]);
  view.socket.terminate();
});

test('/foxglove: only its channels are advertised, and no other can be subscribed to', async () => {
  const car = dial('/foxglove', 'car', ['foxglove.websocket.v1']);
  const all = dial('/foxglove', 'all', ['foxglove.websocket.v1']);
  await Promise.all([once(car.socket, 'open'), once(all.socket, 'open')]);
  await delay(100);
  type Message = { op: string; message?: string; channels?: { id: number; topic: string }[] };
  const heard = (client: typeof car) => client.texts.map((text) => JSON.parse(text) as Message);
  const channels = (client: typeof car) => heard(client).flatMap(({ channels = [] }) => channels);
  const topics = (client: typeof car) => [
    ...new Set(channels(client).map(({ topic }) => topic.split('/')[1])),
  ];
  assert.deepEqual(topics(car), ['map', 'car']);
  assert.deepEqual(topics(all), ['map', 'rear', 'car', 'phone']);
  const hidden = channels(all).find(({ topic }) => topic === '/rear/pose');
  car.socket.send(JSON.stringify({ op: 'subscribe', subscriptions: [{ id: 1, channelId: hidden?.id }] }));
  gateway.addStream({ id: 'late' });
  gateway.removeStream('late');
  publish();
  await delay(200);
  assert.ok(
    heard(car).some(({ op, message }) => op === 'status' && /There is no channel/.test(message ?? '')),
  );
  assert.deepEqual(topics(car), ['map', 'car']);
  assert.ok(!heard(car).some(({ op }) => op === 'unadvertise'));
  for (const { socket } of [car, all]) socket.terminate();
});

test('/ingest: only with its scope; reading is not sending and sending is not reading', async () => {
  assert.equal(await dial('/ingest/phone', 'car').status, 404);
  assert.equal(await dial('/ingest/phone', 'all').status, 403);
  for (const path of ['/poses', '/view', '/foxglove'])
    assert.equal(
      await dial(path, 'sender', path === '/foxglove' ? ['foxglove.websocket.v1'] : []).status,
      403,
      path,
    );
  for (const who of ['phone', 'sender', 'admin']) {
    const { socket, status } = dial('/ingest/phone', who);
    assert.equal(await status, 101, who);
    socket.terminate();
  }
});

test('a ticket may do what its token may, once', async () => {
  const reply = await fetch(new URL('/api/ticket', gateway.url), {
    method: 'POST',
    headers: { Authorization: `Bearer ${tokenOf('car')}` },
  });
  const { ticket } = (await reply.json()) as { ticket: string };
  const car = dial(`/poses?ticket=${ticket}`, '');
  await once(car.socket, 'open');
  await delay(100);
  assert.deepEqual(streamsOf(car.messages()), ['car']);
  assert.equal(await dial(`/poses?ticket=${ticket}`, '').status, 401);
  car.socket.terminate();
});
