import type { Camera } from '../domain/camera.js';
import type { Outcome } from '../domain/outcome.js';
import type { StreamConfig } from './config.js';
import { type Deferred, deferred } from './deferred.js';
import type { VideoRelay } from './videoRelay.js';

/** A stream's place in the gateway: it stays while workers come and go. */
export interface Seat {
  readonly config: StreamConfig;
  /** What the worker was told last of it. */
  state: 'idle' | 'opening' | 'open' | 'running' | 'closing';
  /** What it should be doing: a worker to come gets the streams that should run. */
  wanted: boolean;
  run: number;
  /** First epoch that no client has seen. */
  nextEpoch: number;
  resetCounter: number;
  camera: Camera | undefined;
  /** Settled when the source is open, or is not. */
  opening: Deferred<Camera> | null;
  /** Settled when the worker has let go of it. */
  closing: Deferred<void> | null;
  hasAskedPicture: boolean;
  readonly relays: Map<number, VideoRelay>;
}

export const newSeat = (config: StreamConfig): Seat => ({
  ...{ config, state: 'idle', wanted: true, run: 0, nextEpoch: 0, resetCounter: -1, camera: undefined },
  ...{ opening: deferred<Camera>(), closing: null, hasAskedPicture: false, relays: new Map() },
});

/** What clients will have seen of it after this outcome. */
export function noteOutcome(seat: Seat, outcome: Outcome): void {
  seat.nextEpoch = Math.max(seat.nextEpoch, outcome.frame.epoch + 1);
  if (outcome.kind !== 'dropped') seat.resetCounter = Math.max(seat.resetCounter, outcome.resetCounter);
}
