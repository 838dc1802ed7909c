import { PosestreamError } from '../domain/errors.js';

/** Streams take turns on one engine. Four on two cores kept frames within 2.5 times the age of a single stream's, eight
 * still give each a few poses a second; with more, poses come too seldom for any of them to be tracked. */
const STREAMS_PER_CORE = 4;

export const usualMaxStreams = (cores: number): number => Math.max(1, STREAMS_PER_CORE * cores);

export interface Admission<T> {
  readonly admitted: readonly T[];
  readonly refused: readonly T[];
}

/** First come, first served: whoever is in stays in, and keeps its share. */
export function admit<T>(streams: readonly T[], maxStreams: number): Admission<T> {
  return { admitted: streams.slice(0, maxStreams), refused: streams.slice(maxStreams) };
}

export const overCapacity = (id: string, maxStreams: number): PosestreamError =>
  new PosestreamError('E_CAPACITY', `Stream ${id} is not opened: ${maxStreams} streams are open already.`, {
    hint: 'Serve it from another machine, or raise limits.maxStreams and accept older poses on all of them.',
  });
