import type { Fix, Miss, Verdict } from './sighting.js';

/** Below even odds: something speaks against the pose. */
export const DOUBTED_CONFIDENCE = 0.49;

export const NOTHING_ALIKE: Miss = { reason: 'no-place', detail: 'nothing in the map looks like this' };

export const published = (fix: Fix): Verdict => ({ kind: 'fix', fix, confidence: fix.pose.confidence });

export const doubted = (fix: Fix): Verdict => ({
  kind: 'fix',
  fix,
  confidence: Math.min(fix.pose.confidence, DOUBTED_CONFIDENCE),
});

export const lost = (miss: Miss | null): Verdict => ({ kind: 'lost', ...(miss ?? NOTHING_ALIKE) });
