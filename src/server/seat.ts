import type { Camera } from '../domain/camera.js';
import { PosestreamError } from '../domain/errors.js';
import type { DropReason, Outcome } from '../domain/outcome.js';
import { errorOf } from '../hfnet/protocol.js';
import type { Sender } from '../streams/pushed.js';
import type { Order, Report, Run, StreamSpec } from './bus.js';
import type { StreamConfig } from './config.js';
import { type Deferred, deferred } from './deferred.js';
import type { Gateway } from './gateway.js';
import type { Outage } from './supervisor.js';
import { relayVideo, type VideoRelay } from './videoRelay.js';

/** A stream's place in the gateway: it stays while workers come and go, and holds what the stream should be doing
 * against what the worker has been told of it. */
export interface Seat {
  readonly config: StreamConfig;
  camera(): Camera | undefined;
  /** Whether it should run, whatever it does yet. */
  isWanted(): boolean;
  counts(): SeatCounts;
  /** Rejects with what opening its source throws. */
  opened(): Promise<void>;
  /** A worker that is up opens its source, where the stream should run and does not. */
  assign(): void;
  /** Frames flow, once its source is open and the gateway has the stream. */
  start(): void;
  hear(report: StreamReport): void;
  /** Its worker is gone; the next one gets the stream again. */
  lose(outage: Outage): void;
  /** Its worker is gone for good. */
  end(): void;
  /** Resolves when the worker has let go of the stream. */
  rest(): Promise<void>;
  /** Resolves when the source is open again, or at once where no worker is up; waits for one that is still closing. Rejects
   * with what opening throws, or where it was asked to rest meanwhile. */
  resume(): Promise<void>;
  /** Asks for the next frame's picture, where somebody wants to see it. */
  askPicture(): void;
  takeVideo(sender: Sender): void;
}

/** What clients have seen of a stream; one that comes again under the same name counts on. */
export interface SeatCounts {
  /** First epoch that no client has seen. */
  readonly nextEpoch: number;
  readonly resetCounter: number;
}

export type StreamReport = Extract<Report, Run>;

export interface SeatLink {
  readonly isUp: () => boolean;
  /** To the worker. */
  readonly send: (order: Order) => void;
  /** Of a run or a sender; never given twice. */
  readonly nextId: () => number;
  /** Null before it is open. */
  readonly gateway: () => Gateway | null;
}

export function createSeat(config: StreamConfig, link: SeatLink, counts?: SeatCounts): Seat {
  const { id } = config;
  const relays = new Map<number, VideoRelay>();
  let { nextEpoch, resetCounter } = counts ?? { nextEpoch: 0, resetCounter: -1 };
  /** What the worker was told last of it. */
  let state: 'idle' | 'opening' | 'open' | 'running' | 'closing' = 'idle';
  /** What it should be doing. */
  let isWanted = true;
  let run = 0;
  let camera: Camera | undefined;
  let opening = deferred<void>();
  let closing: Deferred<void> | null = null;
  let hasAskedPicture = false;

  /** Null before the gateway has the stream: it is being opened. */
  const shown = (): Gateway | null => (link.gateway()?.has(id) ? link.gateway() : null);
  const thisRun = (): Run => ({ stream: id, run });

  function assign(): void {
    if (!isWanted || !link.isUp() || state !== 'idle') return;
    run = link.nextId();
    state = 'opening';
    link.send({ kind: 'assign', ...thisRun(), spec: specOf(config) });
  }

  function start(): void {
    if (shown() === null || state !== 'open') return;
    state = 'running';
    hasAskedPicture = false;
    link.send({ kind: 'start', ...thisRun(), epoch: nextEpoch, resetCounter: resetCounter + 1 });
  }

  function publish(outcome: Outcome): void {
    nextEpoch = Math.max(nextEpoch, outcome.frame.epoch + 1);
    if (outcome.kind !== 'dropped') resetCounter = Math.max(resetCounter, outcome.resetCounter);
    link.gateway()?.publishOutcome(id, outcome);
  }

  /** The worker has let go of it, or is gone: frames that came in and will not come out are written off. */
  function settle(reason: DropReason): void {
    for (const frame of shown()?.inFlight(id) ?? []) publish({ kind: 'dropped', reason, frame, timings: {} });
    state = 'idle';
    for (const relay of relays.values()) relay.out('worker gone');
    relays.clear();
    closing?.resolve();
    closing = null;
  }

  function hear(report: StreamReport): void {
    // What was still on its way of an earlier run has been written off.
    if (report.run !== run || state === 'idle') return;
    switch (report.kind) {
      case 'assigned':
        camera = report.camera;
        if (state === 'opening') state = 'open';
        opening.resolve();
        start();
        break;
      case 'unassigned':
        refuse(errorOf(report.fault));
        break;
      case 'source':
        if (state !== 'closing') shown()?.publishStatus(id, report.status);
        break;
      case 'arrived':
        nextEpoch = Math.max(nextEpoch, report.frame.epoch + 1);
        link.gateway()?.publishArrival(id, report.frame);
        break;
      case 'outcome':
        publish(report.outcome);
        if (report.image === null) break;
        hasAskedPicture = false;
        link.gateway()?.publishFrame(id, report.image, report.outcome);
        break;
      case 'over':
        if (state !== 'closing') isWanted = false;
        settle(state === 'closing' ? 'shutdown' : 'fault');
        break;
      case 'swallowed':
        relays.get(report.sender)?.swallowed();
        break;
      case 'senderOut':
        relays.get(report.sender)?.out(report.why);
        if (report.why === 'refused') relays.delete(report.sender);
    }
  }

  /** Its source did not open: clients are told, or whoever asked for it. */
  function refuse(error: PosestreamError): void {
    if (state !== 'closing') isWanted = false;
    opening.reject(error);
    settle('fault');
    const { code, message, hint } = error;
    shown()?.publishStatus(id, { kind: 'failed', code, message, hint });
  }

  return {
    config,
    camera: () => camera,
    isWanted: () => isWanted,
    counts: () => ({ nextEpoch, resetCounter }),
    opened: () => opening.promise,
    ...{ assign, start, hear },
    lose({ attempt, inMs, why }) {
      settle('worker-lost');
      const status = { kind: 'retrying', attempt, inMs, code: 'SOURCE_DOWN', message: why } as const;
      if (isWanted) shown()?.publishStatus(id, status);
    },
    end: () => settle('shutdown'),
    async rest() {
      isWanted = false;
      if (state === 'idle') return;
      if (state !== 'closing') link.send({ kind: 'release', ...thisRun() });
      state = 'closing';
      closing ??= deferred();
      const closed = opening;
      await closing.promise;
      closed.reject(closedMeanwhile(id));
    },
    async resume() {
      if (isWanted) return;
      isWanted = true;
      if (closing) await closing.promise;
      // Who asked for it to rest after this had the last word.
      if (!isWanted) throw closedMeanwhile(id);
      if (state === 'idle') {
        opening = deferred();
        shown()?.publishStatus(id, { kind: 'connecting' });
        assign();
      }
      if (link.isUp()) await opening.promise;
    },
    askPicture() {
      if (state !== 'running' || hasAskedPicture || !link.gateway()?.wantsFrame(id)) return;
      hasAskedPicture = true;
      link.send({ kind: 'picture', ...thisRun() });
    },
    takeVideo(sender) {
      const mine = { ...thisRun(), sender: link.nextId() };
      const relay = relayVideo(
        sender,
        (bytes) => link.send({ kind: 'bytes', ...mine, bytes }),
        () => link.send({ kind: 'bytesEnd', ...mine }),
      );
      if (state === 'running') relays.set(mine.sender, relay);
      else relay.out('worker gone');
    },
  };
}

const closedMeanwhile = (id: string): PosestreamError =>
  new PosestreamError('E_SOURCE_OPEN', `${id} was closed meanwhile.`);

const specOf = (config: StreamConfig): StreamSpec => {
  const { id, source, intrinsics, realtime, loop, maxSidePx, captureClock } = config;
  return { id, source, intrinsics, realtime, loop, maxSidePx, captureClock };
};
