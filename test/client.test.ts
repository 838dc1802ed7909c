import assert from 'node:assert/strict';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocketServer } from 'ws';
import { connectPoses, type LinkState, type PoseMessage } from '../src/client/index.js';
import { createGateway } from '../src/server/gateway.js';
import { poseMessage } from '../src/server/wire.js';
import { startFakeServer } from './fakeGateway.js';
import { FAKE_MODEL, fakeDrive, fakeMap } from './fakeScene.js';
import { PASS, startChaosProxy } from './support/chaosProxy.js';
import { until } from './support/until.js';

test('poses of one stream, the newest after a pause, with hello and status', async () => {
  const server = await startFakeServer(50);
  const heard: string[] = [];
  const feed = connectPoses(server.gateway.url, {
    streams: ['front'],
    onHello: ({ streams }) => heard.push(`hello ${streams.length}`),
    onStatus: ({ stream }) => heard.push(`status ${stream}`),
  });
  const seen: PoseMessage[] = [];
  for await (const pose of feed) {
    seen.push(pose);
    if (seen.length === 5) await delay(1500);
    if (seen.length === 10) break;
  }
  await server.stop();
  assert.deepEqual([...new Set(seen.map(({ stream }) => stream))], ['front']);
  assert.ok(seen.every((pose, i) => i === 0 || pose.sequence > seen[i - 1].sequence));
  const jump = seen[7].sequence - seen[4].sequence;
  assert.ok(jump > 5, `a reader that slept goes on with the newest: ${jump} frames later`);
  assert.equal(heard[0], 'hello 2');
  assert.ok(heard.includes('status front') && !heard.includes('status rear'));
});

test('a server that goes away is found again, and what was handled does not come twice', async () => {
  const first = await startFakeServer(20);
  const port = Number(new URL(first.gateway.url).port);
  const links: LinkState['kind'][] = [];
  const feed = connectPoses(first.gateway.url, { onLink: ({ kind }) => links.push(kind) });
  let count = 0;
  let second: Awaited<ReturnType<typeof startFakeServer>> | undefined;
  for await (const _ of feed) {
    count++;
    if (count === 5) {
      await first.stop();
      await delay(600);
      second = await startFakeServer(20, { port });
    }
    if (count === 12) break;
  }
  await second?.stop();
  assert.deepEqual(links.slice(0, 3), ['connecting', 'open', 'down']);
  assert.equal(links.filter((kind) => kind === 'open').length, 2);
});

test('a pose that was handled does not come again with the next connection, nor one of another stream', async () => {
  const map = fakeMap();
  const [front, rear] = ['front', 'rear'].map((id) => fakeDrive(map, id, Date.now));
  const serve = async (port: number) => {
    const gateway = await createGateway({
      ...{ map, model: FAKE_MODEL, serverVersion: '0', port },
      streams: [{ id: 'rear' }, { id: 'front' }],
    });
    gateway.publishOutcome('rear', rear.frame(0).outcome);
    gateway.publishOutcome('front', front.frame(7).outcome);
    return gateway;
  };
  let gateway = await serve(0);
  const seen: string[] = [];
  const onLink = ({ kind }: LinkState): void => {
    if (kind !== 'open' || seen.length === 0) return;
    setTimeout(() => gateway.publishOutcome('front', front.frame(8).outcome), 200);
  };
  for await (const { stream, sequence } of connectPoses(gateway.url, { streams: ['front'], onLink })) {
    seen.push(`${stream} ${sequence}`);
    if (seen.length === 2) break;
    setTimeout(async () => {
      const port = Number(new URL(gateway.url).port);
      await gateway.close();
      gateway = await serve(port);
    }, 100);
  }
  await gateway.close();
  assert.deepEqual(seen, ['front 7', 'front 8']);
});

test('a token that is wrong ends the feed with a word, a right one opens it', async () => {
  const token = 'correct horse battery';
  const server = await startFakeServer(20, { token });
  const first = async (options: { readonly token: string }) => {
    for await (const pose of connectPoses(server.gateway.url, options)) return pose.stream;
    return null;
  };
  await assert.rejects(first({ token: 'wrong wrong wrong wrong' }), /refuses the token/);
  assert.equal(await first({ token }), 'front');
  await server.stop();
});

test('closing ends a reader that waits', async () => {
  const feed = connectPoses('http://127.0.0.1:9');
  setTimeout(() => feed.close(), 100);
  for await (const _ of feed) assert.fail('nobody is there');
});

test('a line on which nothing passes any more is found out, and poses go on over the next', async () => {
  const server = await startFakeServer(30);
  const proxy = await startChaosProxy(Number(new URL(server.gateway.url).port));
  const downs: string[] = [];
  const feed = connectPoses(`http://127.0.0.1:${proxy.port}`, {
    silenceMs: 1500,
    onLink: (link) => {
      if (link.kind !== 'down') return;
      downs.push(link.why);
      proxy.set(PASS);
    },
  });
  const seen: number[] = [];
  for await (const { sequence } of feed) {
    seen.push(sequence);
    if (seen.length === 10) proxy.set({ kind: 'dead' });
    if (seen.length === 30) break;
  }
  await proxy.close();
  await server.stop();
  assert.deepEqual(downs, ['nothing heard for 1.5 s']);
  assert.ok(
    seen.every((n, i) => i === 0 || n > seen[i - 1]),
    'none twice, none older',
  );
});

test('a server without a single frame is not silent, nor one whose streams nobody wants', async () => {
  const gateway = await createGateway({
    ...{ map: fakeMap(1, 100), model: FAKE_MODEL, serverVersion: '0', port: 0 },
    streams: [{ id: 'still' }],
  });
  const links: string[] = [];
  const note = ({ kind }: LinkState) => void links.push(kind);
  const feeds = [['still'], ['nowhere']].map((streams) =>
    connectPoses(gateway.url, { streams, silenceMs: 1600, onLink: note }),
  );
  await delay(4000);
  for (const feed of feeds) feed.close();
  await gateway.close();
  assert.deepEqual(links.sort(), ['connecting', 'connecting', 'open', 'open']);
  assert.equal(feeds[0].streams().get('still')?.source?.kind, 'connecting');
});

test('binary poses are the same poses', async () => {
  const server = await startFakeServer(30);
  const [text, binary] = await Promise.all(
    (['json', 'msgpack'] as const).map(async (encoding) => {
      const poses = new Map<number, PoseMessage>();
      for await (const pose of connectPoses(server.gateway.url, { encoding, streams: ['front'] })) {
        poses.set(pose.sequence, poseMessage.parse(pose));
        if (poses.size === 20) break;
      }
      return poses;
    }),
  );
  await server.stop();
  const both = [...binary].filter(([sequence]) => text.has(sequence));
  assert.ok(both.length > 5, `${both.length} poses came to both`);
  for (const [sequence, pose] of both)
    assert.deepEqual({ ...pose, ageMs: 0 }, { ...text.get(sequence), ageMs: 0 });
});

test('a second hello is the new truth: streams that came are asked for, old epochs are not told', async () => {
  const wishes: unknown[] = [];
  const acks: string[] = [];
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  await once(server, 'listening');
  const hello = (...ids: readonly string[]) =>
    JSON.stringify({ type: 'hello', protocol: 1, streams: ids.map((id) => ({ id })) });
  const pose = (stream: string, epoch: number, sequence: number) =>
    JSON.stringify({ type: 'pose', state: 'posed', stream, epoch, sequence });
  server.on('connection', (socket) => {
    socket.on('message', (data) => {
      const message = JSON.parse(String(data));
      if (message.type === 'subscribe') wishes.push(message.streams);
      else acks.push(`${message.stream} ${message.epoch} ${message.sequence}`);
    });
    socket.send(hello('a'));
    for (const message of [
      pose('a', 1, 4),
      pose('a', 0, 9),
      hello('a', 'b'),
      pose('b', 0, 1),
      pose('a', 2, 0),
    ])
      socket.send(message);
  });
  const hellos: number[] = [];
  const seen: string[] = [];
  const feed = connectPoses(`http://127.0.0.1:${(server.address() as AddressInfo).port}`, {
    streams: ['a', 'b'],
    onHello: ({ streams }) => hellos.push(streams.length),
  });
  for await (const { stream, epoch, sequence } of feed) {
    seen.push(`${stream} ${epoch} ${sequence}`);
    if (seen.length < 3) continue;
    // The server does not wait for what nobody handles.
    await until(() => acks.includes('a 0 9') && wishes.length === 2, 'acknowledgement');
    break;
  }
  server.close();
  assert.deepEqual(hellos, [1, 2]);
  assert.deepEqual(seen, ['a 1 4', 'b 0 1', 'a 2 0']);
  assert.deepEqual(wishes, [['a'], ['a', 'b']]);
});
