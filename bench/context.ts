import type { BenchRow } from './benchRow.js';

/** What every part of the bench is run with. */
export interface BenchContext {
  /** Fewer rounds and smaller inputs: does it run, roughly how fast. */
  readonly quick: boolean;
  /** Manifest of the network. */
  readonly model: string;
  /** Folder for maps and drafts, removed at the end. */
  readonly scratch: string;
  /** Progress, for the person who waits. */
  readonly say: (line: string) => void;
}

export interface Bench {
  readonly name: string;
  /** One line for `--help`. */
  readonly what: string;
  readonly run: (context: BenchContext) => Promise<readonly BenchRow[]>;
}
