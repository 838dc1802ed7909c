import type { Vec3 } from './mapFrame.js';

/** A line of where something was, as separate segments so that gaps stay open; the oldest fall out. */
export interface Trail {
  /** [capacity x 6] start and end of each segment; unused ones are zero-length. */
  readonly segments: Float32Array;
  readonly count: () => number;
  readonly version: () => number;
  /** Adds a position; closer than `minStep` to the last one it waits, farther than `maxStep` it starts a new line. */
  add(position: Vec3): void;
  /** The next position starts a new line. */
  cut(): void;
}

export function createTrail(capacity: number, minStep: number, maxStep: number): Trail {
  const segments = new Float32Array(6 * capacity);
  let last: Vec3 | null = null;
  let written = 0;
  return {
    segments,
    count: () => Math.min(written, capacity),
    version: () => written,
    add(position) {
      const step = last ? Math.hypot(position[0] - last[0], position[1] - last[1], position[2] - last[2]) : 0;
      if (last && step < minStep) return;
      if (last && step <= maxStep) segments.set([...last, ...position], 6 * (written++ % capacity));
      last = position;
    },
    cut() {
      last = null;
    },
  };
}
