import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { connectPoses, type LinkState, type PoseMessage } from '../src/client/index.js';
import { createGateway } from '../src/server/gateway.js';
import { startFakeServer } from './fakeGateway.js';
import { FAKE_MODEL, fakeDrive, fakeMap } from './fakeScene.js';

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
