export interface BackoffOptions {
  readonly baseMs: number;
  readonly capMs: number;
}

/** How long to wait before attempt `failures + 1`: doubling from `baseMs` to `capMs`, of which between half and all,
 * so that many cameras behind one switch do not come back in step.
 * @param failures attempts that failed in a row, from 1
 * @param random01 in [0, 1) */
export function backoffMs(
  failures: number,
  random01: number,
  { baseMs, capMs }: BackoffOptions = { baseMs: 250, capMs: 2000 },
): number {
  const full = Math.min(capMs, baseMs * 2 ** Math.max(0, failures - 1));
  return full * (0.5 + 0.5 * random01);
}
