import type { PosedMessage } from '../../../src/server/wire.js';
import type { FrameLog } from './frameLog.js';
import type { LiveState, StreamLive } from './liveState.js';
import type { StatusLog } from './statusLog.js';

/** How far back a pose may lie that still stands for where the camera was. */
const LOOK_BACK_FRAMES = 2000;

export interface Logs {
  readonly frames: FrameLog;
  readonly statuses: StatusLog;
}

/** What the page would have shown at this time, of the streams there are now. */
export function stateAt(state: LiveState, logs: (stream: string) => Logs, atMs: number): LiveState {
  const streams = new Map<string, StreamLive>();
  for (const [id, stream] of state.streams) streams.set(id, streamAt(stream, logs(id), atMs));
  return { ...state, link: { kind: 'live' }, streams };
}

function streamAt(stream: StreamLive, { frames, statuses }: Logs, atMs: number): StreamLive {
  const index = frames.indexAt(atMs);
  const status = statuses.at(atMs);
  return {
    ...stream,
    source: status?.source ?? stream.source,
    sourceAtMs: status?.atMs ?? 0,
    statistics: status?.statistics ?? stream.statistics,
    last: index < 0 ? null : frames.pose(index),
    lastAtMs: index < 0 ? 0 : frames.atMs(index),
    lastPosed: lastPosed(frames, index),
  };
}

function lastPosed(frames: FrameLog, from: number): PosedMessage | null {
  const oldest = Math.max(frames.first(), from - LOOK_BACK_FRAMES);
  for (let index = from; index >= oldest; index--) {
    if (!frames.isPosed(index)) continue;
    const pose = frames.pose(index);
    return pose.state === 'posed' ? pose : null;
  }
  return null;
}
