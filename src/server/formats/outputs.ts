import type { GrayImage } from '../../domain/features.js';
import type { Outcome } from '../../domain/outcome.js';
import type { Gateway } from '../gateway.js';
import type { ServedMap } from '../servedMap.js';
import type { GatewayStream } from '../streamHub.js';
import type { SourceStatus } from '../wire.js';

/** One more reader of everything a gateway publishes: a recording, a flight controller. Calls never wait or throw. */
export interface Output {
  outcome(outcome: Outcome, nowMs: number): void;
  source(stream: string, status: SourceStatus, nowMs: number): void;
  /** Whether it would take a picture of this stream now; absent: never. */
  wantsFrame?(stream: string): boolean;
  /** Copies the pixels before it returns. */
  frame?(image: GrayImage, outcome: Outcome, nowMs: number): void;
  streamAdded?(stream: GatewayStream, nowMs: number): void;
  streamRemoved?(id: string, nowMs: number): void;
  /** Poses from now on are in this map's frame. */
  mapChanged?(map: ServedMap, nowMs: number): void;
  close(): Promise<unknown>;
}

/** The same gateway, heard by `outputs` too; they end with it. */
export function withOutputs(gateway: Gateway, outputs: readonly Output[], nowMs: () => number): Gateway {
  return {
    ...gateway,
    publishOutcome(stream, outcome) {
      gateway.publishOutcome(stream, outcome);
      for (const output of outputs) output.outcome(outcome, nowMs());
    },
    publishStatus(stream, status) {
      gateway.publishStatus(stream, status);
      for (const output of outputs) output.source(stream, status, nowMs());
    },
    wantsFrame: (stream) =>
      gateway.wantsFrame(stream) || outputs.some((output) => output.wantsFrame?.(stream)),
    publishFrame(stream, image, outcome) {
      gateway.publishFrame(stream, image, outcome);
      for (const output of outputs) output.frame?.(image, outcome, nowMs());
    },
    addStream(stream) {
      gateway.addStream(stream);
      for (const output of outputs) output.streamAdded?.(stream, nowMs());
    },
    removeStream(id) {
      gateway.removeStream(id);
      for (const output of outputs) output.streamRemoved?.(id, nowMs());
    },
    setMap(map) {
      gateway.setMap(map);
      for (const output of outputs) output.mapChanged?.(map, nowMs());
    },
    async close() {
      await gateway.close();
      await Promise.all(outputs.map((output) => output.close()));
    },
  };
}
