import {
  catchError,
  concat,
  concatMap,
  connect,
  defer,
  EMPTY,
  filter,
  map,
  merge,
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
import { sceneUnit } from '../map/sceneUnit.js';
import { betterAttempt, fixOf, type Looked } from '../operators/attempt.js';
import { conflateScan } from '../operators/conflateScan.js';
import { takePicture, type View, viewOf } from '../operators/extractFeatures.js';
import type { Localizer, Picture } from '../operators/localizer.js';
import { lookAnywhere, lookNear, lookTurned } from '../operators/look.js';
import { losslessScan } from '../operators/losslessScan.js';
import { NO_TRAIL, smoothPose, type Trail } from '../operators/smoothPose.js';
import { type Search, toOutcome } from '../operators/toOutcome.js';
import { weighFocal } from '../operators/weighFocal.js';
import { advance } from '../tracking/advance.js';
import { type FocalBelief, focalWarning, NO_FOCAL_BELIEF } from '../tracking/focalBelief.js';
import { limitsFor, type TrackLimits } from '../tracking/limits.js';
import { type Effort, type Plan, planAlone, planFrame, settles } from '../tracking/plan.js';
import type { Sighting } from '../tracking/sighting.js';
import { LOST, type Track, trackAt } from '../tracking/track.js';

/** `frame`: every frame alone. `sequence`: what the frames before left says where to look, and what to believe. */
export type LocalizeMode = 'frame' | 'sequence';

/** What one frame leaves to the next. */
export interface Held {
  readonly track: Track;
  readonly trail: Trail;
  readonly focal: FocalBelief;
}

/** Before the first frame. */
export const START: Held = { track: LOST, trail: NO_TRAIL, focal: NO_FOCAL_BELIEF };

/** What one frame gives, and what it leaves to the next. */
export interface Step extends Held {
  readonly outcome: Outcome;
}

/** A recording, frame after frame: nothing dropped, the same input and seed give the same poses to the byte. */
export function localizeRecording(
  source: AsyncIterable<Frame>,
  localizer: Localizer,
  mode: LocalizeMode,
): Observable<Outcome> {
  const localize = localizeFrame(localizer, mode, 'all');
  const project = (frame: Frame, held: Held) => localize(frame, held);
  return losslessScan<Frame, Held, Step>(source, { seed: START, next: heldOf, project }).pipe(map(outcomeOf));
}

/** Sees a frame while its pixels are there; what it returns, if anything, is told the frame's outcome. */
export type FrameWatcher = (frame: Frame) => ((outcome: Outcome) => void) | null;

/** A live camera: while a frame is worked on only the newest waits, the others are dropped and counted.
 * @param localizer  a function is asked before each frame: another map may have come */
export function localizeLive(
  localizer: Localizer | (() => Localizer),
  mode: LocalizeMode,
  watch: FrameWatcher = () => null,
): OperatorFunction<Frame, Outcome> {
  const newestLocalizer = typeof localizer === 'function' ? localizer : () => localizer;
  const { turns } = newestLocalizer();
  const localizeNow = onNewest(newestLocalizer, mode);
  const newest = conflateScan<Frame, Held, Step | Dropped>({
    seed: START,
    next: (held, result) => ('track' in result ? heldOf(held, result) : held),
    project: (frame, held, leaveTurn) => {
      const tell = watch(frame);
      const step = localizeNow(frame, held, leaveTurn);
      return tell === null ? step : step.pipe(tap(({ outcome }) => tell(outcome)));
    },
    displaced: (frame) => dropFrame(frame, 'busy'),
    turns,
  });
  return connect((frames) =>
    merge(
      // a failing source is told of by the other lane, once its frames have had their run
      frames.pipe(
        catchError(() => EMPTY),
        filter(isRejected),
        map(dropRejected),
      ),
      frames.pipe(
        filter((frame) => !isRejected(frame)),
        newest,
        map((result) => ('track' in result ? result.outcome : result)),
      ),
    ),
  );
}

/** What was held in another map is worth nothing in this one, and the path breaks. */
function onNewest(localizer: () => Localizer, mode: LocalizeMode): ReturnType<typeof localizeFrame> {
  let used = localizer();
  let localize = localizeFrame(used, mode, 'spare');
  return (frame, held, seen) => {
    const newest = localizer();
    if (newest === used) return localize(frame, held, seen);
    used = newest;
    localize = localizeFrame(used, mode, 'spare');
    const { resetCounter } = held.track;
    return localize(frame, { ...START, track: { ...LOST, resetCounter: resetCounter + 1 } }, seen);
  };
}

/** decode → HF-Net → (track | retrieve → cluster → match → PnP) → believe, for one frame: exactly one outcome. `seen` is
 * called whenever the network has seen the picture. */
export function localizeFrame(localizer: Localizer, mode: LocalizeMode, effort: Effort) {
  const limits = limitsFor(sceneUnit(localizer.map));
  const { turnsDeg } = localizer.options;
  return (frame: Frame, before: Held, seen: () => void = () => undefined): Observable<Step> => {
    if (isRejected(frame)) return of({ ...before, outcome: dropRejected(frame) });
    const track = mode === 'frame' ? LOST : trackAt(before.track, frame, limits);
    const plan = mode === 'frame' ? planAlone(turnsDeg) : planFrame(track, frame, turnsDeg, effort, limits);
    return of(frame).pipe(
      takePicture(localizer),
      concatMap((picture) => {
        const look = viewOf(localizer, picture);
        const view: View = (turnDeg) => look(turnDeg).finally(seen);
        return searchMap(localizer, view, picture, plan, track, limits).pipe(
          concatMap(async (search) => {
            const { focal, best } = weighFocal(before.focal, picture, search, limits.unitM);
            const found = { ...search, best };
            const step = { ...stepOf(localizer, picture, found, track, focal, limits), focal };
            if (mode === 'frame') return { ...step, trail: NO_TRAIL };
            const query = await view(best?.turnDeg ?? plan.turnDeg);
            return { ...step, ...smoothPose(localizer, limits, before.trail, query, best, step.outcome) };
          }),
        );
      }),
      catchError((error: unknown) => {
        if (!isFrameFault(error)) throw error;
        return of({ ...before, outcome: dropped(frame, 'fault') });
      }),
    );
  };
}

/** Look after look until a fix settles it: around where the camera is expected, in the place of the frame before, in the
 * whole map, in the whole map with the picture turned, should the camera be rolled. Of those that fail the best speaks. */
function searchMap(
  localizer: Localizer,
  view: View,
  picture: Picture,
  plan: Plan,
  track: Track,
  limits: TrackLimits,
): Observable<Search> {
  let retrieved = false;
  const wholeMap = (turnDeg: number) =>
    defer(() => {
      retrieved = true;
      return lookAnywhere(localizer, view, turnDeg, plan.isDoubtful, limits);
    });
  const { timestampS } = picture.frame;
  const isSettled = (looked: Looked) => {
    const fix = fixOf(looked);
    return fix !== null && settles(track, timestampS, fix, limits);
  };
  return concat(
    lookNear(localizer, view, plan),
    plan.wholeMap ? wholeMap(plan.turnDeg) : EMPTY,
    lookTurned(localizer, view, plan, wholeMap),
  ).pipe(
    takeWhile((looked) => !isSettled(looked), true),
    reduce<Looked, Looked | null>(betterAttempt, null),
    concatMap((best) => auditFix(best, plan, wholeMap)),
    map(({ best, audit }) => ({ best, audit, retrieved })),
  );
}

/** Now and then the whole map is asked although the frame has its fix. */
function auditFix(
  best: Looked | null,
  { audit, turnDeg }: Plan,
  wholeMap: (turnDeg: number) => Observable<Looked>,
): Observable<Pick<Search, 'best' | 'audit'>> {
  if (!audit || best === null || best.kind === 'miss' || best.origin === 'retrieved')
    return of({ best, audit: null });
  return wholeMap(turnDeg).pipe(
    takeWhile(({ kind }) => kind === 'miss', true),
    reduce<Looked, Looked | null>(betterAttempt, null),
    map((found) => ({ best, audit: found?.kind === 'fix' ? found : ('no-answer' as const) })),
  );
}

/** What the frame says to the track, and the track to the frame. */
function stepOf(
  { map }: Localizer,
  picture: Picture,
  search: Search,
  before: Track,
  focal: FocalBelief,
  limits: TrackLimits,
): Omit<Step, 'trail' | 'focal'> {
  const { best, audit } = search;
  const sighting: Sighting = {
    frame: picture.frame,
    fix: best === null ? null : fixOf(best),
    audit: audit === null || audit === 'no-answer' ? audit : fixOf(audit),
    miss: best?.kind === 'miss' ? best.failure : null,
  };
  const advanced = advance(before, sighting, limits);
  return { outcome: toOutcome(map, picture, search, advanced, focalWarning(focal)), track: advanced.track };
}

const heldOf = (_: Held, { track, trail, focal }: Step): Held => ({ track, trail, focal });
const outcomeOf = ({ outcome }: Step) => outcome;

/** A network that gives NaN for one picture may be right on the next; everything else ends the stream. */
const isFrameFault = (error: unknown) =>
  error instanceof PosestreamError && error.code === 'E_MODEL_NONFINITE';

const isRejected = (frame: Frame): frame is Frame & { readonly reject: DropReason } =>
  frame.reject !== undefined;

const dropRejected = (frame: Frame & { readonly reject: DropReason }) => dropFrame(frame, frame.reject);

function dropFrame(frame: Frame, reason: DropReason): Dropped {
  frame.release();
  return dropped(frame, reason);
}

function dropped({ pixels, camera, release, reject, ...frame }: Frame, reason: DropReason): Dropped {
  return { kind: 'dropped', reason, frame, timings: {} };
}
