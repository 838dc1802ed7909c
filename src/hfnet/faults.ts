import { type ErrorCode, PosestreamError } from '../domain/errors.js';

const faultsOf = new WeakMap<PosestreamError, readonly string[]>();

/** One error that names every fault found, not only the first. `faultsIn` takes them apart again. */
export function faultsError(
  code: ErrorCode,
  where: string,
  faults: readonly string[],
  detail: { readonly hint: string; readonly cause?: unknown },
): PosestreamError {
  const error = new PosestreamError(code, `${where}: ${faults.join('; ')}.`, detail);
  faultsOf.set(error, faults);
  return error;
}

/** What an error names, one by one. */
export const faultsIn = (error: PosestreamError): readonly string[] => faultsOf.get(error) ?? [error.message];
