import { InferenceSession, Tensor } from 'onnxruntime-node';
import { encodeModel } from '../src/hfnet/onnxWriter.js';
import { createRandom } from '../src/kernels/random.js';
import { median } from './timing.js';

/** What this machine can do at the moment: the rate of a plain 1024³ product in onnxruntime. Rates of networks and of
 * whole frames mean something only beside it. */
export interface Ceiling {
  readonly threads: number;
  /** Median of the runs, of all threads together. */
  readonly gflops: number;
  readonly gflopsPerCore: number;
}

const SIDE = 1024;
const sessions = new Map<number, Promise<() => Promise<void>>>();

export async function measureCeiling(threads: number, runs = 15): Promise<Ceiling> {
  const known = sessions.get(threads) ?? openProduct(threads);
  sessions.set(threads, known);
  const multiply = await known;
  for (let i = 0; i < 3; i++) await multiply();
  const ms: number[] = [];
  for (let i = 0; i < runs; i++) {
    const startMs = performance.now();
    await multiply();
    ms.push(performance.now() - startMs);
  }
  const gflops = (2 * SIDE ** 3) / (median(ms) * 1e6);
  return { threads, gflops, gflopsPerCore: gflops / threads };
}

export const ceilingInWords = ({ threads, gflopsPerCore }: Ceiling): string =>
  `MatMul ceiling ${gflopsPerCore.toFixed(0)} GFLOP/s per core on ${threads} thread${threads === 1 ? '' : 's'}`;

async function openProduct(threads: number): Promise<() => Promise<void>> {
  const dims = [SIDE, SIDE];
  const model = encodeModel({
    inputs: ['a', 'b'].map((name) => ({ name, type: 'float32' as const, dims })),
    outputs: [{ name: 'c', type: 'float32', dims }],
    constants: [],
    nodes: [{ op: 'MatMul', inputs: ['a', 'b'], outputs: ['c'] }],
  });
  const session = await InferenceSession.create(model, {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: 3,
  });
  const random = createRandom(1);
  const matrix = () =>
    new Tensor(
      'float32',
      Float32Array.from({ length: SIDE * SIDE }, () => random.uniform()),
      dims,
    );
  const feeds = { a: matrix(), b: matrix() };
  return async () => {
    await session.run(feeds);
  };
}
