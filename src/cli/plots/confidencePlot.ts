import { type Assessed, judge } from '../eval/assess.js';
import { RIGHT as RIGHT_POSE, runColour, WRONG } from './colours.js';
import { axes, legend, type Panel, title } from './panel.js';
import { linearScale, type Scale } from './scale.js';
import { picture, rect, text } from './svg.js';

const WIDTH = 720;
const LEFT = 78;
const RIGHT = WIDTH - 24;
const PANEL = 180;
const BINS = 20;

/** How confidences are spread, right poses above and wrong ones below, each on its own axis: few wrong ones stay
 * visible beside many right ones. */
export function confidencePlot(assessed: readonly Assessed[]): string {
  const isOne = assessed.length === 1;
  const runs = assessed.map(({ run }, i) => ({
    label: run.label,
    colour: runColour(i),
    mark: 'box' as const,
  }));
  const key = legend(LEFT, 62, RIGHT - LEFT, isOne ? [] : runs);
  const top = 66 + key.heightPx;
  const x = linearScale(0, 1, [LEFT, RIGHT], 10);
  const histograms = (correct: boolean) => assessed.map((each) => histogram(each, correct));
  const panels = [true, false].map((correct, i) => {
    const counts = histograms(correct);
    const panel = panelOf(counts, x, top + i * (PANEL + 28));
    const colour = (run: number) => (isOne ? (correct ? RIGHT_POSE : WRONG) : runColour(run));
    const total = counts.map((bins) => bins.reduce((sum, n) => sum + n, 0)).join(' / ');
    return [
      axes(panel, { y: 'poses', ...(correct ? {} : { x: 'stated confidence' }) }),
      ...counts.map((bins, run) => bars(bins, panel, run, counts.length, colour(run))),
      text(LEFT + 8, panel.top + 16, `${correct ? 'right' : 'wrong'}: ${total}`, { 'font-weight': 'bold' }),
    ].join('');
  });
  return picture(
    WIDTH,
    top + 2 * PANEL + 28 + 48,
    title(LEFT, 'Stated confidence of right and wrong poses', 'right: within 0.5 m and 5°'),
    key.svg,
    ...panels,
  );
}

function histogram({ pairs }: Assessed, wanted: boolean): number[] {
  const counts = new Array<number>(BINS).fill(0);
  for (const { confidence, correct } of judge(pairs))
    if (correct === wanted) counts[Math.max(0, Math.min(BINS - 1, Math.floor(confidence * BINS)))]++;
  return counts;
}

function panelOf(histograms: readonly (readonly number[])[], x: Scale, top: number): Panel {
  const largest = Math.max(4, ...histograms.flat());
  const bottom = top + PANEL;
  return { left: LEFT, right: RIGHT, top, bottom, x, y: linearScale(0, 1.2 * largest, [bottom, top], 4) };
}

function bars(
  counts: readonly number[],
  { x, y, bottom }: Panel,
  run: number,
  runs: number,
  colour: string,
): string {
  return counts
    .map((count, bin) => {
      if (count === 0) return '';
      const each = (x.at(1 / BINS) - x.at(0) - 2) / runs;
      const left = x.at(bin / BINS) + 1 + run * each;
      const number = text(left + each / 2, y.at(count) - 3, String(count), {
        'text-anchor': 'middle',
        'font-size': 10,
      });
      return rect(left, y.at(count), Math.max(each - 1, 1), bottom - y.at(count), { fill: colour }) + number;
    })
    .join('');
}
