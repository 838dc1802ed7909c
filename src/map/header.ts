import { z } from 'zod';
import type { Camera } from '../domain/camera.js';
import { parseCamera } from '../geometry/camera.js';
import { SECTION_NAMES } from './sections.js';

const count = z.number().int().min(0).max(Number.MAX_SAFE_INTEGER);
const dimension = z.number().int().min(0).max(65536);
const number = z.number();

const camera = z
  .strictObject({
    model: z.string(),
    params: z.array(number),
    widthPx: number,
    heightPx: number,
  })
  .transform((raw, context): Camera => {
    try {
      return parseCamera(raw.model, raw.widthPx, raw.heightPx, raw.params);
    } catch (error) {
      context.addIssue({ code: 'custom', message: error instanceof Error ? error.message : String(error) });
      return z.NEVER;
    }
  });

const model = z.strictObject({
  name: z.string(),
  version: z.string(),
  sha256: z.string(),
  descriptorDim: dimension.min(1),
  globalDim: dimension,
});

const pca = z
  .strictObject({
    inputDim: dimension.min(1),
    outputDim: dimension.min(1),
    mean: z.array(number),
    basis: z.array(number),
  })
  .refine((p) => p.mean.length === p.inputDim && p.basis.length === p.inputDim * p.outputDim, {
    message: 'PCA arrays do not have the lengths their dimensions ask for',
  });

const anchor = z.strictObject({
  latDeg: number.min(-90).max(90),
  lonDeg: number.min(-180).max(180),
  altM: number,
});

/** The numbers of a VLAD; its arrays are sections. */
const vlad = z.strictObject({
  clusters: dimension.min(1),
  sharpness: number.positive(),
  keypoints: dimension.min(1),
  outputDim: dimension.min(1),
});

/** The JSON part of a map file; strict, so that what is not understood is not ignored. */
export const mapDocument = z.strictObject({
  header: z.strictObject({
    name: z.string(),
    builtWith: z.string(),
    model,
    cameras: z.array(camera),
    scale: z.enum(['metric', 'arbitrary']),
    maxSidePx: number.int().min(1).max(65536),
    pca: pca.nullable(),
    anchor: anchor.nullable(),
  }),
  vlad: vlad.optional(),
  keyframeNames: z.array(z.string()),
  globalDim: dimension,
  sections: z.array(z.strictObject({ name: z.enum(SECTION_NAMES), offset: count, length: count })),
});

export type MapDocument = z.infer<typeof mapDocument>;
