import type { Worker } from 'node:worker_threads';
import { PosestreamError } from '../domain/errors.js';
import type {
  Assigned,
  DescriptorSet,
  Engine,
  Features,
  ModelIdentity,
  NearestTwo,
  Retrieved,
} from '../domain/features.js';
import { type Answer, errorOf, type Job, type JobResult, type Request } from './protocol.js';

interface Waiting {
  readonly resolve: (result: JobResult) => void;
  readonly reject: (error: unknown) => void;
}

/** The engine's near side: turns calls into messages and answers into promises. The thread is never ended from here.
 * @param thread  answers the protocol: `ready` or `failed` first */
export function connect(thread: Worker): Promise<Engine> {
  const waiting = new Map<number, Waiting>();
  let nextId = 0;
  let ended: PosestreamError | undefined;
  let closing: Promise<void> | undefined;
  const exited = new Promise<void>((resolve) => thread.once('exit', () => resolve()));

  const failAll = (error: PosestreamError): void => {
    ended ??= error;
    for (const { reject } of waiting.values()) reject(ended);
    waiting.clear();
  };
  const send = (job: Job, transfer: ArrayBuffer[] = []): Promise<JobResult> =>
    new Promise((resolve, reject) => {
      if (ended) return reject(ended);
      const id = nextId++;
      thread.postMessage({ id, job } satisfies Request, transfer);
      waiting.set(id, { resolve, reject });
      thread.ref();
    });
  const settle = (answer: Answer): void => {
    if (answer.kind !== 'done' && answer.kind !== 'error') return;
    const call = waiting.get(answer.id);
    waiting.delete(answer.id);
    if (waiting.size === 0) thread.unref();
    if (answer.kind === 'done') call?.resolve(answer.result);
    else call?.reject(errorOf(answer.fault));
  };
  const close = async (): Promise<void> => {
    if (!ended) {
      const closed = send({ op: 'close' });
      ended = new PosestreamError('E_ENGINE', 'The engine is closed.');
      await closed;
    }
    thread.ref();
    await exited;
  };

  thread.on('message', settle);
  thread.on('error', (cause) =>
    failAll(new PosestreamError('E_ENGINE', `The engine thread failed: ${cause.message}`, { cause })),
  );
  thread.on('exit', (code) =>
    failAll(new PosestreamError('E_ENGINE', `The engine thread ended with code ${code}.`)),
  );

  const engineOf = (model: ModelIdentity): Engine => ({
    model,
    extract: async (image, options) => {
      const pixels = copyPixels(image.pixels, image.widthPx * image.heightPx);
      const { widthPx, heightPx } = image;
      const job: Job = { op: 'extract', image: { pixels, widthPx, heightPx }, options };
      return (await send(job, [pixels.buffer])) as Features;
    },
    match: async (query, set) => {
      const job = matchJob(query.slice(), set);
      return (await send(job, buffersOf(job))) as NearestTwo;
    },
    retrieve: async (global, id, k) => {
      const job: Job = { op: 'retrieve', global: global.slice(), id, k };
      return (await send(job, buffersOf(job))) as Retrieved;
    },
    assign: async (rows, centres) => {
      const own = { ...centres, rows: centres.rows.slice() };
      const job: Job = { op: 'assign', rows: rows.slice(), centres: own };
      return (await send(job, buffersOf(job))) as Assigned;
    },
    store: async (id, rows, dim) => {
      checkRows(rows, dim);
      const job: Job = { op: 'store', id, rows: rows.slice(), dim };
      await send(job, buffersOf(job));
    },
    close: () => {
      closing ??= close();
      return closing;
    },
  });

  return new Promise((resolve, reject) => {
    thread.once('message', (hello: Answer) => {
      if (hello.kind === 'ready') {
        thread.unref();
        resolve(engineOf(hello.model));
      } else
        reject(
          hello.kind === 'failed' ? errorOf(hello.fault) : new PosestreamError('E_INTERNAL', 'No hello.'),
        );
    });
    thread.once('exit', () => reject(ended));
  });
}

function copyPixels(pixels: Uint8Array, length: number): Uint8Array<ArrayBuffer> {
  if (pixels.length < length)
    throw new PosestreamError('E_INTERNAL', `An image of ${length} pixels came with ${pixels.length}.`);
  return new Uint8Array(pixels.subarray(0, length));
}

// Rows are often a view into a map's one large buffer, which a message would copy whole: copy the view, move the copy.

function matchJob(query: Float32Array, set: DescriptorSet): Job {
  if (set.kind === 'stored') return { op: 'matchStored', query, id: set.id, spans: set.spans.slice() };
  checkRows(query, set.dim);
  checkRows(set.rows, set.dim);
  return { op: 'match', query, rows: set.rows.slice(), dim: set.dim };
}

const buffersOf = (job: Job): ArrayBuffer[] =>
  Object.values(job).flatMap((v: unknown) => (ArrayBuffer.isView(v) ? [v.buffer as ArrayBuffer] : []));

function checkRows(rows: Float32Array | Int8Array, dim: number): void {
  if (Number.isInteger(dim) && dim > 0 && rows.length % dim === 0) return;
  throw new PosestreamError('E_ENGINE', `${rows.length} numbers are not rows of ${dim}.`);
}
