import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test, { after, before } from 'node:test';
import { WebSocket } from 'ws';
import { PosestreamError } from '../src/domain/errors.js';
import { createGateway, type Gateway, type GatewayOptions } from '../src/server/gateway.js';
import { asFloat32, decodePacked } from '../src/server/packed.js';
import { mapGeometryHeader, type ServerMessage, serverMessage, viewHeader } from '../src/server/wire.js';
import { FAKE_CAMERA, FAKE_MODEL, fakeDrive, fakeMap } from './fakeScene.js';

const map = fakeMap(1, 2000);
const drive = fakeDrive(map, 'front', Date.now);
const pageRoot = mkdtempSync(join(tmpdir(), 'posestream-page-'));
const pageDir = join(pageRoot, 'page');
let gateway: Gateway;

const options = (extra: Partial<GatewayOptions> = {}): GatewayOptions => ({
  port: 0,
  map,
  model: FAKE_MODEL,
  serverVersion: '1.2.3',
  pageDir,
  streams: [
    { id: 'front', camera: FAKE_CAMERA, truth: drive.truth },
    { id: 'rear', label: 'rear camera' },
  ],
  ...extra,
});

before(async () => {
  mkdirSync(join(pageDir, 'assets'), { recursive: true });
  writeFileSync(join(pageDir, 'index.html'), '<!doctype html><title>the page</title>');
  writeFileSync(join(pageDir, 'assets', 'main-AbCd1234.js'), 'export {};');
  writeFileSync(join(pageDir, '.hidden.json'), '{}');
  writeFileSync(join(pageRoot, 'secret.json'), '{"secret":true}');
  gateway = await createGateway(options());
});
after(async () => {
  await gateway.close();
  rmSync(pageRoot, { recursive: true });
});

/** A socket that keeps what it receives, checked against the schema where it is not said to be trusted. */
function dial(path: string, to = gateway, headers: Record<string, string> = {}, isTrusted = false) {
  const socket = new WebSocket(new URL(path, to.url.replace('http', 'ws')), { headers });
  socket.binaryType = 'arraybuffer';
  const texts: ServerMessage[] = [];
  const binaries: ArrayBuffer[] = [];
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.on('close', (code, reason) => resolve({ code, reason: String(reason) })),
  );
  const refused = new Promise<number>((resolve) =>
    socket.on('unexpected-response', (_request, response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
      socket.terminate();
    }),
  );
  socket.on('error', () => {});
  socket.on('message', (data, isBinary) => {
    if (isBinary) binaries.push(data as ArrayBuffer);
    else {
      const message = JSON.parse(String(data));
      texts.push(isTrusted ? message : serverMessage.parse(message));
    }
  });
  const until = async (ready: () => boolean, what: string): Promise<void> => {
    const deadline = Date.now() + 20_000;
    while (!ready()) {
      if (Date.now() > deadline) throw new Error(`no ${what} within 20 s`);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  };
  const poses = () => texts.filter((message) => message.type === 'pose');
  return { socket, texts, binaries, closed, refused, until, poses };
}

/** A raw request: nothing tidies up the path on its way. */
function get(path: string, headers: Record<string, string> = {}, to = gateway, method = 'GET') {
  const { hostname, port } = new URL(to.url);
  return new Promise<{ status: number; body: Buffer; headers: Record<string, unknown> }>(
    (resolve, reject) => {
      const sent = request({ hostname, port, path, headers, method }, (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk) => chunks.push(chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            body: Buffer.concat(chunks),
            headers: response.headers,
          }),
        );
      });
      sent.on('error', reject);
      sent.end();
    },
  );
}

test('hello first, then every pose with its books in balance', async () => {
  const client = dial('/poses');
  await client.until(() => client.texts.length > 0, 'hello');
  const hello = client.texts[0];
  assert.ok(hello.type === 'hello');
  assert.deepEqual(
    hello.streams.map(({ id, hasTruth }) => [id, hasTruth]),
    [
      ['front', true],
      ['rear', false],
    ],
  );
  for (let n = 0; n < 40; n++) gateway.publishOutcome('front', drive.frame(n).outcome);
  await client.until(() => client.poses().length === 39, '39 poses (one frame of 40 is dropped)');
  for (const pose of client.poses()) {
    const { counters } = pose;
    const dropped = Object.values(counters.dropped).reduce((a, b) => a + b, 0);
    assert.equal(counters.in, counters.posed + counters.lost + dropped);
    assert.ok(pose.ageMs !== null && pose.ageMs >= 60);
    assert.ok(pose.state === 'posed' && pose.error && pose.error.m < 0.2);
  }
  assert.equal(client.poses().at(-1)?.counters.in, 40);
  client.socket.close();
});

test('a newcomer gets the newest pose at once', async () => {
  const client = dial('/poses');
  await client.until(() => client.poses().length === 1, 'last pose');
  client.socket.close();
});

test('subscribe narrows the streams; an unknown one is named', async () => {
  const client = dial('/poses');
  await client.until(() => client.poses().length === 1, 'last pose');
  client.socket.send('{"type":"subscribe","streams":["nowhere"]}');
  await client.until(() => client.texts.some(({ type }) => type === 'error'), 'error');
  client.socket.send('{"type":"subscribe","streams":["rear"]}');
  gateway.publishStatus('front', { kind: 'stalled' });
  await new Promise((resolve) => setTimeout(resolve, 100));
  const seen = client.texts.length;
  gateway.publishOutcome('front', drive.frame(41).outcome);
  gateway.publishStatus('rear', { kind: 'streaming' });
  await client.until(() => client.texts.length > seen, 'status');
  assert.deepEqual(
    client.texts.slice(seen).map((m) => (m.type === 'status' ? m.stream : m.type)),
    ['rear'],
  );
  client.socket.close();
});

test('a client that acknowledges gets two in flight and then only the newest', async () => {
  const client = dial('/poses');
  await client.until(() => client.texts.length > 0, 'hello');
  client.socket.send('{"type":"subscribe","streams":["front"],"window":2}');
  await new Promise((resolve) => setTimeout(resolve, 100));
  const before = client.poses().length;
  for (let n = 100; n < 130; n++) gateway.publishOutcome('front', drive.frame(n).outcome);
  await new Promise((resolve) => setTimeout(resolve, 100));
  // The newest pose at subscription counts against the window as well.
  const inFlight = client.poses().slice(before - 1);
  assert.equal(inFlight.length, 2);
  const { epoch, sequence } = inFlight[1];
  client.socket.send(JSON.stringify({ type: 'ack', stream: 'front', epoch, sequence }));
  await client.until(() => client.poses().at(-1)?.sequence === 129, 'newest pose');
  client.socket.close();
});

for (const [what, payload, code] of [
  ['not JSON', 'hello?', 1007],
  ['unknown message', '{"type":"fire"}', 1008],
  ['binary', Buffer.from([1, 2, 3]), 1003],
] as const)
  test(`malformed input (${what}) is answered with E_PROTOCOL and closed with ${code}`, async () => {
    const client = dial('/poses');
    await once(client.socket, 'open');
    client.socket.send(payload);
    assert.equal((await client.closed).code, code);
    const error = client.texts.at(-1);
    assert.ok(error?.type === 'error');
    assert.equal(error.code, 'E_PROTOCOL');
  });

test('an oversized message closes with 1009', async () => {
  const client = dial('/poses');
  await once(client.socket, 'open');
  client.socket.send('x'.repeat(17 * 1024));
  assert.equal((await client.closed).code, 1009);
});

test('a message in a hundred fragments closes with 1008', async () => {
  const client = dial('/poses');
  await once(client.socket, 'open');
  for (let i = 0; i < 100; i++) client.socket.send('x', { fin: false });
  assert.equal((await client.closed).code, 1008);
});

test('a foreign origin and a foreign host name are refused before the handshake', async () => {
  assert.equal(await dial('/poses', gateway, { Origin: 'http://evil.example' }).refused, 403);
  assert.equal(await dial('/poses', gateway, { Origin: 'null' }).refused, 403);
  assert.equal(await dial('/poses', gateway, { Host: 'evil.example' }).refused, 421);
  assert.equal(await dial('/elsewhere').refused, 404);
  assert.equal(await dial('/view?stream=nowhere').refused, 404);
  assert.equal((await get('/', { Host: 'evil.example' })).status, 421);
  const own = dial('/poses', gateway, { Origin: gateway.url.slice(0, -1) });
  await once(own.socket, 'open');
  own.socket.close();
});

test('the page is served with its policy, cached by its hash, and nothing outside it', async () => {
  const page = await get('/');
  assert.equal(page.status, 200);
  assert.match(page.body.toString(), /the page/);
  assert.match(String(page.headers['content-security-policy']), /default-src 'self'/);
  assert.doesNotMatch(String(page.headers['content-security-policy']), /unsafe/);
  assert.match(String((await get('/assets/main-AbCd1234.js')).headers['cache-control']), /immutable/);
  assert.equal((await get('/', { 'If-None-Match': String(page.headers.etag) })).status, 304);
  assert.equal((await get('/', {}, gateway, 'DELETE')).status, 405);
  for (const path of [
    '/../secret.json',
    '/%2e%2e/secret.json',
    '/..%2fsecret.json',
    '/assets/../../secret.json',
    '/assets/..\\..\\secret.json',
    '//etc/passwd',
    '/.hidden.json',
    '/__proto__',
    '/index.html%00.js',
  ])
    assert.equal((await get(path)).status, 404, path);
});

test('the map goes out as a packed message the page can read', async () => {
  const { body, headers } = await get('/api/map');
  const { header, sections } = decodePacked(new Uint8Array(body).buffer);
  const geometry = mapGeometryHeader.parse(header);
  assert.equal(geometry.points, 2000);
  const xyz = asFloat32(sections[0]);
  assert.equal(xyz.length, 3 * geometry.points);
  for (let axis = 0; axis < 3; axis++)
    assert.ok(Math.abs(xyz[axis] + geometry.origin[axis] - map.points.xyz[axis]) < 1e-3);
  assert.equal(asFloat32(sections[2]).length, 7 * map.keyframes.count);
  assert.equal((await get('/api/map', { 'If-None-Match': String(headers.etag) })).status, 304);
});

test('pictures are made only for somebody, and carry the pixels of the same frame', async () => {
  const { outcome, image } = drive.frame(3);
  assert.equal(gateway.wantsFrame('front'), false);
  const client = dial('/view?stream=front');
  await once(client.socket, 'open');
  await client.until(() => gateway.wantsFrame('front'), 'viewer');
  assert.equal(gateway.wantsFrame('rear'), false);
  const scratch = { ...image, pixels: image.pixels.slice() };
  gateway.publishFrame('front', scratch, outcome);
  scratch.pixels.fill(0);
  assert.equal(gateway.wantsFrame('front'), false);
  await client.until(() => client.binaries.length === 1, 'picture');
  const { header, sections } = decodePacked(client.binaries[0]);
  assert.deepEqual(viewHeader.parse(header).sequence, 3);
  assert.ok(outcome.kind === 'posed');
  assert.deepEqual(asFloat32(sections[0]), outcome.evidence?.inlierXyPx);
  const { default: sharp } = await import('sharp');
  const { data, info } = await sharp(sections[2]).grayscale().raw().toBuffer({ resolveWithObject: true });
  assert.deepEqual([info.width, info.height], [image.widthPx, image.heightPx]);
  assert.ok(Math.abs(data[320] - image.pixels[320]) < 12, 'the picture of the moment it was published');
  client.socket.close();
  await client.closed;
  await client.until(() => !gateway.wantsFrame('front'), 'quiet');
});

test('a stopped reader is skipped: it holds nobody up and later finds the newest pose, not the backlog', async () => {
  // Checking ten thousand messages takes a busy machine longer than a stopped client is waited for.
  const [stopped, healthy] = [1, 2].map(() => dial('/poses', gateway, {}, true));
  await Promise.all([once(stopped.socket, 'open'), once(healthy.socket, 'open')]);
  stopped.socket.pause();
  const { outcome } = drive.frame(1);
  const published = 10_000;
  for (let n = 0; n < published; n++) {
    gateway.publishOutcome('front', { ...outcome, frame: { ...outcome.frame, sequence: 1000 + n } });
    if (n % 20 === 19) await new Promise((resolve) => setImmediate(resolve));
  }
  const newest = 1000 + published - 1;
  await healthy.until(() => healthy.poses().at(-1)?.sequence === newest, 'newest pose');
  stopped.socket.resume();
  await stopped.until(() => stopped.poses().at(-1)?.sequence === newest, 'newest pose after the stop');
  // What the kernel buffers hold cannot be taken back; beyond them nothing was queued.
  assert.ok(stopped.poses().length < published / 2, `${stopped.poses().length} of ${published} were queued`);
  stopped.socket.close();
  healthy.socket.close();
});

test('a token guards data and sockets; a browser trades it for a one-use ticket', async (t) => {
  const token = 'correct horse battery';
  const guarded = await createGateway(options({ token }));
  t.after(() => guarded.close());
  const auth = { Authorization: `Bearer ${token}` };
  assert.equal((await get('/api/map', {}, guarded)).status, 401);
  assert.equal((await get('/api/map', { Authorization: 'Bearer wrong' }, guarded)).status, 401);
  assert.equal((await get('/api/map', auth, guarded)).status, 200);
  assert.equal((await get('/healthz', {}, guarded)).status, 200);
  assert.equal(await dial('/poses', guarded).refused, 401);
  const reply = await get('/api/ticket', auth, guarded, 'POST');
  const { ticket } = JSON.parse(reply.body.toString());
  const path = `/poses?ticket=${ticket}`;
  await once(dial(path, guarded).socket, 'open');
  assert.equal(await dial(path, guarded).refused, 401);
  await once(dial('/poses', guarded, auth).socket, 'open');
});

test('more clients than allowed are refused with 503', async (t) => {
  const small = await createGateway(options({ limits: { maxClientsPerAddress: 2, maxViewers: 1 } }));
  t.after(() => small.close());
  await once(dial('/view', small).socket, 'open');
  assert.equal(await dial('/view', small).refused, 503);
  await once(dial('/poses', small).socket, 'open');
  assert.equal(await dial('/poses', small).refused, 503);
});

test('a public address needs a token; a taken port says so', async () => {
  await assert.rejects(createGateway(options({ host: '0.0.0.0' })), { code: 'E_CONFIG' });
  const port = Number(new URL(gateway.url).port);
  await assert.rejects(
    createGateway(options({ port })),
    (error) => error instanceof PosestreamError && error.code === 'E_PORT_IN_USE' && error.hint !== undefined,
  );
});

test('a client that sends half a request is let go', { timeout: 15_000 }, async () => {
  const { hostname, port } = new URL(gateway.url);
  const socket = connect(Number(port), hostname);
  await once(socket, 'connect');
  socket.write('GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: ');
  socket.resume();
  const started = Date.now();
  await once(socket, 'close');
  assert.ok(Date.now() - started < 7000);
});

test('closing says 1001 to the living and cuts the stopped, within 2 s', async () => {
  const closing = await createGateway(options());
  const living = dial('/poses', closing);
  const stopped = dial('/poses', closing);
  await Promise.all([once(living.socket, 'open'), once(stopped.socket, 'open')]);
  const half = connect(Number(new URL(closing.url).port), '127.0.0.1');
  half.on('error', () => {});
  await once(half, 'connect');
  stopped.socket.pause();
  const started = Date.now();
  await closing.close();
  assert.ok(Date.now() - started < 2000, `${Date.now() - started} ms`);
  assert.equal((await living.closed).code, 1001);
  stopped.socket.terminate();
});
