import { box, line, svgDocument, text } from './svg.js';

export interface Histogram {
  readonly title: string;
  readonly scale: 'linear' | 'log';
  readonly from: number;
  readonly to: number;
  readonly bins: number;
  /** Where the gate stands. */
  readonly limit: number;
  readonly series: readonly Series[];
}

interface Series {
  readonly name: string;
  readonly colour: string;
  readonly values: readonly number[];
}

const WIDTH_PX = 360;
const ROW_PX = 90;
const LEFT_PX = 30;
const TOP_PX = 66;
const GAP_PX = 44;

/** One column a measure, one row a class, each row to its own height: shapes are compared, not counts. */
export function drawHistograms(histograms: readonly Histogram[]): string {
  const rows = histograms[0].series.length;
  const width = LEFT_PX + histograms.length * (WIDTH_PX + GAP_PX);
  const parts = histograms.flatMap((histogram, i) =>
    drawColumn(histogram, LEFT_PX + i * (WIDTH_PX + GAP_PX)),
  );
  return svgDocument(
    'Evidence of poses right and wrong, as the gate sees it',
    width,
    TOP_PX + rows * (ROW_PX + 26) + 30,
    parts,
  );
}

function drawColumn(histogram: Histogram, left: number): string[] {
  const { title, series, limit } = histogram;
  const x = (value: number) => left + WIDTH_PX * place(histogram, value);
  const bottom = TOP_PX + series.length * (ROW_PX + 26) - 26;
  return [
    text(left, 24, title, 'start', 'font-weight="600" font-size="14"'),
    ...series.flatMap((one, row) => drawRow(histogram, one, left, TOP_PX + row * (ROW_PX + 26))),
    line(x(limit), 40, x(limit), bottom, '#222', 'stroke-dasharray="4 3"'),
    text(x(limit) + 4, 50, `gate ${limit}`),
    ...ticksOf(histogram).map((tick) => text(x(tick), bottom + 18, String(tick), 'middle')),
  ];
}

function drawRow(
  histogram: Histogram,
  { name, colour, values }: Series,
  left: number,
  top: number,
): string[] {
  const counts = new Array<number>(histogram.bins).fill(0);
  for (const value of values) {
    const bin = Math.floor(place(histogram, value) * histogram.bins);
    counts[Math.min(Math.max(bin, 0), histogram.bins - 1)]++;
  }
  const most = Math.max(1, ...counts);
  const step = WIDTH_PX / histogram.bins;
  return [
    text(left + WIDTH_PX, top - 5, `${name}, ${values.length} poses`, 'end', `fill="${colour}"`),
    ...counts.map((count, bin) => {
      const height = (ROW_PX * count) / most;
      return box(left + bin * step + 0.5, top + ROW_PX - height, step - 1, height, colour);
    }),
    line(left, top + ROW_PX, left + WIDTH_PX, top + ROW_PX, '#999'),
  ];
}

/** 0..1 along the axis. */
function place({ scale, from, to }: Histogram, value: number): number {
  if (scale === 'linear') return (value - from) / (to - from);
  return Math.log(Math.max(value, from) / from) / Math.log(to / from);
}

function ticksOf({ scale, from, to }: Histogram): number[] {
  if (scale === 'linear') return Array.from({ length: 5 }, (_, i) => from + (i * (to - from)) / 4);
  const ticks = [];
  for (let tick = from; tick <= to; tick *= 4) ticks.push(tick);
  return ticks;
}
