import { InferenceSession, type Tensor } from 'onnxruntime-node';
import { PosestreamError } from '../domain/errors.js';
import { switchTelemetryOff } from './telemetry.js';

switchTelemetryOff();

/** One onnxruntime session. Sessions live as long as the engine: creating and releasing leaks. */
export interface Session {
  readonly inputs: readonly InferenceSession.ValueMetadata[];
  readonly outputs: readonly InferenceSession.ValueMetadata[];
  /** Blocks the thread while it computes. Output buffers belong to onnxruntime: copy what is kept. */
  run(feeds: Readonly<Record<string, Tensor>>): Promise<Readonly<Record<string, Tensor>>>;
  release(): Promise<void>;
}

/** @param what  names the graph in errors  @throws PosestreamError E_MODEL_CORRUPT where it is no readable graph */
export async function openSession(model: Uint8Array, threads: number, what: string): Promise<Session> {
  const session = await InferenceSession.create(model, {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    executionMode: 'sequential',
    graphOptimizationLevel: 'all',
    // One pattern is kept per input shape: with free shapes that only grows.
    enableMemPattern: false,
    // A thread that waits by spinning takes the core from decoding and pose: measured on two cores, a 2 ms match every
    // 15 ms cost 19 ms of processor time with it and 3.6 ms without, in the same wall time.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
    logSeverityLevel: 3,
  }).catch((cause: unknown) => {
    const hint = 'onnxruntime 1.30 must be able to load it (opset 21 or older).';
    throw new PosestreamError('E_MODEL_CORRUPT', `onnxruntime refuses ${what}: ${reason(cause)}`, {
      hint,
      cause,
    });
  });
  return {
    inputs: session.inputMetadata,
    outputs: session.outputMetadata,
    run: (feeds) =>
      session.run(feeds).catch((cause: unknown) => {
        throw new PosestreamError('E_ENGINE', `${what} failed: ${reason(cause)}`, { cause });
      }),
    release: () => session.release(),
  };
}

const reason = (cause: unknown): string =>
  (cause instanceof Error ? cause.message : String(cause)).split('\n')[0].slice(0, 300);
