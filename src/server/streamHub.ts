import type { Camera } from '../domain/camera.js';
import type { ModelIdentity } from '../domain/features.js';
import type { FrameId } from '../domain/frame.js';
import type { Outcome } from '../domain/outcome.js';
import type { WorldFromCam } from '../domain/rigid.js';
import type { Sender } from '../streams/pushed.js';
import { createStreamCounters } from './counters.js';
import type { Item } from './delivery.js';
import { createDoor } from './door.js';
import { createEvRate } from './evRate.js';
import { captureAgeMs, poseEncoder, poseMessageOf } from './poseMessage.js';
import type { ServedMap } from './servedMap.js';
import { createTroubles } from './troubles.js';
import { createViewChannel, type ViewChannel } from './viewChannel.js';
import type { SourceStatus, StatusMessage, StreamInfo } from './wire.js';

export interface GatewayStream {
  readonly id: string;
  /** What a person reads; must not hold credentials. */
  readonly label?: string;
  /** For the frustum the page draws. */
  readonly camera?: Camera;
  /** Reference pose of a frame in the map's frame, null where there is none. */
  readonly truth?: (frame: FrameId) => WorldFromCam | null;
  /** For a stream whose video clients push. */
  readonly ingest?: (sender: Sender) => void;
}

/** What the gateway keeps of one stream: its books, its newest message, its viewers. */
export interface StreamHub {
  readonly id: string;
  readonly view: ViewChannel;
  arrive(frame: FrameId): void;
  inFlight(): readonly FrameId[];
  /** Counts the outcome; the message to send, or null for a drop, which only the books show. */
  record(outcome: Outcome): Item | null;
  latest(): Item | null;
  setSource(status: SourceStatus): void;
  statusMessage(): StatusMessage;
  info(): StreamInfo;
  /** Whether an outcome came since the last call. */
  takeChanged(): boolean;
}

export interface StreamHubOptions {
  /** Of this moment. */
  readonly map: () => ServedMap;
  readonly model: ModelIdentity;
  readonly viewHz: number;
  readonly monotonicMs: () => number;
  readonly nowMs: () => number;
}

export function createStreamHub(stream: GatewayStream, options: StreamHubOptions): StreamHub {
  const counters = createStreamCounters();
  const door = createDoor();
  const troubles = createTroubles();
  const evRate = createEvRate();
  const { model, nowMs, monotonicMs } = options;
  let source: SourceStatus = { kind: 'connecting' };
  let latest: Item | null = null;
  let changed = false;

  const status = () => {
    const atMs = monotonicMs();
    const inFlight = door.count(counters.totals().in);
    return {
      source,
      statistics: { ...counters.statistics(atMs), ...inFlight, lastHour: troubles.lastHour(atMs) },
    };
  };

  return {
    id: stream.id,
    view: createViewChannel({ ...options, maxHz: options.viewHz }),
    arrive: door.arrive,
    inFlight: door.inFlight,
    record(outcome) {
      door.settle(outcome.frame);
      counters.record(outcome, monotonicMs(), captureAgeMs(outcome.frame, nowMs()));
      changed = true;
      const evRateOk = evRate(outcome);
      if (outcome.kind === 'dropped') return null;
      const { frame } = outcome;
      const map = options.map();
      const message = poseMessageOf(outcome, {
        counters: counters.totals(),
        mapSha256: map.sha256,
        modelSha256: model.sha256,
        anchor: map.header.anchor,
        evRateOk,
        truth: stream.truth?.(frame) ?? null,
      });
      latest = { epoch: frame.epoch, sequence: frame.sequence, encode: poseEncoder(message, frame) };
      return latest;
    },
    latest: () => latest,
    setSource(next) {
      source = next;
      troubles.note(next, monotonicMs());
    },
    statusMessage: () => ({ type: 'status', stream: stream.id, ...status() }),
    info: () => ({
      id: stream.id,
      label: stream.label ?? stream.id,
      ...(stream.camera ? { camera: { ...stream.camera, params: [...stream.camera.params] } } : {}),
      hasTruth: stream.truth !== undefined,
      ...(stream.ingest ? { takesVideo: true } : {}),
      ...status(),
    }),
    takeChanged() {
      const was = changed;
      changed = false;
      return was;
    },
  };
}
