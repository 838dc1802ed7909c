import { Option } from 'commander';
import { createLog, LOG_LEVELS, type Log, type LogLevel } from '../server/log.js';

export interface LogFlags {
  readonly log?: 'json' | 'text';
  readonly logLevel?: LogLevel;
}

export const logFormatFlag = (): Option =>
  new Option('--log <format>', 'lines of the log (default: text on a terminal, else json)').choices([
    'json',
    'text',
  ]);

export const logLevelFlag = (): Option =>
  new Option('--log-level <level>', 'least that is logged (default: info)').choices([...LOG_LEVELS]);

/** A log on stderr; stdout is kept for results.
 * @param secrets  words that are never written */
export function openLog({ log, logLevel }: LogFlags, secrets: readonly string[] = []): Log {
  const isTerminal = process.stderr.isTTY === true;
  return createLog({
    level: logLevel ?? 'info',
    format: log ?? (isTerminal ? 'text' : 'json'),
    isColoured: isTerminal && process.env.NO_COLOR === undefined,
    secrets,
    write: (line) => process.stderr.write(line),
  });
}
