import { accessSync, constants, existsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { PosestreamError } from '../domain/errors.js';
import { fileError } from '../map/fileError.js';

/** Finds out before the work, not after it, that a result could not be written. Touches nothing.
 * Throws E_FILE_NOT_FOUND, E_FILE_INVALID. */
export function assertWritable(path: string | undefined): void {
  if (path === undefined) return;
  const target = existsSync(path) ? path : dirname(path);
  try {
    accessSync(target, constants.W_OK);
  } catch (cause) {
    throw fileError(cause, target);
  }
  if (target === path && !statSync(path).isFile())
    throw new PosestreamError('E_FILE_INVALID', `${path} is not a file that could be written.`, {
      hint: 'Name a file, not a folder.',
    });
}
