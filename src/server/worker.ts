import { PosestreamError } from '../domain/errors.js';
import { faultOf } from '../hfnet/protocol.js';
import type { Localizer } from '../operators/localizer.js';
import { HEARTBEAT_MS, type Order, type Report, type WorkerSetup } from './bus.js';
import { type Lane, type OpenSource, openLane } from './lane.js';
import { servedMapOf } from './servedMap.js';

/** A localizer whose map can be changed for another while it works. */
export interface LiveLocalizer {
  readonly now: () => Localizer;
  /** Loads and checks the map beside the old one and takes it, with nothing running: `quiet` resolves to how to go on. */
  readonly swap: (mapPath: string, quiet: () => Promise<() => void>) => Promise<void>;
  /** What `localizer.turns` waits at. */
  readonly gate: { readonly shut: () => void; readonly open: () => void };
  readonly close: () => Promise<void>;
}

export interface WorkerTools {
  readonly openLocalizer: (setup: WorkerSetup) => Promise<LiveLocalizer>;
  readonly openSource: OpenSource;
  /** Called once, when the work is over. */
  readonly end: () => void;
}

/** Pictures the network fails on in a row until it is taken to be broken. */
const FAULTS_IN_A_ROW = 3;

/** The worker's side of the bus: it holds map, network and streams, and nothing that matters when it dies.
 * @returns takes the gateway's orders, in their order */
export function startWorker(report: (report: Report) => void, tools: WorkerTools): (order: Order) => void {
  const lanes = new Map<number, Lane>();
  const working = new Set<number>();
  let localizer: LiveLocalizer | null = null;
  let whenQuiet: (() => void) | null = null;
  let faults = 0;
  let isEnding = false;
  let swaps: Promise<unknown> = Promise.resolve();
  const heart = setInterval(() => report({ kind: 'alive' }), HEARTBEAT_MS);

  async function open(setup: WorkerSetup): Promise<void> {
    localizer = await tools.openLocalizer(setup);
    const { map, engine } = localizer.now();
    report({ kind: 'opened', map: servedMapOf(map), model: engine.model });
  }

  /** Whoever is left is counted by the gateway; what comes next is a new worker. */
  function fail(error: unknown): void {
    if (isEnding) return;
    isEnding = true;
    report({ kind: 'failed', fault: faultOf(error) });
    end();
  }

  function end(): void {
    clearInterval(heart);
    tools.end();
  }

  function setWorking(run: number, isWorking: boolean): void {
    if (isWorking) working.add(run);
    else working.delete(run);
    if (working.size === 0) whenQuiet?.();
  }

  /** Between two frames: nobody begins, and all have come out. */
  async function quiet(gate: LiveLocalizer['gate']): Promise<() => void> {
    gate.shut();
    if (working.size > 0)
      await new Promise<void>((resolve) => {
        whenQuiet = resolve;
      });
    whenQuiet = null;
    return gate.open;
  }

  function judge(kind: 'good' | 'fault' | 'other'): void {
    if (kind !== 'other') faults = kind === 'fault' ? faults + 1 : 0;
    if (faults < FAULTS_IN_A_ROW) return;
    const message = `The network gave no finite answer for ${faults} pictures in a row.`;
    fail(new PosestreamError('E_MODEL_NONFINITE', message));
  }

  function assign({ stream, run, spec }: Extract<Order, { kind: 'assign' }>): void {
    const current = localizer;
    if (current === null) return;
    const tell = (told: Report): void => {
      if (told.kind === 'over' || told.kind === 'unassigned') lanes.delete(run);
      report(told);
    };
    const lane = openLane({
      ...{ stream, run, spec, report: tell, openSource: tools.openSource, localizer: current.now },
      working: (isWorking) => setWorking(run, isWorking),
      onOutcome: judge,
      onFault: (error) => error.code === 'E_ENGINE' && fail(error),
    });
    lanes.set(run, lane);
  }

  async function swap(id: number, path: string): Promise<void> {
    const current = localizer;
    if (current === null) return;
    try {
      await current.swap(path, () => quiet(current.gate));
      report({ kind: 'swapped', id, map: servedMapOf(current.now().map) });
    } catch (error) {
      report({ kind: 'notSwapped', id, fault: faultOf(error) });
    }
  }

  async function stop(): Promise<void> {
    if (isEnding) return;
    isEnding = true;
    await Promise.all([...lanes.values()].map((lane) => lane.close()));
    await localizer?.close();
    end();
  }

  return (order) => {
    switch (order.kind) {
      case 'open':
        open(order).catch(fail);
        return;
      case 'assign':
        return assign(order);
      case 'start':
        return lanes.get(order.run)?.start(order);
      case 'release':
        return void lanes.get(order.run)?.close();
      case 'picture':
        return lanes.get(order.run)?.wantPicture();
      case 'bytes':
        return lanes.get(order.run)?.intake?.bytes(order.sender, order.bytes);
      case 'bytesEnd':
        return lanes.get(order.run)?.intake?.end(order.sender);
      case 'swapMap':
        swaps = swaps.then(() => swap(order.id, order.path));
        return;
      case 'stop':
        return void stop();
    }
  };
}
