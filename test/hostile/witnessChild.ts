import { connectPoses } from '../../src/client/index.js';

/** A client that does nothing wrong, beside those who do: what it noticed. */
export interface WitnessFigures {
  readonly poses: number;
  /** Longest time without a pose, at 30 a second. */
  readonly worstGapMs: number;
  readonly worstAgeMs: number;
  readonly reconnects: number;
}

let poses = 0;
let worstGapMs = 0;
let worstAgeMs = 0;
let reconnects = -1;
let lastMs = Number.NaN;
process.on('message', () => {
  const figures: WitnessFigures = { poses, worstGapMs, worstAgeMs, reconnects };
  process.send?.(figures);
  [worstGapMs, worstAgeMs] = [0, 0];
});
process.on('disconnect', () => process.exit(0));
const onLink = ({ kind }: { readonly kind: string }): void => {
  if (kind === 'open') reconnects++;
};
for await (const { captureMs } of connectPoses(process.argv[2], { streams: ['front'], onLink })) {
  const nowMs = performance.now();
  if (poses++ === 0) process.send?.('ready');
  if (lastMs > 0) worstGapMs = Math.max(worstGapMs, nowMs - lastMs);
  worstAgeMs = Math.max(worstAgeMs, Date.now() - captureMs);
  lastMs = nowMs;
}
