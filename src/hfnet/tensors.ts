import type { Tensor } from 'onnxruntime-node';
import { PosestreamError } from '../domain/errors.js';

/** A size of -1 takes any number. */
type Expected = readonly number[];

/** The tensor's numbers, once its type and shape are what the contract says.
 * @param shapes  accepted shapes, the preferred one first
 * @throws PosestreamError E_MODEL_CONTRACT naming tensor, expected and found */
export function float32Of(
  name: string,
  tensor: Tensor | undefined,
  shapes: readonly Expected[],
): Float32Array {
  if (!tensor) throw contract(name, shapes, 'nothing');
  const fits = shapes.some(
    (s) => s.length === tensor.dims.length && s.every((d, i) => d < 0 || d === tensor.dims[i]),
  );
  if (tensor.type !== 'float32' || !fits)
    throw contract(name, shapes, `${tensor.type} ${describe(tensor.dims)}`);
  return tensor.data as Float32Array;
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

export const describe = (dims: readonly (number | string)[]): string =>
  `[${dims.map((d) => (d === -1 ? 'N' : d)).join(', ')}]`;

function contract(name: string, shapes: readonly Expected[], found: string): PosestreamError {
  return new PosestreamError(
    'E_MODEL_CONTRACT',
    `Tensor "${name}": expected float32 ${shapes.map(describe).join(' or ')}, found ${found}.`,
    { hint: 'Mend the manifest (tensor names, sizes) or export the network again.' },
  );
}
