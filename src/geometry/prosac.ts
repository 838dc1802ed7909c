import { drawDistinct, type Sampler } from './sampler.js';

/** Draws from the best-ranked correspondences first and slowly widens to all of them. */
export interface Prosac {
  /** [count] packed rows, best quality first. */
  readonly rank: Int32Array;
  count: number;
  /** Rows drawn from so far. */
  size: number;
  drawn: number;
  /** Draws that uniform sampling would have spent within `size`. */
  budget: number;
  /** Draw at which `size` grows next. */
  nextGrowth: number;
}

const SAMPLE_SIZE = 3;
/** Draws after which it is uniform sampling. */
const UNIFORM_AFTER = 20_000;

/** @param quality [n] by input row    @param order [count] input row of each packed row */
export function beginProsac(p: Prosac, quality: ArrayLike<number>, order: Int32Array, count: number): void {
  const rank = p.rank.subarray(0, count);
  for (let i = 0; i < count; i++) rank[i] = i;
  rank.sort((a, b) => quality[order[b]] - quality[order[a]] || a - b);
  p.count = count;
  p.size = SAMPLE_SIZE;
  p.drawn = 0;
  p.nextGrowth = 1;
  p.budget = UNIFORM_AFTER;
  for (let i = 0; i < SAMPLE_SIZE; i++) p.budget *= (SAMPLE_SIZE - i) / (count - i);
}

/** @param out [3], written: packed rows. Source: Chum and Matas, "Matching with PROSAC", CVPR 2005, algorithm 1. */
export function drawProsac(p: Prosac, sampler: Sampler, out: Int32Array): void {
  p.drawn++;
  while (p.drawn >= p.nextGrowth && p.size < p.count) {
    const budget = (p.budget * (p.size + 1)) / (p.size + 1 - SAMPLE_SIZE);
    p.nextGrowth += Math.ceil(budget - p.budget);
    p.budget = budget;
    p.size++;
  }
  if (p.size >= p.count && p.drawn > p.nextGrowth) {
    drawDistinct(sampler, p.count, SAMPLE_SIZE, out);
  } else {
    drawDistinct(sampler, p.size - 1, SAMPLE_SIZE - 1, out);
    out[SAMPLE_SIZE - 1] = p.size - 1;
  }
  for (let i = 0; i < SAMPLE_SIZE; i++) out[i] = p.rank[out[i]];
}
