import { z } from 'zod';
import type { Evidence, Outcome } from '../../domain/outcome.js';
import type { WorldFromCam } from '../../domain/rigid.js';

/** What a recording keeps of a frame: its outcome to the last bit, and the reference pose it was shown with. */
export interface RecordedOutcome {
  readonly outcome: Outcome;
  readonly truth: WorldFromCam | null;
}

const count = z.int().nonnegative();
const vec3 = z.tuple([z.number(), z.number(), z.number()]);
const transform = z.object({ q: z.tuple([z.number(), z.number(), z.number(), z.number()]), t: vec3 });
/** JSON has no NaN; null stands for it. */
const orNaN = z
  .number()
  .nullable()
  .transform((v) => v ?? Number.NaN);
const covariance = z
  .array(orNaN)
  .length(36)
  .transform((v) => Float64Array.from(v))
  .nullable();
const aligned = (base64: string): ArrayBuffer => Uint8Array.from(Buffer.from(base64, 'base64')).buffer;
const wholeWords = (base64: string): boolean => Buffer.byteLength(base64, 'base64') % 4 === 0;
const words = z.base64().refine(wholeWords, 'not a whole number of 32-bit values').transform(aligned);
const evidence = z
  .object({ inlierXyPx: words, outlierXyPx: words, inlierPoints: words })
  .transform(
    (bytes): Evidence => ({
      inlierXyPx: new Float32Array(bytes.inlierXyPx),
      outlierXyPx: new Float32Array(bytes.outlierXyPx),
      inlierPoints: new Uint32Array(bytes.inlierPoints),
    }),
  )
  .nullable();

const base = {
  frame: z.object({
    stream: z.string(),
    epoch: count,
    sequence: count,
    timestampS: z.number(),
    captureMs: z.number(),
    captureClock: z.enum(['rtcp', 'arrival', 'media']),
    name: z.string().optional(),
  }),
  timings: z.record(z.string(), z.number()),
  truth: transform.optional(),
};
const tracked = {
  state: z.enum(['lost', 'relocalizing', 'tracking', 'coasting']),
  resetCounter: count,
  retrieved: z.boolean(),
  evidence,
};
const focalScale = z.object({ ratio: orNaN, sigma: orNaN, shiftM: orNaN, shiftRad: orNaN });

const recorded = z.discriminatedUnion('kind', [
  z.looseObject({
    kind: z.literal('posed'),
    ...base,
    ...tracked,
    pose: z.looseObject({
      worldFromCam: transform,
      source: z.enum(['pnp', 'tracked', 'coasted']),
      inliers: count,
      matches: count,
      inlierRatio: orNaN,
      coverage: orNaN,
      reprojectionRmsPx: orNaN,
      covariance,
      focalScale: focalScale.nullable().optional(),
      confidence: orNaN,
    }),
    smooth: z.object({ worldFromCam: transform, covariance }).nullable(),
    keyframe: z.int(),
  }),
  z.looseObject({
    kind: z.literal('lost'),
    ...base,
    ...tracked,
    reason: z.string(),
    detail: z.string(),
    coarse: transform.nullable(),
  }),
  z.object({ kind: z.literal('dropped'), ...base, reason: z.string() }),
]);

const base64Of = (array: Float32Array | Uint32Array): string =>
  Buffer.from(array.buffer, array.byteOffset, array.byteLength).toString('base64');

/** JSON with every double in full. Pixels of the evidence travel as little-endian 32-bit words in base64. */
export function encodeOutcome({ outcome, truth }: RecordedOutcome): Uint8Array {
  return Buffer.from(JSON.stringify(truth ? { ...outcome, truth } : outcome, packed));
}

function packed(_key: string, value: unknown): unknown {
  if (value instanceof Float64Array) return Array.from(value);
  return value instanceof Float32Array || value instanceof Uint32Array ? base64Of(value) : value;
}

/** @throws SyntaxError or z.ZodError where the bytes are no recorded outcome. */
export function decodeOutcome(data: Uint8Array): RecordedOutcome {
  const { truth = null, ...outcome } = recorded.parse(JSON.parse(Buffer.from(data).toString()));
  // Reasons are words this or another version gave; they are shown, never switched on.
  return { outcome: outcome as Outcome, truth };
}
