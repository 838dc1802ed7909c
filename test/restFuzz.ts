import { type FuzzReport, fuzzConfig, fuzzRest } from './restFuzzRun.js';

/** Malformed REST and configuration bodies, seeded: no crash, every one answered with a code, none takes 100 ms of work.
 *
 *     npm run test:rest-fuzz [-- bodies seed]
 */
const [BODIES, SEED] = [100_000, 1].map((usual, i) => Number(process.argv[2 + i] ?? usual));

function tell(what: string, count: number, report: FuzzReport): number {
  const answers = Object.entries(report.answers).toSorted(([, a], [, b]) => b - a);
  const list = answers.map(([answer, times]) => `${times}x ${answer}`).join(', ');
  console.log(`${count} ${what}: ${list}; at most ${report.slowestMs.toFixed(1)} ms of work`);
  for (const failure of report.failures.slice(0, 20)) console.error(`  ${failure}`);
  return report.failures.length;
}

const half = Math.floor(BODIES / 2);
const failures =
  tell('REST bodies', half, await fuzzRest(half, SEED)) +
  tell('configurations', BODIES - half, await fuzzConfig(BODIES - half, SEED));
console.log(failures === 0 ? 'no crash, every one answered' : `${failures} failures`);
process.exit(failures === 0 ? 0 : 1);
