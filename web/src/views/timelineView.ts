import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { type Band, chartColumns, poseBands, sourceBands } from '../model/bands.js';
import type { Session } from '../model/session.js';
import { colour, onThemeChange } from '../theme.js';
import { createRedraw } from './redraw.js';

/** Pixels above the chart, for what cannot be a line. */
const LANES = [
  { name: 'pose', topPx: 4, heightPx: 13 },
  { name: 'source', topPx: 21, heightPx: 7 },
  { name: 'drops', topPx: 32, heightPx: 9 },
] as const;
const LANES_PX = 50;
const FONT = '11px system-ui, sans-serif';
/** How much of its lane a band fills: what is worth less stands lower, whatever its colour. */
const SHARE: Record<string, number> = { tracked: 1, pnp: 1, coasted: 0.6, coarse: 0.75 };
const LIVE_EDGE_PX = 5;

export interface TimelineView {
  setSpan(spanMs: number): void;
  /** What is visible, on the page's clock. */
  span(): readonly [number, number];
  dispose(): void;
}

/** The last minutes of the selected stream. Dragging takes the page back to that moment.
 * @param onHover  told the moment under the pointer, null when it leaves */
export function createTimeline(
  host: HTMLElement,
  session: Session,
  onHover: (atMs: number | null) => void,
): TimelineView {
  const startedMs = performance.timeOrigin;
  let spanMs = 60_000;
  /** Where the window ends while the page stands still. */
  let heldMs: number | null = null;
  let span: readonly [number, number] = [0, 1];
  const calm = matchMedia('(prefers-reduced-motion: reduce)').matches;

  const marker = document.createElement('div');
  marker.className = 'timeline-marker';
  const plot = new uPlot(optionsOf(host, drawLanes, hover), [[], [], [], []], host);
  plot.over.append(marker);
  const redraw = createRedraw(draw, calm ? 1 : 6);

  const toS = (atMs: number): number => (startedMs + atMs) / 1000;
  const toMs = (timeS: number): number => timeS * 1000 - startedMs;

  function currentSpan(): readonly [number, number] {
    const cursorMs = session.cursorMs();
    const nowMs = performance.now();
    if (cursorMs === null) heldMs = null;
    else {
      heldMs ??= nowMs;
      if (cursorMs < heldMs - spanMs) heldMs = cursorMs + spanMs / 2;
      if (cursorMs > heldMs) heldMs = Math.min(nowMs, cursorMs + spanMs / 2);
    }
    const endMs = heldMs ?? nowMs;
    return [endMs - spanMs, endMs];
  }

  function draw(): void {
    span = currentSpan();
    const { selected } = session.state();
    const data: uPlot.AlignedData = [[], [], [], []];
    if (selected !== null) {
      const { frames } = session.logs(selected);
      const columns = chartColumns(frames, ...rangeOf(selected), startedMs, 2 * host.clientWidth);
      data.splice(0, 4, columns.timeS, columns.inliers, columns.confidence, columns.ageMs);
    }
    plot.setData(data, false);
    plot.setScale('x', { min: toS(span[0]), max: toS(span[1]) });
    const cursorMs = session.cursorMs();
    marker.hidden = cursorMs === null;
    if (cursorMs !== null)
      marker.style.transform = `translateX(${Math.round(plot.valToPos(toS(cursorMs), 'x'))}px)`;
  }

  function rangeOf(stream: string): [number, number] {
    const { frames } = session.logs(stream);
    return [Math.max(frames.first(), frames.indexAt(span[0])), frames.indexAt(span[1]) + 1];
  }

  function drawLanes(u: uPlot): void {
    const { selected } = session.state();
    const ratio = devicePixelRatio;
    const { left, top, width } = u.bbox;
    const laneTop = (lane: (typeof LANES)[number]): number => top - (LANES_PX - lane.topPx) * ratio;
    u.ctx.save();
    u.ctx.font = `${10 * ratio}px system-ui, sans-serif`;
    u.ctx.fillStyle = colour('muted');
    u.ctx.textAlign = 'right';
    u.ctx.textBaseline = 'middle';
    for (const lane of LANES)
      u.ctx.fillText(lane.name, left - 6 * ratio, laneTop(lane) + (lane.heightPx * ratio) / 2);
    u.ctx.beginPath();
    u.ctx.rect(left, 0, width, top);
    u.ctx.clip();
    for (const lane of LANES) {
      u.ctx.fillStyle = colour('lane');
      u.ctx.fillRect(left, laneTop(lane), width, lane.heightPx * ratio);
    }
    if (selected !== null) {
      const { frames, statuses } = session.logs(selected);
      const [pose, source, drops] = LANES;
      paint(u, poseBands(frames, ...rangeOf(selected)), laneTop(pose), pose.heightPx);
      paint(u, sourceBands(statuses, ...span), laneTop(source), source.heightPx);
      const rates = statuses.entries().flatMap(({ atMs, dropped }): Band[] => {
        if (dropped === 0 || atMs < span[0] || atMs - 1000 > span[1]) return [];
        return [{ fromMs: atMs - 1000, toMs: atMs, kind: 'drops' }];
      });
      paint(u, rates, laneTop(drops), drops.heightPx);
    }
    u.ctx.restore();
  }

  function paint(u: uPlot, bands: readonly Band[], top: number, heightPx: number): void {
    const ratio = devicePixelRatio;
    const colours = new Map<string, string>();
    for (const { fromMs, toMs: untilMs, kind } of bands) {
      if (kind === 'streaming') continue;
      const fill = colours.get(kind) ?? colour(`band-${kind}`);
      colours.set(kind, fill);
      const x = u.valToPos(toS(fromMs), 'x', true);
      const width = Math.max(ratio, u.valToPos(toS(untilMs), 'x', true) - x);
      const height = heightPx * ratio * (kind.startsWith('lost') ? 0.4 : (SHARE[kind] ?? 1));
      u.ctx.fillStyle = fill;
      u.ctx.fillRect(x, top + heightPx * ratio - height, width, height);
    }
  }

  function hover(u: uPlot): void {
    const left = u.cursor.left ?? -1;
    onHover(left < 0 ? null : toMs(u.posToVal(left, 'x')));
  }

  function scrub(event: PointerEvent): void {
    const { left, width } = plot.over.getBoundingClientRect();
    const x = Math.min(Math.max(event.clientX - left, 0), width);
    const live = session.cursorMs() === null;
    session.scrubTo(live && x > width - LIVE_EDGE_PX ? null : toMs(plot.posToVal(x, 'x')));
  }

  plot.over.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return;
    plot.over.setPointerCapture(event.pointerId);
    host.focus({ preventScroll: true });
    scrub(event);
  });
  plot.over.addEventListener('pointermove', (event) => {
    if (plot.over.hasPointerCapture(event.pointerId)) scrub(event);
  });

  const observer = new ResizeObserver(() => {
    plot.setSize({ width: host.clientWidth, height: host.clientHeight });
    redraw.request();
  });
  observer.observe(host);
  const tick = setInterval(redraw.request, calm ? 1000 : 160);
  const stops = [session.onChange(redraw.request), onThemeChange(() => plot.redraw(false, true))];
  redraw.request();
  return {
    setSpan(next) {
      spanMs = next;
      redraw.request();
    },
    span: () => span,
    dispose() {
      clearInterval(tick);
      observer.disconnect();
      redraw.stop();
      for (const stop of stops) stop();
      plot.destroy();
    },
  };
}

const clock = (timeS: number): string => new Date(timeS * 1000).toTimeString().slice(0, 8);
/** Round, and in wide steps: the axis seldom moves. */
function roomFor(most: number, least: number): number {
  const wanted = Math.max(most, least);
  const power = 10 ** Math.floor(Math.log10(wanted));
  return ([1, 1.5, 2, 3, 4, 6, 8, 10].find((k) => k * power >= wanted) ?? 10) * power;
}

function optionsOf(
  host: HTMLElement,
  drawLanes: (u: uPlot) => void,
  hover: (u: uPlot) => void,
): uPlot.Options {
  const muted = (): string => colour('muted');
  const grid = { stroke: () => colour('grid'), width: 1 };
  const axis = { stroke: muted, font: FONT, ticks: { show: false }, gap: 4 };
  return {
    width: Math.max(1, host.clientWidth),
    height: Math.max(1, host.clientHeight),
    padding: [LANES_PX, 0, 0, 0],
    legend: { show: false },
    cursor: { y: false, points: { show: false }, drag: { x: false, y: false, setScale: false } },
    scales: {
      x: { time: true, auto: false },
      inliers: { range: (_u, _min, max) => [0, roomFor(max ?? 0, 50)] },
      share: { range: [0, 1] },
      age: { range: (_u, _min, max) => [0, roomFor(max ?? 0, 100)] },
    },
    axes: [
      { ...axis, grid, size: 20, space: 90, values: (_u, splits) => splits.map(clock) },
      { ...axis, grid, scale: 'inliers', size: 46, space: 26 },
      { ...axis, scale: 'age', side: 1, size: 56, space: 26, grid: { show: false }, values: milliseconds },
    ],
    series: [
      {},
      {
        scale: 'inliers',
        stroke: () => colour('chart-inliers'),
        fill: () => colour('chart-inliers-fill'),
        width: 1,
        points: { show: false },
      },
      { scale: 'share', stroke: () => colour('chart-confidence'), width: 1.5, points: { show: false } },
      { scale: 'age', stroke: () => colour('chart-age'), width: 1.25, dash: [4, 3], points: { show: false } },
    ],
    hooks: { draw: [drawLanes], setCursor: [hover] },
  };
}

const milliseconds = (_u: uPlot, splits: number[]): string[] => splits.map((value) => `${value} ms`);
