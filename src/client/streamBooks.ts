import type { PoseMessage, SourceStatus, StatusMessage } from '../server/wire.js';

/** What is known of a stream. */
export interface StreamState {
  /** What its source does; null before the server said so. */
  readonly source: SourceStatus | null;
  /** Grows when the source starts anew. */
  readonly epoch: number | null;
  /** Why the newest frame has no pose; null where it has one, and before the first. */
  readonly lost: { readonly reason: string; readonly detail: string } | null;
  /** Frames between those that were read: dropped by the server, thinned out, or overtaken while the reader was busy. */
  readonly skipped: number;
}

type Position = Pick<PoseMessage, 'epoch' | 'sequence'>;

/** What a feed remembers of its streams. */
export interface StreamBooks {
  readonly states: () => ReadonlyMap<string, StreamState>;
  /** A new connection: perhaps of a server that counts anew. */
  readonly connected: () => void;
  /** Streams that are no longer listed are forgotten; they may come back and count anew. */
  readonly listed: (ids: readonly string[]) => void;
  /** Whether the pose is news, one that still waits to be handled, or old: handled, or older than one that came. */
  readonly takes: (pose: PoseMessage) => 'news' | 'waits' | 'old';
  readonly note: (status: StatusMessage) => void;
  readonly read: (pose: PoseMessage) => void;
  readonly handled: (pose: PoseMessage) => void;
  /** Newest handled message of each stream. */
  readonly after: () => Readonly<Record<string, Position>>;
}

const same = (a: Position | undefined, b: Position): boolean =>
  a?.epoch === b.epoch && a.sequence === b.sequence;

const UNKNOWN: StreamState = { source: null, epoch: null, lost: null, skipped: 0 };

/** A connection begins with the newest pose, perhaps one that was handled over the connection before, and a subscription
 * makes the server send it once more. What an older epoch still says comes from a worker that was given up. A server that
 * was started anew counts anew: there only the very pose is known again. */
export function streamBooks(): StreamBooks {
  const states = new Map<string, StreamState>();
  const newest = new Map<string, Position>();
  const lastRead = new Map<string, Position>();
  const lastHandled = new Map<string, Position>();
  const update = (stream: string, change: Partial<StreamState>): void => {
    states.set(stream, { ...(states.get(stream) ?? UNKNOWN), ...change });
  };
  const isNews = ({ stream, epoch, sequence }: PoseMessage): boolean => {
    const before = newest.get(stream);
    if (before) return epoch > before.epoch || (epoch === before.epoch && sequence > before.sequence);
    return !same(lastHandled.get(stream), { epoch, sequence });
  };

  return {
    states: () => states,
    connected: () => newest.clear(),
    listed: (ids) => {
      const kept = new Set(ids);
      for (const book of [states, newest, lastRead, lastHandled])
        for (const id of book.keys()) if (!kept.has(id)) book.delete(id);
    },
    takes: (pose) => {
      const { stream, epoch, sequence } = pose;
      const isNew = isNews(pose);
      const waits = same(newest.get(stream), pose) && !same(lastHandled.get(stream), pose);
      if (isNew || !newest.has(stream)) newest.set(stream, { epoch, sequence });
      if (!isNew) return waits ? 'waits' : 'old';
      const lost = pose.state === 'lost' ? { reason: pose.reason, detail: pose.detail } : null;
      update(stream, { epoch, lost });
      return 'news';
    },
    note: ({ stream, source }) => update(stream, { source }),
    read: ({ stream, epoch, sequence }) => {
      const before = lastRead.get(stream);
      lastRead.set(stream, { epoch, sequence });
      if (before?.epoch !== epoch) return;
      const { skipped } = states.get(stream) ?? UNKNOWN;
      update(stream, { skipped: skipped + Math.max(0, sequence - before.sequence - 1) });
    },
    handled: ({ stream, epoch, sequence }) => {
      lastHandled.set(stream, { epoch, sequence });
    },
    after: () => Object.fromEntries(lastHandled),
  };
}
