import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { demoMap } from '../src/cli/demoMap.js';
import { DEFAULT_MODEL } from '../src/cli/openLocalizer.js';
import { processBus } from '../src/server/busProcess.js';
import { createGateway } from '../src/server/gateway.js';
import { createStation } from '../src/server/station.js';
import { booksOf, cannotWatchProcesses, descendants, isGone, listenTo } from './support/serveProcess.js';
import { repositoryPath } from './support/shared.js';
import { until } from './support/until.js';

const town = (...parts: string[]) => repositoryPath('fixtures', 'town', ...parts);
const WORKER = new URL('./support/hangingWorker.ts', import.meta.url);
const IDS = ['left', 'right'];
const skip = cannotWatchProcesses;

const isWorker = (pid: number): boolean =>
  !isGone(pid) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('hangingWorker');
const workerNow = (): number | undefined => descendants(process.pid).find(isWorker);

async function serve() {
  const mapPath = await demoMap(town('day-map'), new AbortController().signal);
  const station = createStation({
    ...{ openBus: processBus(WORKER, () => undefined), setup: { mapPath, modelPath: DEFAULT_MODEL } },
    ...{ maxStreams: 2, truthOf: () => undefined, random: () => 0 },
  });
  const { map, model } = await station.opened;
  const source = town('day-other-lane', 'video.mp4');
  const streams = await station.open(IDS.map((id) => ({ id, source, realtime: true, loop: true })));
  const gateway = await createGateway({ map, model, streams, serverVersion: '0', port: 0 });
  station.serve(gateway);
  return { station, gateway };
}

test('a network that answers no more ends its worker; another goes on, every frame is accounted for', {
  skip,
}, async () => {
  const { station, gateway } = await serve();
  const client = await listenTo(gateway.url);
  const isPosed = (id: string, fromEpoch: number) =>
    client.poses(id).some(({ state, epoch }) => state === 'posed' && epoch >= fromEpoch);
  try {
    await until(() => IDS.every((id) => isPosed(id, 0)), 'poses of both streams');
    const worker = workerNow()!;
    const below = descendants(worker);
    assert.ok(below.length >= IDS.length, 'a decoder for every stream');
    const last = IDS.map((id) => client.poses(id).at(-1)!.epoch);
    process.kill(worker, 'SIGUSR2');
    const tells = (id: string) =>
      client
        .statuses(id)
        .some(
          ({ source }) => source.kind === 'retrying' && /network has not answered/.test(source.message ?? ''),
        );
    await until(() => IDS.every(tells), 'word of why no stream has a worker');
    await until(() => IDS.every((id, i) => isPosed(id, last[i] + 1)), 'poses of a new epoch');
    assert.notEqual(workerNow(), worker);
    await until(() => [worker, ...below].every(isGone), 'end of the old processes');
    assert.equal(client.socket.readyState, client.socket.OPEN);
    const kinds = IDS.flatMap((id) => client.statuses(id).map(({ source }) => source.kind));
    assert.ok(!kinds.includes('failed'), 'a stream is not at fault');
  } finally {
    await station.close();
    client.close();
    await gateway.close();
  }
  for (const { id, statistics } of station.streams()) {
    const books = booksOf({ statistics });
    assert.equal(books.in, books.posed + books.lost + books.dropped, id);
    assert.equal(books.inFlight, 0, id);
    assert.ok(books.workerLost > 0, `${id}: frames were under way`);
  }
});
