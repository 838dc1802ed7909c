import { map as mapTo, type OperatorFunction } from 'rxjs';
import { type AbsolutePoseWorkspace, estimateAbsolutePose } from '../geometry/absolutePose.js';
import { sceneUnit } from '../map/sceneUnit.js';
import { limitsFor } from '../tracking/limits.js';
import type { Attempt } from './attempt.js';
import { judgePlace, missPlace } from './judgePlace.js';
import type { Localizer, Query } from './localizer.js';
import type { MatchedPlace } from './matchPlace.js';
import { otherFocal } from './otherFocal.js';
import { fallingQuality, inlierThresholdPx, MIN_MATCHES, poseWorkspaceOf } from './poseWorkspace.js';
import { secondPose, weighSecond } from './secondPose.js';

/** Correspondences in, a pose with its verdict out: LO-RANSAC over P3P on all matches, evidence counted on the distinct
 * ones only. The sampler's seed hangs on the frame, not on what ran before it. */
export function solvePose(localizer: Localizer, query: Query): OperatorFunction<MatchedPlace, Attempt> {
  const workspace = poseWorkspaceOf(localizer);
  return mapTo((matched) =>
    query.watch.time('solveMs', () => attemptPose(matched, query, localizer, workspace)),
  );
}

function attemptPose(
  matched: MatchedPlace,
  query: Query,
  localizer: Localizer,
  workspace: AbsolutePoseWorkspace,
): Attempt {
  const { correspondences } = matched;
  const { options } = localizer;
  if (correspondences.count < MIN_MATCHES) return missPlace(matched, query, options);
  const { camera } = query;
  const solved = estimateAbsolutePose(
    camera,
    correspondences.xyPx,
    correspondences.xyz,
    correspondences.count,
    {
      thresholdPx: inlierThresholdPx(options, camera),
      seed: options.seed + query.frame.sequence,
      quality: fallingQuality(correspondences.count),
    },
    workspace,
  );
  if (solved === null) return missPlace(matched, query, options);
  const first = judgePlace(matched, query, solved, localizer);
  if (first.kind === 'miss') return first;
  const second = secondPose(first, query, localizer, workspace);
  const stands = second === null ? first : weighSecond(first, second, limitsFor(sceneUnit(localizer.map)));
  if (stands.kind === 'miss') return stands;
  return { ...stands, otherFocal: otherFocal(stands, query, options, workspace) };
}
