import assert from 'node:assert/strict';
import test from 'node:test';
import { createFanOut } from './fanOut.js';

/** Every `give` takes a millisecond. */
function bench(sliceMs: number) {
  const given: string[] = [];
  const queue: (() => void)[] = [];
  let ms = 0;
  const fanOut = createFanOut<number, string>({
    give: (client, item) => {
      ms++;
      given.push(`${item}${client}`);
    },
    sliceMs,
    monotonicMs: () => ms,
    soon: (run) => queue.push(run),
  });
  const runAll = () => {
    for (let next = queue.shift(); next; next = queue.shift()) next();
  };
  return { fanOut, given, queue, runAll };
}

const clients = Array.from({ length: 100 }, (_, i) => i);
const everybody = new Set(clients);

test('few clients are served at once', () => {
  const { fanOut, given, queue } = bench(20);
  fanOut(new Set([1, 2, 3]), 'a');
  assert.deepEqual([given, queue.length], [['a1', 'a2', 'a3'], 0]);
});

test('many are served in slices, every one once', () => {
  const { fanOut, given, queue, runAll } = bench(20);
  fanOut(everybody, 'a');
  assert.equal(given.length, 32);
  assert.equal(queue.length, 1);
  runAll();
  assert.deepEqual(
    given,
    clients.map((client) => `a${client}`),
  );
});

test('a newer item overtakes: who still waits gets it alone and first, the others after', () => {
  const { fanOut, given, runAll } = bench(20);
  fanOut(everybody, 'a');
  fanOut(everybody, 'b');
  runAll();
  const [a, b] = ['a', 'b'].map((item) =>
    given.filter((name) => name.startsWith(item)).map((n) => Number(n.slice(1))),
  );
  assert.deepEqual(a, clients.slice(0, 32));
  assert.deepEqual(b, [...clients.slice(32), ...clients.slice(0, 32)]);
});

test('nobody starves while items come faster than they can be given', () => {
  const { fanOut, given, queue } = bench(16);
  for (let n = 0; n < 14; n++) {
    fanOut(everybody, 'x');
    queue.shift()?.();
  }
  const times = clients.map((client) => given.filter((name) => name === `x${client}`).length);
  assert.ok(Math.max(...times) - Math.min(...times) <= 1, String(times));
});

test('who has left meanwhile is not served', () => {
  const { fanOut, given, runAll } = bench(16);
  fanOut(everybody, 'a');
  fanOut(new Set(clients.slice(0, 20)), 'b');
  runAll();
  assert.deepEqual(given.filter((name) => name.startsWith('b')).length, 20);
});
