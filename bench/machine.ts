import { availableParallelism, cpus } from 'node:os';
import { ceilingInWords, measureCeiling } from './ceiling.js';

/** What the figures were measured on, with what it can do at best right now. */
export async function describeMachine(): Promise<string> {
  const cores = availableParallelism();
  const ceilings = [await measureCeiling(1)];
  if (cores > 1) ceilings.push(await measureCeiling(cores));
  const ceiling = ceilings.map(ceilingInWords).join(', ');
  return `${cpus()[0]?.model.trim() ?? 'unknown processor'}, ${cores} cores, Node ${process.version}; ${ceiling}`;
}
