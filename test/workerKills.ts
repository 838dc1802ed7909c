import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { demoMap } from '../src/cli/demoMap.js';
import { createRandom } from '../src/kernels/random.js';
import { percentilesOf } from '../src/server/counters.js';
import {
  booksOf,
  descendants,
  isGone,
  type Listener,
  listenTo,
  startServe,
  workerOf,
} from './support/serveProcess.js';
import { repositoryPath } from './support/shared.js';
import { until } from './support/until.js';

/** The worker of a real `serve` is killed again and again, at times nobody chose: is every stream back, do the books
 * balance, does the client keep its socket? Linux only.
 *
 *     npm run test:worker-kills -- 100
 */
const KILLS = Number(process.argv[2] ?? 100);
/** Longest wait between a pose of every stream and the next kill. */
const PAUSE_MS = 1500;
const IDS = ['left', 'right'];
const random = createRandom(6);
const town = (...parts: string[]) => repositoryPath('fixtures', 'town', ...parts);

const scratch = mkdtempSync(join(tmpdir(), 'posestream-kills-'));
const map = await demoMap(town('day-map'), new AbortController().signal);
const config = join(scratch, 'posestream.yaml');
const streams = IDS.map(
  (id) => `  - { id: ${id}, source: ${town('day-other-lane', 'video.mp4')}, loop: true }`,
);
writeFileSync(config, [`map: ${map}`, 'streams:', ...streams].join('\n'));
const server = await startServe(config);
const serverPid = server.child.pid!;
const client: Listener = await listenTo(server.url);
let socketsLost = 0;
client.socket.on('close', () => socketsLost++);

const faults: string[] = [];
const downMs: number[] = [];
const backMs: number[] = [];
const processes = new Set<number>();
await until(() => IDS.every((id) => client.poses(id).length > 3), 'poses of both streams');

for (let kill = 1; kill <= KILLS; kill++) {
  await delay(PAUSE_MS * random.uniform());
  const worker = workerOf(serverPid);
  if (worker === null) throw new Error(`no worker before kill ${kill}`);
  for (const pid of [worker, ...descendants(worker)]) processes.add(pid);
  const epochs = IDS.map((id) => client.poses(id).at(-1)!.epoch);
  // What was said before is not looked at again.
  client.messages.splice(0, client.messages.length - 1);
  const killedMs = performance.now();
  process.kill(worker, 'SIGKILL');
  const isDown = (id: string) =>
    client.statuses(id).some(({ source }) => source.kind === 'retrying' && source.code === 'SOURCE_DOWN');
  await until(() => IDS.every(isDown), `SOURCE_DOWN after kill ${kill}`);
  downMs.push(performance.now() - killedMs);
  const isBack = (id: string, i: number) =>
    client.poses(id).some(({ state, epoch }) => state === 'posed' && epoch > epochs[i]);
  await until(() => IDS.every(isBack), `poses after kill ${kill}`);
  backMs.push(performance.now() - killedMs);
  for (const id of IDS) checkBooks(id, kill);
  if (kill % 10 === 0) process.stderr.write(`${kill} kills\n`);
}

function checkBooks(id: string, kill: number): void {
  for (const status of client.statuses(id)) {
    const books = booksOf(status);
    if (books.in !== books.posed + books.lost + books.dropped)
      faults.push(`kill ${kill}: ${id} does not balance`);
    if (books.inFlight > 8) faults.push(`kill ${kill}: ${id} has ${books.inFlight} frames under way`);
  }
}

const books = Object.fromEntries(IDS.map((id) => [id, booksOf(client.statuses(id).at(-1)!)]));
client.socket.removeAllListeners('close');
const lostBeforeEnd = socketsLost;
const children = descendants(serverPid);
const ended = await server.stop();
await delay(500);
const left = [...processes, ...children].filter((pid) => !isGone(pid));
rmSync(scratch, { recursive: true, force: true });
const rounded = (values: readonly number[]) =>
  Object.fromEntries(Object.entries(percentilesOf(values) ?? {}).map(([key, ms]) => [key, Math.round(ms)]));
const isGood = faults.length === 0 && lostBeforeEnd === 0 && left.length === 0 && ended.code === 0;
console.log(
  JSON.stringify(
    {
      ...{ kills: KILLS, isGood, socketsLost: lostBeforeEnd, faults },
      ...{
        downMs: rounded(downMs),
        firstPoseMs: { ...rounded(backMs), max: Math.round(Math.max(...backMs)) },
      },
      ...{ books, processesLeft: left.length, exit: { code: ended.code, ms: Math.round(ended.ms) } },
    },
    null,
    2,
  ),
);
process.exit(isGood ? 0 : 1);
