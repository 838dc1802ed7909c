import { availableParallelism } from 'node:os';
import { type Observable, Subject } from 'rxjs';
import { PosestreamError } from '../domain/errors.js';
import type { Outcome } from '../domain/outcome.js';
import { readTextFile } from '../map/posedFolder.js';
import { nearestPose, sortTrajectory } from '../map/trajectory.js';
import { parseTum } from '../map/tum.js';
import { admit, overCapacity, usualMaxStreams } from '../server/admission.js';
import type { WorkerSetup } from '../server/bus.js';
import { processBus } from '../server/busProcess.js';
import type { ListenConfig, StreamConfig } from '../server/configSchema.js';
import type { Control } from '../server/control.js';
import { withOutputs } from '../server/formats/outputs.js';
import {
  createGateway,
  type Gateway,
  type GatewayLimits,
  type GatewayOptions,
  type GatewayStream,
} from '../server/gateway.js';
import { type Log, toLog } from '../server/log.js';
import { createLogOutput } from '../server/logOutput.js';
import type { RestRules } from '../server/rest/rules.js';
import { createStation, type Station } from '../server/station.js';
import { systemClock } from '../streams/clock.js';
import { openLog } from './openLog.js';
import { type OutputsOptions, openOutputs } from './openOutputs.js';
import { packageVersion } from './version.js';

export interface Listen extends Partial<ListenConfig>, OutputsOptions {
  readonly port: number;
  /** Any free port will do where this one is taken. */
  readonly isPortWish?: boolean;
  readonly limits?: Partial<GatewayLimits> & { readonly maxStreams?: number };
  /** What may be named over REST; absent: nothing can be changed there. */
  readonly rules?: RestRules;
  /** Absent: what goes wrong is told as text. */
  readonly log?: Log;
}

export interface Serving {
  readonly gateway: Gateway;
  readonly control: Control;
  /** Every outcome of every stream. */
  readonly outcomes: Observable<Outcome>;
  /** Done within 2 s: the last frames are counted, clients are told, nothing is left running. */
  readonly close: () => Promise<void>;
}

const WORKER = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);

/** Starts a worker, opens every stream in it and a gateway before it. Throws what opening map, network, a source or the
 * port throws; then nothing is left running. */
export async function serveStreams(
  streams: readonly StreamConfig[],
  listen: Listen,
  setup: WorkerSetup,
  signal: AbortSignal,
): Promise<Serving> {
  const maxStreams = listen.limits?.maxStreams ?? usualMaxStreams(availableParallelism());
  const log = listen.log ?? openLog({ log: 'text', logLevel: 'warn' });
  const openBus = processBus(WORKER, toLog(log, 'worker-said'));
  const station = createStation({ openBus, setup, maxStreams, truthOf });
  const stop = (): void => void station.close();
  signal.addEventListener('abort', stop);
  try {
    return await serveStation(station, streams, { ...listen, log }, maxStreams);
  } catch (error) {
    await station.close();
    throw error;
  }
}

async function serveStation(
  station: Station,
  streams: readonly StreamConfig[],
  listen: Listen & { readonly log: Log },
  maxStreams: number,
): Promise<Serving> {
  const { admitted, refused } = admit(streams, maxStreams);
  const { map, model } = await station.opened;
  const opened = await station.open(admitted);
  const served = {
    ...{ map, model, serverVersion: packageVersion() },
    streams: [...opened, ...refused.map(({ id }) => ({ id }))],
  };
  const { log } = listen;
  const outputs = [...(await openOutputs(listen, served, log)), createLogOutput(log)];
  const changes = listen.rules ? { control: station, rules: listen.rules } : undefined;
  const onWarning = toLog(log, 'warning');
  const bare = await createGatewayAt({ ...listen, ...served, changes, onWarning }, listen.isPortWish);
  const outcomes = new Subject<Outcome>();
  const heard = withOutputs(bare, outputs, systemClock.nowMs);
  const gateway: Gateway = {
    ...heard,
    publishOutcome(id, outcome) {
      heard.publishOutcome(id, outcome);
      outcomes.next(outcome);
    },
  };
  for (const { id } of refused) {
    const { code, message, hint } = overCapacity(id, maxStreams);
    gateway.publishStatus(id, { kind: 'failed', code, message, hint });
  }
  station.serve(gateway);
  const close = async (): Promise<void> => {
    await station.close();
    await gateway.close();
  };
  return { gateway, control: station, outcomes, close };
}

async function createGatewayAt(options: GatewayOptions, isPortWish = false): Promise<Gateway> {
  try {
    return await createGateway(options);
  } catch (error) {
    const isTaken = error instanceof PosestreamError && error.code === 'E_PORT_IN_USE';
    if (!isTaken || !isPortWish) throw error;
    return createGateway({ ...options, port: 0 });
  }
}

function truthOf({ reference }: StreamConfig): GatewayStream['truth'] {
  if (reference === undefined) return undefined;
  const truth = sortTrajectory(parseTum(readTextFile(reference), reference), reference);
  return (frame) => nearestPose(truth, frame.timestampS)?.worldFromCam ?? null;
}
