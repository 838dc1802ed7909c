import { createP3pWorkspace, type P3pWorkspace, POSE_SIZE } from './p3p.js';
import { ROW_SIZE, type ScoreCount, type SequentialTest } from './poseScore.js';
import type { Prosac } from './prosac.js';
import { createRefineWorkspace, type RefineWorkspace } from './refinePose.js';
import type { Sampler } from './sampler.js';
import { createTest } from './sequentialTest.js';

export const SAMPLE_SIZE = 3;

/** Room for one estimate at a time; grows by itself, never shared between concurrent calls. */
export interface AbsolutePoseWorkspace {
  capacity: number;
  pixels: Float64Array;
  points: Float64Array;
  bearings: Float64Array;
  rows: Float64Array;
  order: Int32Array;
  picked: Int32Array;
  mask: Uint8Array;
  squares: Float64Array;
  prosac: Prosac;
  readonly sample: Int32Array;
  readonly sampleBearings: Float64Array;
  readonly samplePoints: Float64Array;
  readonly candidates: Float64Array;
  readonly best: Float64Array;
  readonly local: Float64Array;
  readonly p3p: P3pWorkspace;
  readonly refine: RefineWorkspace;
  readonly sampler: Sampler;
  readonly counts: ScoreCount;
  readonly test: SequentialTest;
  readonly never: SequentialTest;
}

export function createAbsolutePoseWorkspace(capacity = 1024): AbsolutePoseWorkspace {
  const ws = {
    capacity: 0,
    sample: new Int32Array(SAMPLE_SIZE),
    sampleBearings: new Float64Array(9),
    samplePoints: new Float64Array(9),
    candidates: new Float64Array(4 * POSE_SIZE),
    best: new Float64Array(POSE_SIZE),
    local: new Float64Array(POSE_SIZE),
    p3p: createP3pWorkspace(),
    refine: createRefineWorkspace(),
    sampler: { state: 0 },
    counts: { inliers: 0, tested: 0 },
    test: createTest(),
    never: { logConsistent: 0, logInconsistent: 0, logBound: Number.POSITIVE_INFINITY },
  } as AbsolutePoseWorkspace;
  reserve(ws, capacity);
  return ws;
}

/** Makes room for `count` correspondences. */
export function reserve(ws: AbsolutePoseWorkspace, count: number): void {
  if (count <= ws.capacity) return;
  const size = Math.max(count, 2 * ws.capacity);
  ws.capacity = size;
  ws.pixels = new Float64Array(2 * size);
  ws.points = new Float64Array(3 * size);
  ws.bearings = new Float64Array(3 * size);
  ws.rows = new Float64Array(ROW_SIZE * size);
  ws.order = new Int32Array(size);
  ws.picked = new Int32Array(size);
  ws.mask = new Uint8Array(size);
  ws.squares = new Float64Array(size);
  ws.prosac = { rank: new Int32Array(size), size: 0, drawn: 0, budget: 0, nextGrowth: 0, count: 0 };
}
