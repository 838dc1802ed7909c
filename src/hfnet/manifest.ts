import { z } from 'zod';
import { PosestreamError } from '../domain/errors.js';

const name = z.string().min(1);
const count = z.int().positive();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits');

const fileRef = z.strictObject({
  /** Path relative to the manifest. */
  file: name,
  sha256,
  bytes: count,
});

const inputSchema = z.strictObject({
  /** 1: gray. 3: the gray image three times, since frames are decoded to luma. */
  channels: z.union([z.literal(1), z.literal(3)]),
  colorOrder: z.enum(['gray', 'rgb', 'bgr']),
  /** value = (byte * scale - mean) / std, one number per channel. */
  scale: z.number().positive(),
  mean: z.array(z.number()).optional(),
  std: z.array(z.number().positive()).optional(),
  /** Height and width are padded to a multiple of this by repeating the last row and column. */
  padTo: z.int().min(1).max(256),
  /** [width, height] the network was trained for. */
  preferredSize: z.tuple([count, count]),
});

const tensorsSchema = z.strictObject({
  image: name,
  maxKeypoints: name.optional(),
  keypoints: name.optional(),
  scores: name,
  descriptors: name,
  /** dense-v1: [1, 1, h, w] confidence that multiplies the scores. */
  reliability: name.optional(),
  global: name.optional(),
});

const manifestSchema = fileRef
  .extend({
    format: z.literal('posestream-model-1'),
    name,
    version: name,
    licence: name,
    provenance: z.strictObject({
      teachers: z.array(z.string()),
      data: z.array(z.string()),
      note: z.string().optional(),
    }),
    kind: z.enum(['sparse-v1', 'dense-v1']),
    input: inputSchema,
    tensors: tensorsSchema,
    /** pixel: of the padded input. normalized: -1..1 across it, centres of the first and last pixel. */
    coordinates: z.enum(['pixel', 'normalized']),
    /** Added to the network's pixels so that the image's top-left corner is (0, 0): 0.5 where it counts centres. */
    offset: z.number(),
    /** Pixels of the input per descriptor cell; 1 where descriptors come per keypoint. */
    stride: count,
    descriptor: z.strictObject({
      dim: count,
      /** False: the engine brings rows to unit length. */
      normalised: z.boolean(),
      metric: z.literal('cosine'),
    }),
    /** prob: as they are. logit65: 8x8 cells plus dustbin before softmax. prob64: 8x8 cells after it. */
    scores: z.enum(['prob', 'logit65', 'prob64']),
    nmsRadius: z.int().min(0).max(16),
    threshold: z.number(),
    sampling: z.strictObject({ alignCorners: z.boolean() }),
    global: z.strictObject({ dim: count, pca: z.boolean() }).nullable(),
  })
  .superRefine((m, context) => {
    const miss = (path: string[], message: string) => context.addIssue({ code: 'custom', path, message });
    if (m.kind === 'sparse-v1' && !m.tensors.keypoints) miss(['tensors', 'keypoints'], 'sparse-v1 needs it');
    if (m.kind === 'sparse-v1' && m.scores !== 'prob') miss(['scores'], 'sparse-v1 takes "prob"');
    if (m.kind === 'dense-v1' && m.tensors.keypoints) miss(['tensors', 'keypoints'], 'dense-v1 has none');
    if ((m.global === null) !== (m.tensors.global === undefined))
      miss(['global'], 'give both "global" and "tensors.global", or null and neither');
    if ((m.input.channels === 1) !== (m.input.colorOrder === 'gray'))
      miss(['input', 'colorOrder'], 'one channel is "gray", three are "rgb" or "bgr"');
    for (const key of ['mean', 'std'] as const)
      if (m.input[key] && m.input[key].length !== m.input.channels)
        miss(['input', key], `needs ${m.input.channels} numbers, one per channel`);
  });

/** What stands beside an ONNX file and says how to use it. */
export type ModelManifest = z.infer<typeof manifestSchema>;

/** Checks a manifest's JSON text. Unknown keys are refused, so that a misspelt one cannot be ignored.
 * @param path  named in errors only
 * @throws PosestreamError E_MODEL_MANIFEST naming file, field and what it should be */
export function parseManifest(text: string, path: string): ModelManifest {
  const result = manifestSchema.safeParse(parseJson(text, path));
  if (result.success) return result.data;
  const faults = result.error.issues.map((i) => `${i.path.join('.') || '(top)'}: ${i.message}`);
  throw new PosestreamError('E_MODEL_MANIFEST', `${path}: ${faults.join('; ')}.`, {
    hint: 'Mend the named fields; the README lists every field of a model manifest.',
    cause: result.error,
  });
}

function parseJson(text: string, path: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    const hint = 'The manifest is the .json beside the .onnx file.';
    throw new PosestreamError('E_MODEL_MANIFEST', `${path} is not JSON.`, { hint, cause });
  }
}
