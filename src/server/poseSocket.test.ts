import assert from 'node:assert/strict';
import { EventEmitter } from 'node:events';
import test from 'node:test';
import type { WebSocket } from 'ws';
import type { Item } from './delivery.js';
import { encodedOnce } from './encoding.js';
import { servePoses } from './poseSocket.js';

function bench() {
  const sent: string[] = [];
  const closed: number[] = [];
  const time = { ms: 0 };
  const socket = Object.assign(new EventEmitter(), {
    ...{ OPEN: 1, readyState: 1, bufferedAmount: 0 },
    send: (bytes: Uint8Array) => sent.push(JSON.parse(String(bytes)).type),
    close: (code: number) => closed.push(code),
  });
  const client = servePoses(socket as unknown as WebSocket, {
    ...{ knowsStream: (id) => id === 'car', latest: () => null, streams: () => ['car'] },
    ...{ monotonicMs: () => time.ms, nowMs: () => time.ms },
  });
  const say = (message: object) => socket.emit('message', Buffer.from(JSON.stringify(message)), false);
  const offer = (sequence: number) => client.offer('car', pose(sequence));
  return { client, socket, sent, closed, time, say, offer };
}

const pose = (sequence: number): Item => ({
  ...{ epoch: 0, sequence },
  encode: () => Buffer.from(`{"type":"pose","sequence":${sequence}}`),
});

test('who owes an acknowledgement for ten seconds is closed with 1013, who gives it is not', () => {
  for (const gives of [true, false]) {
    const { client, closed, time, say, offer } = bench();
    say({ type: 'subscribe', window: 2 });
    offer(1);
    if (gives) say({ type: 'ack', stream: 'car', epoch: 0, sequence: 1 });
    time.ms = 9_900;
    client.everySecond();
    assert.deepEqual(closed, []);
    time.ms = 10_100;
    client.everySecond();
    assert.deepEqual(closed, gives ? [] : [1013]);
  }
});

test('something is said every second, and only where nothing else was', () => {
  const { client, sent, say, offer } = bench();
  say({ type: 'subscribe', streams: [] });
  client.everySecond();
  offer(1);
  client.everySecond();
  assert.deepEqual(sent, ['alive', 'alive']);
  say({ type: 'subscribe' });
  offer(2);
  client.everySecond();
  assert.deepEqual(sent, ['alive', 'alive', 'pose']);
});

test('what a lagging client cannot take is left out; a new hello is not, so it must come again', () => {
  const { client, socket, sent, closed } = bench();
  socket.bufferedAmount = 1_000_000;
  client.sendStatus('car', encodedOnce({ type: 'status' }));
  assert.deepEqual([sent, closed], [[], []]);
  client.sendHello(encodedOnce({ type: 'hello' }));
  assert.deepEqual([sent, closed], [[], [1013]]);
});

test('long messages count for several, pings and pongs for one: a flood of any is closed with 1008', () => {
  const floods: ((socket: EventEmitter) => void)[] = [
    (socket) =>
      socket.emit('message', Buffer.from('{"type":"ack","stream":"car","epoch":0,"sequence":0}'), false),
    (socket) => socket.emit('ping'),
    (socket) => socket.emit('pong'),
  ];
  for (const say of floods) {
    const { socket, closed } = bench();
    for (let n = 0; n < 400; n++) say(socket);
    assert.deepEqual(closed, []);
    for (let n = 0; n < 200 && closed.length === 0; n++) say(socket);
    assert.deepEqual(closed, [1008]);
  }
  const { closed, say } = bench();
  const long = { type: 'subscribe', streams: Array.from({ length: 240 }, () => 'x'.repeat(60)) };
  for (let n = 0; n < 30 && closed.length === 0; n++) say(long);
  assert.deepEqual(closed, [1008]);
});
