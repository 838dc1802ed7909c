import { z } from 'zod';
import { PosestreamError } from '../domain/errors.js';
import { faultsError } from './faults.js';

const name = z.string().min(1);
const count = z.int().positive();
const sha256 = z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits');

const teacher = z.strictObject({ name, used: name, licence: name, source: name });
/** `files` is null where the pictures were generated. */
const dataSet = z.strictObject({ name, source: name, licence: name, files: count.nullable() });
const sizePx = z.strictObject({ width: count, height: count });

const inputSchema = z.strictObject({
  /** 1: gray. 3: the gray image three times, since frames are decoded to luma. */
  channels: z.union([z.literal(1), z.literal(3)]),
  colourOrder: z.enum(['gray', 'rgb', 'bgr']),
  /** What bytes 0 and 255 become, before mean and std. */
  range: z.tuple([z.number(), z.number()]),
  /** value = (ranged - mean) / std, one number per channel. */
  mean: z.array(z.number()).nullable(),
  std: z.array(z.number().positive()).nullable(),
  /** Height and width are padded on the right and at the bottom to a multiple of this. */
  padTo: z.int().min(1).max(256),
  padMode: z.enum(['edge', 'zero']),
  /** The one size the network takes, or null. */
  fixedSize: sizePx.nullable(),
  preferredSize: sizePx,
});

const outputsSchema = z.strictObject({
  keypoints: name.optional(),
  scores: name,
  descriptors: name,
  /** dense-v1: [1, 1, h, w] confidence that multiplies the scores. */
  reliability: name.optional(),
  global: name.optional(),
});

const manifestSchema = z
  .strictObject({
    manifestVersion: z.literal(1),
    name,
    version: name,
    /** Relative to the manifest. */
    file: name,
    sha256,
    bytes: count,
    licence: name,
    provenance: z.strictObject({ teachers: z.array(teacher), data: z.array(dataSet) }),
    kind: z.enum(['sparse-v1', 'dense-v1']),
    input: inputSchema,
    /** Role to tensor name. */
    inputs: z.strictObject({ image: name, maxKeypoints: name.optional() }),
    outputs: outputsSchema,
    /** Of the padded input: pixels with centres at .5, pixels with centres at whole numbers, or -1..1 from the first
     * pixel's centre to the last one's. */
    coordinates: z.enum(['center-half', 'center-integer', 'minus-one-to-one']),
    /** Pixels added after `coordinates` is applied. */
    offset: z.strictObject({ x: z.number(), y: z.number() }),
    /** Pixels of the input per descriptor cell. */
    stride: count,
    /** normalised false: the engine brings rows to unit length. */
    descriptor: z.strictObject({ dim: count, normalised: z.boolean(), metric: z.literal('dot') }),
    /** prob: as they are. logit65: cells of 8 x 8 and "none" before softmax. prob64: cells of 8 x 8 after it. */
    scores: z.strictObject({ type: z.enum(['prob', 'logit65', 'prob64']), threshold: z.number().min(0) }),
    nmsRadiusPx: z.int().min(0).max(16),
    /** Keypoints closer to the image's edge are dropped. */
    borderPx: z.int().min(0).max(32),
    sampling: z.strictObject({ mode: z.literal('bilinear'), alignCorners: z.boolean() }),
    global: z.strictObject({ dim: count, normalised: z.boolean(), pca: z.boolean() }).nullable(),
  })
  .superRefine((m, context) => {
    const rule = (broken: boolean, path: string[], message: string) => {
      if (broken) context.addIssue({ code: 'custom', path, message });
    };
    const sparse = m.kind === 'sparse-v1';
    const { channels, colourOrder } = m.input;
    rule(sparse && !m.outputs.keypoints, ['outputs', 'keypoints'], 'sparse-v1 needs it');
    rule(sparse && m.scores.type !== 'prob', ['scores', 'type'], 'sparse-v1 takes "prob"');
    rule(sparse && !!m.outputs.reliability, ['outputs', 'reliability'], 'belongs to dense-v1');
    rule(!sparse && !!m.outputs.keypoints, ['outputs', 'keypoints'], 'dense-v1 has none');
    rule(!sparse && !!m.inputs.maxKeypoints, ['inputs', 'maxKeypoints'], 'dense-v1 has none');
    const isDenseRange = !sparse && m.coordinates === 'minus-one-to-one';
    rule(isDenseRange, ['coordinates'], 'dense-v1 maps are pixels');
    rule(
      !m.global !== !m.outputs.global,
      ['global'],
      'give "global" and "outputs.global", or null and neither',
    );
    rule(
      (channels === 1) !== (colourOrder === 'gray'),
      ['input', 'colourOrder'],
      '1 channel is "gray", 3 are not',
    );
    for (const key of ['mean', 'std'] as const)
      rule((m.input[key]?.length ?? channels) !== channels, ['input', key], `needs ${channels} numbers`);
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
  throw faultsError('E_MODEL_MANIFEST', path, faults, {
    hint: 'Mend the named fields; models/README.md lists every field.',
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
