/** One pose with what it said of itself and whether it was right. */
export interface Judged {
  /** 0..1 */
  readonly confidence: number;
  readonly correct: boolean;
}

/** Samples whose confidence lies in [from, to); the last bin holds 1 as well. */
export interface ReliabilityBin {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  /** Null where the bin is empty. */
  readonly meanConfidence: number | null;
  /** Share that was right; null where the bin is empty. */
  readonly accuracy: number | null;
}

export interface Reliability {
  readonly bins: readonly ReliabilityBin[];
  /** Expected calibration error, 0..1; null without samples. */
  readonly ece: number | null;
}

/** Confidence held against how often it was right, in equal-width bins.
 * ECE = sum over bins of n_b / n * |accuracy_b - mean confidence_b|. Confidences outside 0..1 go to the nearest bin.
 * Source: Guo et al., "On Calibration of Modern Neural Networks", ICML 2017, eq. 2, 3 and 5. */
export function reliability(samples: readonly Judged[], bins = 10): Reliability {
  const members: Judged[][] = Array.from({ length: bins }, () => []);
  for (const sample of samples) {
    const bin = Math.floor(sample.confidence * bins);
    members[Math.min(Math.max(bin, 0), bins - 1)].push(sample);
  }
  const rows = members.map((inBin, i) => summarise(inBin, i / bins, (i + 1) / bins));
  return { bins: rows, ece: samples.length === 0 ? null : expectedError(rows, samples.length) };
}

function summarise(samples: readonly Judged[], from: number, to: number): ReliabilityBin {
  const count = samples.length;
  if (count === 0) return { from, to, count, meanConfidence: null, accuracy: null };
  const sum = samples.reduce((total, { confidence }) => total + confidence, 0);
  return {
    from,
    to,
    count,
    meanConfidence: sum / count,
    accuracy: samples.filter(({ correct }) => correct).length / count,
  };
}

const expectedError = (bins: readonly ReliabilityBin[], total: number) =>
  bins.reduce(
    (sum, { count, accuracy, meanConfidence }) =>
      sum + (count / total) * Math.abs((accuracy ?? 0) - (meanConfidence ?? 0)),
    0,
  );
