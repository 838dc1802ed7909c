import type { Assessed } from '../eval/assess.js';
import type { ReliabilityBin } from '../eval/reliability.js';
import { AXIS, runColour } from './colours.js';
import { axes, legend, type Panel, title } from './panel.js';
import { linearScale } from './scale.js';
import { dots, line, picture, polyline, rect, text } from './svg.js';

const WIDTH = 560;
const LEFT = 78;
const RIGHT = WIDTH - 24;
const CURVE = 420;
const COUNTS = 110;

type Rated = Assessed & {
  readonly figures: { readonly reliability: NonNullable<Assessed['figures']['reliability']> };
};

export const statesConfidence = (assessed: Assessed): assessed is Rated =>
  assessed.figures.reliability !== null;

/** How often poses were right against how sure they were, with how many there are of each. Whiskers: 95 % Wilson. */
export function reliabilityPlot(rated: readonly Rated[]): string {
  const key = legend(LEFT, 62, RIGHT - LEFT, [
    ...rated.map(({ run, figures: { reliability } }, i) => ({
      label: `${run.label}: ECE ${reliability.ece?.toFixed(3) ?? '–'}`,
      colour: runColour(i),
      mark: 'line' as const,
    })),
    { label: 'honest', colour: AXIS, mark: 'dashes' },
  ]);
  const top = 66 + key.heightPx;
  const x = linearScale(0, 1, [LEFT, RIGHT], 10);
  const curve: Panel = {
    left: LEFT,
    right: RIGHT,
    top,
    bottom: top + CURVE,
    x,
    y: linearScale(0, 1, [top + CURVE, top], 10),
  };
  const largest = Math.max(
    1,
    ...rated.flatMap(({ figures }) => figures.reliability.bins.map(({ count }) => count)),
  );
  const low = curve.bottom + COUNTS + 24;
  const counts: Panel = {
    ...curve,
    top: curve.bottom + 24,
    bottom: low,
    y: linearScale(0, 1.25 * largest, [low, low - COUNTS], 3),
  };
  return picture(
    WIDTH,
    low + 48,
    title(
      LEFT,
      'Reliability of the stated confidence',
      'right: within 0.5 m and 5°; whiskers: 95 % interval',
    ),
    key.svg,
    axes(curve, { y: 'share that was right' }),
    line(x.at(0), curve.y.at(0), x.at(1), curve.y.at(1), { stroke: AXIS, 'stroke-dasharray': '4 3' }),
    ...rated.map(({ figures }, i) => curveOf(figures.reliability.bins, curve, runColour(i))),
    axes(counts, { x: 'stated confidence', y: 'poses' }),
    ...rated.map(({ figures }, i) => bars(figures.reliability.bins, counts, i, rated.length)),
  );
}

function curveOf(bins: readonly ReliabilityBin[], { x, y }: Panel, colour: string): string {
  const filled = bins.filter(({ count }) => count > 0);
  const points = filled.map((bin) => [x.at(bin.meanConfidence!), y.at(bin.accuracy!)] as const);
  const whiskers = filled.map(({ accuracy, count, meanConfidence }) => {
    const [low, high] = wilson(accuracy!, count);
    const at = x.at(meanConfidence!);
    return line(at, y.at(low), at, y.at(high), { stroke: colour, 'stroke-width': 1.2 });
  });
  return (
    polyline(points, { stroke: colour, 'stroke-width': 2 }) + whiskers.join('') + dots(points, 7, colour)
  );
}

function bars(bins: readonly ReliabilityBin[], { x, y, bottom }: Panel, index: number, runs: number): string {
  return bins
    .filter(({ count }) => count > 0)
    .map(({ from, to, count }) => {
      const each = (x.at(to) - x.at(from) - 4) / runs;
      const left = x.at(from) + 2 + index * each;
      const top = y.at(count);
      const number = text(left + each / 2, top - 3, String(count), {
        'text-anchor': 'middle',
        'font-size': 10,
      });
      return rect(left, top, each - 1, bottom - top, { fill: runColour(index) }) + number;
    })
    .join('');
}

/** 95 % interval of a share. Source: Wilson, "Probable Inference", JASA 1927. */
export function wilson(share: number, count: number): [low: number, high: number] {
  const z2 = 1.96 ** 2;
  const centre = (share + z2 / (2 * count)) / (1 + z2 / count);
  const half =
    (1.96 / (1 + z2 / count)) * Math.sqrt((share * (1 - share)) / count + z2 / (4 * count * count));
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}
