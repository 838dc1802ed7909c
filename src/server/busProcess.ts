import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { guardOrphan } from '../streams/orphanGuard.js';
import type { OpenBus, Order, Report } from './bus.js';

const MAX_SAID = 4096;

/** Workers as processes of their own, over Node's IPC channel. None outlives this process, however it ends.
 * @param module  runs `answerOrders`
 * @param said  told what a worker writes on stderr: what a library complains of, what an uncaught error was */
export function processBus(module: URL, said: (text: string) => void): OpenBus {
  const fromSources = module.pathname.endsWith('.ts');
  const execArgv = fromSources ? ['--import', import.meta.resolve('tsx')] : [];
  return ({ report, ended }) => {
    const child = fork(fileURLToPath(module), [], {
      ...{ serialization: 'advanced', execArgv, stdio: ['ignore', 'inherit', 'pipe', 'ipc'] },
    });
    const forget = child.pid === undefined ? () => undefined : guardOrphan(child.pid);
    child.stderr?.setEncoding('utf8').on('data', (text: string) => said(text.trim().slice(0, MAX_SAID)));
    child.on('message', (message) => report(message as Report));
    child.on('error', () => undefined);
    const exited = new Promise<string>((resolve) => {
      child.once('exit', (code, signal) => resolve(signal ? `by ${signal}` : `with code ${code}`));
      child.once('error', ({ message }) => child.pid === undefined && resolve(`: ${message}`));
    });
    // What it said last comes through the channel, perhaps after its end.
    const silent = child.connected ? once(child, 'disconnect') : Promise.resolve();
    void exited.then(async (how) => {
      forget();
      await silent;
      ended(how);
    });
    return {
      send: (order) => {
        if (child.connected) child.send(order, () => undefined);
      },
      kill: () => void child.kill('SIGKILL'),
    };
  };
}

/** The worker process's end of the channel. Without its gateway it has no business.
 * @param start  gets where to report to and how to leave; returns what takes orders */
export function answerOrders(
  start: (report: (report: Report) => void, leave: () => void) => (order: Order) => void,
): void {
  const dieWithGateway = (): void => void process.kill(process.pid, 'SIGKILL');
  const leave = (): void => {
    process.off('disconnect', dieWithGateway);
    if (process.connected) process.disconnect();
  };
  const report = (report: Report): void => {
    if (process.connected) process.send?.(report, undefined, undefined, () => undefined);
  };
  const take = start(report, leave);
  process.on('disconnect', dieWithGateway);
  process.on('message', (order) => take(order as Order));
  // Ctrl-C in a terminal reaches it too; the gateway says when to stop.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => take({ kind: 'stop' }));
}
