import {
  catchError,
  concat,
  concatMap,
  defer,
  EMPTY,
  from,
  map,
  type Observable,
  type OperatorFunction,
  of,
  reduce,
  takeWhile,
  tap,
} from 'rxjs';
import { PosestreamError } from '../domain/errors.js';
import type { Frame } from '../domain/frame.js';
import type { Dropped, DropReason, Outcome } from '../domain/outcome.js';
import type { Place } from '../domain/place.js';
import { type Attempt, betterAttempt, toOutcome } from '../operators/attempt.js';
import { clusterPlaces } from '../operators/clusterPlaces.js';
import { conflateScan } from '../operators/conflateScan.js';
import { extractFeatures } from '../operators/extractFeatures.js';
import type { LocalizeOptions, Localizer, Query } from '../operators/localizer.js';
import { losslessScan } from '../operators/losslessScan.js';
import { matchPlace } from '../operators/matchPlace.js';
import { retrievePlaces } from '../operators/retrievePlaces.js';
import { solvePose } from '../operators/solvePose.js';
import { trackedPlace } from '../operators/trackedPlace.js';
import { turnQuery } from '../operators/turnedFeatures.js';
import { LOST, nextTrack, type Track, trackAt } from '../tracking/track.js';

/** `frame`: every frame alone. `sequence`: where the frame before was posed, look there first. */
export type LocalizeMode = 'frame' | 'sequence';

/** A recording, frame after frame: nothing dropped, the same input and seed give the same poses to the byte. */
export function localizeRecording(
  source: AsyncIterable<Frame>,
  localizer: Localizer,
  mode: LocalizeMode,
): Observable<Outcome> {
  return losslessScan(source, { seed: LOST, next: nextTrack, project: localizeFrame(localizer, mode) });
}

/** Sees a frame while its pixels are there; what it returns, if anything, is told the frame's outcome. */
export type FrameWatcher = (frame: Frame) => ((outcome: Outcome) => void) | null;

/** A live camera: while a frame is worked on only the newest waits, the others are dropped and counted. */
export function localizeLive(
  localizer: Localizer,
  mode: LocalizeMode,
  watch: FrameWatcher = () => null,
): OperatorFunction<Frame, Outcome> {
  const localize = localizeFrame(localizer, mode);
  return conflateScan({
    seed: LOST,
    next: nextTrack,
    project: (frame, track) => {
      const tell = watch(frame);
      const outcome = localize(frame, track);
      return tell === null ? outcome : outcome.pipe(tap(tell));
    },
    displaced: dropFrame,
  });
}

/** decode → HF-Net → retrieve → cluster → match → PnP for one frame: exactly one outcome. */
export function localizeFrame(localizer: Localizer, mode: LocalizeMode) {
  return (frame: Frame, track: Track): Observable<Outcome> => {
    const prior = mode === 'frame' ? LOST : trackAt(track, frame.epoch, frame.timestampS);
    return of(frame).pipe(
      extractFeatures(localizer),
      concatMap((query) => searchPlaces(localizer, query, prior, mode)),
      catchError((error: unknown) => {
        if (!isFrameFault(error)) throw error;
        return of(dropped(frame, 'fault'));
      }),
    );
  };
}

/** Place after place until one passes the gate: where the frame before was, what retrieval finds, and what it finds for
 * the picture turned, should the camera be rolled. Of those that fail the best speaks. */
function searchPlaces(
  localizer: Localizer,
  query: Query,
  prior: Track,
  mode: LocalizeMode,
): Observable<Outcome> {
  const attempts = (seen: Query, places: Observable<Place>) =>
    places.pipe(matchPlace(localizer, seen), solvePose(localizer, seen));
  const retrieved = (seen: Query) =>
    attempts(
      seen,
      defer(() => of(seen).pipe(retrievePlaces(localizer), clusterPlaces(localizer))),
    );
  const turned = (turnDeg: number, search: (seen: Query) => Observable<Attempt>) =>
    defer(() => turnQuery(localizer, query, turnDeg)).pipe(catchError(skipRefusedCanvas), concatMap(search));
  const tracked = (seen: Query) => attempts(seen, trackedPlace(localizer, prior));
  const turn = prior.mode === 'tracking' ? prior.turnDeg : 0;
  return concat(
    turn === 0 ? tracked(query) : turned(turn, tracked),
    retrieved(query),
    from(turnsToTry(query, localizer.options, mode)).pipe(concatMap((deg) => turned(deg, retrieved))),
  ).pipe(
    takeWhile((attempt) => attempt.kind === 'miss', true),
    reduce(betterAttempt, null as Attempt | null),
    map((attempt) => toOutcome(localizer.map, query, attempt)),
  );
}

/** Turns tried on one frame of a sequence; the next frame takes the next ones. */
const TURNS_A_FRAME = 2;

/** A dark picture stays dark however it is turned. In a sequence the turns are spread over frames, so that a camera that
 * is off the map does not hold up the others. */
function turnsToTry(query: Query, options: LocalizeOptions, mode: LocalizeMode): readonly number[] {
  const { turnsDeg, minInliers } = options;
  if (query.features.count < minInliers) return [];
  if (mode === 'frame') return turnsDeg;
  const first = query.frame.sequence * TURNS_A_FRAME;
  return turnsDeg.slice(0, TURNS_A_FRAME).map((_, i) => turnsDeg[(first + i) % turnsDeg.length]);
}

/** A network of fixed size takes the picture upright but not every turned canvas: that turn is left out. */
function skipRefusedCanvas(error: unknown): Observable<never> {
  const isRefused =
    error instanceof PosestreamError &&
    (error.code === 'E_MODEL_CONTRACT' || error.code === 'E_SOURCE_FORMAT');
  if (!isRefused) throw error;
  return EMPTY;
}

/** A network that gives NaN for one picture may be right on the next; everything else ends the stream. */
const isFrameFault = (error: unknown) =>
  error instanceof PosestreamError && error.code === 'E_MODEL_NONFINITE';

function dropFrame(frame: Frame): Dropped {
  frame.release();
  return dropped(frame, 'busy');
}

function dropped({ pixels, camera, release, ...frame }: Frame, reason: DropReason): Dropped {
  return { kind: 'dropped', reason, frame, timings: {} };
}
