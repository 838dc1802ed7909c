import type { Bench } from './context.js';
import { benchNetwork } from './network.js';

export const networkBench: Bench = {
  name: 'network',
  what: "our network's time against what its FLOPs cost at the MatMul ceiling",
  run: ({ quick }) => benchNetwork(quick),
};
