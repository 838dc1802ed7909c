/** Waits for a condition, not for a time; fails after a minute. */
export async function until(ready: () => boolean, what: string): Promise<void> {
  const deadlineMs = performance.now() + 60_000;
  while (!ready()) {
    if (performance.now() > deadlineMs) throw new Error(`no ${what} within a minute`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
