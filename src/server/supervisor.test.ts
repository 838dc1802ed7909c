import assert from 'node:assert/strict';
import { afterEach, beforeEach, mock, test } from 'node:test';
import type { BusEvents, Order, Report } from './bus.js';
import { createSupervisor, type Opened, type Outage } from './supervisor.js';

const OPENED = { kind: 'opened', map: { sha256: 'a' }, model: { name: 'net' } } as unknown as Report;

/** Workers that do what the test says. */
function scene() {
  const workers: { events: BusEvents; orders: Order[]; isKilled: boolean }[] = [];
  const heard: { up: Opened[]; down: Outage[]; reports: Report[] } = { up: [], down: [], reports: [] };
  const supervisor = createSupervisor(
    (events) => {
      const worker = { events, orders: [] as Order[], isKilled: false };
      workers.push(worker);
      return {
        send: (order) => void worker.orders.push(order),
        kill: () => {
          worker.isKilled = true;
          events.ended('by SIGKILL');
        },
      };
    },
    { mapPath: '/a.map', modelPath: '/net.json' },
    {
      up: (opened) => void heard.up.push(opened),
      down: (outage) => void heard.down.push(outage),
      report: (report) => void heard.reports.push(report),
    },
    () => 0,
  );
  return { workers, heard, supervisor };
}

beforeEach(() => mock.timers.enable({ apis: ['setTimeout', 'setInterval'] }));
afterEach(() => mock.timers.reset());

test('a worker that dies is replaced after a pause that grows, and only the living are heard', () => {
  const { workers, heard, supervisor } = scene();
  assert.deepEqual(workers[0].orders, [{ kind: 'open', mapPath: '/a.map', modelPath: '/net.json' }]);
  workers[0].events.report(OPENED);
  assert.ok(supervisor.isUp());
  workers[0].events.ended('by SIGSEGV');
  assert.ok(!supervisor.isUp());
  assert.deepEqual(heard.down[0], { attempt: 1, inMs: 125, why: 'The worker ended by SIGSEGV.' });
  mock.timers.tick(124);
  assert.equal(workers.length, 1);
  mock.timers.tick(1);
  assert.equal(workers.length, 2);
  workers[0].events.report({ kind: 'over', stream: 'car', run: 1 });
  workers[0].events.report(OPENED);
  workers[0].events.ended('twice');
  assert.equal(heard.reports.length, 0, 'the dead say nothing');
  assert.ok(!supervisor.isUp());
  workers[1].events.ended('with code 1');
  assert.equal(heard.down[1].attempt, 2);
  assert.equal(heard.down[1].inMs, 250);
  mock.timers.tick(250);
  workers[2].events.report(OPENED);
  assert.equal(heard.up.length, 2);
});

test('a worker that says why it fails is quoted; the next map is opened by the next worker', () => {
  const { workers, heard, supervisor } = scene();
  workers[0].events.report(OPENED);
  supervisor.setMap('/b.map');
  workers[0].events.report({ kind: 'failed', fault: { code: 'E_ENGINE', message: 'out of memory' } });
  assert.ok(workers[0].isKilled, 'whatever keeps it from ending by itself');
  assert.match(heard.down[0].why, /out of memory/);
  mock.timers.tick(2000);
  assert.deepEqual(workers[1].orders[0], { kind: 'open', mapPath: '/b.map', modelPath: '/net.json' });
});

test('silence is death, sooner for one that works than for one that loads', () => {
  const { workers, heard, supervisor } = scene();
  mock.timers.tick(30_000);
  assert.ok(!workers[0].isKilled, 'a large map may take its time');
  workers[0].events.report(OPENED);
  mock.timers.tick(3500);
  workers[0].events.report({ kind: 'alive' });
  mock.timers.tick(4000);
  assert.ok(!workers[0].isKilled);
  mock.timers.tick(500);
  assert.ok(workers[0].isKilled);
  assert.match(heard.down[0].why, /said nothing for 4\.5 s/);
  mock.timers.tick(200);
  workers[1].events.report(OPENED);
  supervisor.send({ kind: 'swapMap', id: 1, path: '/b.map' });
  mock.timers.tick(30_000);
  assert.ok(!workers[1].isKilled, 'it loads another map');
  workers[1].events.report({ kind: 'notSwapped', id: 1, fault: { code: 'E_MAP_CORRUPT', message: '' } });
  mock.timers.tick(5000);
  assert.ok(workers[1].isKilled);
});

test('what keeps the first worker from starting is told, and nothing is tried again', async () => {
  const { workers, supervisor } = scene();
  workers[0].events.report({
    kind: 'failed',
    fault: { code: 'E_MAP_CORRUPT', message: 'the map is damaged' },
  });
  await assert.rejects(supervisor.opened, { code: 'E_MAP_CORRUPT', message: 'the map is damaged' });
  mock.timers.tick(60_000);
  assert.equal(workers.length, 1);
});

test('stopping waits for the worker, kills one that does not go, and starts no other', async () => {
  const { workers, heard, supervisor } = scene();
  workers[0].events.report(OPENED);
  const stopped = supervisor.stop();
  assert.equal(workers[0].orders.at(-1)?.kind, 'stop');
  mock.timers.tick(899);
  assert.ok(!workers[0].isKilled);
  mock.timers.tick(1);
  assert.ok(workers[0].isKilled);
  await stopped;
  mock.timers.tick(60_000);
  assert.equal(workers.length, 1);
  assert.equal(heard.down.length, 0);
});

test('stopping while the next worker is awaited starts none', async () => {
  const { workers, supervisor } = scene();
  workers[0].events.report(OPENED);
  workers[0].events.ended('by SIGKILL');
  await supervisor.stop();
  mock.timers.tick(60_000);
  assert.equal(workers.length, 1);
});
