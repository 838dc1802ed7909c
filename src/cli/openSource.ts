import type { OpenSource } from '../server/lane.js';
import type { SourceStatus as WireStatus } from '../server/wire.js';
import { systemClock } from '../streams/clock.js';
import type { SourceStatus } from '../streams/sourceStatus.js';
import { openInput } from './input.js';
import { say } from './terminal.js';

const DEFAULT_SIZE_PX = 640;

/** Opens what a stream of `serve` names: a file, a camera's address, or the bytes of a client. */
export const openSource: OpenSource = async (spec, { localizer, signal, push, onStatus }) => {
  const { map } = localizer;
  const { id: stream, source, intrinsics, loop, realtime } = spec;
  const maxSidePx = spec.maxSidePx ?? Math.min(map.header.maxSidePx, DEFAULT_SIZE_PX);
  return openInput(source, {
    ...{ intrinsics, maxSidePx, stream, loop, signal, push, map },
    clock: realtime ? systemClock : undefined,
    senderClock: spec.captureClock !== 'arrival',
    onStatus: (status) => {
      if (status.kind === 'streaming' && status.note !== undefined) say(`${stream}: ${status.note}`);
      onStatus(wireStatus(status));
    },
  });
};

function wireStatus(status: SourceStatus): WireStatus {
  if (status.kind !== 'retrying') return { kind: status.kind };
  const { attempt, inMs, error } = status;
  return {
    ...{ kind: 'retrying', attempt, inMs, code: 'SOURCE_DOWN' },
    message: `${error.code} ${error.message}`,
  };
}
