import type {
  HelloMessage,
  PosedMessage,
  PoseMessage,
  ServerMessage,
  SourceStatus,
  Statistics,
  StreamInfo,
} from '../../../src/server/wire.js';

export type DownReason = 'silent' | 'stopped' | 'too-slow';

export type Link =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  | { readonly kind: 'down'; readonly why: DownReason; readonly retryAtMs: number }
  | { readonly kind: 'token'; readonly refused: boolean }
  | { readonly kind: 'incompatible'; readonly protocol: number };

export interface StreamLive {
  readonly info: StreamInfo;
  readonly source: SourceStatus;
  /** When the source came into this state. */
  readonly sourceAtMs: number;
  readonly statistics: Statistics;
  readonly last: PoseMessage | null;
  readonly lastAtMs: number;
  readonly lastPosed: PosedMessage | null;
  /** Newest heard of on this connection: what is not newer comes late, or twice. */
  readonly newest: { readonly epoch: number; readonly sequence: number };
}

export interface LiveState {
  readonly link: Link;
  readonly hello: HelloMessage | null;
  /** In the server's order. */
  readonly streams: ReadonlyMap<string, StreamLive>;
  readonly selected: string | null;
}

export const INITIAL: LiveState = {
  link: { kind: 'connecting' },
  hello: null,
  streams: new Map(),
  selected: null,
};

/** The state after a message of the server. `nowMs` is the page's own monotonic clock. */
export function received(state: LiveState, message: ServerMessage, nowMs: number): LiveState {
  switch (message.type) {
    case 'hello':
      return greeted(state, message, nowMs);
    case 'pose':
      return withStream(state, message.stream, (stream) =>
        isNewer(message, stream.newest)
          ? {
              ...stream,
              newest: { epoch: message.epoch, sequence: message.sequence },
              last: message,
              lastAtMs: nowMs,
              lastPosed: message.state === 'posed' ? message : stream.lastPosed,
            }
          : stream,
      );
    case 'alive':
      return state;
    case 'status':
      return withStream(state, message.stream, (stream) => ({
        ...stream,
        ...sourceOf(stream, message.source, nowMs),
        statistics: message.statistics,
      }));
    case 'error':
      return state;
  }
}

const NOTHING_YET = { epoch: 0, sequence: -1 };

const isNewer = (message: PoseMessage, newest: StreamLive['newest']): boolean =>
  message.epoch > newest.epoch || (message.epoch === newest.epoch && message.sequence > newest.sequence);

/** A second hello on one connection tells what has changed; the first of a new one may come from a server that was
 * started anew and counts its epochs from zero. */
function greeted(state: LiveState, hello: HelloMessage, nowMs: number): LiveState {
  const sameMap = state.hello?.map.sha256 === hello.map.sha256;
  const sameConnection = state.link.kind === 'live';
  const streams = new Map<string, StreamLive>();
  for (const info of hello.streams) {
    const known = state.streams.get(info.id);
    const fresh = { last: null, lastAtMs: 0, lastPosed: null };
    streams.set(info.id, {
      ...(sameMap && known ? known : fresh),
      newest: (sameConnection && known?.newest) || NOTHING_YET,
      info,
      ...sourceOf(known, info.source, nowMs),
      statistics: info.statistics,
    });
  }
  const selected =
    state.selected !== null && streams.has(state.selected) ? state.selected : (hello.streams[0]?.id ?? null);
  return { link: { kind: 'live' }, hello, streams, selected };
}

/** The same state said once more goes on from when it began. */
function sourceOf(
  stream: StreamLive | undefined,
  source: SourceStatus,
  nowMs: number,
): Pick<StreamLive, 'source' | 'sourceAtMs'> {
  const same = stream !== undefined && JSON.stringify(stream.source) === JSON.stringify(source);
  return { source, sourceAtMs: same ? stream.sourceAtMs : nowMs };
}

function withStream(state: LiveState, id: string, change: (stream: StreamLive) => StreamLive): LiveState {
  const stream = state.streams.get(id);
  if (!stream) return state;
  const changed = change(stream);
  return changed === stream ? state : { ...state, streams: new Map(state.streams).set(id, changed) };
}
