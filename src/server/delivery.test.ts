import assert from 'node:assert/strict';
import test from 'node:test';
import { createDelivery, type Item } from './delivery.js';

function bench(maxBufferedBytes = 100) {
  const sent: number[] = [];
  const timers: { atMs: number; fire: () => void }[] = [];
  const state = { buffered: 0, ms: 0 };
  let finished: () => void = () => {};
  const delivery = createDelivery(
    {
      send: ({ sequence }, done) => {
        sent.push(sequence);
        finished = done;
      },
      bufferedBytes: () => state.buffered,
      monotonicMs: () => state.ms,
      after: (ms, fire) => {
        const timer = { atMs: state.ms + ms, fire };
        timers.push(timer);
        return () => timers.splice(timers.indexOf(timer), 1);
      },
    },
    maxBufferedBytes,
  );
  const advance = (toMs: number): void => {
    state.ms = toMs;
    for (const timer of timers.filter(({ atMs }) => atMs <= toMs)) {
      timers.splice(timers.indexOf(timer), 1);
      timer.fire();
    }
  };
  return { delivery, sent, state, advance, timers, finish: () => finished() };
}

const item = (sequence: number, epoch = 0): Item => ({ epoch, sequence, encode: () => new Uint8Array() });

test('without acknowledgements every item leaves at once', () => {
  const { delivery, sent } = bench();
  for (let i = 0; i < 5; i++) delivery.offer(item(i));
  assert.deepEqual(sent, [0, 1, 2, 3, 4]);
});

test('a window of two keeps only the newest waiting', () => {
  const { delivery, sent } = bench();
  delivery.setWindow(2);
  for (let i = 0; i < 6; i++) delivery.offer(item(i));
  assert.deepEqual(sent, [0, 1]);
  delivery.ack(0, 0);
  assert.deepEqual(sent, [0, 1, 5]);
  delivery.offer(item(6));
  delivery.ack(0, 5);
  assert.deepEqual(sent, [0, 1, 5, 6]);
});

test('an acknowledgement of something never sent frees nothing', () => {
  const { delivery, sent } = bench();
  delivery.setWindow(1);
  delivery.offer(item(7, 2));
  delivery.offer(item(8, 2));
  delivery.ack(1, 7);
  delivery.ack(2, 99);
  assert.deepEqual(sent, [7]);
});

test('a full socket buffer holds back, and its emptying delivers the newest', () => {
  const { delivery, sent, state, finish } = bench(100);
  delivery.offer(item(0));
  state.buffered = 101;
  assert.equal(delivery.ready(), false);
  delivery.offer(item(1));
  delivery.offer(item(2));
  assert.deepEqual(sent, [0]);
  state.buffered = 0;
  finish();
  assert.deepEqual(sent, [0, 2]);
});

test('a maximum rate thins out evenly and delivers the last item late', () => {
  const { delivery, sent, advance } = bench();
  delivery.setMaxRateHz(10);
  for (let i = 0; i <= 30; i++) {
    advance(i * 33);
    delivery.offer(item(i));
  }
  assert.ok(sent.length >= 9 && sent.length <= 11, `sent ${sent.length} in one second`);
  advance(2000);
  assert.equal(sent.at(-1), 30);
});

test('at a third of the rate every third item leaves the moment it comes, with jitter', () => {
  const { delivery, sent, advance, state } = bench();
  const waited: number[] = [];
  delivery.setMaxRateHz(10);
  for (let i = 0; i < 90; i++) {
    advance(i * 33.3 + 8 * Math.sin(i * 7));
    const before = sent.length;
    delivery.offer(item(i));
    if (sent.length > before) waited.push(state.ms);
  }
  assert.equal(waited.length, sent.length, 'none was kept for later');
  assert.ok(sent.length >= 29 && sent.length <= 31, `sent ${sent.length} of 90`);
});

test('what waited longer than its lifespan is not sent, what comes next is', () => {
  const { delivery, sent, advance } = bench();
  delivery.setWindow(1);
  delivery.setLifespanMs(500);
  delivery.offer(item(0));
  delivery.offer(item(1));
  advance(501);
  delivery.ack(0, 0);
  assert.deepEqual(sent, [0]);
  delivery.offer(item(2));
  assert.deepEqual(sent, [0, 2]);
  delivery.offer(item(3));
  advance(1000);
  delivery.ack(0, 2);
  assert.deepEqual(sent, [0, 2, 3]);
});

test('a low rate of the client does not outdate what it waits for', () => {
  const { delivery, sent, advance } = bench();
  delivery.setMaxRateHz(0.5);
  delivery.setLifespanMs(500);
  delivery.offer(item(0));
  advance(10);
  delivery.offer(item(1));
  advance(3000);
  assert.deepEqual(sent, [0, 1]);
});

test('the silence of a client is measured from its oldest unacknowledged item', () => {
  const { delivery, advance } = bench();
  delivery.setWindow(2);
  delivery.offer(item(0));
  advance(500);
  delivery.offer(item(1));
  advance(900);
  assert.equal(delivery.overdueMs(), 900);
  delivery.ack(0, 0);
  assert.equal(delivery.overdueMs(), 400);
});

test('a closed delivery sends nothing and leaves no timer', () => {
  const { delivery, sent, timers } = bench();
  delivery.setMaxRateHz(1);
  delivery.offer(item(0));
  delivery.offer(item(1));
  delivery.close();
  delivery.offer(item(2));
  assert.deepEqual([sent, timers.length], [[0], 0]);
});
