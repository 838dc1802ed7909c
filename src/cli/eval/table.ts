import { colour } from '../terminal.js';
import type { Assessment } from './assess.js';
import { type Figure, figuresOf, type Part } from './figures.js';

/** Differences below this share of the first run's value are not marked: they are noise. */
const MARKED_FROM = 0.01;

/** A table for a person: one column a run; later runs are marked against the first. */
export function formatAssessments(assessments: readonly Assessment[]): string {
  const columns = assessments.map(figuresOf);
  const keys = rowKeys(columns);
  const rows = keys.map(({ section, label }) => {
    const found = columns.map((figures) => figures.find((f) => f.section === section && f.label === label));
    return { section, label, cells: found.map((figure, i) => cell(figure, i > 0 ? found[0] : undefined)) };
  });
  const labelWidth = Math.max(...rows.map(({ label }) => label.length));
  const widths = assessments.map(({ run }, i) =>
    Math.max(assessments.length > 1 ? run.length : 0, ...rows.map(({ cells }) => cells[i].length)),
  );
  const line = (label: string, cells: readonly string[]) =>
    `${colour.dim(label.padEnd(labelWidth))}  ${cells.map((text, i) => paint(text.padEnd(widths[i]))).join('  ')}`.trimEnd();
  const body = rows.flatMap(({ section, label, cells }, i) => [
    ...(i > 0 && rows[i - 1].section !== section ? [''] : []),
    line(label, cells),
  ]);
  if (assessments.length === 1) return `${body.join('\n')}\n`;
  const head = line(
    '',
    assessments.map(({ run }) => run),
  );
  const legend = colour.dim(`▲ better, ▼ worse than ${assessments[0].run} by more than 1 %`);
  return `${[head, ...body, '', legend].join('\n')}\n`;
}

/** Rows of all runs in reading order: a row that only a later run has stands after the ones before it there. */
function rowKeys(columns: readonly (readonly Figure[])[]): Pick<Figure, 'section' | 'label'>[] {
  const keys: Pick<Figure, 'section' | 'label'>[] = [];
  for (const figures of columns) {
    let at = 0;
    for (const { section, label } of figures) {
      const known = keys.findIndex((key) => key.section === section && key.label === label);
      if (known < 0) keys.splice(at, 0, { section, label });
      at = (known < 0 ? at : known) + 1;
    }
  }
  return keys;
}

function cell(figure: Figure | undefined, first: Figure | undefined): string {
  if (figure === undefined) return '–';
  return figure.parts.map((part, i) => part.text + mark(part, first?.parts[i])).join(', ');
}

function mark({ value, better }: Part, first: Part | undefined): string {
  if (value === null || better === null || (first?.value ?? null) === null) return '';
  const gain = (value - first!.value!) * (better === 'higher' ? 1 : -1);
  if (Math.abs(gain) <= MARKED_FROM * Math.abs(first!.value!)) return '';
  return gain > 0 ? ' ▲' : ' ▼';
}

const paint = (text: string) => text.replaceAll('▲', colour.green('▲')).replaceAll('▼', colour.red('▼'));
