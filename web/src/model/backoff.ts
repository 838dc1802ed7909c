/** Wait before the next try: 0.5 s doubling to 5 s, spread by up to a quarter so that pages do not call in step.
 * @param chance uniform in [0, 1) */
export function backoffMs(attempt: number, chance: number): number {
  return Math.min(5000, 500 * 2 ** Math.min(attempt, 8)) * (1 - 0.25 * chance);
}
