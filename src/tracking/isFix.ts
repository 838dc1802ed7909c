import type { Outcome, Posed, PoseSource } from '../domain/outcome.js';

const FIXES: ReadonlySet<PoseSource> = new Set<PoseSource>(['pnp', 'tracked']);

export const isFixSource = (source: string): boolean => (FIXES as ReadonlySet<string>).has(source);

/** Whether the frame's own picture holds its pose up; a prediction or a coarse pose is no fix. */
export const isFix = (outcome: Outcome): outcome is Posed =>
  outcome.kind === 'posed' && isFixSource(outcome.pose.source);
