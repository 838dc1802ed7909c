/** Where messages wait for a slow reader: one place per key, a newer message takes the older one's. */
export interface LatestQueue<K> {
  put(key: K, data: Uint8Array): void;
  /** Whether nothing of this key waits: what is put now is seen. */
  free(key: K): boolean;
  forget(key: K): void;
  close(): void;
}

export interface LatestQueueLink {
  /** Calls `sent` when the bytes have left this process. */
  readonly send: (data: Uint8Array, sent: () => void) => void;
  readonly bufferedBytes: () => number;
}

/** Memory: one message per key, and what `maxBufferedBytes` lets into the socket. The key that has waited longest goes
 * first, so a busy one cannot starve the others. */
export function createLatestQueue<K>(link: LatestQueueLink, maxBufferedBytes: number): LatestQueue<K> {
  const waiting = new Map<K, Uint8Array>();
  let closed = false;

  function drain(): void {
    for (const [key, data] of waiting) {
      if (closed || link.bufferedBytes() > maxBufferedBytes) return;
      waiting.delete(key);
      link.send(data, drain);
    }
  }

  return {
    put(key, data) {
      waiting.set(key, data);
      drain();
    },
    free: (key) => !closed && !waiting.has(key) && link.bufferedBytes() <= maxBufferedBytes,
    forget: (key) => waiting.delete(key),
    close() {
      closed = true;
      waiting.clear();
    },
  };
}
