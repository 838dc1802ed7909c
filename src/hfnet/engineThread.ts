/** The one thread that talks to onnxruntime. A run blocks it, so it does nothing else; it ends by itself when told to
 * close, because ending a thread from outside while a run is in flight aborts the process. */
import { parentPort, workerData } from 'node:worker_threads';
import { PosestreamError } from '../domain/errors.js';
import { createAssigner } from './assigner.js';
import { createMatcher } from './matcher.js';
import { identityOf } from './modelFile.js';
import { openNetwork } from './network.js';
import {
  type Answer,
  type EngineSetup,
  faultOf,
  type Job,
  type JobResult,
  type Request,
} from './protocol.js';
import { type ReferenceRows, rowCount } from './references.js';
import { createRetriever } from './retriever.js';

const port = parentPort!;
const { manifestPath, threads } = workerData as EngineSetup;
const answer = (message: Answer, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);

await start().catch((error: unknown) => {
  answer({ kind: 'failed', fault: faultOf(error) });
  port.close();
});

async function start(): Promise<void> {
  const network = await openNetwork(manifestPath, threads);
  const matcher = createMatcher(threads);
  const retriever = createRetriever(threads);
  const assigner = createAssigner(threads);
  const stored = new Map<string, ReferenceRows>();

  const runJob = async (job: Job): Promise<JobResult> => {
    switch (job.op) {
      case 'extract':
        return network.extract(job.image, job.options);
      case 'match':
        return matcher.match(job.query, job, Uint32Array.of(0, rowCount(job)));
      case 'matchStored':
        return matcher.match(job.query, sized(find(stored, job.id), job.query.length), job.spans);
      case 'retrieve':
        return retriever.retrieve(job.global, sameSize(find(stored, job.id), job.global.length), job.k);
      case 'store':
        stored.set(job.id, { rows: job.rows, dim: job.dim });
        return undefined;
      case 'assign':
        return assigner.assign(job.rows, job.centres);
      case 'close':
        await network.release();
        await matcher.release();
        await retriever.release();
        await assigner.release();
        return undefined;
    }
  };

  let last: Promise<void> = Promise.resolve();
  port.on('message', ({ id, job }: Request) => {
    last = last.then(() => answerJob(id, job, runJob));
  });
  answer({ kind: 'ready', model: identityOf(network.manifest) });
}

async function answerJob(id: number, job: Job, runJob: (job: Job) => Promise<JobResult>): Promise<void> {
  try {
    const result = await runJob(job);
    answer({ kind: 'done', id, result }, buffersOf(result));
  } catch (error) {
    answer({ kind: 'error', id, fault: faultOf(error) });
  }
  if (job.op === 'close') port.close();
}

const buffersOf = (result: JobResult): ArrayBuffer[] =>
  Object.values(result ?? {}).flatMap((v) => (ArrayBuffer.isView(v) ? [v.buffer as ArrayBuffer] : []));

function find(stored: ReadonlyMap<string, ReferenceRows>, id: string): ReferenceRows {
  const set = stored.get(id);
  if (set) return set;
  throw new PosestreamError('E_ENGINE', `No stored set "${id}".`, { hint: 'Call store() first.' });
}

function sized(set: ReferenceRows, length: number): ReferenceRows {
  if (length % set.dim === 0) return set;
  throw new PosestreamError('E_ENGINE', `A query of ${length} numbers is not rows of ${set.dim}.`);
}

function sameSize(set: ReferenceRows, length: number): ReferenceRows {
  if (length === set.dim) return set;
  throw new PosestreamError(
    'E_ENGINE',
    `A query of ${length} numbers cannot be searched in rows of ${set.dim}.`,
  );
}
