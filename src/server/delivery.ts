import type { Encoding } from './encoding.js';

/** One message that a newer one of the same stream makes worthless. */
export interface Item {
  readonly epoch: number;
  readonly sequence: number;
  /** Bytes as sent at `nowMs`; where only one form exists the encoding says nothing. Default JSON. */
  readonly encode: (nowMs: number, encoding?: Encoding) => Uint8Array;
}

/** What delivery needs of a socket and of time. */
export interface Link {
  /** Calls `sent` when the bytes have left this process. */
  readonly send: (item: Item, sent: () => void) => void;
  readonly bufferedBytes: () => number;
  /** For intervals; never steps. */
  readonly monotonicMs: () => number;
  /** Runs `fire` once after `ms`; returns how to call it off. */
  readonly after: (ms: number, fire: () => void) => () => void;
}

export interface Delivery {
  /** Sends the item now, or keeps it as the newest until the client is ready; displaces an older one. */
  offer(item: Item): void;
  /** The client has handled everything up to this item. The first call turns the window on. */
  ack(epoch: number, sequence: number): void;
  setWindow(messages: number): void;
  /** null: every item. */
  setMaxRateHz(rateHz: number | null): void;
  /** An item that waited longer for room is not sent any more; null: the newest waits for ever. */
  setLifespanMs(ms: number | null): void;
  /** Whether an item offered now would leave at once. */
  ready(): boolean;
  /** Time since the oldest unacknowledged item was sent; 0 without a window. */
  overdueMs(): number;
  close(): void;
}

const DEFAULT_WINDOW = 2;
/** Frames come at their own beat: one that is early by this share of the client's interval is in time, and one that is
 * late by as much is still waited for, since it is newer than what waits. */
const SLACK = 0.25;

/** Latest-only delivery of one stream to one client. Memory: one waiting item and `window` sent marks.
 *   offered   a b c d e      client acknowledges slowly, window 2
 *   sent      a b . . e      c and d were displaced while a was unacknowledged
 * A client that never acknowledges is held back by its socket's buffer alone. */
export function createDelivery(link: Link, maxBufferedBytes: number): Delivery {
  let window: number | null = null;
  let intervalMs = 0;
  let lifespanMs = Number.POSITIVE_INFINITY;
  let dueMs = Number.NEGATIVE_INFINITY;
  let pending: Item | null = null;
  let pendingSinceMs = 0;
  let cancelTimer: (() => void) | null = null;
  let closed = false;
  const unacked: { epoch: number; sequence: number; sentMs: number }[] = [];

  const hasRoom = (): boolean =>
    !closed && link.bufferedBytes() <= maxBufferedBytes && (window === null || unacked.length < window);

  function drain(): void {
    if (pending === null || !hasRoom()) return;
    const atMs = link.monotonicMs();
    // The client's own rate keeps items waiting as well, and outdates none.
    if (atMs - pendingSinceMs > lifespanMs + (1 + SLACK) * intervalMs) pending = null;
    else if (atMs < dueMs - SLACK * intervalMs) wait(dueMs + SLACK * intervalMs - atMs);
    else send(pending, atMs);
  }

  function wait(ms: number): void {
    cancelTimer ??= link.after(ms, () => {
      cancelTimer = null;
      drain();
    });
  }

  function send(item: Item, atMs: number): void {
    pending = null;
    dueMs = nextDueMs(dueMs, intervalMs, atMs);
    if (window !== null) unacked.push({ epoch: item.epoch, sequence: item.sequence, sentMs: atMs });
    link.send(item, drain);
  }

  return {
    offer(item) {
      pending = item;
      pendingSinceMs = link.monotonicMs();
      drain();
    },
    ack(epoch, sequence) {
      window ??= DEFAULT_WINDOW;
      const at = unacked.findIndex((sent) => sent.epoch === epoch && sent.sequence === sequence);
      unacked.splice(0, at + 1);
      drain();
    },
    setWindow(messages) {
      window = messages;
      drain();
    },
    setMaxRateHz(rateHz) {
      intervalMs = rateHz === null ? 0 : 1000 / rateHz;
      dueMs = Number.NEGATIVE_INFINITY;
      drain();
    },
    setLifespanMs(ms) {
      lifespanMs = ms ?? Number.POSITIVE_INFINITY;
    },
    ready: () => hasRoom() && pending === null && link.monotonicMs() >= dueMs,
    overdueMs: () => (unacked.length === 0 ? 0 : link.monotonicMs() - unacked[0].sentMs),
    close() {
      closed = true;
      pending = null;
      cancelTimer?.();
    },
  };
}

/** Keeps the mean rate: a slot missed by less than one interval is not lost. */
function nextDueMs(dueMs: number, intervalMs: number, nowMs: number): number {
  return nowMs - dueMs > intervalMs ? nowMs + intervalMs : dueMs + intervalMs;
}
