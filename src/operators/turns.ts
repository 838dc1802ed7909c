/** Who may run next, where several lanes share one engine. */
export interface Turns {
  /** Calls `go` once it is this lane's turn, perhaps at once; `go` gets what to call when its work is done.
   * @returns takes the request back, if it has not come to its turn yet */
  readonly take: (go: (done: () => void) => void) => () => void;
}

/** Every lane runs when it likes. */
export const NO_TURNS: Turns = {
  take: (go) => {
    go(() => undefined);
    return () => undefined;
  },
};

/** Lanes run one after another in the order they asked, `width` at a time. A lane asks again only when its work is done,
 * behind all who wait, so none is passed over twice: round-robin. A frame that waits for its turn in a lane's own slot may
 * be replaced by a newer one; one that waits inside the engine may not. */
export function roundRobin(width = 1): Turns {
  const queue: Array<(done: () => void) => void> = [];
  let running = 0;
  const admit = (): void => {
    while (running < width) {
      const go = queue.shift();
      if (go === undefined) return;
      running++;
      let isDone = false;
      go(() => {
        if (isDone) return;
        isDone = true;
        running--;
        admit();
      });
    }
  };
  return {
    take: (go) => {
      queue.push(go);
      admit();
      return () => {
        const at = queue.indexOf(go);
        if (at >= 0) queue.splice(at, 1);
      };
    },
  };
}
