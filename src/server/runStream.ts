import { catchError, EMPTY, type Observable, tap } from 'rxjs';
import { PosestreamError } from '../domain/errors.js';
import type { Frame } from '../domain/frame.js';
import type { Outcome } from '../domain/outcome.js';
import type { Localizer } from '../operators/localizer.js';
import { localizeLive } from '../streams/localize.js';
import type { Gateway } from './gateway.js';

/** Runs one stream into the gateway: every outcome is published, and the picture it was made from while somebody
 * watches. A failure ends this stream with a status; the others live on. Completes when the source ends. */
export function runStream(
  id: string,
  frames: Observable<Frame>,
  localizer: Localizer,
  gateway: Gateway,
): Observable<Outcome> {
  const watch = (frame: Frame) => {
    if (!gateway.wantsFrame(id)) return null;
    const { widthPx, heightPx } = frame.camera;
    const image = { pixels: frame.pixels.slice(), widthPx, heightPx };
    return (outcome: Outcome) => gateway.publishFrame(id, image, outcome);
  };
  gateway.publishStatus(id, { kind: 'connecting' });
  let isStreaming = false;
  return frames.pipe(
    tap(() => {
      if (!isStreaming) gateway.publishStatus(id, { kind: 'streaming' });
      isStreaming = true;
    }),
    localizeLive(localizer, 'sequence', watch),
    tap({
      next: (outcome) => gateway.publishOutcome(id, outcome),
      complete: () => gateway.publishStatus(id, { kind: 'ended' }),
    }),
    catchError((error: unknown) => {
      gateway.publishStatus(id, failure(error));
      return EMPTY;
    }),
  );
}

function failure(error: unknown) {
  const { code, message, hint } =
    error instanceof PosestreamError
      ? error
      : new PosestreamError('E_INTERNAL', String(error), { cause: error });
  return { kind: 'failed' as const, code, message, hint };
}
