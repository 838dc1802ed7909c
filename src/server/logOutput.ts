import type { Dropped, Outcome } from '../domain/outcome.js';
import type { Output } from './formats/outputs.js';
import type { Log, LogFields, LogLevel } from './log.js';
import type { SourceStatus } from './wire.js';

const LEVEL: Readonly<Record<SourceStatus['kind'], LogLevel>> = {
  connecting: 'debug',
  streaming: 'info',
  stalled: 'warn',
  frozen: 'warn',
  retrying: 'warn',
  paused: 'info',
  ended: 'info',
  failed: 'error',
};

/** Writes down what every source does, what a stream as a whole seems to have wrong, and at `debug` where tracks are lost and found. */
export function createLogOutput(log: Log): Output {
  const lastSaid = new Map<string, string>();
  const lastState = new Map<string, Outcome['kind']>();
  const lastWarning = new Map<string, string>();

  function noteWarning(stream: string, { warning }: Exclude<Outcome, Dropped>): void {
    if (lastWarning.get(stream) === warning?.code) return;
    if (warning === undefined) lastWarning.delete(stream);
    else lastWarning.set(stream, warning.code);
    const of = log.ofStream(stream);
    if (warning === undefined) of.event('info', 'warning-over', 'nothing speaks against it any more');
    else
      of.event('warn', 'warning', `${warning.code} ${warning.message} ${warning.hint}`, {
        code: warning.code,
      });
  }

  return {
    outcome(outcome) {
      const { stream } = outcome.frame;
      if (outcome.kind === 'dropped') return;
      noteWarning(stream, outcome);
      if (lastState.get(stream) === outcome.kind) return;
      lastState.set(stream, outcome.kind);
      const of = log.ofStream(stream);
      if (outcome.kind === 'posed') of.event('debug', 'posed', 'poses come', { source: outcome.pose.source });
      else of.event('debug', 'lost', outcome.detail, { reason: outcome.reason });
    },
    source(stream, status) {
      const text = JSON.stringify(status);
      // Told twice where both the source and who runs it know.
      if (lastSaid.get(stream) === text) return;
      lastSaid.set(stream, text);
      const { message, ...fields } = wordsOf(status);
      log.ofStream(stream).event(LEVEL[status.kind], `source-${status.kind}`, message, fields);
    },
    close: async () => log.flush(),
  };
}

function wordsOf(status: SourceStatus): LogFields & { readonly message: string } {
  if (status.kind === 'failed') {
    const { code, message, hint } = status;
    return { message: [code, message, hint ?? ''].join(' ').trim(), code };
  }
  if (status.kind !== 'retrying') return { message: status.kind };
  const { message = 'no frames come', code, attempt, inMs } = status;
  return { message: `${message} It is tried again.`, code, attempt, inMs: Math.round(inMs) };
}
