import type { FrameLog } from './frameLog.js';
import type { MapData } from './mapData.js';
import { createTrail, type Trail } from './trail.js';

const TRAIL_SEGMENTS = 6000;

/** Where a stream was, and where its reference says it was. */
export interface Trails {
  readonly own: Trail;
  readonly truth: Trail;
}

export function emptyTrails(map: MapData): Trails {
  const { radius } = map.frame;
  const line = (): Trail => createTrail(TRAIL_SEGMENTS, radius / 1500, radius / 8);
  return { own: line(), truth: line() };
}

/** The trails as they were before frame `end` of the log. */
export function replay(frames: FrameLog, end: number, map: MapData): Trails {
  const trails = emptyTrails(map);
  let epoch = -1;
  for (let index = frames.first(); index < end; index++) {
    const pose = frames.pose(index);
    extend(trails, pose, pose.epoch !== epoch, map);
    epoch = pose.epoch;
  }
  return trails;
}

/** One frame more. `isNew`: the source began anew, maybe elsewhere. */
export function extend(
  { own, truth }: Trails,
  pose: ReturnType<FrameLog['pose']>,
  isNew: boolean,
  { local }: MapData,
): void {
  if (isNew) {
    own.cut();
    truth.cut();
  }
  if (pose.state === 'posed') own.add(local(pose.position));
  else own.cut();
  if (pose.truth) truth.add(local(pose.truth.position));
}
