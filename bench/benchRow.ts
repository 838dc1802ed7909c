/** One line of the bench: a figure of ours and a peer's from the same run, and what both got right while they were
 * timed. A fast wrong answer is no result. */
export interface BenchRow {
  /** Names the row across runs; a baseline is compared by it. */
  readonly name: string;
  readonly ours: number | null;
  /** Null where nothing comparable exists or it was left out. */
  readonly peer: number | null;
  readonly peerName: string | null;
  /** Of `ours` and `peer`. */
  readonly unit: string;
  /** ours / peer: the figure that survives a change of machine. */
  readonly ratio: number | null;
  readonly correct: Correct;
  readonly bar?: Bar;
  readonly note: string;
}

export interface Correct {
  /** What counts as right. */
  readonly what: string;
  readonly ours: number;
  readonly peer: number | null;
  readonly of: number;
  /** Where the peer was given fewer problems. */
  readonly peerOf?: number;
}

export interface Bar {
  readonly of: 'ours' | 'ratio';
  readonly limit: 'at most' | 'at least';
  readonly value: number;
  /** False where the machine is below what the bar was stated for: neither held nor broken. */
  readonly applies?: boolean;
}

type Figures = Omit<BenchRow, 'ratio' | 'peer' | 'peerName' | 'note'> &
  Partial<Pick<BenchRow, 'peer' | 'peerName' | 'note'>>;

/** A row with its ratio. */
export function benchRow(figures: Figures): BenchRow {
  const { ours, peer = null, peerName = null, note = '' } = figures;
  const ratio = ours === null || peer === null || peer === 0 ? null : ours / peer;
  return { ...figures, peer, peerName, note, ratio };
}
