import type { Features } from '../domain/features.js';
import { framePx, type ToFramePx } from './framePixels.js';

/** What a network says of one image, before anything is dropped. */
export interface RawFeatures {
  /** [n x 2] */
  readonly keypoints: Float32Array;
  /** [n] */
  readonly scores: Float32Array;
  /** [n x dim] */
  readonly descriptors: Float32Array;
  readonly dim: number;
  /** [g] or null */
  readonly global: Float32Array | null;
}

export interface SelectOptions {
  readonly toFramePx: ToFramePx;
  readonly widthPx: number;
  readonly heightPx: number;
  /** Scores must be above it. */
  readonly minScore: number;
  /** Distance from the edge that keypoints must keep. */
  readonly borderPx: number;
  readonly maxKeypoints: number;
  /** Bring descriptor rows to unit length. */
  readonly normalise: boolean;
  readonly normaliseGlobal: boolean;
}

/** Keypoints inside the frame with a score above `minScore`, best first, in pixels of the frame. Every array is
 * a fresh copy. Ties keep the network's order. Cost O(n dim), plus a sort where the network's scores are not sorted. */
export function selectKeypoints(raw: RawFeatures, options: SelectOptions): Features {
  const rows = keptRows(raw, options);
  const count = rows.length;
  const { dim } = raw;
  const xyPx = new Float32Array(2 * count);
  const scores = new Float32Array(count);
  const descriptors = new Float32Array(count * dim);
  for (let i = 0; i < count; i++) {
    const row = rows[i];
    for (let axis = 0; axis < 2; axis++) xyPx[2 * i + axis] = framePx(raw, options.toFramePx, row, axis);
    scores[i] = raw.scores[row];
    descriptors.set(raw.descriptors.subarray(row * dim, (row + 1) * dim), i * dim);
  }
  const global = raw.global?.slice() ?? null;
  if (options.normalise) normaliseRows(descriptors, dim);
  if (options.normaliseGlobal && global) normaliseRows(global, global.length);
  return { count, xyPx, scores, descriptors, dim, global };
}

function keptRows(raw: RawFeatures, options: SelectOptions): number[] {
  const { scores } = raw;
  const rows: number[] = [];
  let sorted = true;
  for (let row = 0; row < scores.length; row++) {
    if (!(scores[row] > options.minScore) || !isInside(raw, options, row)) continue;
    if (rows.length > 0 && scores[row] > scores[rows[rows.length - 1]]) sorted = false;
    rows.push(row);
  }
  if (!sorted) rows.sort((a, b) => scores[b] - scores[a] || a - b);
  return rows.slice(0, options.maxKeypoints);
}

function isInside(
  raw: RawFeatures,
  { toFramePx, widthPx, heightPx, borderPx }: SelectOptions,
  row: number,
): boolean {
  const x = framePx(raw, toFramePx, row, 0);
  const y = framePx(raw, toFramePx, row, 1);
  return x >= borderPx && y >= borderPx && x < widthPx - borderPx && y < heightPx - borderPx;
}

/** Brings every row to unit length in place; a zero row stays zero. */
export function normaliseRows(rows: Float32Array, dim: number): void {
  for (let start = 0; start < rows.length; start += dim) {
    let squared = 0;
    for (let i = start; i < start + dim; i++) squared += rows[i] * rows[i];
    const factor = squared > 0 ? 1 / Math.sqrt(squared) : 0;
    for (let i = start; i < start + dim; i++) rows[i] *= factor;
  }
}
