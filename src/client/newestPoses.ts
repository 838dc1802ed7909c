import type { PoseMessage } from '../server/wire.js';

/** Poses that wait for a reader: the newest of each stream, in the order their streams came up. */
export interface NewestPoses {
  readonly put: (pose: PoseMessage) => void;
  /** The next pose; null once closed. One reader at a time. */
  readonly take: () => Promise<PoseMessage | null>;
  readonly close: () => void;
}

/** Memory: one pose a stream. A pose that a newer one overtakes is never seen. */
export function newestPoses(): NewestPoses {
  const waiting = new Map<string, PoseMessage>();
  let reader: ((pose: PoseMessage | null) => void) | null = null;
  let isClosed = false;
  const first = (): PoseMessage | null => {
    const next = waiting.values().next();
    if (next.done) return null;
    waiting.delete(next.value.stream);
    return next.value;
  };
  return {
    put: (pose) => {
      if (isClosed) return;
      waiting.set(pose.stream, pose);
      if (reader === null) return;
      const tell = reader;
      reader = null;
      tell(first());
    },
    take: () => {
      const pose = first();
      if (pose !== null || isClosed) return Promise.resolve(isClosed ? null : pose);
      return new Promise((resolve) => {
        reader = resolve;
      });
    },
    close: () => {
      isClosed = true;
      reader?.(null);
      reader = null;
    },
  };
}
