import type { Reliability } from '../../src/cli/eval/reliability.js';
import { box, line, svgDocument, text } from './svg.js';

interface Panel {
  readonly title: string;
  readonly reliability: Reliability;
}

const SIDE_PX = 260;
const GAP_PX = 70;
const TOP_PX = 50;
const BAR = '#3b6ea8';
const DIAGONAL = '#c0392b';

/** How often poses of a confidence were right, against that confidence. On the diagonal it keeps its word. */
export function drawReliability(panels: readonly Panel[]): string {
  const width = GAP_PX + panels.length * (SIDE_PX + GAP_PX);
  const parts = panels.flatMap((panel, i) => drawPanel(panel, GAP_PX + i * (SIDE_PX + GAP_PX)));
  return svgDocument('Confidence held against how often it was right', width, TOP_PX + SIDE_PX + 70, parts);
}

function drawPanel({ title, reliability: { bins, ece } }: Panel, left: number): string[] {
  const x = (value: number) => left + SIDE_PX * value;
  const y = (value: number) => TOP_PX + SIDE_PX * (1 - value);
  const poses = bins.reduce((sum, { count }) => sum + count, 0);
  return [
    text(left, 22, title, 'start', 'font-weight="600"'),
    text(left, 39, `${poses} poses, expected calibration error ${ece === null ? '–' : ece.toFixed(3)}`),
    ...[0, 0.2, 0.4, 0.6, 0.8, 1].flatMap((tick) => [
      line(left, y(tick), left + SIDE_PX, y(tick), '#e5e5e5'),
      text(left - 6, y(tick) + 4, tick.toFixed(1), 'end'),
      text(x(tick), TOP_PX + SIDE_PX + 16, tick.toFixed(1), 'middle'),
    ]),
    ...bins.flatMap(({ from, to, count, accuracy }) => {
      if (accuracy === null) return [];
      const middle = (x(from) + x(to)) / 2;
      const above = accuracy > 0.9 ? y(accuracy) + 13 : y(accuracy) - 4;
      const colour = accuracy > 0.9 ? 'fill="#fff"' : '';
      return [
        box(x(from) + 1, y(accuracy), x(to) - x(from) - 2, SIDE_PX * accuracy, BAR),
        text(middle, above, String(count), 'middle', `font-size="9" ${colour}`),
      ];
    }),
    line(x(0), y(0), x(1), y(1), DIAGONAL, 'stroke-width="1.5" stroke-dasharray="5 4"'),
    text(left + SIDE_PX / 2, TOP_PX + SIDE_PX + 36, 'confidence said', 'middle'),
    text(
      left - 38,
      TOP_PX + SIDE_PX / 2,
      'share right',
      'middle',
      `transform="rotate(-90 ${left - 38} ${TOP_PX + SIDE_PX / 2})"`,
    ),
  ];
}
