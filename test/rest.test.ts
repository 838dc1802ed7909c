import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { MAX_BODY_BYTES } from '../src/server/rest/body.js';
import {
  errorAnswer,
  mapAnswer,
  readinessAnswer,
  streamAnswer,
  streamsAnswer,
} from '../src/server/rest/schemas.js';
import { type Reply, restServer } from './restServer.js';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'posestream-rest-')));
after(() => rmSync(root, { recursive: true }));
const [videos, maps, secret] = ['videos', 'maps', 'secret'].map((name) => join(root, name));
for (const folder of [videos, maps, secret]) mkdirSync(folder);
writeFileSync(join(videos, 'drive.mp4'), '');
writeFileSync(join(videos, 'cam.json'), '');
writeFileSync(join(secret, 'cam.json'), '');
writeFileSync(join(secret, 'drive.mp4'), '');
writeFileSync(join(maps, 'town.map'), '');
writeFileSync(join(maps, 'damaged'), '');
symlinkSync(join(secret, 'drive.mp4'), join(videos, 'link.mp4'));
symlinkSync(join(videos, 'drive.mp4'), join(videos, 'alias.mp4'));

const rules = {
  baseDir: root,
  mapRoots: [maps],
  sources: { fileRoots: [videos], allowPrivateHosts: false, allowLocalDevices: false },
};
const server = await restServer({ rules, maxStreams: 2 });
after(() => server.close());

function errorOf(reply: Reply, status: number, code: string) {
  assert.equal(reply.status, status, reply.text);
  const { error } = errorAnswer.parse(reply.json());
  assert.equal(error.code, code);
  return error;
}

test('a stream is added, listed, paused, resumed and removed', async () => {
  const added = await server.send('POST', '/api/v1/streams', {
    id: 'car',
    source: 'videos/alias.mp4',
    loop: true,
  });
  assert.equal(added.status, 201, added.text);
  assert.equal(added.headers.location, '/api/v1/streams/car');
  assert.equal(streamAnswer.parse(added.json()).id, 'car');
  // Defaults filled in, links followed: what was checked is what is opened.
  assert.deepEqual(server.configOf('car'), {
    ...{ id: 'car', source: join(videos, 'drive.mp4'), realtime: true, loop: true },
    ...{ intrinsics: undefined, reference: undefined },
  });
  const listed = streamsAnswer.parse((await server.ask('GET', '/api/v1/streams')).json());
  assert.deepEqual(
    listed.streams.map(({ id }) => id),
    ['car'],
  );
  const source = async (act: string) =>
    streamAnswer.parse((await server.ask('POST', `/api/v1/streams/car/${act}`)).json()).source.kind;
  assert.equal(await source('pause'), 'paused');
  assert.equal(
    streamAnswer.parse((await server.ask('GET', '/api/v1/streams/car')).json()).source.kind,
    'paused',
  );
  assert.equal(await source('resume'), 'connecting');
  const removed = await server.ask('DELETE', '/api/v1/streams/car');
  assert.deepEqual([removed.status, removed.text], [204, '']);
  errorOf(await server.ask('GET', '/api/v1/streams/car'), 404, 'E_PROTOCOL');
  errorOf(await server.ask('DELETE', '/api/v1/streams/car'), 404, 'E_PROTOCOL');
});

test('taken is 409, full is 429 with a hint', async () => {
  const add = (id: string) => server.send('POST', '/api/v1/streams', { id, source: 'push:' });
  assert.equal((await add('a')).status, 201);
  assert.match(errorOf(await add('a'), 409, 'E_CONFIG').message, /'a' is taken/);
  // Both ask before either is in: the control has the last word.
  const both = await Promise.all([add('b'), add('b')]);
  assert.deepEqual(both.map(({ status }) => status).toSorted(), [201, 409]);
  assert.ok(errorOf(await add('c'), 429, 'E_CAPACITY').hint);
  for (const id of ['a', 'b']) await server.ask('DELETE', `/api/v1/streams/${id}`);
});

test('maps are swapped only from their folders; a damaged one is 422', async () => {
  for (const method of ['PUT', 'POST']) {
    const swapped = await server.send(method, '/api/v1/map', { path: 'maps/town.map' });
    assert.equal(mapAnswer.parse(swapped.json()).name, join(maps, 'town.map'));
  }
  assert.equal(mapAnswer.parse((await server.ask('GET', '/api/v1/map')).json()).name, join(maps, 'town.map'));
  errorOf(await server.send('PUT', '/api/v1/map', { path: 'maps/damaged' }), 422, 'E_MAP_CORRUPT');
  const before = server.asked.length;
  for (const path of [
    'secret/drive.mp4',
    '../x',
    '/etc/passwd',
    'maps/../secret/cam.json',
    'maps/absent.map',
  ])
    assert.match(
      errorOf(await server.send('PUT', '/api/v1/map', { path }), 422, 'E_SOURCE_URL').hint ?? '',
      /mapRoots/,
    );
  assert.equal(server.asked.length, before);
});

test('what policy does not allow never reaches the control', async () => {
  const before = server.asked.length;
  for (const stream of [
    { source: 'secret/drive.mp4' },
    { source: 'videos/link.mp4' },
    { source: 'videos/../secret/drive.mp4' },
    { source: 'file:///etc/passwd' },
    { source: 'rtsp://user:hunter2@127.0.0.1/cam' },
    { source: 'rtsp://169.254.169.254/latest' },
    { source: 'http://[::1]/a.m3u8' },
    { source: '/dev/video0' },
    { source: 'udp://127.0.0.1:5000' },
    { source: 'push:', intrinsics: 'secret/cam.json' },
    { source: 'push:', reference: '/etc/passwd' },
  ]) {
    const reply = await server.send('POST', '/api/v1/streams', { id: 'x', ...stream });
    errorOf(reply, 422, 'E_SOURCE_URL');
    assert.doesNotMatch(reply.text, /hunter2/);
  }
  assert.equal(server.asked.length, before);
});

const bodies: [name: string, body: unknown, says: RegExp][] = [
  ['an unknown key', { id: 'x', source: 'push:', colour: 1 }, /unknown key 'colour'/],
  ['a key that is missing', { id: 'x' }, /^source is missing/],
  ['a wrong type', { id: 'x', source: 'push:', loop: 'yes' }, /^loop: /],
  ['a bad id', { id: '../x', source: 'push:' }, /^id: a stream id/],
  ['a scheme that ffmpeg would take', { id: 'x', source: 'concat:/etc/passwd' }, /^source: .*scheme/],
  ['what was redacted', { id: 'x', source: 'rtsp://***@cam/1' }, /^source: .*'\*\*\*'/],
  ['a list', [], /expected object/],
  ['nothing', null, /expected object/],
];
for (const [name, body, says] of bodies)
  test(`${name} is refused with 400 and the field`, async () => {
    assert.match(errorOf(await server.send('POST', '/api/v1/streams', body), 400, 'E_CONFIG').message, says);
  });

test('a refused secret is not shown', async () => {
  const reply = await server.send('POST', '/api/v1/streams', { id: 'x', source: 'srt://u:hunter2@host' });
  errorOf(reply, 400, 'E_CONFIG');
  assert.doesNotMatch(reply.text, /hunter2/);
});

test('bodies must be JSON, said to be JSON, and small', async () => {
  const post = (
    body: string | Uint8Array,
    headers: Record<string, string> = { 'Content-Type': 'application/json' },
  ) => server.ask('POST', '/api/v1/streams', { body, headers });
  errorOf(await post('{'), 400, 'E_CONFIG');
  errorOf(await post(''), 400, 'E_CONFIG');
  errorOf(await post(Buffer.from([0x22, 0xff, 0x22])), 400, 'E_CONFIG');
  errorOf(await post('['.repeat(60_000)), 400, 'E_CONFIG');
  errorOf(await post('{"id":"x","source":"push:","__proto__":{"loop":true}}'), 400, 'E_CONFIG');
  errorOf(await post('{}', { 'Content-Type': 'text/plain' }), 415, 'E_PROTOCOL');
  errorOf(await post('{}', {}), 415, 'E_PROTOCOL');
  errorOf(
    await post('{}', { 'Content-Type': 'application/json', 'Content-Encoding': 'gzip' }),
    415,
    'E_PROTOCOL',
  );
  errorOf(await post(' '.repeat(MAX_BODY_BYTES + 1)), 413, 'E_PROTOCOL');
  errorOf(
    await post(' '.repeat(MAX_BODY_BYTES + 1), {
      'Content-Type': 'application/json',
      'Transfer-Encoding': 'chunked',
    }),
    413,
    'E_PROTOCOL',
  );
});

test('a client that leaves in the middle of its body is no failure', async () => {
  const socket = connect(server.port, '127.0.0.1');
  socket.write(
    'POST /api/v1/streams HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"id"',
  );
  await new Promise((resolve) => setTimeout(resolve, 100));
  socket.destroy();
  assert.equal((await server.ask('GET', '/api/v1/streams')).status, 200);
  assert.deepEqual(server.warnings, []);
});

test('other paths, other methods, other pages', async () => {
  errorOf(await server.ask('GET', '/api/v1/nothing'), 404, 'E_PROTOCOL');
  errorOf(await server.ask('GET', '/api/v1/streams/..%2f'), 404, 'E_PROTOCOL');
  const wrong = await server.ask('PATCH', '/api/v1/streams');
  errorOf(wrong, 405, 'E_PROTOCOL');
  assert.equal(wrong.headers.allow, 'GET, POST');
  const foreign = { Origin: 'https://evil.example' };
  errorOf(
    await server.send('POST', '/api/v1/streams', { id: 'x', source: 'push:' }, foreign),
    403,
    'E_UNAUTHORIZED',
  );
  errorOf(
    await server.ask('GET', '/api/v1/streams', { headers: { Host: 'evil.example' } }),
    421,
    'E_PROTOCOL',
  );
});

test('a bug is 500, told to the operator and not to the client', async () => {
  writeFileSync(join(videos, 'bug.mp4'), '');
  const reply = await server.send('POST', '/api/v1/streams', { id: 'x', source: 'videos/bug.mp4' });
  errorOf(reply, 500, 'E_INTERNAL');
  assert.doesNotMatch(reply.text, /bug/);
  assert.match(server.warnings.splice(0).join(), /a bug with/);
});

test('while the server is not ready: /readyz says why, what needs it is 503, the rest goes on', async () => {
  assert.deepEqual(readinessAnswer.parse((await server.ask('GET', '/readyz')).json()), {
    ready: true,
    missing: [],
  });
  server.setReadiness({ isReady: false, missing: ['the worker is starting'] });
  const reply = await server.ask('GET', '/readyz');
  assert.equal(reply.status, 503);
  assert.deepEqual(readinessAnswer.parse(reply.json()).missing, ['the worker is starting']);
  const refused = await server.send('POST', '/api/v1/streams', { id: 'x', source: 'push:' });
  assert.match(errorOf(refused, 503, 'E_CAPACITY').message, /worker is starting/);
  assert.equal(refused.headers['retry-after'], '2');
  assert.equal((await server.ask('GET', '/healthz')).status, 200);
  assert.equal((await server.ask('GET', '/api/v1/streams')).status, 200);
  server.setReadiness({ isReady: true, missing: [] });
});

test('a server that replays is always ready and changes nothing', async (t) => {
  const replay = await restServer({ readOnly: true });
  t.after(() => replay.close());
  assert.equal((await replay.ask('GET', '/readyz')).status, 200);
  assert.equal((await replay.ask('GET', '/api/v1/map')).status, 200);
  errorOf(await replay.send('POST', '/api/v1/streams', { id: 'x', source: 'push:' }), 405, 'E_PROTOCOL');
});

test('the documents are served', async () => {
  const openapi = (await server.ask('GET', '/api/v1/openapi.json')).json() as { openapi: string };
  const asyncapi = (await server.ask('GET', '/api/v1/asyncapi.json')).json() as { asyncapi: string };
  assert.deepEqual([openapi.openapi, asyncapi.asyncapi], ['3.1.0', '3.0.0']);
});

test('tokens: each does what its scopes say, about the object that was found', async (t) => {
  const tokens = {
    admin: ['admin'],
    reader: ['read:*'],
    carReader: ['read:car'],
    sender: ['ingest:car'],
  };
  const secretOf = (name: string) => `token of ${name} 123456`;
  const guarded = await restServer({
    tokens: Object.entries(tokens).map(([name, scopes]) => ({ token: secretOf(name), scopes })),
  });
  t.after(() => guarded.close());
  const as = (name: string) => ({ Authorization: `Bearer ${secretOf(name)}` });
  const ask = async (name: string, method: string, path: string) =>
    (await guarded.ask(method, path, { headers: as(name) })).status;
  const add = (id: string, name: string) =>
    guarded.send('POST', '/api/v1/streams', { id, source: 'push:' }, as(name));
  for (const id of ['car', 'rear']) assert.equal((await add(id, 'admin')).status, 201);

  for (const path of ['/api/v1/streams', '/api/v1/streams/car', '/api/v1/nothing', '/metrics', '/api/map'])
    assert.equal((await guarded.ask('GET', path)).status, 401, path);
  assert.equal(
    (await guarded.ask('GET', '/api/v1/streams', { headers: { Authorization: `Bearer ${secretOf('x')}` } }))
      .status,
    401,
  );
  assert.equal((await guarded.ask('GET', '/readyz')).status, 200);

  for (const path of ['/api/v1/streams', '/api/streams']) {
    const seen = async (name: string) =>
      streamsAnswer
        .parse((await guarded.ask('GET', path, { headers: as(name) })).json())
        .streams.map(({ id }) => id);
    assert.deepEqual(await seen('reader'), ['car', 'rear']);
    assert.deepEqual(await seen('carReader'), ['car']);
    assert.deepEqual(await seen('sender'), []);
  }
  assert.equal(await ask('carReader', 'GET', '/api/v1/streams/car'), 200);
  // One that may not be read is as one that is not there.
  const [hidden, absent] = await Promise.all(
    ['rear', 'absent'].map((id) => guarded.ask('GET', `/api/v1/streams/${id}`, { headers: as('carReader') })),
  );
  assert.deepEqual([hidden.status, hidden.text], [absent.status, absent.text]);
  for (const [method, path] of [
    ['DELETE', '/api/v1/streams/car'],
    ['POST', '/api/v1/streams/car/pause'],
    ['POST', '/api/v1/streams'],
    ['PUT', '/api/v1/map'],
  ])
    assert.equal(await ask('reader', method, path), 403, path);
  assert.deepEqual(guarded.asked, ['add car', 'add rear']);
  assert.deepEqual(
    [await ask('reader', 'GET', '/metrics'), await ask('carReader', 'GET', '/metrics')],
    [200, 403],
  );
  assert.deepEqual(
    [await ask('carReader', 'GET', '/api/map'), await ask('sender', 'GET', '/api/map')],
    [200, 403],
  );
  assert.deepEqual(
    [await ask('carReader', 'GET', '/api/v1/map'), await ask('sender', 'GET', '/api/v1/map')],
    [200, 403],
  );
});
