import { startFakeServer } from '../fakeGateway.js';

/** A gateway in a process of its own, fed with 30 frames a second, which watches its own event loop. A stall counts where
 * the process was at work all the while: one that was not let run by a busy machine shows in `pausesMs` only. */
export interface GatewayFigures {
  readonly worstStallMs: number;
  readonly worstPauseMs: number;
  readonly rssMiB: number;
  readonly clients: number;
}

const LOOK_MS = 5;
const { gateway } = await startFakeServer(30, {
  limits: { maxClients: 4096, maxClientsPerAddress: 4096 },
});
let worstStallMs = 0;
let worstPauseMs = 0;
let lookedMs = performance.now();
let usedUs = process.cpuUsage();
setInterval(() => {
  const pauseMs = performance.now() - lookedMs - LOOK_MS;
  const { user, system } = process.cpuUsage(usedUs);
  worstPauseMs = Math.max(worstPauseMs, pauseMs);
  worstStallMs = Math.max(worstStallMs, Math.min(pauseMs, (user + system) / 1000));
  lookedMs = performance.now();
  usedUs = process.cpuUsage();
}, LOOK_MS);
process.on('message', () => {
  const rssMiB = process.memoryUsage().rss / 2 ** 20;
  const figures: GatewayFigures = { worstStallMs, worstPauseMs, rssMiB, clients: gateway.clients() };
  process.send?.(figures);
  [worstStallMs, worstPauseMs] = [0, 0];
});
process.on('disconnect', () => process.exit(0));
process.send?.(Number(new URL(gateway.url).port));
