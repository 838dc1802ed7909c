import { PosestreamError } from '../domain/errors.js';
import type { Sender } from '../streams/pushed.js';
import { overCapacity } from './admission.js';
import type { OpenBus, Report, WorkerSetup } from './bus.js';
import type { StreamConfig } from './config.js';
import type { Control } from './control.js';
import type { Gateway, GatewayStream } from './gateway.js';
import { createMapSwaps } from './mapSwaps.js';
import { createSeat, type Seat, type SeatCounts } from './seat.js';
import type { ServedMap } from './servedMap.js';
import { createSupervisor, type Opened, type Outage } from './supervisor.js';
import type { HelloMessage, StreamInfo } from './wire.js';

/** The gateway's side of the work: it keeps the books and the wishes, the worker does what it is told. Every change of a
 * running server goes through here. */
export interface Station extends Control {
  /** Map and network of the first worker; rejects with what kept it from starting. */
  readonly opened: Promise<Opened>;
  /** Before `serve`: opens these sources. Rejects with what opening the first of them throws. */
  open(streams: readonly StreamConfig[]): Promise<GatewayStream[]>;
  /** From now on this gateway is told everything, and frames flow. */
  serve(gateway: Gateway): void;
  /** The worker's streams end, their last frames are counted, then it goes; within a second. */
  close(): Promise<void>;
}

export interface StationOptions {
  readonly openBus: OpenBus;
  readonly setup: WorkerSetup;
  readonly maxStreams: number;
  /** Reference trajectory of a stream, where it names one. */
  readonly truthOf: (stream: StreamConfig) => GatewayStream['truth'];
  readonly random?: () => number;
}

/** How often it is looked whether somebody wants a picture. */
const PICTURES_MS = 20;
const MAX_REMEMBERED = 1024;

export function createStation(options: StationOptions): Station {
  const seats = new Map<string, Seat>();
  /** Of streams that were removed. */
  const past = new Map<string, SeatCounts>();
  let gateway: Gateway | null = null;
  let mapSha256 = '';
  let ids = 0;
  let closed: Promise<void> | null = null;
  const supervisor = createSupervisor(options.openBus, options.setup, { up, down, report }, options.random);
  const swaps = createMapSwaps(supervisor.send, takeMap);
  const pictures = setInterval(() => {
    for (const seat of seats.values()) seat.askPicture();
  }, PICTURES_MS);

  function up({ map }: Opened): void {
    if (mapSha256 !== '' && map.sha256 !== mapSha256) gateway?.setMap(map);
    mapSha256 = map.sha256;
    for (const seat of seats.values()) seat.assign();
  }

  function down(outage: Outage): void {
    swaps.fail(workerAway(outage.why));
    gateway?.noteWorkerRestart(outage.why);
    for (const seat of seats.values()) seat.lose(outage);
  }

  function report(report: Report): void {
    if (report.kind === 'swapped' || report.kind === 'notSwapped') swaps.end(report);
    if ('run' in report) seats.get(report.stream)?.hear(report);
  }

  function takeMap(map: ServedMap, path: string | null): void {
    if (path !== null) supervisor.setMap(path);
    mapSha256 = map.sha256;
    gateway?.setMap(map);
  }

  function take(config: StreamConfig): Seat {
    const link = {
      isUp: supervisor.isUp,
      send: supervisor.send,
      nextId: () => ++ids,
      gateway: () => gateway,
    };
    const seat = createSeat(config, link, past.get(config.id));
    seats.set(config.id, seat);
    return seat;
  }

  const gatewayStream = (seat: Seat): GatewayStream => ({
    id: seat.config.id,
    camera: seat.camera(),
    truth: options.truthOf(seat.config),
    ...(seat.config.source === 'push:' ? { ingest: (sender: Sender) => seat.takeVideo(sender) } : {}),
  });

  const seatOf = (id: string): Seat => {
    const seat = seats.get(id);
    if (!seat) throw unknownStream(id);
    return seat;
  };

  const served = (): Gateway => {
    if (gateway === null) throw new PosestreamError('E_INTERNAL', 'The gateway is not open yet.');
    return gateway;
  };

  const requireWorker = (): void => {
    if (!supervisor.isUp()) throw workerAway('The worker is being started.');
  };

  const info = (id: string): StreamInfo => {
    const found = served()
      .hello()
      .streams.find((stream) => stream.id === id);
    if (!found) throw new PosestreamError('E_INTERNAL', `Stream ${id} is not served.`);
    return found;
  };

  function remember({ config, counts }: Seat): void {
    past.delete(config.id);
    past.set(config.id, counts());
    const [oldest] = past.keys();
    if (past.size > MAX_REMEMBERED) past.delete(oldest);
  }

  return {
    opened: supervisor.opened,
    async open(streams) {
      const taken = streams.map(take);
      for (const seat of taken) seat.assign();
      await Promise.all(taken.map((seat) => seat.opened()));
      return taken.map(gatewayStream);
    },
    serve(opened) {
      gateway = opened;
      for (const seat of seats.values()) seat.start();
    },
    streams: () => served().hello().streams,
    async add(config) {
      if (served().has(config.id) || seats.has(config.id))
        throw new PosestreamError('E_CONFIG', `Stream id '${config.id}' is taken.`);
      if (seats.size >= options.maxStreams) throw overCapacity(config.id, options.maxStreams);
      requireWorker();
      const seat = take(config);
      try {
        const truth = options.truthOf(config);
        seat.assign();
        await seat.opened();
        served().addStream({ ...gatewayStream(seat), truth });
      } catch (error) {
        seats.delete(config.id);
        throw error;
      }
      seat.start();
      return info(config.id);
    },
    async pause(id) {
      const seat = seatOf(id);
      await seat.rest();
      if (!seat.isWanted()) served().publishStatus(id, { kind: 'paused' });
    },
    resume: async (id) => seatOf(id).resume(),
    async remove(id) {
      const seat = seats.get(id);
      if (seat) await seat.rest();
      else if (!served().has(id)) throw unknownStream(id);
      if (seat) remember(seat);
      seats.delete(id);
      served().removeStream(id);
    },
    async swapMap(path): Promise<HelloMessage['map']> {
      requireWorker();
      await swaps.begin(++ids, path);
      return served().hello().map;
    },
    readiness: () =>
      supervisor.isUp()
        ? { isReady: true, missing: [] }
        : { isReady: false, missing: ['The worker is being started.'] },
    close: () => (closed ??= close()),
  };

  async function close(): Promise<void> {
    clearInterval(pictures);
    await supervisor.stop();
    for (const seat of seats.values()) seat.end();
  }
}

const workerAway = (why: string): PosestreamError =>
  new PosestreamError('E_ENGINE', why, { hint: 'Try again in a moment.' });

const unknownStream = (id: string): PosestreamError =>
  new PosestreamError('E_CONFIG', `No stream is called ${id}.`);
