import type { Session } from '../model/session.js';
import { colour, onThemeChange } from '../theme.js';
import { context2d, fitCanvas } from './canvas2d.js';
import { createRedraw } from './redraw.js';

/** The last frames of the selected stream, newest at the right: a bar as high as its inliers, or a full one where lost. */
export function createStrip(canvas: HTMLCanvasElement, session: Session): () => void {
  const context = context2d(canvas);

  const redraw = createRedraw(() => {
    const { width, height } = canvas;
    context.clearRect(0, 0, width, height);
    const { selected } = session.state();
    const marks = selected === null ? [] : (session.history(selected)?.marks ?? []);
    const step = 2 * Math.min(devicePixelRatio, 2);
    const shown = marks.slice(-Math.floor(width / step));
    const most = Math.max(60, ...shown.map(({ inliers }) => inliers ?? 0));
    const [posed, lost] = [colour('strip-posed'), colour('strip-lost')];
    shown.forEach(({ inliers }, i) => {
      const bar = inliers === null ? height : Math.max(1, (height * inliers) / most);
      context.fillStyle = inliers === null ? lost : posed;
      context.fillRect(width - (shown.length - i) * step, height - bar, step - 1, bar);
    });
  }, 8);

  const stops = [
    fitCanvas(canvas, redraw.request),
    onThemeChange(redraw.request),
    session.onChange(redraw.request),
    redraw.stop,
  ];
  redraw.request();
  return () => {
    for (const stop of stops) stop();
  };
}
