import type { OpenBus, Order, Report } from './bus.js';

/** A worker within this process, for tests and for use as a library: the same messages, copied as a process would.
 * @param start  as of `answerOrders` */
export function inProcessBus(
  start: (report: (report: Report) => void, leave: () => void) => (order: Order) => void,
): OpenBus {
  return (events) => {
    let isOver = false;
    const end = (how: string): void => {
      if (isOver) return;
      isOver = true;
      setImmediate(() => events.ended(how));
    };
    const report = (report: Report): void => {
      const copy = structuredClone(report);
      setImmediate(() => isOver || events.report(copy));
    };
    const take = start(report, () => setImmediate(() => end('with code 0')));
    return {
      send: (order) => {
        const copy = structuredClone(order);
        setImmediate(() => isOver || take(copy));
      },
      kill: () => {
        take({ kind: 'stop' });
        end('by SIGKILL');
      },
    };
  };
}
