/** Middle of the sorted values; the upper one of two. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1];
}

export interface Turns<K extends string, T> {
  /** Median milliseconds. */
  readonly ms: Readonly<Record<K, number>>;
  /** What each gave last. */
  readonly results: Readonly<Record<K, T>>;
}

/** A turn is over after this time or so many calls: what is called for every frame is not found in a cold cache. */
const TURN_MS = 100;
const TURN_CALLS = 5;

/** Times several ways to do one job. They take turns, and who begins changes, so that a busy machine hurts all alike;
 * the first round is not counted. A turn counts as the median of its calls. */
export async function takeTurnsKeeping<K extends string, T>(
  contestants: Readonly<Record<K, () => T | Promise<T>>>,
  rounds: number,
): Promise<Turns<K, T>> {
  const names = Object.keys(contestants) as K[];
  const times = new Map<K, number[]>(names.map((name) => [name, []]));
  const results: Partial<Record<K, T>> = {};
  for (let round = -1; round < rounds; round++) {
    const shift = Math.max(0, round) % names.length;
    for (const name of [...names.slice(shift), ...names.slice(0, shift)]) {
      const turn: number[] = [];
      const endMs = performance.now() + TURN_MS;
      do {
        const startMs = performance.now();
        results[name] = await contestants[name]();
        turn.push(performance.now() - startMs);
      } while (turn.length < TURN_CALLS && performance.now() < endMs);
      if (round >= 0) times.get(name)!.push(median(turn));
    }
  }
  const ms = Object.fromEntries(names.map((name) => [name, median(times.get(name)!)]));
  return { ms: ms as Record<K, number>, results: results as Record<K, T> };
}

/** As above, where the times are all that is wanted. */
export async function takeTurns<K extends string>(
  contestants: Readonly<Record<K, () => unknown>>,
  rounds: number,
): Promise<Readonly<Record<K, number>>> {
  return (await takeTurnsKeeping<K, unknown>(contestants, rounds)).ms;
}
