import type { Bench } from './context.js';
import { benchNetwork } from './network.js';

export const networkBench: Bench = {
  name: 'network',
  what: "our network's time against what its FLOPs cost at the MatMul ceiling, against float32 and against Python",
  run: ({ quick, say }) => {
    const python = process.env.POSESTREAM_PYTHON;
    if (python === undefined)
      say('network: without Python (POSESTREAM_PYTHON names an interpreter with onnxruntime)');
    return benchNetwork(quick, python);
  },
};
