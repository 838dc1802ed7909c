/** One message that a newer one of the same stream makes worthless. */
export interface Item {
  readonly epoch: number;
  readonly sequence: number;
  /** Bytes or text as sent at `nowMs`. */
  readonly encode: (nowMs: number) => string | Uint8Array;
}

/** What delivery needs of a socket and of time. */
export interface Link {
  /** Calls `sent` when the bytes have left this process. */
  readonly send: (data: string | Uint8Array, sent: () => void) => void;
  readonly bufferedBytes: () => number;
  /** For intervals; never steps. */
  readonly monotonicMs: () => number;
  /** Unix time, ms: handed to `encode`. */
  readonly nowMs: () => number;
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
  /** Whether an item offered now would leave at once. */
  ready(): boolean;
  /** Time since the oldest unacknowledged item was sent; 0 without a window. */
  overdueMs(): number;
  close(): void;
}

const DEFAULT_WINDOW = 2;

/** Latest-only delivery of one stream to one client. Memory: one waiting item and `window` sent marks.
 *   offered   a b c d e      client acknowledges slowly, window 2
 *   sent      a b . . e      c and d were displaced while a was unacknowledged
 * A client that never acknowledges is held back by its socket's buffer alone. */
export function createDelivery(link: Link, maxBufferedBytes: number): Delivery {
  let window: number | null = null;
  let intervalMs = 0;
  let dueMs = Number.NEGATIVE_INFINITY;
  let pending: Item | null = null;
  let cancelTimer: (() => void) | null = null;
  let closed = false;
  const unacked: { epoch: number; sequence: number; sentMs: number }[] = [];

  const hasRoom = (): boolean =>
    !closed && link.bufferedBytes() <= maxBufferedBytes && (window === null || unacked.length < window);

  function drain(): void {
    if (pending === null || !hasRoom()) return;
    const atMs = link.monotonicMs();
    if (atMs < dueMs) {
      cancelTimer ??= link.after(dueMs - atMs, () => {
        cancelTimer = null;
        drain();
      });
      return;
    }
    const item = pending;
    pending = null;
    dueMs = nextDueMs(dueMs, intervalMs, atMs);
    if (window !== null) unacked.push({ epoch: item.epoch, sequence: item.sequence, sentMs: atMs });
    link.send(item.encode(link.nowMs()), drain);
  }

  return {
    offer(item) {
      pending = item;
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
