import type { FrameId } from '../domain/frame.js';

/** Frames of one stream as they come in, counted apart from what becomes of them. */
export interface Door {
  arrive(frame: FrameId): void;
  settle(frame: FrameId): void;
  /** Those without an outcome, oldest first. */
  inFlight(): readonly FrameId[];
  /** All that ever came, less those with an outcome: what is in flight, or a hole in the books. Empty where nobody tells
   * of arrivals. */
  count(outcomes: number): { readonly inFlight?: number };
}

export function createDoor(): Door {
  const open = new Map<string, FrameId>();
  let arrived = 0;
  return {
    arrive: (frame) => {
      arrived++;
      open.set(keyOf(frame), frame);
    },
    settle: (frame) => void open.delete(keyOf(frame)),
    inFlight: () => [...open.values()],
    count: (outcomes) => (arrived === 0 ? {} : { inFlight: Math.max(0, arrived - outcomes) }),
  };
}

const keyOf = ({ epoch, sequence }: FrameId): string => `${epoch}:${sequence}`;
