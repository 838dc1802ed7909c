import { PosestreamError } from '../domain/errors.js';
import type { ModelIdentity } from '../domain/features.js';
import { errorOf, type Fault } from '../hfnet/protocol.js';
import { backoffMs } from '../streams/backoff.js';
import { type Bus, HEARTBEAT_MS, type OpenBus, type Order, type Report, type WorkerSetup } from './bus.js';
import { deferred } from './deferred.js';
import type { ServedMap } from './servedMap.js';

/** What a worker has, once it can work. */
export interface Opened {
  readonly map: ServedMap;
  readonly model: ModelIdentity;
}

/** No worker is there; the next one begins after `inMs`. */
export interface Outage {
  /** From 1; counts on while workers do not last. */
  readonly attempt: number;
  readonly inMs: number;
  /** For a person. */
  readonly why: string;
}

export interface SupervisorEvents {
  /** A worker can work; it has no streams yet. */
  readonly up: (opened: Opened) => void;
  readonly down: (outage: Outage) => void;
  /** From the worker that is there now, while it is up. */
  readonly report: (report: Report) => void;
}

/** Sees to it that there is a worker. */
export interface Supervisor {
  /** The first worker. Rejects with what kept it from starting; then there is no second. */
  readonly opened: Promise<Opened>;
  isUp(): boolean;
  /** To the worker; lost where none is up. */
  send(order: Order): void;
  /** Workers to come open this map. */
  setMap(path: string): void;
  /** Resolves when the worker is gone, within a second. */
  stop(): Promise<void>;
}

/** Heartbeats missed until a worker is taken for hung, and while it loads a map and may be busy for long. Counted in
 * beats of our own, so that a machine that slept kills nobody. */
const MISSED = { working: 8, loading: 240 } as const;
/** A worker that lasted so long died of something new. */
const STEADY_MS = 5000;
const STOP_MS = 900;

/** @param random in [0, 1), spreads the retries */
export function createSupervisor(
  openBus: OpenBus,
  setup: WorkerSetup,
  events: SupervisorEvents,
  random: () => number = Math.random,
): Supervisor {
  let { mapPath } = setup;
  let bus: Bus | null = null;
  let worker = 0;
  let isUp = false;
  let wasUp = false;
  let upSinceMs = 0;
  let loads = 0;
  let missed = 0;
  let failures = 0;
  let why: string | null = null;
  let fault: Fault | null = null;
  let retry: NodeJS.Timeout | undefined;
  let stopped: (() => void) | null = null;
  const first = deferred<Opened>();
  const heart = setInterval(listen, HEARTBEAT_MS);
  begin();

  function begin(): void {
    const mine = ++worker;
    [missed, loads, why, fault] = [0, 1, null, null];
    bus = openBus({
      report: (report) => mine === worker && take(report),
      ended: (how) => mine === worker && lose(how),
    });
    bus.send({ kind: 'open', mapPath, modelPath: setup.modelPath });
  }

  function take(report: Report): void {
    missed = 0;
    if (report.kind === 'opened') rise(report);
    else if (report.kind === 'failed') endFailed(report.fault);
    else if (report.kind !== 'alive') {
      if (report.kind === 'swapped' || report.kind === 'notSwapped') loads--;
      events.report(report);
    }
  }

  function rise({ map, model }: Opened): void {
    loads--;
    [isUp, wasUp, upSinceMs] = [true, true, performance.now()];
    first.resolve({ map, model });
    events.up({ map, model });
  }

  /** A call that hangs in its network, or a decoder, would keep it from ending by itself. */
  function endFailed(failed: Fault): void {
    fault = failed;
    bus?.kill();
  }

  function listen(): void {
    if (bus === null || ++missed <= (loads > 0 ? MISSED.loading : MISSED.working)) return;
    why ??= `said nothing for ${(missed * HEARTBEAT_MS) / 1000} s and was ended`;
    bus.kill();
  }

  function lose(how: string): void {
    const lasted = isUp && performance.now() - upSinceMs >= STEADY_MS;
    [bus, isUp] = [null, false];
    const reason = fault ? `failed: ${fault.message}` : (why ?? `ended ${how}`);
    if (stopped !== null) stopped();
    else if (wasUp) recover(reason, lasted);
    else giveUp(reason);
  }

  function recover(reason: string, lasted: boolean): void {
    failures = lasted ? 1 : failures + 1;
    const inMs = backoffMs(failures, random());
    retry = setTimeout(begin, inMs);
    events.down({ attempt: failures, inMs, why: `The worker ${reason}.` });
  }

  /** Nothing ever worked: a second try would not either. */
  function giveUp(reason: string): void {
    clearInterval(heart);
    first.reject(fault ? errorOf(fault) : new PosestreamError('E_INTERNAL', `The worker ${reason}.`));
  }

  return {
    opened: first.promise,
    isUp: () => isUp,
    send: (order) => {
      if (order.kind === 'swapMap' && isUp) loads++;
      if (isUp) bus?.send(order);
    },
    setMap: (path) => {
      mapPath = path;
    },
    stop: () =>
      new Promise((resolve) => {
        clearInterval(heart);
        clearTimeout(retry);
        if (bus === null) return resolve();
        const killer = setTimeout(() => bus?.kill(), STOP_MS);
        stopped = () => {
          clearTimeout(killer);
          first.reject(new PosestreamError('E_INTERNAL', 'The worker was stopped before it could work.'));
          resolve();
        };
        bus.send({ kind: 'stop' });
      }),
  };
}
