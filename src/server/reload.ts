import { isDeepStrictEqual } from 'node:util';
import { PosestreamError } from '../domain/errors.js';
import type { ServeConfig, StreamConfig } from './configSchema.js';
import type { Control } from './control.js';

/** What a new configuration asks of a running server. */
export interface Change {
  readonly removed: readonly string[];
  /** Same id, something else of it: closed and opened again. */
  readonly changed: readonly StreamConfig[];
  readonly added: readonly StreamConfig[];
  /** Path of the map to swap in. */
  readonly map: string | null;
  /** Keys that differ and only count when the server starts. */
  readonly needsRestart: readonly string[];
}

/** Keys that are told apart one level down, so that a person reads `listen.port` and not `listen`. */
const NESTED: readonly string[] = ['listen', 'limits', 'sources'];

/** Both with resolved paths. Streams that are alike are not named: nothing happens to them. The order of streams counts
 * only when the server starts. */
export function changeBetween(before: ServeConfig, after: ServeConfig): Change {
  const known = new Map(before.streams.map((stream) => [stream.id, stream]));
  const wanted = new Set(after.streams.map(({ id }) => id));
  return {
    removed: before.streams.filter(({ id }) => !wanted.has(id)).map(({ id }) => id),
    changed: after.streams.filter(
      (s) => known.has(s.id) && !isDeepStrictEqual(plain(known.get(s.id)), plain(s)),
    ),
    added: after.streams.filter(({ id }) => !known.has(id)),
    map: before.map === after.map ? null : after.map,
    needsRestart: fixedDifferences(before, after),
  };
}

function fixedDifferences(before: ServeConfig, after: ServeConfig): string[] {
  const keys = new Set([...Object.keys(before), ...Object.keys(after)]) as Set<keyof ServeConfig>;
  keys.delete('streams');
  keys.delete('map');
  return [...keys].flatMap((key) =>
    NESTED.includes(key)
      ? differing(before[key] as object, after[key] as object).map((inner) => `${key}.${inner}`)
      : isDeepStrictEqual(plain(before[key]), plain(after[key]))
        ? []
        : [key],
  );
}

function differing(before: object, after: object): string[] {
  const [a, b] = [before, after] as Record<string, unknown>[];
  const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...keys].filter((key) => !isDeepStrictEqual(plain(a[key]), plain(b[key])));
}

/** A key that is undefined is as one that is absent. */
const plain = (value: unknown): unknown => (value === undefined ? null : JSON.parse(JSON.stringify(value)));

export interface Reloaded {
  /** What runs now: the configuration to compare the next one with. */
  readonly running: ServeConfig;
  readonly failures: readonly { readonly stream: string; readonly error: PosestreamError }[];
}

/** Carries a change out, map first: where it does not fit, it rejects and nothing has changed. A stream that fails stands
 * alone; it is tried again with the next configuration. */
export async function applyChange(
  control: Control,
  change: Change,
  before: ServeConfig,
  after: ServeConfig,
): Promise<Reloaded> {
  if (change.map !== null) await control.swapMap(change.map);
  const failures: { stream: string; error: PosestreamError }[] = [];
  const attempt = async (stream: string, act: () => Promise<unknown>): Promise<void> => {
    try {
      await act();
    } catch (cause) {
      failures.push({ stream, error: asOurs(cause) });
    }
  };
  // REST may have been quicker: a stream it removed is as good as removed.
  const close = async (id: string): Promise<void> => {
    if (control.streams().some((stream) => stream.id === id)) await control.remove(id);
  };
  for (const id of change.removed) await attempt(id, () => close(id));
  for (const stream of change.changed)
    await attempt(stream.id, async () => {
      await close(stream.id);
      await control.add(stream);
    });
  for (const stream of change.added) await attempt(stream.id, () => control.add(stream));
  const failed = new Set(failures.map(({ stream }) => stream));
  const gone = before.streams.filter(({ id }) => change.removed.includes(id) && failed.has(id));
  const streams = [...after.streams.filter(({ id }) => !failed.has(id)), ...gone];
  return { running: { ...before, map: after.map, streams }, failures };
}

const asOurs = (cause: unknown): PosestreamError =>
  cause instanceof PosestreamError ? cause : new PosestreamError('E_INTERNAL', String(cause), { cause });
