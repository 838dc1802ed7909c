import type { Bench } from './context.js';
import { benchPnp } from './pnp.js';

export const pnpBench: Bench = {
  name: 'pnp',
  what: 'P3P and RANSAC at 10 to 90 % outliers against opencv-js',
  run: ({ quick }) => benchPnp(quick),
};
