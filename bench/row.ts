/** One line of the bench: what was solved, how fast against which peer in the same process, how many were right. */
export interface Row {
  readonly name: string;
  readonly peerName: string;
  /** Median time of one call, ms. */
  readonly oursMs: number;
  readonly peerMs: number;
  /** oursMs / peerMs: below 1 we are faster. */
  readonly ratio: number;
  /** Problems solved rightly. */
  readonly oursRight: number;
  readonly peerRight: number;
  readonly of: number;
  /** What `ratio` should stay below; absent where no bar is set. */
  readonly bar?: number;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

/** One line of text per row, columns aligned. */
export function formatRows(rows: readonly Row[]): string {
  const cells = rows.map((r) => [
    r.name,
    `${r.oursMs.toFixed(3)} ms`,
    `${r.peerMs.toFixed(3)} ms`,
    `${r.ratio.toFixed(2)}x${r.bar === undefined ? '' : r.ratio <= r.bar ? ` (bar ${r.bar})` : ` OVER the bar ${r.bar}`}`,
    `${r.oursRight}/${r.of}`,
    `${r.peerRight}/${r.of}`,
    r.peerName,
  ]);
  const head = ['what', 'ours', 'peer', 'ratio', 'right', 'peer right', 'peer'];
  const widths = head.map((h, i) => Math.max(h.length, ...cells.map((c) => c[i].length)));
  return [head, ...cells]
    .map((c) =>
      c
        .map((t, i) => t.padEnd(widths[i]))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}
