import { PosestreamError } from '../domain/errors.js';

export function isFileError(cause: unknown): cause is NodeJS.ErrnoException {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' && 'syscall' in cause;
}

/** The operating system's complaint about `path`, in our words. */
export function fileError(cause: unknown, path: string): PosestreamError {
  const code = isFileError(cause) ? cause.code : undefined;
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return new PosestreamError('E_FILE_NOT_FOUND', `${path} does not exist.`, {
        hint: 'Check the path and its spelling.',
        cause,
      });
    case 'ENOSPC':
    case 'EDQUOT':
    case 'EFBIG':
      return new PosestreamError('E_DISK_FULL', `No room left to write ${path}.`, {
        hint: 'Free some space or write elsewhere.',
        cause,
      });
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new PosestreamError('E_FILE_INVALID', `${path} may not be opened (${code}).`, {
        hint: 'Check its permissions.',
        cause,
      });
    default:
      return new PosestreamError('E_FILE_INVALID', `${path} cannot be used (${code ?? String(cause)}).`, {
        hint: 'Check that it is an ordinary file of a sensible size.',
        cause,
      });
  }
}
