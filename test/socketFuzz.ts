import { attack } from './hostile/attack.js';

/** Malformed, oversized and torn WebSocket messages, seeded, to a real gateway over many connections, while a client
 * beside them goes on. Fails where one is not answered as it must be, the gateway stalls, or the client notices.
 *
 *     npm run test:socket-fuzz [-- messages seed]
 */
const [MESSAGES, SEED] = [1_000_000, 1].map((usual, i) => Number(process.argv[2 + i] ?? usual));
const MAX_STALL_MS = 100;

const report = await attack(MESSAGES, SEED, (sent) => process.stderr.write(`\r${sent} messages`));
const { surprises, gateway, witness } = report;
console.log(`\n${report.messages} messages over ${report.connections} connections, seed ${SEED}`);
console.log(`closed with ${JSON.stringify(report.closes)}`);
console.log(
  `gateway: longest stall ${gateway.worstStallMs.toFixed(0)} ms (${gateway.worstPauseMs.toFixed(0)} ms with what the machine held it up), rss ${gateway.rssMiB.toFixed(0)} MiB, ${gateway.clients} clients left`,
);
console.log(
  `the client beside: ${witness.poses} poses, longest gap ${witness.worstGapMs.toFixed(0)} ms, oldest ${witness.worstAgeMs.toFixed(0)} ms, ${witness.reconnects} reconnects`,
);
for (const line of surprises) console.log(line);
const isBad = surprises.length > 0 || gateway.worstStallMs > MAX_STALL_MS || witness.reconnects > 0;
process.exit(isBad ? 1 : 0);
