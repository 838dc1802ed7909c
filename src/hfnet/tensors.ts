import type { Tensor } from 'onnxruntime-node';
import { PosestreamError } from '../domain/errors.js';
import { faultsError } from './faults.js';

/** A size of -1 takes any number. */
type Expected = readonly number[];

/** A tensor of the network and what the contract lets it be. */
export interface Expectation {
  readonly name: string;
  /** Accepted shapes, the preferred one first. */
  readonly shapes: readonly Expected[];
}

/** Checks type, shape and finiteness of all of them.
 * @throws PosestreamError E_MODEL_CONTRACT naming every tensor that differs, with expected and found; E_MODEL_NONFINITE */
export function checkTensors(
  tensors: Readonly<Record<string, Tensor>>,
  expectations: readonly Expectation[],
): void {
  const faults = expectations.flatMap(({ name, shapes }) => shapeFault(name, tensors[name], shapes));
  if (faults.length > 0) throw faultsError('E_MODEL_CONTRACT', 'The network', faults, { hint: EXPORT_AGAIN });
  for (const { name } of expectations) checkFinite(name, tensors[name].data as Float32Array);
}

const EXPORT_AGAIN = 'Mend the manifest (tensor names, sizes) or export the network again.';

function shapeFault(name: string, tensor: Tensor | undefined, shapes: readonly Expected[]): string[] {
  const fits = shapes.some(
    (s) => s.length === tensor?.dims.length && s.every((d, i) => d < 0 || d === tensor.dims[i]),
  );
  if (tensor?.type === 'float32' && fits) return [];
  const found = tensor === undefined ? 'nothing' : `${tensor.type} ${describe(tensor.dims)}`;
  return [`tensor "${name}": expected float32 ${shapes.map(describe).join(' or ')}, found ${found}`];
}

/** @throws PosestreamError E_MODEL_NONFINITE where a value is NaN or infinite */
export function checkFinite(name: string, values: Float32Array): void {
  // Float64 cannot overflow on a sum of float32 values, so it is finite exactly when all of them are.
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i];
  if (Number.isFinite(sum)) return;
  const bad = values.findIndex((v) => !Number.isFinite(v));
  throw new PosestreamError('E_MODEL_NONFINITE', `Tensor "${name}" holds ${values[bad]} at ${bad}.`, {
    hint: 'The frame is lost; run "posestream model check" on it if it happens again.',
  });
}

/** int64 row numbers as int32: the low halves. Indices here stay below 2^31. */
export function int32Of(tensor: Tensor): Int32Array {
  const wide = tensor.data as BigInt64Array;
  const halves = new Int32Array(wide.buffer, wide.byteOffset, 2 * wide.length);
  const out = new Int32Array(wide.length);
  for (let i = 0; i < out.length; i++) out[i] = halves[2 * i];
  return out;
}

const describe = (dims: readonly number[]): string => `[${dims.map((d) => (d === -1 ? 'N' : d)).join(', ')}]`;
