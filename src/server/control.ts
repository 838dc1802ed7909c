import type { StreamConfig } from './config.js';
import type { HelloMessage, StreamInfo } from './wire.js';

/** What can be changed while the server runs. REST, hot reload and the command line all come through here, so that each
 * rule holds for all of them. Paths are absolute and allowed: whoever calls has asked the source policy. */
export interface Control {
  streams(): readonly StreamInfo[];
  /** Rejects with E_CONFIG where the id is taken, E_CAPACITY beyond `limits.maxStreams`, else what opening throws. */
  add(stream: StreamConfig): Promise<StreamInfo>;
  /** The source is closed; clients keep their sockets and see `paused`. */
  pause(id: string): Promise<void>;
  /** Opens it again, in a new epoch. */
  resume(id: string): Promise<void>;
  remove(id: string): Promise<void>;
  /** Loads and checks the map beside the old one, then all streams change over at once: `resetCounter` grows, none
   * starts anew. Rejects, and the old map stays, where the file is damaged or does not fit the network. */
  swapMap(path: string): Promise<HelloMessage['map']>;
  readiness(): Readiness;
}

/** Whether poses can come: the worker is there, with map and network. */
export interface Readiness {
  readonly isReady: boolean;
  /** What is missing, for a person. */
  readonly missing: readonly string[];
}
