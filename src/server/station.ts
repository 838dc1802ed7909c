import { PosestreamError } from '../domain/errors.js';
import type { Dropped, DropReason } from '../domain/outcome.js';
import { errorOf } from '../hfnet/protocol.js';
import type { Sender } from '../streams/pushed.js';
import { overCapacity } from './admission.js';
import type { OpenBus, Report, Run, StreamSpec, WorkerSetup } from './bus.js';
import type { StreamConfig } from './config.js';
import type { Control } from './control.js';
import { deferred } from './deferred.js';
import type { Gateway, GatewayStream } from './gateway.js';
import { createMapSwaps } from './mapSwaps.js';
import { newSeat, noteOutcome, type Seat } from './seat.js';
import type { ServedMap } from './servedMap.js';
import { createSupervisor, type Opened, type Outage } from './supervisor.js';
import { relayVideo } from './videoRelay.js';
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
  /** Of streams that were removed: one that comes again under the same name counts on. */
  const past = new Map<string, Pick<Seat, 'nextEpoch' | 'resetCounter'>>();
  let gateway: Gateway | null = null;
  let mapSha256 = '';
  let ids = 0;
  let closed: Promise<void> | null = null;
  const supervisor = createSupervisor(options.openBus, options.setup, { up, down, report }, options.random);
  const swaps = createMapSwaps(supervisor.send, takeMap);
  const pictures = setInterval(askPictures, PICTURES_MS);

  /** Null before the gateway has the stream: it is being opened. */
  const shown = (seat: Seat): Gateway | null => (gateway?.has(seat.config.id) ? gateway : null);
  const runOf = (seat: Seat): Run => ({ stream: seat.config.id, run: seat.run });

  function assign(seat: Seat): void {
    if (!supervisor.isUp() || seat.state !== 'idle') return;
    seat.run = ++ids;
    seat.state = 'opening';
    supervisor.send({ kind: 'assign', ...runOf(seat), spec: specOf(seat.config) });
  }

  function start(seat: Seat): void {
    if (shown(seat) === null || seat.state !== 'open') return;
    seat.state = 'running';
    seat.hasAskedPicture = false;
    const since = { epoch: seat.nextEpoch, resetCounter: seat.resetCounter + 1 };
    supervisor.send({ kind: 'start', ...runOf(seat), ...since });
  }

  /** Frames that came in and will not come out. */
  function writeOff(seat: Seat, reason: DropReason): void {
    const { id } = seat.config;
    for (const frame of shown(seat)?.inFlight(id) ?? []) {
      const outcome: Dropped = { kind: 'dropped', reason, frame, timings: {} };
      noteOutcome(seat, outcome);
      gateway?.publishOutcome(id, outcome);
    }
  }

  /** The worker has let go of it, or is gone. */
  function settle(seat: Seat, reason: DropReason): void {
    writeOff(seat, reason);
    seat.state = 'idle';
    for (const relay of seat.relays.values()) relay.out('worker gone');
    seat.relays.clear();
    seat.closing?.resolve();
    seat.closing = null;
  }

  function up({ map }: Opened): void {
    if (mapSha256 !== '' && map.sha256 !== mapSha256) gateway?.setMap(map);
    mapSha256 = map.sha256;
    for (const seat of seats.values()) if (seat.wanted) assign(seat);
  }

  function down({ attempt, inMs, why }: Outage): void {
    swaps.fail(workerAway(why));
    gateway?.noteWorkerRestart(why);
    for (const seat of seats.values()) {
      settle(seat, 'worker-lost');
      if (!seat.wanted) continue;
      shown(seat)?.publishStatus(seat.config.id, {
        ...{ kind: 'retrying', attempt, inMs, code: 'SOURCE_DOWN', message: why },
      });
    }
  }

  function report(report: Report): void {
    if (report.kind === 'swapped' || report.kind === 'notSwapped') swaps.end(report);
    if (!('run' in report)) return;
    const seat = seats.get(report.stream);
    // What was still on its way of an earlier run has been written off.
    if (seat?.run === report.run && seat.state !== 'idle') hear(seat, report);
  }

  function hear(seat: Seat, report: Extract<Report, Run>): void {
    const { id } = seat.config;
    switch (report.kind) {
      case 'assigned':
        seat.camera = report.camera;
        if (seat.state === 'opening') seat.state = 'open';
        seat.opening?.resolve(report.camera);
        start(seat);
        break;
      case 'unassigned':
        refuse(seat, errorOf(report.fault));
        break;
      case 'source':
        if (seat.state !== 'closing') shown(seat)?.publishStatus(id, report.status);
        break;
      case 'arrived':
        seat.nextEpoch = Math.max(seat.nextEpoch, report.frame.epoch + 1);
        gateway?.publishArrival(id, report.frame);
        break;
      case 'outcome':
        noteOutcome(seat, report.outcome);
        gateway?.publishOutcome(id, report.outcome);
        if (report.image === null) break;
        seat.hasAskedPicture = false;
        gateway?.publishFrame(id, report.image, report.outcome);
        break;
      case 'over':
        if (seat.state !== 'closing') seat.wanted = false;
        settle(seat, seat.state === 'closing' ? 'shutdown' : 'fault');
        break;
      case 'swallowed':
        seat.relays.get(report.sender)?.swallowed();
        break;
      case 'senderOut':
        seat.relays.get(report.sender)?.out(report.why);
        if (report.why === 'refused') seat.relays.delete(report.sender);
    }
  }

  /** Its source did not open: clients are told, or whoever asked for it. */
  function refuse(seat: Seat, error: PosestreamError): void {
    seat.wanted = false;
    seat.opening?.reject(error);
    settle(seat, 'fault');
    const { code, message, hint } = error;
    shown(seat)?.publishStatus(seat.config.id, { kind: 'failed', code, message, hint });
  }

  function askPictures(): void {
    if (gateway === null) return;
    for (const seat of seats.values()) {
      if (seat.state !== 'running' || seat.hasAskedPicture || !gateway.wantsFrame(seat.config.id)) continue;
      seat.hasAskedPicture = true;
      supervisor.send({ kind: 'picture', ...runOf(seat) });
    }
  }

  function takeVideo(seat: Seat, sender: Sender): void {
    const id = ++ids;
    const run = runOf(seat);
    const relay = relayVideo(
      sender,
      (bytes) => supervisor.send({ kind: 'bytes', ...run, sender: id, bytes }),
      () => supervisor.send({ kind: 'bytesEnd', ...run, sender: id }),
    );
    if (seat.state === 'running') seat.relays.set(id, relay);
    else relay.out('worker gone');
  }

  const gatewayStream = (seat: Seat): GatewayStream => ({
    id: seat.config.id,
    camera: seat.camera,
    truth: options.truthOf(seat.config),
    ...(seat.config.source === 'push:' ? { ingest: (sender: Sender) => takeVideo(seat, sender) } : {}),
  });

  function takeMap(map: ServedMap, path: string | null): void {
    if (path !== null) supervisor.setMap(path);
    mapSha256 = map.sha256;
    gateway?.setMap(map);
  }

  const seatOf = (id: string): Seat => {
    const seat = seats.get(id);
    if (!seat) throw new PosestreamError('E_CONFIG', `No stream is called ${id}.`);
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

  function remember({ config, nextEpoch, resetCounter }: Seat): void {
    past.delete(config.id);
    past.set(config.id, { nextEpoch, resetCounter });
    const [oldest] = past.keys();
    if (past.size > MAX_REMEMBERED) past.delete(oldest);
  }

  async function rest(seat: Seat): Promise<void> {
    seat.wanted = false;
    if (seat.state === 'idle') return;
    if (seat.state !== 'closing') supervisor.send({ kind: 'release', ...runOf(seat) });
    seat.state = 'closing';
    seat.closing ??= deferred();
    await seat.closing.promise;
    seat.opening?.reject(new PosestreamError('E_SOURCE_OPEN', `${seat.config.id} was closed meanwhile.`));
  }

  return {
    opened: supervisor.opened,
    async open(streams) {
      const taken = streams.map((stream) => newSeat(stream));
      for (const seat of taken) seats.set(seat.config.id, seat);
      for (const seat of taken) assign(seat);
      await Promise.all(taken.map((seat) => seat.opening?.promise));
      return taken.map(gatewayStream);
    },
    serve(opened) {
      gateway = opened;
      for (const seat of seats.values()) start(seat);
    },
    streams: () => served().hello().streams,
    async add(config) {
      if (served().has(config.id) || seats.has(config.id))
        throw new PosestreamError('E_CONFIG', `Stream id '${config.id}' is taken.`);
      if (seats.size >= options.maxStreams) throw overCapacity(config.id, options.maxStreams);
      requireWorker();
      const seat: Seat = { ...newSeat(config), ...past.get(config.id) };
      seats.set(config.id, seat);
      try {
        const truth = options.truthOf(config);
        assign(seat);
        await seat.opening?.promise;
        served().addStream({ ...gatewayStream(seat), truth });
      } catch (error) {
        seats.delete(config.id);
        throw error;
      }
      start(seat);
      return info(config.id);
    },
    async pause(id) {
      const seat = seatOf(id);
      await rest(seat);
      served().publishStatus(id, { kind: 'paused' });
    },
    async resume(id) {
      const seat = seatOf(id);
      if (seat.wanted) return;
      if (seat.closing) await seat.closing.promise;
      seat.wanted = true;
      seat.opening = deferred();
      served().publishStatus(id, { kind: 'connecting' });
      assign(seat);
      if (supervisor.isUp()) await seat.opening.promise;
    },
    async remove(id) {
      const seat = seats.get(id);
      if (seat) await rest(seat);
      else if (!served().has(id)) throw new PosestreamError('E_CONFIG', `No stream is called ${id}.`);
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
    for (const seat of seats.values()) settle(seat, 'shutdown');
  }
}

const workerAway = (why: string): PosestreamError =>
  new PosestreamError('E_ENGINE', why, { hint: 'Try again in a moment.' });

const specOf = (config: StreamConfig): StreamSpec => {
  const { id, source, intrinsics, realtime, loop, maxSidePx, captureClock } = config;
  return { id, source, intrinsics, realtime, loop, maxSidePx, captureClock };
};
