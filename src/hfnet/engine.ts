import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import type { Engine } from '../domain/features.js';
import { connect } from './engineClient.js';
import type { EngineSetup } from './protocol.js';
import { switchTelemetryOff } from './telemetry.js';

export interface EngineOptions {
  readonly manifestPath: string;
  /** Threads of one run; default: the cores at hand, at most MAX_THREADS. Results repeat to the bit for one number of
   * threads; between numbers they differ by rounding. */
  readonly threads?: number;
}

/** Beyond this a network of this size does not get faster. */
const MAX_THREADS = 8;

/** Starts the engine: one thread, one session per graph, both kept until `close`. Close it where it is no longer
 * needed; an idle engine does not keep the process alive.
 * @throws PosestreamError E_FILE_NOT_FOUND, E_MODEL_MANIFEST, E_MODEL_CORRUPT, E_MODEL_CONTRACT, E_ENGINE */
export function createEngine({ manifestPath, threads }: EngineOptions): Promise<Engine> {
  const cores = Math.min(availableParallelism(), MAX_THREADS);
  return connect(startThread({ manifestPath, threads: Math.max(1, Math.floor(threads ?? cores)) }));
}

function startThread(setup: EngineSetup): Worker {
  switchTelemetryOff();
  if (import.meta.url.endsWith('.js'))
    return new Worker(new URL('./engineThread.js', import.meta.url), { workerData: setup });
  // From sources: a thread does not inherit the TypeScript loader, so its first line registers it.
  const loader = JSON.stringify(import.meta.resolve('tsx/esm/api'));
  const entry = JSON.stringify(new URL('./engineThread.ts', import.meta.url).href);
  const code = `import(${loader}).then((tsx) => { tsx.register(); return import(${entry}); });`;
  return new Worker(code, { eval: true, workerData: setup, execArgv: [] });
}
