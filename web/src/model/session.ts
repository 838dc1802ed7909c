import type { PoseMessage, ServerMessage } from '../../../src/server/wire.js';
import { createFrameLog } from './frameLog.js';
import { INITIAL, type Link, type LiveState, received } from './liveState.js';
import type { MapData } from './mapData.js';
import { type Logs, stateAt } from './past.js';
import { emptyTrails, extend, replay, type Trails } from './replay.js';
import { createStatusLog } from './statusLog.js';

/** The page's one mutable place: the newest state, what each stream left behind, the moment that is shown. */
export interface Session {
  /** As the server says it is now. */
  state(): LiveState;
  /** What the page shows: now, or the moment it was taken back to. */
  shown(): LiveState;
  /** The moment shown, on the page's clock; null while live. */
  cursorMs(): number | null;
  /** Shows this moment, held to what is remembered; null goes live. */
  scrubTo(atMs: number | null): void;
  map(): MapData | null;
  logs(stream: string): Logs;
  /** Counts streams in the order they first came, so that each keeps its colour. */
  ordinal(stream: string): number;
  /** Up to the moment shown; null without a map. */
  trails(stream: string): Trails | null;
  /** How long the server has been silent while this page was awake. */
  silentMs(): number;
  setSilent(silentMs: number): void;
  onChange(listener: () => void): () => void;
  receive(message: ServerMessage, nowMs: number): void;
  setLink(link: Link): void;
  setMap(map: MapData | null): void;
  select(stream: string): void;
}

interface Past {
  readonly atMs: number;
  readonly state: LiveState;
  readonly trails: Map<string, Trails>;
}

export function createSession(): Session {
  let state = INITIAL;
  let map: MapData | null = null;
  let past: Past | null = null;
  let silentMs = 0;
  const logs = new Map<string, Logs>();
  const trails = new Map<string, Trails>();
  const ordinals = new Map<string, number>();
  const listeners = new Set<() => void>();
  const changed = (): void => {
    for (const listener of listeners) listener();
  };

  function logsOf(stream: string): Logs {
    const known = logs.get(stream);
    if (known) return known;
    const created = { frames: createFrameLog(stream), statuses: createStatusLog() };
    logs.set(stream, created);
    return created;
  }

  function trailsIn(kept: Map<string, Trails>, stream: string, end: number): Trails | null {
    // Points of another map's frame must not be drawn in this one.
    if (!map || map.header.sha256 !== state.hello?.map.sha256) return null;
    const known = kept.get(stream);
    if (known) return known;
    const { frames } = logsOf(stream);
    const created = frames.end() > 0 ? replay(frames, end, map) : emptyTrails(map);
    kept.set(stream, created);
    return created;
  }

  function remember(pose: PoseMessage, before: PoseMessage | null, nowMs: number): void {
    const { frames } = logsOf(pose.stream);
    const live = trailsIn(trails, pose.stream, frames.end());
    if (live && map) extend(live, pose, pose.epoch !== before?.epoch, map);
    frames.add(pose, nowMs);
  }

  function forget(before: LiveState): void {
    if (before.hello?.map.sha256 !== state.hello?.map.sha256) {
      past = null;
      logs.clear();
      trails.clear();
    }
    for (const id of logs.keys())
      if (!state.streams.has(id)) {
        logs.delete(id);
        trails.delete(id);
      }
  }

  function scrubTo(atMs: number | null): void {
    past = null;
    if (atMs !== null) {
      const held = Math.min(Math.max(atMs, oldestMs()), performance.now());
      past = { atMs: held, state: stateAt(state, logsOf, held), trails: new Map() };
    }
    changed();
  }

  function oldestMs(): number {
    const firsts = [...logs.values()].flatMap(({ frames, statuses }) => [
      frames.end() > 0 ? frames.atMs(frames.first()) : Number.POSITIVE_INFINITY,
      statuses.entries()[0]?.atMs ?? Number.POSITIVE_INFINITY,
    ]);
    return Math.min(performance.now(), ...firsts);
  }

  return {
    state: () => state,
    shown: () => past?.state ?? state,
    cursorMs: () => past?.atMs ?? null,
    scrubTo,
    map: () => map,
    logs: logsOf,
    ordinal(stream) {
      if (!ordinals.has(stream)) ordinals.set(stream, ordinals.size);
      return ordinals.get(stream) ?? 0;
    },
    trails: (stream) =>
      past
        ? trailsIn(past.trails, stream, logsOf(stream).frames.indexAt(past.atMs) + 1)
        : trailsIn(trails, stream, logsOf(stream).frames.end()),
    silentMs: () => silentMs,
    setSilent(next) {
      silentMs = next;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    receive(message, nowMs) {
      silentMs = 0;
      const before = state;
      state = received(state, message, nowMs);
      if (message.type === 'hello') {
        forget(before);
        for (const { id, source, statistics } of message.streams)
          logsOf(id).statuses.add(source, statistics, nowMs);
        // Streams may have come or gone.
        if (past) past = { ...past, state: stateAt(state, logsOf, past.atMs) };
      }
      if (message.type === 'status' && state !== before)
        logsOf(message.stream).statuses.add(message.source, message.statistics, nowMs);
      if (message.type === 'pose' && state !== before)
        remember(message, before.streams.get(message.stream)?.last ?? null, nowMs);
      changed();
    },
    setLink(link) {
      state = { ...state, link };
      changed();
    },
    setMap(next) {
      map = next;
      trails.clear();
      past?.trails.clear();
      changed();
    },
    select(stream) {
      state = { ...state, selected: stream };
      if (past) past = { ...past, state: { ...past.state, selected: stream } };
      changed();
    },
  };
}
