const MAX_INTERVAL_MS = 2000;

/** Draws when something changed and at most `maxHz` times a second; a hidden page draws nothing. Where the browser
 * itself is late (software rendering, a busy machine), it draws less often, so that the numbers stay current. */
export function createRedraw(draw: () => void, maxHz = 15): { request(): void; stop(): void } {
  let lastMs = Number.NEGATIVE_INFINITY;
  let intervalMs = 1000 / maxHz;
  let frame = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function schedule(): void {
    const askedMs = performance.now();
    frame = requestAnimationFrame(() => {
      frame = 0;
      lastMs = performance.now();
      intervalMs = Math.min(MAX_INTERVAL_MS, Math.max(1000 / maxHz, 2 * (lastMs - askedMs)));
      draw();
    });
  }

  return {
    request() {
      if (frame !== 0 || timer !== undefined) return;
      const waitMs = lastMs + intervalMs - performance.now();
      if (waitMs <= 0) schedule();
      else
        timer = setTimeout(() => {
          timer = undefined;
          schedule();
        }, waitMs);
    },
    stop() {
      cancelAnimationFrame(frame);
      clearTimeout(timer);
    },
  };
}
