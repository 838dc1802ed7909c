import type { BenchRow } from './benchRow.js';

export const passes = ({ bar, ours, ratio }: BenchRow): boolean | null => {
  const value = bar?.of === 'ratio' ? ratio : ours;
  if (bar === undefined || bar.applies === false || value === null) return null;
  return bar.limit === 'at most' ? value <= bar.value : value >= bar.value;
};

const HEAD = ['what', 'ours', 'peer', 'unit', 'ours/peer', 'bar', 'right, ours', 'right, peer'];

/** One line a row, notes below: numbers mean little without them. */
export function formatTable(rows: readonly BenchRow[]): string {
  const cells = rows.map(cellsOf);
  const widths = HEAD.map((head, i) => Math.max(head.length, ...cells.map((c) => c[i].length)));
  const line = (c: readonly string[]) =>
    c
      .map((text, i) => (i === 0 ? text.padEnd(widths[i]) : text.padStart(widths[i])))
      .join('  ')
      .trimEnd();
  const rule = widths.map((w) => '─'.repeat(w)).join('  ');
  return [line(HEAD), rule, ...cells.map(line), '', ...notesOf(rows)].join('\n');
}

/** Rows that have the same to say share a line. */
function notesOf(rows: readonly BenchRow[]): string[] {
  const names = new Map<string, string[]>();
  for (const { name, peerName, correct, note } of rows) {
    const parts = [peerName === null ? '' : `peer ${peerName};`, `right = ${correct.what}.`, note];
    const text = parts.filter((part) => part !== '').join(' ');
    names.set(text, [...(names.get(text) ?? []), name]);
  }
  return [...names].map(
    ([text, [first, ...others]]) =>
      `· ${first}${others.length > 0 ? ` and ${others.length} more` : ''}: ${text}`,
  );
}

function cellsOf(row: BenchRow): string[] {
  const { name, ours, peer, unit, ratio, correct } = row;
  const of = (right: number | null, all: number) => (right === null ? '–' : `${right}/${all}`);
  return [
    name,
    number(ours),
    number(peer),
    unit,
    ratio === null ? '–' : `${number(ratio)}×`,
    barText(row),
    of(correct.ours, correct.of),
    of(correct.peer, correct.peerOf ?? correct.of),
  ];
}

function barText(row: BenchRow): string {
  const { bar } = row;
  if (bar === undefined) return '';
  const sign = bar.limit === 'at most' ? '≤' : '≥';
  const verdict = passes(row);
  const mark = verdict === null ? '?' : verdict ? '✓' : '✗';
  return `${sign} ${bar.value}${bar.of === 'ratio' ? '×' : ''} ${mark}`;
}

/** Three significant digits, without an exponent. */
function number(value: number | null): string {
  if (value === null || !Number.isFinite(value)) return '–';
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3;
  return value.toFixed(digits);
}
