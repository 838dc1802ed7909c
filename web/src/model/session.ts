import type { PoseMessage, ServerMessage } from '../../../src/server/wire.js';
import { INITIAL, type Link, type LiveState, received } from './liveState.js';
import type { MapData } from './mapData.js';
import { createTrail, type Trail } from './trail.js';

const TRAIL_SEGMENTS = 6000;
const HISTORY_FRAMES = 600;

/** One frame of the strip below the 3D view; `inliers` is null where it was lost. */
export interface FrameMark {
  readonly inliers: number | null;
  readonly errorM: number | null;
}

/** What a stream leaves behind while the page is open. */
export interface StreamHistory {
  readonly trail: Trail;
  readonly truth: Trail;
  readonly marks: FrameMark[];
  /** Of the last frame; a new one means that the source began anew, maybe elsewhere. */
  epoch: number;
}

/** The page's one mutable place: the newest state, the histories, and who wants to know. */
export interface Session {
  state(): LiveState;
  map(): MapData | null;
  history(stream: string): StreamHistory | null;
  onPose(listener: (pose: PoseMessage) => void): () => void;
  onChange(listener: () => void): () => void;
  receive(message: ServerMessage, nowMs: number): void;
  setLink(link: Link): void;
  setMap(map: MapData | null): void;
  select(stream: string): void;
}

export function createSession(): Session {
  let state = INITIAL;
  let map: MapData | null = null;
  const histories = new Map<string, StreamHistory>();
  const poseListeners = new Set<(pose: PoseMessage) => void>();
  const changeListeners = new Set<() => void>();
  const changed = (): void => {
    for (const listener of changeListeners) listener();
  };

  function historyOf(stream: string): StreamHistory | null {
    if (!map) return null;
    const known = histories.get(stream);
    if (known) return known;
    const { radius } = map.frame;
    const line = (): Trail => createTrail(TRAIL_SEGMENTS, radius / 1500, radius / 8);
    const created = { trail: line(), truth: line(), marks: [], epoch: 0 };
    histories.set(stream, created);
    return created;
  }

  function remember(pose: PoseMessage): void {
    const history = historyOf(pose.stream);
    if (!history || !map) return;
    const local = map.local;
    if (pose.epoch !== history.epoch) {
      history.trail.cut();
      history.truth.cut();
      history.epoch = pose.epoch;
    }
    if (pose.state === 'posed') history.trail.add(local(pose.position));
    else history.trail.cut();
    if (pose.truth) history.truth.add(local(pose.truth.position));
    history.marks.push({
      inliers: pose.state === 'posed' ? pose.inliers : null,
      errorM: pose.state === 'posed' ? (pose.error?.m ?? null) : null,
    });
    if (history.marks.length > HISTORY_FRAMES) history.marks.shift();
  }

  return {
    state: () => state,
    map: () => map,
    history: historyOf,
    onPose: (listener) => subscribeTo(poseListeners, listener),
    onChange: (listener) => subscribeTo(changeListeners, listener),
    receive(message, nowMs) {
      state = received(state, message, nowMs);
      if (message.type === 'pose') {
        remember(message);
        for (const listener of poseListeners) listener(message);
      }
      changed();
    },
    setLink(link) {
      state = { ...state, link };
      changed();
    },
    setMap(next) {
      map = next;
      histories.clear();
      changed();
    },
    select(stream) {
      state = { ...state, selected: stream };
      changed();
    },
  };
}

function subscribeTo<T>(listeners: Set<T>, listener: T): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}
