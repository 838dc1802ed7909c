import type { GrayImage, ModelIdentity } from '../domain/features.js';
import type { FrameId } from '../domain/frame.js';
import type { Outcome } from '../domain/outcome.js';
import type { AccessToken } from './access.js';
import type { Log } from './log.js';
import type { Changes } from './rest/rest.js';
import type { ServedMap } from './servedMap.js';
import type { GatewayStream } from './streamHub.js';
import type { HelloMessage, SourceStatus } from './wire.js';

export interface GatewayLimits {
  readonly maxClients: number;
  readonly maxClientsPerAddress: number;
  readonly maxViewers: number;
  /** Camera pictures a second and stream. */
  readonly viewHz: number;
}

export interface GatewayOptions {
  /** Default 127.0.0.1; any other needs a token. */
  readonly host?: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly token?: string | null;
  /** Others, which may do what their scopes say. */
  readonly tokens?: readonly AccessToken[];
  /** Other pages that may open sockets, as browsers name them in Origin; default none. */
  readonly origins?: readonly string[];
  readonly map: ServedMap;
  readonly model: ModelIdentity;
  readonly streams: readonly GatewayStream[];
  readonly serverVersion: string;
  /** What may be changed over REST; default nothing. */
  readonly changes?: Changes;
  /** Folder of the built page; default dist/web of this package. */
  readonly pageDir?: string;
  readonly limits?: Partial<GatewayLimits>;
  /** Unix time, ms, that ages are counted to; default the system's. */
  readonly nowMs?: () => number;
  /** Told what happens to the server itself. */
  readonly log?: Log;
  /** Told about failures that end nothing, such as a picture that could not be encoded. */
  readonly onWarning?: (message: string) => void;
}

/** The outside of a running server. Publishing never waits for a client and never throws for one. */
export interface Gateway {
  /** Address of the page, with a trailing slash. */
  readonly url: string;
  /** A frame came in; where this is told, it is told before the frame's outcome. */
  publishArrival(stream: string, frame: FrameId): void;
  /** Frames that came in and whose outcome has not been published. */
  inFlight(stream: string): readonly FrameId[];
  publishOutcome(stream: string, outcome: Outcome): void;
  publishStatus(stream: string, status: SourceStatus): void;
  /** Whether somebody would see a picture now: ask before keeping pixels or asking for evidence. */
  wantsFrame(stream: string): boolean;
  /** The picture an outcome was made from; copied at once where it is wanted, ignored otherwise. */
  publishFrame(stream: string, image: GrayImage, outcome: Outcome): void;
  has(stream: string): boolean;
  /** Clients are told by a new hello, as by the next two. */
  addStream(stream: GatewayStream): void;
  removeStream(id: string): void;
  setMap(map: ServedMap): void;
  /** For the books of operations. @param why  for a person */
  noteWorkerRestart(why: string): void;
  /** What a client that came now would be told. */
  hello(): HelloMessage;
  clients(): number;
  /** Sockets close with 1001; done within 2 s. */
  close(): Promise<void>;
}
