import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { EVERYTHING, type Grant, grantOf } from './scopes.js';

const TICKET_MS = 30_000;
const MAX_TICKETS = 1024;

/** One token and what it may do. */
export interface AccessToken {
  readonly token: string;
  readonly scopes: readonly string[];
}

/** Who may come in. Every check is a pure question; none tells the caller why it was refused. */
export interface Access {
  /** What the token in the Authorization header may do, null where it is none of ours; everything where no token is
   * configured. */
  readonly bearer: (request: IncomingMessage) => Grant | null;
  /** The same of a one-use ticket for a browser's WebSocket, which cannot carry a header; spent by this call. */
  readonly ticket: (ticket: string | null) => Grant | null;
  /** A ticket that may do what its token may. */
  readonly issueTicket: (grant: Grant) => string;
  readonly tokenRequired: boolean;
}

/** @param tokens nobody is asked for one where there is none
 * @param nowMs monotonic clock, ms. */
export function createAccess(tokens: readonly AccessToken[], nowMs: () => number): Access {
  const known = tokens.map(({ token, scopes }) => ({ digest: digest(token), grant: grantOf(scopes) }));
  const tickets = new Map<string, { readonly untilMs: number; readonly grant: Grant }>();

  function issueTicket(grant: Grant): string {
    const oldest = tickets.keys().next();
    if (tickets.size >= MAX_TICKETS && !oldest.done) tickets.delete(oldest.value);
    const ticket = randomBytes(24).toString('base64url');
    tickets.set(ticket, { untilMs: nowMs() + TICKET_MS, grant });
    return ticket;
  }

  /** Every token is compared, so that the time taken tells nothing of which one it was. */
  function grantFor(given: string): Grant | null {
    const digested = digest(given);
    let found: Grant | null = null;
    for (const { digest: expected, grant } of known) if (timingSafeEqual(digested, expected)) found = grant;
    return found;
  }

  return {
    tokenRequired: known.length > 0,
    bearer: ({ headers }) => {
      if (known.length === 0) return EVERYTHING;
      const given = /^Bearer (.{1,512})$/.exec(headers.authorization ?? '')?.[1];
      return given === undefined ? null : grantFor(given);
    },
    ticket: (ticket) => {
      if (known.length === 0) return EVERYTHING;
      const kept = ticket === null ? undefined : tickets.get(ticket);
      if (ticket !== null) tickets.delete(ticket);
      return kept !== undefined && nowMs() < kept.untilMs ? kept.grant : null;
    },
    issueTicket,
  };
}

/** The single token, which may do everything, and those with scopes. */
export function accessTokens(listen: {
  readonly token?: string | null;
  readonly tokens?: readonly AccessToken[];
}): AccessToken[] {
  const all = listen.token ? [{ token: listen.token, scopes: ['admin'] }] : [];
  return [...all, ...(listen.tokens ?? [])];
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i;
const HOST_HEADER = /^(\[[0-9a-f:.]{2,45}\]|[a-z0-9._-]{1,253})(:\d{1,5})?$/i;

export function isLoopback(host: string): boolean {
  return LOOPBACK.test(host);
}

/** A Host header that is well formed and, on a loopback bind, names this machine: a foreign name that resolves to
 * 127.0.0.1 (DNS rebinding) is refused. */
export function hostAllowed(hostHeader: string | undefined, boundToLoopback: boolean): boolean {
  const name = HOST_HEADER.exec(hostHeader ?? '')?.[1];
  return name !== undefined && (!boundToLoopback || isLoopback(name));
}

/** Browsers send Origin; it must be this very host or one of `others`. Other programs send none. */
export function originAllowed({ headers }: IncomingMessage, others: readonly string[] = []): boolean {
  if (headers.origin === undefined || others.includes(headers.origin)) return true;
  if (!URL.canParse(headers.origin)) return false;
  return new URL(headers.origin).host === headers.host?.toLowerCase();
}
