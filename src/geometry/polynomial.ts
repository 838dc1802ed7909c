/** One real root of c[3] x^3 + c[2] x^2 + c[1] x + c[0] with c[3] != 0: the one where the curve is steepest, which
 * rounding moves least. Trigonometric form for three real roots, Cardano's otherwise, then two Newton steps.
 * @param coefficients [4], lowest power first */
export function steepestCubicRoot(coefficients: Float64Array): number {
  const b = coefficients[2] / coefficients[3];
  const c = coefficients[1] / coefficients[3];
  const d = coefficients[0] / coefficients[3];
  const shift = b / 3;
  const p = c - b * shift;
  const q = d + shift * (2 * shift * shift - c);
  const disc = (q * q) / 4 + (p * p * p) / 27;
  let x: number;
  if (disc < 0) {
    const m = 2 * Math.sqrt(-p / 3);
    const angle = Math.acos(Math.max(-1, Math.min(1, (3 * q) / (p * m)))) / 3;
    const high = m * Math.cos(angle);
    const low = m * Math.cos(angle + (2 * Math.PI) / 3);
    // the outer root that lies further from the middle one is the steepest
    x = Math.abs(3 * high * high + p) > Math.abs(3 * low * low + p) ? high : low;
  } else {
    const s = Math.cbrt(-q / 2 - (q < 0 ? -1 : 1) * Math.sqrt(disc));
    x = s === 0 ? 0 : s - p / (3 * s);
  }
  x -= shift;
  for (let step = 0; step < 2; step++) {
    const slope = c + x * (2 * b + 3 * x);
    if (slope === 0) break;
    x -= (d + x * (c + x * (b + x))) / slope;
  }
  return x;
}
