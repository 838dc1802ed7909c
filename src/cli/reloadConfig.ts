import { PosestreamError } from '../domain/errors.js';
import type { ServeConfig } from '../server/configSchema.js';
import type { Control } from '../server/control.js';
import type { Log } from '../server/log.js';
import { applyChange, type Change, changeBetween } from '../server/reload.js';
import { watchText } from './reloadWatch.js';

export interface ReloadOptions {
  readonly path: string;
  /** What the server was started with, and the text it came of. */
  readonly running: ServeConfig;
  readonly text: string;
  /** A configuration as the server means it: paths resolved, flags over it. Throws E_CONFIG. */
  readonly parse: (text: string) => ServeConfig;
  readonly control: Control;
  readonly log: Log;
}

/** Follows a configuration file while the server runs. A file that is wrong changes nothing. */
export function followConfig(options: ReloadOptions, signal: AbortSignal): void {
  const { path, parse, control, log } = options;
  let running = options.running;
  const refuse = (error: unknown): void => {
    const { code, message, hint } = error instanceof PosestreamError ? error : internal(error);
    const text = [
      `${code} ${message.replace(/[.!?]?$/, '.')}`,
      'The old configuration stays.',
      ...(hint === undefined ? [] : [hint]),
    ];
    log.event('error', 'reload-refused', text.join(' '), { code });
  };
  const onTrouble = (error: unknown): void =>
    log.event(
      'warn',
      'reload-trouble',
      `${path} is not followed: ${(error as Error).message}. SIGHUP reads it again.`,
    );

  async function onText(text: string): Promise<void> {
    try {
      const wanted = parse(text);
      const change = changeBetween(running, wanted);
      const applied = await applyChange(control, change, running, wanted);
      running = applied.running;
      for (const { stream, error } of applied.failures)
        log
          .ofStream(stream)
          .event('error', 'reload-failed', `${error.code} ${error.message}`, { code: error.code });
      log.event('info', 'reload', `${path}: ${changeInWords(change)}`);
    } catch (error) {
      refuse(error);
    }
  }

  watchText(path, options.text, { onText, onTrouble }, signal);
}

function changeInWords({ removed, changed, added, map, needsRestart }: Change): string {
  const ids = (what: string, names: readonly string[]) =>
    names.length > 0 ? [`${what} ${names.join(', ')}`] : [];
  const done = [
    ...(map === null ? [] : [`map ${map}`]),
    ...ids('removed', removed),
    ...ids(
      'opened anew',
      changed.map(({ id }) => id),
    ),
    ...ids(
      'added',
      added.map(({ id }) => id),
    ),
  ];
  const waits = ids('counts only after a restart:', needsRestart);
  return [...(done.length > 0 || waits.length > 0 ? done : ['nothing to change']), ...waits].join('; ');
}

const internal = (error: unknown) => new PosestreamError('E_INTERNAL', String(error), { cause: error });
