import { type BenchRow, benchRow } from './benchRow.js';
import type { Bench } from './context.js';
import { benchPnp } from './pnp.js';

export const pnpBench: Bench = {
  name: 'pnp',
  what: 'P3P and RANSAC at 10 to 90 % outliers against opencv-js',
  run: async ({ quick }) => (await benchPnp(quick)).map(toBenchRow),
};

function toBenchRow(row: Awaited<ReturnType<typeof benchPnp>>[number]): BenchRow {
  const { name, peerName, oursMs, peerMs, oursRight, peerRight, of, bar } = row;
  return benchRow({
    name,
    unit: 'ms',
    ours: oursMs,
    peer: peerMs,
    peerName,
    correct: { what: 'pose within 0.01 rad and 0.1 m of the truth', ours: oursRight, peer: peerRight, of },
    bar: bar === undefined ? undefined : { of: 'ratio', limit: 'at most', value: bar },
  });
}
