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
  readonly statistics: Statistics;
  readonly last: PoseMessage | null;
  readonly lastAtMs: number;
  readonly lastPosed: PosedMessage | null;
}

export interface LiveState {
  readonly link: Link;
  readonly hello: HelloMessage | null;
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
      return greeted(state, message);
    case 'pose':
      return withStream(state, message.stream, (stream) => ({
        ...stream,
        last: message,
        lastAtMs: nowMs,
        lastPosed: message.state === 'posed' ? message : stream.lastPosed,
      }));
    case 'status':
      return withStream(state, message.stream, (stream) => ({
        ...stream,
        source: message.source,
        statistics: message.statistics,
      }));
    case 'error':
      return state;
  }
}

function greeted(state: LiveState, hello: HelloMessage): LiveState {
  const sameMap = state.hello?.map.sha256 === hello.map.sha256;
  const streams = new Map<string, StreamLive>();
  for (const info of hello.streams) {
    const known = sameMap ? state.streams.get(info.id) : undefined;
    const fresh = { last: null, lastAtMs: 0, lastPosed: null };
    streams.set(info.id, { ...(known ?? fresh), info, source: info.source, statistics: info.statistics });
  }
  const selected =
    state.selected !== null && streams.has(state.selected) ? state.selected : (hello.streams[0]?.id ?? null);
  return { link: { kind: 'live' }, hello, streams, selected };
}

function withStream(state: LiveState, id: string, change: (stream: StreamLive) => StreamLive): LiveState {
  const stream = state.streams.get(id);
  if (!stream) return state;
  return { ...state, streams: new Map(state.streams).set(id, change(stream)) };
}
