import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

const TICKET_MS = 30_000;
const MAX_TICKETS = 1024;

/** Who may come in. Every check is a pure question; none tells the caller why it was refused. */
export interface Access {
  /** Bearer token in the Authorization header; always true where no token is configured. */
  readonly bearer: (request: IncomingMessage) => boolean;
  /** A one-use ticket for a browser's WebSocket, which cannot carry a header; spent by this call. */
  readonly ticket: (ticket: string | null) => boolean;
  readonly issueTicket: () => string;
  readonly tokenRequired: boolean;
}

/** @param nowMs monotonic clock, ms. */
export function createAccess(token: string | null, nowMs: () => number): Access {
  const expected = token === null ? null : digest(token);
  const tickets = new Map<string, number>();

  function issueTicket(): string {
    const oldest = tickets.keys().next();
    if (tickets.size >= MAX_TICKETS && !oldest.done) tickets.delete(oldest.value);
    const ticket = randomBytes(24).toString('base64url');
    tickets.set(ticket, nowMs() + TICKET_MS);
    return ticket;
  }

  return {
    tokenRequired: expected !== null,
    bearer: ({ headers }) => {
      if (expected === null) return true;
      const given = /^Bearer (.{1,512})$/.exec(headers.authorization ?? '')?.[1];
      return given !== undefined && timingSafeEqual(digest(given), expected);
    },
    ticket: (ticket) => {
      if (expected === null) return true;
      const untilMs = ticket === null ? undefined : tickets.get(ticket);
      if (ticket !== null) tickets.delete(ticket);
      return untilMs !== undefined && nowMs() < untilMs;
    },
    issueTicket,
  };
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
