import { catchError, concat, concatMap, defer, EMPTY, from, map, type Observable, of } from 'rxjs';
import { PosestreamError } from '../domain/errors.js';
import type { TrackLimits } from '../tracking/limits.js';
import type { Plan } from '../tracking/plan.js';
import type { FixOrigin } from '../tracking/sighting.js';
import type { Attempt, Looked } from './attempt.js';
import { clusterPlaces } from './clusterPlaces.js';
import { doubtTwins } from './doubtTwins.js';
import type { View } from './extractFeatures.js';
import type { Localizer, Query } from './localizer.js';
import { matchPlace } from './matchPlace.js';
import { retrievePlaces } from './retrievePlaces.js';
import { solvePose } from './solvePose.js';
import { trackedPlace } from './trackedPlace.js';
import { trackLocalMap } from './trackLocalMap.js';

/** Where the frames before say: guided search first, then all keypoints against that place. */
export function lookNear(localizer: Localizer, view: View, plan: Plan): Observable<Looked> {
  const { prediction, turnDeg } = plan;
  if (prediction === null) return EMPTY;
  const place = trackedPlace(localizer, prediction.keyframe);
  return defer(() => view(turnDeg)).pipe(
    concatMap((query) =>
      concat(
        defer(() => of(trackLocalMap(localizer, query, prediction))).pipe(map(cameBy('guided'))),
        of(place).pipe(matchPlace(localizer, query), solvePose(localizer, query), map(cameBy('tracked'))),
      ),
    ),
  );
}

/** What retrieval finds, place after place until one passes the gate. */
export function lookAnywhere(
  localizer: Localizer,
  view: View,
  turnDeg: number,
  isDoubtful: boolean,
  limits: TrackLimits,
): Observable<Looked> {
  const places = (query: Query) =>
    of(query).pipe(
      retrievePlaces(localizer),
      clusterPlaces(localizer),
      matchPlace(localizer, query),
      solvePose(localizer, query),
      map(cameBy('retrieved')),
    );
  const looks = defer(() => view(turnDeg)).pipe(concatMap(places));
  return isDoubtful ? looks.pipe(doubtTwins(localizer.options.certainInliers, limits)) : looks;
}

/** A dark picture stays dark however it is turned. */
export function lookTurned(
  { options }: Localizer,
  view: View,
  { turnDeg, turnsDeg }: Plan,
  wholeMap: (turnDeg: number) => Observable<Looked>,
): Observable<Looked> {
  return defer(() => view(turnDeg)).pipe(
    concatMap(({ features }) => (features.count < options.minInliers ? EMPTY : from(turnsDeg))),
    concatMap((deg) => wholeMap(deg).pipe(catchError(skipRefusedCanvas))),
  );
}

const cameBy =
  (origin: FixOrigin) =>
  (attempt: Attempt): Looked => ({ ...attempt, origin });
/** A network of fixed size takes the picture upright but not every turned canvas: that turn is left out. */
function skipRefusedCanvas(error: unknown): Observable<never> {
  const isRefused =
    error instanceof PosestreamError &&
    (error.code === 'E_MODEL_CONTRACT' || error.code === 'E_SOURCE_FORMAT');
  if (!isRefused) throw error;
  return EMPTY;
}
