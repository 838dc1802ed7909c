/** Draws when something changed and at most `maxHz` times a second; a hidden page draws nothing. */
export function createRedraw(draw: () => void, maxHz = 15): { request(): void; stop(): void } {
  let lastMs = Number.NEGATIVE_INFINITY;
  let frame = 0;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function schedule(): void {
    frame = requestAnimationFrame(() => {
      frame = 0;
      lastMs = performance.now();
      draw();
    });
  }

  return {
    request() {
      if (frame !== 0 || timer !== undefined) return;
      const waitMs = lastMs + 1000 / maxHz - performance.now();
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
