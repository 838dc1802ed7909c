import assert from 'node:assert/strict';
import { once } from 'node:events';
import test, { after, before } from 'node:test';
import protocol, { type Channel, type MessageData } from '@foxglove/ws-protocol';
import sharp from 'sharp';
import { WebSocket } from 'ws';
import { z } from 'zod';
import { createRandom } from '../src/kernels/random.js';
import { createGateway, type Gateway } from '../src/server/gateway.js';
import { FAKE_CAMERA, FAKE_MODEL, fakeDrive, fakeMap } from './fakeScene.js';
import { until } from './support/until.js';

const { FoxgloveClient } = protocol;
const FOXGLOVE = [FoxgloveClient.SUPPORTED_SUBPROTOCOL];
const map = fakeMap(1, 2000);
const drive = fakeDrive(map, 'front', Date.now);
const ORIGIN = 'https://studio.example';
let gateway: Gateway;

before(async () => {
  gateway = await createGateway({
    port: 0,
    map,
    model: FAKE_MODEL,
    serverVersion: '1.2.3',
    origins: [ORIGIN],
    streams: [{ id: 'front', camera: FAKE_CAMERA }, { id: 'rear' }],
    limits: { viewHz: 30 },
  });
});
after(() => gateway.close());

const address = (of = gateway) => `${of.url.replace('http', 'ws')}foxglove`;

/** Foxglove's own client, keeping what it receives by topic. */
function dial(server = gateway, query = '') {
  const socket = new WebSocket(`${address(server)}${query}`, FOXGLOVE);
  const client = new FoxgloveClient({ ws: socket as never });
  const channels = new Map<string, Channel>();
  const messages = new Map<string, unknown[]>();
  const topicOf = new Map<number, string>();
  const gone: string[] = [];
  const problems: unknown[] = [];
  client.on('error', (error) => problems.push(error));
  client.on('status', (status) => problems.push(status));
  client.on('advertise', (list) => {
    for (const channel of list) channels.set(channel.topic, channel);
  });
  client.on('unadvertise', (ids) => {
    for (const { id, topic } of [...channels.values()])
      if (ids.includes(id) && channels.delete(topic)) gone.push(topic);
  });
  client.on('message', ({ subscriptionId, data }: MessageData) => {
    const topic = topicOf.get(subscriptionId) ?? '';
    messages.set(topic, [
      ...of(topic),
      JSON.parse(Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString()),
    ]);
  });
  const of = (topic: string): unknown[] => messages.get(topic) ?? [];
  const subscribe = (topic: string): number => {
    const id = client.subscribe(channels.get(topic)?.id ?? -1);
    topicOf.set(id, topic);
    return id;
  };
  return { socket, client, channels, gone, of, subscribe, problems };
}

/** Publishes frames of the drive until all of it has happened. */
async function publishUntil(ready: () => boolean, what: string): Promise<void> {
  let n = 100;
  await until(() => {
    const { outcome, image } = drive.frame(n++);
    gateway.publishOutcome('front', outcome);
    gateway.publishFrame('front', image, outcome);
    return ready();
  }, what);
}

test("Foxglove's client decodes every channel against its schema", async () => {
  const { client, channels, of, subscribe, problems } = dial();
  await until(() => channels.size > 0, 'channels');
  const topics = [...channels.keys()];
  assert.deepEqual(
    topics.filter((topic) => topic.startsWith('/rear')),
    ['pose', 'transform', 'image', 'annotations', 'log', 'message', 'status'].map((name) => `/rear/${name}`),
  );
  const front = topics.filter((topic) => !topic.startsWith('/rear'));
  assert.equal(front.length, 9);
  for (const topic of front) subscribe(topic);
  gateway.publishStatus('front', { kind: 'streaming' });
  await publishUntil(() => front.every((topic) => of(topic).length > 0), 'a message of every channel');
  for (const topic of front) {
    const channel = channels.get(topic);
    assert.equal(channel?.encoding, 'json');
    assert.equal(channel.schemaEncoding, 'jsonschema');
    const schema = z.fromJSONSchema(JSON.parse(channel.schema));
    assert.equal(JSON.parse(channel.schema).title, channel.schemaName);
    for (const message of of(topic)) schema.parse(message);
    assert.throws(() => schema.parse({}), `${topic} would take anything`);
  }
  assert.deepEqual(problems, []);
  client.close();
});

test('values arrive as they were: points, calibration, pose, picture', async () => {
  const { client, channels, of, subscribe } = dial();
  await until(() => channels.size > 0, 'channels');
  const topics = [
    '/map/points',
    '/front/calibration',
    '/front/transform',
    '/front/image',
    '/front/annotations',
  ];
  for (const topic of topics) subscribe(topic);
  await publishUntil(() => topics.every((topic) => of(topic).length > 0), 'messages');
  const cloud = of('/map/points')[0] as { data: string; pose: { position: { x: number } } };
  const xyz = Buffer.from(cloud.data, 'base64');
  assert.equal(xyz.length, 12 * map.points.count);
  assert.ok(Math.abs(xyz.readFloatLE(12 * 7) + cloud.pose.position.x - map.points.xyz[21]) < 1e-4);
  const { K, D } = of('/front/calibration')[0] as { K: number[]; D: number[] };
  assert.deepEqual(K, [430, 0, 319.5, 0, 430, 179.5, 0, 0, 1]);
  assert.deepEqual(D, [0, 0, 0, 0, 0]);
  const transform = of('/front/transform')[0] as Record<string, unknown>;
  assert.deepEqual([transform.parent_frame_id, transform.child_frame_id], ['map', 'camera/front']);
  const image = of('/front/image')[0] as { data: string; format: string };
  const { format, width, height } = await sharp(Buffer.from(image.data, 'base64')).metadata();
  assert.deepEqual([format, width, height], ['jpeg', FAKE_CAMERA.widthPx, FAKE_CAMERA.heightPx]);
  const { points } = of('/front/annotations')[0] as { points: { points: unknown[] }[] };
  assert.equal(points.length, 2);
  client.close();
});

test('no picture is asked for while nobody looks at one', async () => {
  const { client, channels, of, subscribe } = dial();
  await until(() => channels.size > 0, 'channels');
  assert.equal(gateway.wantsFrame('front'), false);
  const id = subscribe('/front/image');
  await until(() => gateway.wantsFrame('front'), 'wish for a picture');
  assert.equal(gateway.wantsFrame('rear'), false);
  client.unsubscribe(id);
  await until(() => !gateway.wantsFrame('front'), 'end of the wish');
  assert.equal(of('/front/pose').length, 0);
  client.close();
});

test('a client that stops reading is skipped and then gets the newest', async () => {
  const { socket, client, channels, of, subscribe } = dial();
  await until(() => channels.size > 0, 'channels');
  subscribe('/front/message');
  await publishUntil(() => of('/front/message').length > 0, 'first pose');
  socket.pause();
  const before = of('/front/message').length;
  // Far more than sockets and kernel buffers hold.
  const count = 12_000;
  const { outcome } = drive.frame(0);
  const frame = (sequence: number) => ({ ...outcome, frame: { ...outcome.frame, sequence } });
  for (let n = 0; n < count; n++) {
    gateway.publishOutcome('front', frame(1_000_000 + n));
    if (n % 500 === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  socket.resume();
  const newest = () => (of('/front/message').at(-1) as { sequence: number }).sequence;
  await until(() => newest() === 1_000_000 + count - 1, 'the newest pose');
  assert.ok(of('/front/message').length - before < count, 'nothing was skipped');
  client.close();
});

test('pictures are sent to as many as may watch; streams and maps come and go', async (t) => {
  const open = await createGateway({
    ...{ port: 0, map, model: FAKE_MODEL, serverVersion: '1.2.3', streams: [{ id: 'front' }] },
    limits: { maxViewers: 1 },
  });
  t.after(() => open.close());
  const [first, second] = [dial(open), dial(open)];
  await until(() => first.channels.size > 0 && second.channels.size > 0, 'channels');
  first.subscribe('/front/image');
  await until(() => open.wantsFrame('front'), 'wish for a picture');
  const late = second.subscribe('/front/image');
  second.subscribe('/front/annotations');
  second.subscribe('/map/points');
  await until(() => second.problems.length === 1, 'a refusal');
  assert.match((second.problems[0] as { message: string }).message, /front\/image.*maxViewers/);
  const page = new WebSocket(`${open.url.replace('http', 'ws')}view?stream=front`);
  assert.match(String(((await once(page, 'error')) as Error[])[0]), /503/);
  second.client.unsubscribe(late);
  first.client.close();
  await until(() => second.problems.length === 2, 'word that there is no such subscription');
  await until(() => second.of('/map/points').length === 1, 'the points');

  open.addStream({ id: 'rear', camera: FAKE_CAMERA });
  await until(() => second.channels.has('/rear/calibration'), 'channels of the new stream');
  second.subscribe('/rear/image');
  second.subscribe('/rear/calibration');
  await until(() => second.of('/rear/calibration').length === 1, 'its calibration');
  open.setMap(fakeMap(2, 50));
  await until(() => second.of('/map/points').length === 2, 'points of the new map');
  const sizes = second.of('/map/points').map((cloud) => (cloud as { data: string }).data.length);
  assert.ok(sizes[1] < sizes[0] / 10);
  open.removeStream('rear');
  await until(() => second.gone.length > 0, 'that the stream is gone');
  assert.deepEqual(second.gone.toSorted(), topicsOf('rear', true));
  second.client.close();
});

const topicsOf = (stream: string, hasCamera: boolean): string[] =>
  [
    'annotations',
    ...(hasCamera ? ['calibration'] : []),
    'image',
    'log',
    'message',
    'pose',
    'status',
    'transform',
  ].map((name) => `/${stream}/${name}`);

test('with a token, every connection has a ticket of its own', async (t) => {
  const TOKEN = 'a-token-of-the-test';
  const open = await createGateway({
    ...{ port: 0, map, model: FAKE_MODEL, serverVersion: '1.2.3', streams: [{ id: 'front' }], token: TOKEN },
  });
  t.after(() => open.close());
  const ticket = async () => {
    const headers = { authorization: `Bearer ${TOKEN}` };
    const answer = await fetch(`${open.url}api/ticket`, { method: 'POST', headers });
    return ((await answer.json()) as { ticket: string }).ticket;
  };
  for (const query of [`?ticket=${await ticket()}`, `?ticket=${await ticket()}`]) {
    const client = dial(open, query);
    await until(() => client.channels.size > 0, 'channels');
    for (const topic of topicsOf('front', false)) client.subscribe(topic);
    await until(() => client.of('/front/status').length > 0, 'a status');
    client.client.close();
    assert.match(String((await once(dial(open, query).socket, 'error'))[0]), /401/, 'a spent ticket');
  }
});

const refused = (options: { protocols?: string[]; origin?: string }) =>
  new Promise<number>((resolve) => {
    const socket = new WebSocket(address(), options.protocols ?? FOXGLOVE, {
      ...(options.origin ? { origin: options.origin } : {}),
    });
    socket.on('open', () => {
      resolve(101);
      socket.close();
    });
    socket.on('unexpected-response', (_request, response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    socket.on('error', () => {});
  });

test('who may come in: the protocol named, origins on the list', async () => {
  assert.equal(await refused({}), 101);
  assert.equal(await refused({ protocols: ['foxglove.sdk.v1'] }), 101);
  assert.equal(await refused({ protocols: [] }), 400);
  assert.equal(await refused({ protocols: ['something.else'] }), 400);
  assert.equal(await refused({ origin: 'https://elsewhere.example' }), 403);
  assert.equal(await refused({ origin: ORIGIN }), 101);
});

test('no message of a stranger harms anybody', async () => {
  const random = createRandom(3);
  const words = [
    '{',
    '}',
    '[',
    ']',
    ':',
    ',',
    '"op"',
    '"subscribe"',
    '"subscriptions"',
    '"id"',
    '-1',
    '1e99',
    'null',
  ];
  const nonsense = (): string | Buffer =>
    random.uniform() < 0.2
      ? Buffer.from(Array.from({ length: random.integer(64) }, () => random.integer(256)))
      : Array.from({ length: 1 + random.integer(16) }, () => words[random.integer(words.length)]).join('');
  const { client, channels, of, subscribe } = dial();
  await until(() => channels.size > 0, 'channels');
  subscribe('/front/pose');
  for (let n = 0; n < 150; n++) {
    const socket = new WebSocket(address(), FOXGLOVE);
    socket.on('error', () => {});
    await new Promise((resolve) => socket.on('open', resolve));
    const closed = new Promise((resolve) => socket.on('close', resolve));
    const last = {
      op: 'subscribe',
      subscriptions: [{ id: random.integer(4), channelId: random.integer(40) }],
    };
    socket.send(JSON.stringify(last));
    socket.send(nonsense());
    socket.close();
    await closed;
  }
  await publishUntil(() => of('/front/pose').length > 0, 'pose for the one who behaves');
  client.close();
});

test('what is not understood is answered, what is no message ends the connection', async () => {
  const { socket, client, channels, problems } = dial();
  await until(() => channels.size > 0, 'channels');
  socket.send('{"op":"subscribeConnectionGraph"}');
  socket.send('{"op":"subscribe","subscriptions":[{"id":1,"channelId":999}]}');
  socket.send('{"op":"unsubscribe","subscriptionIds":[77]}');
  await until(() => problems.length === 3, 'three complaints');
  const closed = new Promise<number>((resolve) => socket.on('close', resolve));
  socket.send('nonsense');
  assert.equal(await closed, 1008);
  client.close();
});
