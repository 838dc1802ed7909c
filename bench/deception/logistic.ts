import { Matrix, solve } from 'ml-matrix';

export interface Sample {
  readonly features: readonly number[];
  readonly right: boolean;
  readonly weight: number;
}

export interface Logistic {
  readonly bias: number;
  readonly weights: readonly number[];
}

const MAX_STEPS = 100;
const SMALL_STEP = 1e-9;

/** Weighted logistic regression with an L2 penalty on standardised features (the bias goes free), by Newton's method
 * with step halving.
 * @param penalty  in samples: as many made-up samples pull every weight to zero
 * Source: Hastie, Tibshirani, Friedman, "The Elements of Statistical Learning", 2009, 4.4.1. */
export function fitLogistic(samples: readonly Sample[], penalty: number): Logistic {
  const { mean, scale } = moments(samples);
  const rows = samples.map(({ features }) => [
    1,
    ...features.map((value, i) => (value - mean[i]) / scale[i]),
  ]);
  let beta = new Array<number>(mean.length + 1).fill(0);
  let loss = lossOf(rows, samples, beta, penalty);
  for (let step = 0; step < MAX_STEPS; step++) {
    const full = newtonStep(rows, samples, beta, penalty);
    let share = 1;
    let next = beta;
    let nextLoss = Number.POSITIVE_INFINITY;
    for (; share > 1e-6 && nextLoss > loss; share /= 2) {
      next = beta.map((value, i) => value - share * full[i]);
      nextLoss = lossOf(rows, samples, next, penalty);
    }
    const gain = loss - nextLoss;
    if (!(gain > 0)) break;
    [beta, loss] = [next, nextLoss];
    if (gain < SMALL_STEP * (1 + Math.abs(loss))) break;
  }
  const weights = beta.slice(1).map((value, i) => value / scale[i]);
  return { bias: beta[0] - weights.reduce((sum, weight, i) => sum + weight * mean[i], 0), weights };
}

export const scoreOf = ({ bias, weights }: Logistic, features: readonly number[]) =>
  features.reduce((sum, value, i) => sum + weights[i] * value, bias);

export const logistic = (score: number) => 1 / (1 + Math.exp(-score));

function moments(samples: readonly Sample[]) {
  const total = samples.reduce((sum, { weight }) => sum + weight, 0);
  const average = (of: (sample: Sample, i: number) => number) =>
    samples[0].features.map((_, i) => samples.reduce((sum, s) => sum + s.weight * of(s, i), 0) / total);
  const mean = average(({ features }, i) => features[i]);
  const variance = average(({ features }, i) => (features[i] - mean[i]) ** 2);
  return { mean, scale: variance.map((value) => Math.sqrt(value) || 1) };
}

const scoreRow = (row: readonly number[], beta: readonly number[]) =>
  row.reduce((sum, value, i) => sum + value * beta[i], 0);

function lossOf(
  rows: readonly number[][],
  samples: readonly Sample[],
  beta: readonly number[],
  penalty: number,
) {
  const data = rows.reduce((sum, row, i) => {
    const margin = samples[i].right ? scoreRow(row, beta) : -scoreRow(row, beta);
    // log(1 + exp(-margin)), safe at both ends.
    return sum + samples[i].weight * (Math.log1p(Math.exp(-Math.abs(margin))) + Math.max(-margin, 0));
  }, 0);
  return data + (penalty / 2) * beta.slice(1).reduce((sum, value) => sum + value * value, 0);
}

/** H^-1 g of the penalised loss. */
function newtonStep(
  rows: readonly number[][],
  samples: readonly Sample[],
  beta: readonly number[],
  penalty: number,
): number[] {
  const n = beta.length;
  const hessian = Matrix.zeros(n, n);
  const gradient = new Array<number>(n).fill(0);
  rows.forEach((row, k) => {
    const p = logistic(scoreRow(row, beta));
    const { right, weight } = samples[k];
    const pull = weight * (p - (right ? 1 : 0));
    const bend = weight * p * (1 - p);
    for (let i = 0; i < n; i++) {
      gradient[i] += pull * row[i];
      for (let j = 0; j < n; j++) hessian.set(i, j, hessian.get(i, j) + bend * row[i] * row[j]);
    }
  });
  for (let i = 0; i < n; i++) {
    const ridge = i === 0 ? 1e-9 : penalty;
    gradient[i] += i === 0 ? 0 : ridge * beta[i];
    hessian.set(i, i, hessian.get(i, i) + ridge);
  }
  return solve(hessian, Matrix.columnVector(gradient)).to1DArray();
}
