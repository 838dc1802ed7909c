import { AXIS, GRID } from './colours.js';
import type { Scale } from './scale.js';
import { dots, element, line, polyline, rect, text } from './svg.js';

export interface Box {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface Panel extends Box {
  readonly x: Scale;
  readonly y: Scale;
}

export interface AxisWords {
  /** Left out: the panel below shares the axis and names it. */
  readonly x?: string;
  readonly y: string;
}

/** Grid, ticks, numbers and names of both axes. */
export function axes({ left, top, right, bottom, x, y }: Panel, words: AxisWords): string {
  const grid = [
    ...x.ticks.map(({ value }) => line(x.at(value), top, x.at(value), bottom, { stroke: GRID })),
    ...y.ticks.map(({ value }) => line(left, y.at(value), right, y.at(value), { stroke: GRID })),
  ];
  const xNumbers = x.ticks.map(({ value, label }) =>
    text(x.at(value), bottom + 16, label, { 'text-anchor': 'middle' }),
  );
  const yNumbers = y.ticks.map(({ value, label }) =>
    text(left - 6, y.at(value) + 4, label, { 'text-anchor': 'end' }),
  );
  const middle = (top + bottom) / 2;
  return element(
    'g',
    {},
    ...grid,
    rect(left, top, right - left, bottom - top, { fill: 'none', stroke: AXIS }),
    ...yNumbers,
    text(left - 52, middle, words.y, {
      'text-anchor': 'middle',
      transform: `rotate(-90 ${left - 52} ${middle})`,
    }),
    ...(words.x === undefined
      ? []
      : [...xNumbers, text((left + right) / 2, bottom + 34, words.x, { 'text-anchor': 'middle' })]),
  );
}

/** Drawn only inside the panel. */
export function clipped(name: string, { left, top, right, bottom }: Box, ...body: readonly string[]): string {
  const frame = rect(left, top, right - left, bottom - top, {});
  return element('clipPath', { id: name }, frame) + element('g', { 'clip-path': `url(#${name})` }, ...body);
}

export const title = (left: number, words: string, below = ''): string =>
  text(left, 24, words, { 'font-size': 16, 'font-weight': 'bold' }) +
  (below === '' ? '' : text(left, 42, below, { fill: AXIS }));

export interface LegendEntry {
  readonly label: string;
  readonly colour: string;
  readonly mark: 'line' | 'dashes' | 'dot' | 'cross' | 'box';
}

/** Entries from left to right, wrapped at `widthPx`. @returns the drawing and the height it takes */
export function legend(left: number, top: number, widthPx: number, entries: readonly LegendEntry[]) {
  const rowPx = 18;
  let [x, y] = [left, top];
  const drawn = entries.map((entry) => {
    const entryPx = 34 + 6.6 * entry.label.length;
    if (x > left && x + entryPx > left + widthPx) [x, y] = [left, y + rowPx];
    const at = x;
    x += entryPx;
    return mark(entry, at, y) + text(at + 24, y + 4, entry.label);
  });
  return { svg: drawn.join(''), heightPx: entries.length === 0 ? 0 : y - top + rowPx };
}

function mark({ mark: shape, colour }: LegendEntry, x: number, y: number): string {
  const [from, middle, to] = [x, x + 9, x + 18];
  switch (shape) {
    case 'line':
      return line(from, y, to, y, { stroke: colour, 'stroke-width': 2 });
    case 'dashes':
      return line(from, y, to, y, { stroke: colour, 'stroke-width': 1.5, 'stroke-dasharray': '4 3' });
    case 'dot':
      return dots([[middle, y]], 7, colour);
    case 'cross':
      return polyline(
        [[middle - 4, y - 4], [middle + 4, y + 4], null, [middle - 4, y + 4], [middle + 4, y - 4]],
        {
          stroke: colour,
          'stroke-width': 1.6,
        },
      );
    case 'box':
      return rect(from + 3, y - 6, 12, 12, { fill: colour });
  }
}
