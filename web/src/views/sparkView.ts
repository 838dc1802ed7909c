import type { Session } from '../model/session.js';
import { colour, onThemeChange, streamColour } from '../theme.js';
import { context2d, fitCanvas } from './canvas2d.js';
import { createRedraw } from './redraw.js';

const SPAN_MS = 60_000;

/** Confidence of one stream over the last minute; where it was lost a mark on the ground. */
export function createSpark(canvas: HTMLCanvasElement, session: Session, stream: string): () => void {
  const context = context2d(canvas);
  const redraw = createRedraw(() => {
    const { width, height } = canvas;
    const unit = Math.min(devicePixelRatio, 2);
    const { frames } = session.logs(stream);
    const endMs = session.cursorMs() ?? performance.now();
    const from = Math.max(frames.first(), frames.indexAt(endMs - SPAN_MS));
    const to = frames.indexAt(endMs) + 1;
    const [tone, lost] = [colour(streamColour(session.ordinal(stream))), colour('lost')];
    const share = new Map<number, number>();
    context.clearRect(0, 0, width, height);
    context.fillStyle = lost;
    for (let i = from; i < to; i++) {
      const x = Math.floor(((frames.atMs(i) - endMs + SPAN_MS) / SPAN_MS) * width);
      if (frames.isPosed(i)) share.set(x, Math.min(share.get(x) ?? 1, frames.confidence(i)));
      else context.fillRect(x, height - 3 * unit, unit, 3 * unit);
    }
    context.fillStyle = tone;
    for (const [x, value] of share) context.fillRect(x, height - value * height, unit, 1.5 * unit);
  }, 2);
  const tick = setInterval(redraw.request, 500);
  const stops = [fitCanvas(canvas, redraw.request), onThemeChange(redraw.request), redraw.stop];
  redraw.request();
  return () => {
    clearInterval(tick);
    for (const stop of stops) stop();
  };
}
