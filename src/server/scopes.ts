import { z } from 'zod';

/** What a token may do: read one stream or all, send video to one or all, or everything there is. */
export const scope = z
  .string()
  .regex(
    /^(admin|(read|ingest):(\*|[A-Za-z0-9][A-Za-z0-9_-]{0,63}))$/,
    "a scope is 'admin', 'read:*', 'read:<stream>', 'ingest:*' or 'ingest:<stream>'",
  );

/** The answers of one caller's token. Asked about the very object a request has found, never about its name alone. */
export interface Grant {
  readonly mayRead: (stream: string) => boolean;
  readonly mayIngest: (stream: string) => boolean;
  /** Every stream, those to come too, and what speaks of all of them (metrics). */
  readonly readsAll: boolean;
  /** At least one stream: then also what all streams share (the map). */
  readonly readsAny: boolean;
  /** Streams may be added, paused and removed, the map swapped. */
  readonly isAdmin: boolean;
}

/** For callers of a server that wants no token. */
export const EVERYTHING: Grant = grantOf(['admin']);

export function grantOf(scopes: readonly string[]): Grant {
  const isAdmin = scopes.includes('admin');
  const has = (kind: string) => (stream: string) =>
    isAdmin || scopes.includes(`${kind}:*`) || scopes.includes(`${kind}:${stream}`);
  return {
    isAdmin,
    mayRead: has('read'),
    mayIngest: has('ingest'),
    readsAll: isAdmin || scopes.includes('read:*'),
    readsAny: isAdmin || scopes.some((scope) => scope.startsWith('read:')),
  };
}
