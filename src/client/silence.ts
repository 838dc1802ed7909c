/** Tells when nothing was heard for too long. */
export interface SilenceWatch {
  readonly heard: () => void;
  readonly stop: () => void;
}

const LOOKS_A_SPAN = 5;

/** A program that was held up itself for a good part of the span has heard nothing because it did not listen: it is
 * given the span anew.
 * @param nowMs monotonic */
export function watchSilence(
  spanMs: number,
  onSilent: () => void,
  nowMs = () => performance.now(),
): SilenceWatch {
  let heardMs = nowMs();
  let lookedMs = heardMs;
  const timer = setInterval(() => {
    const atMs = nowMs();
    if (atMs - lookedMs > spanMs / 2) heardMs = atMs;
    lookedMs = atMs;
    if (atMs - heardMs <= spanMs) return;
    clearInterval(timer);
    onSilent();
  }, spanMs / LOOKS_A_SPAN);
  return {
    heard: () => {
      heardMs = nowMs();
    },
    stop: () => clearInterval(timer),
  };
}
