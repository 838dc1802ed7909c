import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { createAccess } from './access.js';
import { acceptSockets } from './upgrade.js';

const PING_MS = 200;

test('a client that answers no ping is cut off, unless it sends', async (t) => {
  const server = createServer();
  const sockets = acceptSockets(server, {
    access: createAccess([], () => performance.now()),
    ...{ boundToLoopback: true, origins: [], maxClients: 8, maxClientsPerAddress: 8, pingMs: PING_MS },
    route: () => ({ serve: () => undefined, isUpload: true }),
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(async () => {
    await sockets.closeAll(1001, 100);
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  const connect = () => new WebSocket(`ws://127.0.0.1:${port}/`, { autoPong: false });
  const [silent, busy] = [connect(), connect()];
  await Promise.all([once(silent, 'open'), once(busy, 'open')]);
  const sending = setInterval(() => busy.send(Buffer.alloc(10)), PING_MS / 8);
  t.after(() => clearInterval(sending));
  const [code] = await once(silent, 'close');
  assert.equal(code, 1006);
  await delay(3 * PING_MS);
  assert.equal(busy.readyState, busy.OPEN);
  assert.equal(sockets.size(), 1);
});
