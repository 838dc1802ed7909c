import { type Logger, pino } from 'pino';
import { wordsHidden } from '../streams/redactUrl.js';
import { formatLogLine } from './logText.js';

export const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** What a line says beside its message: plain values, so that all of it can be cleaned. */
export type LogFields = Readonly<Record<string, string | number | boolean | undefined>>;

/** What happened, for whoever runs the server. Calls never wait or throw. */
export interface Log {
  /** One line at once for the first event of a kind; those within a second of it are counted, and the newest of them is
   * written when the second is over.
   * @param event what happened, in a word or two with dashes; a line carries it, and how often it was, as `total` */
  readonly event: (level: LogLevel, event: string, message: string, fields?: LogFields) => void;
  /** The same with a stream in every line, whose events are counted apart. */
  readonly ofStream: (stream: string) => Log;
  /** Writes what is held back. */
  readonly flush: () => void;
}

export interface LogOptions {
  /** Lines below it are not written. */
  readonly level: LogLevel;
  /** JSON for machines; text for a person. */
  readonly format: 'json' | 'text';
  readonly isColoured?: boolean;
  /** Words that must never be written, such as tokens. */
  readonly secrets?: readonly string[];
  readonly write: (line: string) => void;
}

const QUIET_MS = 1000;

interface Kind {
  total: number;
  timer: NodeJS.Timeout | null;
  /** Writes the newest event that was held back. */
  held: (() => void) | null;
}

/** Lines of JSON or text. Credentials of addresses, and the words in `secrets`, are written as `***`. */
export function createLog({ level, format, isColoured = false, secrets = [], write }: LogOptions): Log {
  const shown = (line: string): string => (format === 'json' ? line : formatLogLine(line, isColoured));
  const root = pino(
    {
      ...{ level, base: null, messageKey: 'message', timestamp: pino.stdTimeFunctions.isoTime },
      formatters: { level: (name) => ({ level: name }) },
    },
    { write: (line: string) => write(shown(line)) },
  );
  return logOf(root, wordsHidden(secrets));
}

/** For those who only know messages: warnings of one kind. */
export const toLog =
  (log: Log, event: string) =>
  (message: string): void =>
    log.event('warn', event, message);

function logOf(logger: Logger, clean: (text: string) => string): Log {
  const kinds = new Map<string, Kind>();
  const streams = new Map<string, Log>();

  function emit(kind: Kind, level: LogLevel, event: string, message: string, fields: LogFields): void {
    const total = kind.total > 1 ? { total: kind.total } : {};
    logger[level]({ event, ...cleanFields(fields, clean), ...total }, clean(message));
  }

  function release(kind: Kind): void {
    const { held } = kind;
    kind.held = null;
    kind.timer = held === null ? null : wait(kind);
    held?.();
  }

  const wait = (kind: Kind): NodeJS.Timeout => setTimeout(() => release(kind), QUIET_MS).unref();

  return {
    event(level, event, message, fields = {}) {
      if (!logger.isLevelEnabled(level)) return;
      const key = `${level} ${event}`;
      const kind = kinds.get(key) ?? { total: 0, timer: null, held: null };
      kinds.set(key, kind);
      kind.total++;
      if (kind.timer !== null) kind.held = () => emit(kind, level, event, message, fields);
      else {
        kind.timer = wait(kind);
        emit(kind, level, event, message, fields);
      }
    },
    ofStream(stream) {
      const log = streams.get(stream) ?? logOf(logger.child({ stream: clean(stream) }), clean);
      streams.set(stream, log);
      return log;
    },
    flush() {
      for (const kind of kinds.values()) {
        if (kind.timer) clearTimeout(kind.timer);
        kind.timer = null;
        kind.held?.();
        kind.held = null;
      }
      for (const log of streams.values()) log.flush();
    },
  };
}

const cleanFields = (fields: LogFields, clean: (text: string) => string): LogFields =>
  Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === 'string' ? clean(value) : value]),
  );
