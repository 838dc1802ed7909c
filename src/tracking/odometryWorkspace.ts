import { type AbsolutePoseWorkspace, createAbsolutePoseWorkspace } from '../geometry/absolutePose.js';
import { createPointGrid, type PointGrid } from '../kernels/grid.js';
import { createGuidedMatches, type GuidedMatches, matchGuided } from '../kernels/guidedMatch.js';
import { loadLeft, reserveLeft } from '../kernels/rowDots.js';
import type { Snapshot } from './snapshot.js';

export interface OdometryWorkspace {
  readonly pose: AbsolutePoseWorkspace;
  readonly grid: PointGrid;
  readonly matches: GuidedMatches;
  readonly targets: Targets;
  points: Float64Array;
  pixels: Float64Array;
  pairs: Int32Array;
}

export interface Targets {
  count: number;
  xyPx: Float32Array;
  radiusPx: Float32Array;
  rows: Int32Array;
  /** Row of the snapshot. */
  source: Int32Array;
}

export function createOdometryWorkspace(): OdometryWorkspace {
  const [floats, ints] = [new Float64Array(0), new Int32Array(0)];
  return {
    pose: createAbsolutePoseWorkspace(),
    grid: createPointGrid(),
    matches: createGuidedMatches(),
    targets: {
      ...{ count: 0, xyPx: new Float32Array(0), radiusPx: new Float32Array(0) },
      ...{ rows: ints, source: ints },
    },
    ...{ points: floats, pixels: floats, pairs: ints },
  };
}

/** The workspace's targets with room for so many. */
export function roomForTargets({ targets }: OdometryWorkspace, count: number): Targets {
  if (targets.source.length >= count) return targets;
  targets.xyPx = new Float32Array(2 * count);
  targets.radiusPx = new Float32Array(count);
  targets.rows = new Int32Array(2 * count);
  targets.source = new Int32Array(count);
  return targets;
}

/** Compares the workspace's targets, keypoints of the first frame, with the keypoints of the second in the workspace's
 * grid. */
export function matchSnapshots(
  previous: Snapshot,
  current: Snapshot,
  { targets, grid, matches }: OdometryWorkspace,
): void {
  reserveLeft(matches.rowDots, previous.count, previous.dim);
  loadLeft(matches.rowDots, 0, previous.descriptors, 0, previous.count);
  matchGuided(targets, grid, current.descriptors, matches);
}
