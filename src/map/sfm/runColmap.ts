import { spawn } from 'node:child_process';
import { PosestreamError } from '../../domain/errors.js';
import { isFileError } from '../fileError.js';

export interface ColmapProgram {
  /** Name or path of the program. */
  readonly program: string;
  readonly signal?: AbortSignal;
}

const KEPT_LINES = 6;
const MAX_TAIL = 64 * 1024;

/** Throws E_COLMAP_MISSING where it is not installed. */
export const findColmap = (colmap: ColmapProgram): Promise<void> => runColmap(colmap, 'help', {});

/** Runs one COLMAP command with an argument array, no shell, and no display. Its output is kept only for the error.
 * Throws E_COLMAP_MISSING, E_COLMAP_FAILED with its last lines; the signal's reason where it was aborted. */
export function runColmap(
  { program, signal }: ColmapProgram,
  command: string,
  options: Readonly<Record<string, string>>,
): Promise<void> {
  const args = [command, ...Object.entries(options).flatMap(([name, value]) => [`--${name}`, value])];
  const child = spawn(program, args, {
    env: { ...process.env, QT_QPA_PLATFORM: 'offscreen' },
    stdio: ['ignore', 'pipe', 'pipe'],
    signal,
    killSignal: 'SIGKILL',
  });
  let tail = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => {
      tail = (tail + text).slice(-MAX_TAIL);
    });
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(signal?.aborted ? signal.reason : startError(program, cause)));
    child.once('close', (code, killedBy) => {
      if (code === 0) resolve();
      else reject(failure(command, killedBy ?? `exit code ${code}`, tail));
    });
  });
}

function startError(program: string, cause: Error): PosestreamError {
  if (isFileError(cause) && cause.code === 'ENOENT')
    return new PosestreamError('E_COLMAP_MISSING', `COLMAP is not installed: there is no ${program}.`, {
      hint: 'Install it (Debian, Ubuntu: apt install colmap; macOS: brew install colmap), or bring poses of your own.',
      cause,
    });
  return new PosestreamError('E_COLMAP_FAILED', `COLMAP did not start: ${cause.message}.`, {
    hint: 'Check that it runs by itself: colmap help',
    cause,
  });
}

function failure(command: string, how: string, tail: string): PosestreamError {
  const lines = tail
    .split(/[\r\n]+/)
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(-KEPT_LINES);
  return new PosestreamError('E_COLMAP_FAILED', `colmap ${command} failed (${how}): ${lines.join(' | ')}`, {
    hint: 'Its last lines are above; images that overlap more, or --intrinsics, often help.',
  });
}
