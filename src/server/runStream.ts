import { catchError, EMPTY, finalize, map, type Observable, tap } from 'rxjs';
import { PosestreamError } from '../domain/errors.js';
import type { GrayImage } from '../domain/features.js';
import type { Frame, FrameId } from '../domain/frame.js';
import type { Outcome } from '../domain/outcome.js';
import type { Localizer } from '../operators/localizer.js';
import { localizeLive } from '../streams/localize.js';
import type { SourceStatus } from './wire.js';

/** Who hears of a running stream. */
export interface StreamSink {
  readonly status: (status: SourceStatus) => void;
  /** A frame came in; its outcome follows, unless the stream fails. */
  readonly arrived: (frame: FrameId) => void;
  readonly outcome: (outcome: Outcome, image: GrayImage | null) => void;
  /** Asked once per frame that is worked on. */
  readonly takesPicture: () => boolean;
  /** Whether a frame is being worked on. */
  readonly working: (isWorking: boolean) => void;
}

/** What clients have seen of the stream before. */
export interface Since {
  readonly epoch: number;
  readonly resetCounter: number;
}

/** Runs one stream: every frame is told at the door and again with its outcome, and with the picture it was made from
 * where that is wanted. A failure ends this stream with a status; the others live on. Completes when the source ends.
 * @param onFault  told of a failure before its status is */
export function runStream(
  frames: Observable<Frame>,
  localizer: () => Localizer,
  sink: StreamSink,
  since: Since,
  onFault: (error: PosestreamError) => void,
): Observable<Outcome> {
  const pictures = new Map<string, GrayImage>();
  const watch = (frame: Frame) => {
    sink.working(true);
    if (sink.takesPicture()) pictures.set(keyOf(frame), copyOf(frame));
    return () => sink.working(false);
  };
  const tellOutcome = (outcome: Outcome): void => {
    const key = keyOf(outcome.frame);
    sink.outcome(outcome, pictures.get(key) ?? null);
    pictures.delete(key);
  };
  sink.status({ kind: 'connecting' });
  let isStreaming = false;
  return frames.pipe(
    map((frame) => ({ ...frame, epoch: frame.epoch + since.epoch })),
    tap((frame) => {
      if (!isStreaming) sink.status({ kind: 'streaming' });
      isStreaming = true;
      sink.arrived(idOf(frame));
    }),
    localizeLive(localizer, 'sequence', watch),
    map((outcome) => countedOn(outcome, since)),
    tap({ next: tellOutcome, complete: () => sink.status({ kind: 'ended' }) }),
    catchError((error: unknown) => {
      const fault = asOurs(error);
      onFault(fault);
      const { code, message, hint } = fault;
      sink.status({ kind: 'failed', code, message, hint });
      return EMPTY;
    }),
    finalize(() => sink.working(false)),
  );
}

const keyOf = ({ epoch, sequence }: FrameId): string => `${epoch}:${sequence}`;

const idOf = ({ pixels, camera, release, reject, ...id }: Frame): FrameId => id;

function copyOf({ camera: { widthPx, heightPx }, pixels }: Frame): GrayImage {
  return { pixels: pixels.slice(), widthPx, heightPx };
}

const countedOn = (outcome: Outcome, { resetCounter }: Since): Outcome =>
  outcome.kind === 'dropped' ? outcome : { ...outcome, resetCounter: outcome.resetCounter + resetCounter };

const asOurs = (error: unknown): PosestreamError =>
  error instanceof PosestreamError
    ? error
    : new PosestreamError('E_INTERNAL', String(error), { cause: error });
