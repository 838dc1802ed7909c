import type { Camera } from '../domain/camera.js';
import type { GrayImage, ModelIdentity } from '../domain/features.js';
import type { FrameId } from '../domain/frame.js';
import type { Outcome } from '../domain/outcome.js';
import type { Fault } from '../hfnet/protocol.js';
import type { ServedMap } from './servedMap.js';
import type { SourceStatus } from './wire.js';

/** What a worker works with. Paths are absolute. */
export interface WorkerSetup {
  readonly mapPath: string;
  readonly modelPath: string;
}

/** A stream as the worker opens it. Paths are absolute. */
export interface StreamSpec {
  readonly id: string;
  readonly source: string;
  readonly intrinsics?: string;
  readonly realtime: boolean;
  readonly loop: boolean;
  readonly maxSidePx?: number;
  readonly captureClock?: 'camera' | 'arrival';
}

/** One opening of a stream. Nothing that is said of another run of it counts any more. */
export interface Run {
  readonly stream: string;
  /** Never given twice by one gateway. */
  readonly run: number;
}

/** From the gateway. All of it is plain data that survives the way to another process. */
export type Order =
  | ({ readonly kind: 'open' } & WorkerSetup)
  /** Answered by `assigned` or `unassigned`. Frames wait for `start`. */
  | ({ readonly kind: 'assign'; readonly spec: StreamSpec } & Run)
  /** Epochs and the reset counter count on from here: no client has seen these before. */
  | ({ readonly kind: 'start'; readonly epoch: number; readonly resetCounter: number } & Run)
  | ({ readonly kind: 'release' } & Run)
  /** The next frame's picture is wanted with its outcome; once. */
  | ({ readonly kind: 'picture' } & Run)
  /** Bytes of a client's video, in pieces; each is answered by `swallowed`. */
  | ({ readonly kind: 'bytes'; readonly sender: number; readonly bytes: Uint8Array } & Run)
  | ({ readonly kind: 'bytesEnd'; readonly sender: number } & Run)
  /** Answered by `swapped` or `notSwapped`. */
  | { readonly kind: 'swapMap'; readonly id: number; readonly path: string }
  /** Sources end, frames under way come out, then the worker ends. */
  | { readonly kind: 'stop' };

/** Another sender took its place, nothing could be made of its bytes, or they were not at fault. */
export type SenderOut = 'replaced' | 'refused' | 'stopped';

/** From the worker. */
export type Report =
  | { readonly kind: 'opened'; readonly map: ServedMap; readonly model: ModelIdentity }
  /** It cannot work, now or any more, and ends. */
  | { readonly kind: 'failed'; readonly fault: Fault }
  | ({ readonly kind: 'assigned'; readonly camera: Camera } & Run)
  | ({ readonly kind: 'unassigned'; readonly fault: Fault } & Run)
  | ({ readonly kind: 'source'; readonly status: SourceStatus } & Run)
  /** A frame came in at the door: the gateway keeps the books, whatever becomes of the worker. */
  | ({ readonly kind: 'arrived'; readonly frame: FrameId } & Run)
  | ({ readonly kind: 'outcome'; readonly outcome: Outcome; readonly image: GrayImage | null } & Run)
  /** No frame of this run will come out any more. */
  | ({ readonly kind: 'over' } & Run)
  /** Another piece of a sender's bytes was taken. */
  | ({ readonly kind: 'swallowed'; readonly sender: number } & Run)
  | ({ readonly kind: 'senderOut'; readonly sender: number; readonly why: SenderOut } & Run)
  | { readonly kind: 'swapped'; readonly id: number; readonly map: ServedMap }
  | { readonly kind: 'notSwapped'; readonly id: number; readonly fault: Fault }
  /** Nothing is said but that it lives. */
  | { readonly kind: 'alive' };

/** The gateway's end of the one boundary between it and a worker. */
export interface Bus {
  /** Orders arrive in the order they were sent, or the worker is gone and `ended` is told. Never throws. */
  send(order: Order): void;
  /** Ends the worker at once, whatever it does. */
  kill(): void;
}

export interface BusEvents {
  readonly report: (report: Report) => void;
  /** Told once, last. @param how for a person, as `by SIGKILL` */
  readonly ended: (how: string) => void;
}

/** Begins a worker; it waits for `open`. */
export type OpenBus = (events: BusEvents) => Bus;

/** A worker says something at least this often. */
export const HEARTBEAT_MS = 500;
