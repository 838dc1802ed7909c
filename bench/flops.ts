import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { InferenceSession, type Tensor } from 'onnxruntime-node';

interface KernelEvent {
  readonly name: string;
  readonly args?: {
    readonly op_name?: string;
    readonly input_type_shape?: readonly Readonly<Record<string, readonly number[]>>[];
    readonly output_type_shape?: readonly Readonly<Record<string, readonly number[]>>[];
  };
}

/** Floating-point operations of one run: 2 per multiply-add of every convolution and matrix product, whose shapes
 * onnxruntime's own profile tells. The rest (activations, resampling, top-k) is left out: it is small. */
export async function countFlops(
  model: Uint8Array,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'posestream-profile-'));
  try {
    // Unoptimised, so that convolutions keep their plain layout and names.
    const session = await InferenceSession.create(model, {
      executionProviders: ['cpu'],
      graphOptimizationLevel: 'disabled',
      enableProfiling: true,
      profileFilePrefix: join(folder, 'run'),
      logSeverityLevel: 3,
    });
    await session.run(feeds);
    session.endProfiling();
    await session.release();
    const [file] = readdirSync(folder);
    const events: KernelEvent[] = JSON.parse(readFileSync(join(folder, file), 'utf8'));
    return 2 * events.reduce((sum, event) => sum + multiplyAdds(event), 0);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function multiplyAdds({ name, args }: KernelEvent): number {
  if (!name.endsWith('_kernel_time') || !args?.output_type_shape?.length) return 0;
  const shapes = (args.input_type_shape ?? []).map((t) => Object.values(t)[0]);
  const output = product(Object.values(args.output_type_shape[0])[0]);
  switch (args.op_name) {
    case 'Conv':
      // Weights [out, in / groups, kh, kw]: one product per weight of an output channel.
      return output * product(shapes[1].slice(1));
    case 'Gemm':
    case 'MatMul':
      return output * shapes[0][shapes[0].length - 1];
    default:
      return 0;
  }
}

const product = (dims: readonly number[]): number => dims.reduce((a, b) => a * b, 1);
