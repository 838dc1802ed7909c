import type { Assessed, Reference } from '../eval/assess.js';
import type { Run } from '../eval/run.js';
import { poseError, RECALL_THRESHOLDS } from '../evaluate.js';
import { AXIS, runColour, stateColour } from './colours.js';
import { axes, type LegendEntry, legend, type Panel, title } from './panel.js';
import { linearScale, logScale, type Scale } from './scale.js';
import { crosses, dots, line, picture, polyline, rect, text } from './svg.js';

const WIDTH = 960;
const LEFT = 78;
const RIGHT = WIDTH - 24;
const PANEL = 190;
const BAND = 16;

/** Distance and angle errors over time on log axes; queries without a pose are crosses on the upper edge, and below
 * stands what the run said of every frame. */
export function errorPlot(assessed: readonly Assessed[], reference: Reference): string {
  const x = timeScale(assessed, reference);
  const key = legend(LEFT, 62, RIGHT - LEFT, keyOf(assessed));
  const top = 66 + key.heightPx;
  const distance = errorPanel(assessed, x, top, 'm');
  const angle = errorPanel(assessed, x, top + PANEL + 18, 'deg');
  const bandsTop = angle.bottom + 12;
  const bandsBottom = bandsTop + assessed.length * (BAND + 4);
  return picture(
    WIDTH,
    bandsBottom + 48,
    title(LEFT, 'Error over time', `${reference.queries.length} queries; dashed: recall thresholds`),
    key.svg,
    axes(distance, { y: 'distance (m)' }),
    thresholds(distance, 'm'),
    axes(angle, { y: 'angle (°)' }),
    thresholds(angle, 'deg'),
    ...assessed.map((each, i) => errorLine(each, reference, distance, 'm', runColour(i))),
    ...assessed.map((each, i) => errorLine(each, reference, angle, 'deg', runColour(i))),
    ...assessed.map(({ run }, i) =>
      band(run, x, bandsTop + i * (BAND + 4), assessed.length > 1 ? runColour(i) : null),
    ),
    ...x.ticks.map(({ value, label }) =>
      text(x.at(value), bandsBottom + 14, label, { 'text-anchor': 'middle' }),
    ),
    text((LEFT + RIGHT) / 2, bandsBottom + 34, 'time (s)', { 'text-anchor': 'middle' }),
  );
}

type Kind = 'm' | 'deg';

function timeScale(assessed: readonly Assessed[], { queries }: Reference): Scale {
  const times = [...queries, ...assessed.flatMap(({ run }) => run.frames)].map(({ timeS }) => timeS);
  const [first, last] = times.reduce(
    ([low, high], t) => [Math.min(low, t), Math.max(high, t)],
    [Infinity, -Infinity],
  );
  return linearScale(first, last, [LEFT + 6, RIGHT - 6], 10);
}

function errorPanel(assessed: readonly Assessed[], x: Scale, top: number, kind: Kind): Panel {
  const values = assessed.flatMap(({ figures }) =>
    figures.errors.map(({ errorM, errorDeg }) => (kind === 'm' ? errorM : errorDeg)),
  );
  const marks = RECALL_THRESHOLDS.map((threshold) => threshold[kind]);
  const bottom = top + PANEL;
  const y = logScale([...values.filter((v) => v > 1e-4), ...marks.slice(0, 2)], [bottom, top + 10]);
  return { left: LEFT, right: RIGHT, top, bottom, x, y };
}

const thresholds = ({ left, right, y }: Panel, kind: Kind) =>
  RECALL_THRESHOLDS.map((threshold) => threshold[kind])
    .filter((value) => value <= y.to)
    .map((value) => line(left, y.at(value), right, y.at(value), { stroke: AXIS, 'stroke-dasharray': '4 3' }))
    .join('');

function errorLine(
  { pairs }: Assessed,
  { queries }: Reference,
  panel: Panel,
  kind: Kind,
  colour: string,
): string {
  const byTime = new Map(pairs.map((pair) => [pair.truth.timeS, poseError(pair)]));
  const points = queries.map(({ timeS }) => {
    const error = byTime.get(timeS);
    if (error === undefined) return null;
    return [panel.x.at(timeS), panel.y.at(kind === 'm' ? error.errorM : error.errorDeg)] as const;
  });
  const missed = queries.filter(({ timeS }) => !byTime.has(timeS));
  return (
    polyline(points, { stroke: colour, 'stroke-width': 1, 'stroke-opacity': 0.6 }) +
    dots(
      points.filter((point) => point !== null),
      3.5,
      colour,
    ) +
    crosses(
      missed.map(({ timeS }) => [panel.x.at(timeS), panel.top + 5] as const),
      3,
      colour,
    )
  );
}

/** One box as long as the state stays; no frame lasts longer than 1 s. */
function band(run: Run, x: Scale, top: number, colour: string | null): string {
  const boxes = stretches(run.frames).map(({ word, fromS, toS }) =>
    rect(x.at(fromS), top, Math.max(x.at(toS) - x.at(fromS), 2), BAND, { fill: stateColour(word) }),
  );
  const mark = colour === null ? '' : rect(LEFT - 18, top + 2, 12, BAND - 4, { fill: colour });
  return boxes.join('') + mark;
}

interface Stretch {
  readonly word: string;
  readonly fromS: number;
  readonly toS: number;
}

function stretches(frames: Run['frames']): Stretch[] {
  const found: Stretch[] = [];
  frames.forEach((frame, i) => {
    const lastedS = (frames[i + 1]?.timeS ?? frame.timeS) - frame.timeS;
    const toS = frame.timeS + Math.min(lastedS, 1);
    const before = found.at(-1);
    const word = wordOf(frame);
    if (before?.word === word && before.toS === frame.timeS) found[found.length - 1] = { ...before, toS };
    else found.push({ word, fromS: frame.timeS, toS });
  });
  return found;
}

/** The state after the frame, where the run says it. */
const wordOf = ({ state, outcome }: Run['frames'][number]): string => state ?? outcome;

function keyOf(assessed: readonly Assessed[]): LegendEntry[] {
  const words = [...new Set(assessed.flatMap(({ run }) => run.frames.map(wordOf)))].sort();
  return [
    ...assessed.map(({ run }, i) => ({ label: run.label, colour: runColour(i), mark: 'dot' as const })),
    { label: 'query without a pose', colour: AXIS, mark: 'cross' },
    ...words.map((word) => ({ label: word, colour: stateColour(word), mark: 'box' as const })),
  ];
}
