import { CommanderError } from 'commander';
import { PosestreamError } from '../domain/errors.js';
import { colour, say } from './terminal.js';

/** Exit codes: it ran · it failed with an `E_…` code · it was called wrongly · it was interrupted. */
export const EXIT = { ok: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** Runs a command's action with an AbortSignal that Ctrl-C and SIGTERM fire; the second Ctrl-C leaves at once.
 * @param stopped exit code after a signal: a server that is told to stop has done its work */
export function action<A extends unknown[]>(
  run: (signal: AbortSignal, ...args: A) => Promise<void>,
  stopped: number = EXIT.interrupted,
) {
  return async (...args: A): Promise<void> => {
    const controller = new AbortController();
    const interrupt = () => {
      if (controller.signal.aborted) process.exit(EXIT.interrupted);
      controller.abort();
    };
    process.on('SIGINT', interrupt);
    process.on('SIGTERM', interrupt);
    try {
      await run(controller.signal, ...args);
      if (controller.signal.aborted) process.exitCode = stopped;
    } catch (error) {
      if (!controller.signal.aborted) throw error;
      process.exitCode = stopped;
    } finally {
      process.off('SIGINT', interrupt);
      process.off('SIGTERM', interrupt);
    }
  };
}

/** Tells an error the way a user can act on it, and gives the exit code for it. */
export function reportError(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof PosestreamError) {
    say(`${colour.red(error.code)} ${error.message}`);
    if (error.hint !== undefined) say(`  ${colour.dim('→')} ${error.hint}`);
    return error.code === 'E_USAGE' ? EXIT.usage : EXIT.failed;
  }
  say(
    `${colour.red('E_INTERNAL')} ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
  );
  return EXIT.failed;
}

export function usageError(message: string, hint?: string): PosestreamError {
  return new PosestreamError('E_USAGE', message, hint === undefined ? {} : { hint });
}
