/** How a source's own time line lies against our clock, as far as was seen. */
export interface ArrivalEstimate {
  /** Smallest time between a frame's own time and its arrival, ms; NaN before the first frame. */
  readonly offsetMs: number;
  readonly mediaS: number;
  readonly arrivalMs: number;
}

export const NO_ARRIVAL: ArrivalEstimate = {
  offsetMs: Number.NaN,
  mediaS: Number.NaN,
  arrivalMs: Number.NaN,
};

/** The camera's clock may lose this much against ours: 500 parts per million. */
const DRIFT_MS_PER_S = 0.5;
/** Frames that are this much off what was expected come from a broken time line. */
const BROKEN_MS = 10_000;

/** When a frame would have arrived had nothing held it up: its own time, moved by the least delay seen. For sources
 * whose frames come in bursts (segments, recorder chunks), where the times of arrival say little of the times between
 * frames. Starts anew where the source's time line breaks.
 * @param mediaS     the frame's own time
 * @param arrivalMs  when it was in our hands, ms since the Unix epoch */
export function estimateArrival(
  before: ArrivalEstimate,
  mediaS: number,
  arrivalMs: number,
): { readonly estimate: ArrivalEstimate; readonly captureMs: number } {
  const seenMs = arrivalMs - 1000 * mediaS;
  const leaked = before.offsetMs + (DRIFT_MS_PER_S * Math.max(0, arrivalMs - before.arrivalMs)) / 1000;
  const goesOn = mediaS >= before.mediaS && Math.abs(seenMs - before.offsetMs) < BROKEN_MS;
  const offsetMs = goesOn ? Math.min(seenMs, leaked) : seenMs;
  return { estimate: { offsetMs, mediaS, arrivalMs }, captureMs: 1000 * mediaS + offsetMs };
}
