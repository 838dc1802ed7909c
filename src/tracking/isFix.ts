import type { Outcome, Posed, PoseSource } from '../domain/outcome.js';

const FIXES: ReadonlySet<PoseSource> = new Set<PoseSource>(['pnp', 'tracked', 'refined']);

/** Whether the frame's own picture holds its pose up; a prediction or a coarse pose is no fix. */
export const isFix = (outcome: Outcome): outcome is Posed =>
  outcome.kind === 'posed' && FIXES.has(outcome.pose.source);
