import { type PointGrid, searchRadius } from './grid.js';
import { createRowDots, dotListed, loadRight, type RowDots } from './rowDots.js';

/** Rows that stand for one target at most. */
export const ROWS_PER_TARGET = 2;

/** What is looked for in the image, and where. */
export interface GuidedTargets {
  readonly count: number;
  /** [n x 2] */
  readonly xyPx: Float32Array;
  /** [n] */
  readonly radiusPx: Float32Array;
  /** [n x ROWS_PER_TARGET] descriptors that stand for the target, left rows of the matches' `rowDots`, the likeliest first;
   * the best counts, the next only where the one before is half alike. -1 for none. */
  readonly rows: Int32Array;
}

/** Best and second best on either side, by dot product of unit rows x 127; grown where too small. */
export interface GuidedMatches {
  /** [targets] keypoint most alike in the target's window, -1 where the window is empty. */
  keypoint: Int32Array;
  /** [targets] */
  dot: Int32Array;
  /** [targets] of the second most alike in the window; NO_DOT where there is none. */
  rivalDot: Int32Array;
  /** [keypoints] target most alike among those whose window holds the keypoint, -1 for none. */
  target: Int32Array;
  /** [keypoints] */
  targetDot: Int32Array;
  /** [keypoints] of the second target. */
  targetRivalDot: Int32Array;
  /** Of one window's candidates, how alike each is. */
  window: Int32Array;
  readonly rowDots: RowDots;
}

/** Below every dot product. */
export const NO_DOT = -(2 ** 30);

export function createGuidedMatches(): GuidedMatches {
  const empty = new Int32Array(0);
  return {
    ...{ keypoint: empty, dot: empty, rivalDot: empty },
    ...{ target: empty, targetDot: empty, targetRivalDot: empty, window: empty },
    rowDots: createRowDots(),
  };
}

/** Compares every target with the keypoints of its window. Ties go to the keypoint of the lower cell and number, and to
 * the lower target. Allocates nothing once `out` has grown. Cost O(targets x keypoints per window x dim).
 * @param query [grid.count x dim at least] the keypoints' descriptors, unit x 127
 * @param out whose `rowDots` holds the targets' descriptors as left rows, of the same dim */
export function matchGuided(
  targets: GuidedTargets,
  grid: PointGrid,
  query: Int8Array,
  out: GuidedMatches,
): void {
  reset(out, targets.count, grid.count);
  const { xyPx, radiusPx, rows } = targets;
  const { rowDots } = out;
  loadRight(rowDots, query, grid.count);
  const { list } = rowDots;
  for (let t = 0; t < targets.count; t++) {
    const found = searchRadius(grid, xyPx[2 * t], xyPx[2 * t + 1], radiusPx[t], list);
    if (found === 0) continue;
    bestDots(rowDots, rows, t, found, out.window);
    offerAll(out, t, list, found);
  }
}

/** A second view is asked only where the first is half alike: it may make a likely match better, not an unlikely one
 * likely. Medians stayed, the time fell to two thirds. */
export const HALF_ALIKE = (127 * 127) / 2;

/** Of the candidates listed, each one's best dot product with the target's rows. */
function bestDots(rowDots: RowDots, rows: Int32Array, t: number, found: number, best: Int32Array): void {
  const { dots } = rowDots;
  let isFirst = true;
  for (let r = ROWS_PER_TARGET * t; r < ROWS_PER_TARGET * (t + 1); r++) {
    if (rows[r] < 0) continue;
    dotListed(rowDots, rows[r], found);
    let isAsked = false;
    for (let c = 0; c < found; c++) {
      const before = isFirst ? NO_DOT : best[c];
      const dot = dots[c];
      if (isFirst || (before >= HALF_ALIKE && dot > before)) best[c] = dot;
      if (best[c] >= HALF_ALIKE) isAsked = true;
    }
    if (!isAsked) return;
    isFirst = false;
  }
  if (isFirst) for (let c = 0; c < found; c++) best[c] = NO_DOT;
}

function offerAll(out: GuidedMatches, t: number, list: Int32Array, found: number): void {
  const { window, target, targetDot, targetRivalDot } = out;
  let keypoint = -1;
  let first = NO_DOT;
  let second = NO_DOT;
  for (let c = 0; c < found; c++) {
    const k = list[c];
    const dot = window[c];
    if (dot > first) {
      second = first;
      first = dot;
      keypoint = k;
    } else if (dot > second) second = dot;
    if (dot > targetDot[k]) {
      targetRivalDot[k] = targetDot[k];
      targetDot[k] = dot;
      target[k] = t;
    } else if (dot > targetRivalDot[k]) targetRivalDot[k] = dot;
  }
  out.keypoint[t] = keypoint;
  out.dot[t] = first;
  out.rivalDot[t] = second;
}

function reset(out: GuidedMatches, targets: number, keypoints: number): void {
  if (out.keypoint.length < targets) {
    out.keypoint = new Int32Array(targets);
    out.dot = new Int32Array(targets);
    out.rivalDot = new Int32Array(targets);
  }
  if (out.target.length < keypoints) {
    out.target = new Int32Array(keypoints);
    out.targetDot = new Int32Array(keypoints);
    out.targetRivalDot = new Int32Array(keypoints);
    out.window = new Int32Array(keypoints);
  }
  out.keypoint.fill(-1, 0, targets);
  out.dot.fill(NO_DOT, 0, targets);
  out.rivalDot.fill(NO_DOT, 0, targets);
  out.target.fill(-1, 0, keypoints);
  out.targetDot.fill(NO_DOT, 0, keypoints);
  out.targetRivalDot.fill(NO_DOT, 0, keypoints);
}
