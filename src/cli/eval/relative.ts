import type { Rigid, WorldFromCam } from '../../domain/rigid.js';
import { angleBetween, compose, distanceBetween, inverse } from '../../geometry/rigid.js';
import type { TimedPose } from '../../map/tum.js';
import type { Pair } from '../evaluate.js';
import { quantile, rootMeanSquare } from './quantile.js';

/** Error of the motion from each posed query to the next. */
export interface RelativeError {
  readonly pairs: number;
  readonly medianM: number | null;
  readonly medianDeg: number | null;
  readonly rmseM: number | null;
  readonly rmseDeg: number | null;
}

type Motion = Rigid<'cam', 'cam'>;

const motion = (from: WorldFromCam, to: WorldFromCam): Motion => compose(inverse(from), to);

/** Relative pose error over consecutive posed queries: what a vehicle's controller feels, whatever the offset.
 * Source: Sturm et al., "A Benchmark for the Evaluation of RGB-D SLAM Systems", IROS 2012, eq. 2. */
export function relativeError(pairs: readonly Pair<TimedPose>[]): RelativeError {
  const errors = pairs.slice(1).map((to, i) => {
    const from = pairs[i];
    const wanted = motion(from.truth.worldFromCam, to.truth.worldFromCam);
    const found = motion(from.estimate.worldFromCam, to.estimate.worldFromCam);
    return { m: distanceBetween(found, wanted), deg: (angleBetween(found, wanted) * 180) / Math.PI };
  });
  const m = errors.map((error) => error.m);
  const deg = errors.map((error) => error.deg);
  return {
    pairs: errors.length,
    medianM: quantile(m, 0.5),
    medianDeg: quantile(deg, 0.5),
    rmseM: rootMeanSquare(m),
    rmseDeg: rootMeanSquare(deg),
  };
}
