import { type GuidedTargets, ROWS_PER_TARGET } from './guidedMatch.js';
import { dotListed, type RowDots } from './rowDots.js';

/** Steps through targets and keypoints that share no factor with usual counts, so that pairs hardly repeat. */
const TARGET_STEP = 7919;
const KEYPOINT_STEP = 104_729;

/** How alike a target and a keypoint that have nothing to do with each other may look: the `rank`-th largest dot product
 * among `pairs` whose keypoint lies further than `apartPx` from the target's pixel.
 * @param xyPx [keypoints x 2]    @param rowDots the targets' rows to the left, the keypoints' to the right
 * @param best [rank] scratch
 * @returns of unit rows x 127; the smallest number where there are fewer pairs than `rank`. Allocates nothing. */
export function chanceLevel(
  targets: GuidedTargets,
  xyPx: Float32Array,
  rowDots: RowDots,
  pairs: number,
  apartPx: number,
  best: Int32Array,
): number {
  best.fill(-(2 ** 31));
  const keypoints = rowDots.list.length;
  if (targets.count === 0 || keypoints === 0) return best[best.length - 1];
  const apart2 = apartPx * apartPx;
  const targetStep = TARGET_STEP % targets.count;
  const keypointStep = KEYPOINT_STEP % keypoints;
  let t = 0;
  let k = 0;
  let untilShift = 0;
  for (let pair = 0; pair < pairs; pair++) {
    t += targetStep;
    if (t >= targets.count) t -= targets.count;
    k += keypointStep;
    if (untilShift-- === 0) {
      k++;
      untilShift = keypoints - 1;
    }
    if (k >= keypoints) k -= keypoints;
    const dx = xyPx[2 * k] - targets.xyPx[2 * t];
    const dy = xyPx[2 * k + 1] - targets.xyPx[2 * t + 1];
    const row = targets.rows[ROWS_PER_TARGET * t];
    if (dx * dx + dy * dy < apart2 || row < 0) continue;
    rowDots.list[0] = k;
    dotListed(rowDots, row, 1);
    keepLargest(best, rowDots.dots[0]);
  }
  return best[best.length - 1];
}

/** `best` is kept falling. */
function keepLargest(best: Int32Array, value: number): void {
  let i = best.length - 1;
  if (!(value > best[i])) return;
  for (; i > 0 && best[i - 1] < value; i--) best[i] = best[i - 1];
  best[i] = value;
}
