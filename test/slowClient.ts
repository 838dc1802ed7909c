import { parseArgs } from 'node:util';
import { readSlowly } from './support/slowReaders.js';

/** Clients that handle five poses a second of thirty: how old is what they get?
 *
 *     npm run test:slow-client -- --minutes 10
 */
const { values } = parseArgs({ options: { minutes: { type: 'string', default: '10' } } });
const MAX_AGE_MS = 500;

let isBad = false;
for (const { name, agesMs } of await readSlowly(60 * Number(values.minutes))) {
  const sorted = Float64Array.from(agesMs).sort();
  const [p50, p99, max] = [0.5, 0.99, 1].map((q) => sorted[Math.floor(q * (sorted.length - 1))]);
  const older = agesMs.filter((ms) => ms > MAX_AGE_MS).length;
  isBad ||= older > 0;
  console.log(
    `${name}: ${agesMs.length} poses, age p50 ${p50.toFixed(0)} ms, p99 ${p99.toFixed(0)}, oldest ${max.toFixed(0)}; ${older} older than ${MAX_AGE_MS} ms`,
  );
}
process.exit(isBad ? 1 : 0);
