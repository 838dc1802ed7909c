/** Hands something to each of many clients. */
export type FanOut<C, T> = (clients: ReadonlySet<C>, item: T) => void;

export interface FanOutOptions<C, T> {
  readonly give: (client: C, item: T) => void;
  /** The event loop is let go after so long. */
  readonly sliceMs: number;
  readonly monotonicMs: () => number;
  /** Runs the rest after whatever else is waiting. */
  readonly soon: (run: () => void) => void;
}

/** Looks at the clock once for so many clients. */
const CLIENTS_A_LOOK = 16;

/** Thousands of sends in one go would keep everybody else waiting: they are done in slices, the first at once. A newer
 * item overtakes: who was not reached yet gets the newer one alone, and first.
 *   item 1   a b c | d e f        slices of three
 *   item 2           d e f | a b c */
export function createFanOut<C, T>({ give, sliceMs, monotonicMs, soon }: FanOutOptions<C, T>): FanOut<C, T> {
  let order: readonly C[] = [];
  let at = 0;
  let item: T;
  let isScheduled = false;

  const slice = (): void => {
    const untilMs = monotonicMs() + sliceMs;
    while (at < order.length) {
      give(order[at++], item);
      if (at % CLIENTS_A_LOOK === 0 && monotonicMs() >= untilMs) break;
    }
    if (at < order.length && !isScheduled) {
      isScheduled = true;
      soon(() => {
        isScheduled = false;
        slice();
      });
    }
  };

  return (clients, newest) => {
    order = inTurn([...order.slice(at), ...order.slice(0, at)], clients);
    at = 0;
    item = newest;
    slice();
  };
}

/** The clients of now in the order of before; newcomers last. */
function inTurn<C>(before: readonly C[], clients: ReadonlySet<C>): readonly C[] {
  const stayed = before.filter((client) => clients.has(client));
  if (stayed.length === clients.size) return stayed;
  const known = new Set(stayed);
  return [...stayed, ...[...clients].filter((client) => !known.has(client))];
}
