import { fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { WebSocket } from 'ws';
import { connectPoses } from '../../src/client/index.js';
import { type PoseMessage, serverMessage } from '../../src/server/wire.js';

/** How old poses were when a reader began with them, ms; in the order they came. */
export interface SlowReading {
  readonly name: string;
  readonly agesMs: readonly number[];
}

const HANDLING_MS = 200;

/** Reads a 30 Hz stream of a gateway in another process for a while, each pose taking a fifth of a second: once through
 * the client library, and once the plain way: what comes is queued, and acknowledged when it is done. */
export async function readSlowly(seconds: number): Promise<readonly SlowReading[]> {
  const path = fileURLToPath(new URL('../hostile/gatewayChild.ts', import.meta.url));
  const gateway = fork(path, { execArgv: ['--import', 'tsx'] });
  const [port] = (await once(gateway, 'message')) as [number];
  const untilMs = performance.now() + 1000 * seconds;
  const readings = await Promise.all([byLibrary(port, untilMs), byQueue(port, untilMs)]);
  gateway.disconnect();
  return readings;
}

async function byLibrary(port: number, untilMs: number): Promise<SlowReading> {
  const agesMs: number[] = [];
  for await (const { captureMs } of connectPoses(`http://127.0.0.1:${port}`, { streams: ['front'] })) {
    agesMs.push(Date.now() - captureMs);
    await delay(HANDLING_MS);
    if (performance.now() > untilMs) break;
  }
  return { name: 'client library', agesMs };
}

async function byQueue(port: number, untilMs: number): Promise<SlowReading> {
  const agesMs: number[] = [];
  const queue: PoseMessage[] = [];
  const socket = new WebSocket(`ws://127.0.0.1:${port}/poses`);
  let wake = (): void => undefined;
  socket.on('message', (data) => {
    const message = serverMessage.parse(JSON.parse(String(data)));
    if (message.type === 'pose') queue.push(message);
    wake();
  });
  await once(socket, 'open');
  socket.send('{"type":"subscribe","streams":["front"],"window":2}');
  // What comes before the server has read this comes at full rate.
  await delay(500);
  queue.splice(0, queue.length - 1);
  while (performance.now() < untilMs) {
    const pose = queue.shift();
    if (pose === undefined) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
      continue;
    }
    agesMs.push(Date.now() - pose.captureMs);
    await delay(HANDLING_MS);
    const { stream, epoch, sequence } = pose;
    socket.send(JSON.stringify({ type: 'ack', stream, epoch, sequence }));
  }
  socket.terminate();
  return { name: 'window of two', agesMs };
}
