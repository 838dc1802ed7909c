/** Growth per unit of x by least squares, with the half width of its 95 % confidence interval. */
export interface Slope {
  readonly perX: number;
  readonly halfWidth: number;
}

/** Residuals are taken as independent; a slow wave makes the interval too narrow. */
export function slopeOf(x: readonly number[], y: readonly number[]): Slope {
  const n = x.length;
  const mean = (v: readonly number[]) => v.reduce((a, b) => a + b, 0) / n;
  const [mx, my] = [mean(x), mean(y)];
  const sxx = x.reduce((sum, xi) => sum + (xi - mx) ** 2, 0);
  const perX = x.reduce((sum, xi, i) => sum + (xi - mx) * (y[i] - my), 0) / sxx;
  const rest = x.reduce((sum, xi, i) => sum + (y[i] - my - perX * (xi - mx)) ** 2, 0);
  return { perX, halfWidth: studentQuantile(n - 2) * Math.sqrt(rest / (n - 2) / sxx) };
}

/** 97.5 % quantile of Student's distribution, Cornish-Fisher expansion to 1/df² (Abramowitz and Stegun 26.7.5). */
export function studentQuantile(df: number): number {
  const z = 1.959964;
  return z + (z ** 3 + z) / (4 * df) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * df ** 2);
}
