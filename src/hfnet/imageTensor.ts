import { PosestreamError } from '../domain/errors.js';
import type { GrayImage } from '../domain/features.js';
import { shrinkGray } from '../kernels/shrinkGray.js';
import type { ModelManifest } from './manifest.js';

export const MIN_SIDE_PX = 64;
/** Bounds what the memory arena can grow to for good. */
export const MAX_SIDE_PX = 4096;

/** How an image goes into the network. */
export interface InputPlan {
  /** Of the tensor. */
  readonly sizePx: Size;
  /** Of the picture in its upper left corner; the rest is padding. Smaller than the image only where the network's
   * size is fixed and smaller. */
  readonly pictureSizePx: Size;
}

export type Size = readonly [widthPx: number, heightPx: number];

/** A network of fixed size takes smaller images padded and larger ones scaled to fit; others take every image as it is.
 * @param fixed  the network's own size, null where it takes any
 * @throws PosestreamError E_SOURCE_FORMAT */
export function planInput(
  image: Pick<GrayImage, 'widthPx' | 'heightPx'>,
  padTo: number,
  fixed: Size | null,
): InputPlan {
  const { widthPx, heightPx } = image;
  if (!isSide(widthPx) || !isSide(heightPx))
    throw new PosestreamError('E_SOURCE_FORMAT', `An image of ${widthPx} x ${heightPx} px cannot be used.`, {
      hint: `Both sides must be ${MIN_SIDE_PX} to ${MAX_SIDE_PX} px.`,
    });
  if (!fixed)
    return {
      sizePx: [roundUp(widthPx, padTo), roundUp(heightPx, padTo)],
      pictureSizePx: [widthPx, heightPx],
    };
  const scale = Math.min(1, fixed[0] / widthPx, fixed[1] / heightPx);
  const side = (px: number) => Math.max(1, Math.round(scale * px));
  return { sizePx: fixed, pictureSizePx: [side(widthPx), side(heightPx)] };
}

/** The picture at the size planned. */
export function fitImage(image: GrayImage, [widthPx, heightPx]: Size): GrayImage {
  if (widthPx === image.widthPx && heightPx === image.heightPx) return image;
  const pixels = shrinkGray(image.pixels, image.widthPx, image.heightPx, widthPx, heightPx);
  return { pixels, widthPx, heightPx };
}

const isSide = (px: number): boolean => Number.isInteger(px) && px >= MIN_SIDE_PX && px <= MAX_SIDE_PX;
const roundUp = (value: number, step: number): number => Math.ceil(value / step) * step;

/** Bytes to the network's numbers, one table of 256 per channel. */
export function byteTables({ channels, range, mean, std }: ModelManifest['input']): readonly Float32Array[] {
  return Array.from({ length: channels }, (_, c) =>
    Float32Array.from(
      { length: 256 },
      (_, byte) => (ranged(byte, range) - (mean?.[c] ?? 0)) / (std?.[c] ?? 1),
    ),
  );
}

const ranged = (byte: number, [low, high]: readonly [number, number]): number =>
  low + (byte / 255) * (high - low);

/** Writes one image as [1, channels, heightPx, widthPx], its last column and row, or zeros, in the padding.
 * @param out  [channels * widthPx * heightPx], written. Cost O(out), allocates nothing. */
export function fillImage(
  out: Float32Array,
  image: GrayImage,
  [widthPx, heightPx]: Size,
  tables: readonly Float32Array[],
  padMode: 'edge' | 'zero',
): void {
  const plane = widthPx * heightPx;
  for (let c = 0; c < tables.length; c++) {
    if (c > 0 && same(tables[c], tables[0])) out.copyWithin(c * plane, 0, plane);
    else fillPlane(out.subarray(c * plane, (c + 1) * plane), image, widthPx, tables[c], padMode === 'edge');
  }
}

function fillPlane(
  plane: Float32Array,
  image: GrayImage,
  widthPx: number,
  table: Float32Array,
  repeatEdge: boolean,
): void {
  const { pixels } = image;
  for (let y = 0; y < image.heightPx; y++) {
    const from = y * image.widthPx;
    const to = y * widthPx;
    for (let x = 0; x < image.widthPx; x++) plane[to + x] = table[pixels[from + x]];
    plane.fill(repeatEdge ? plane[to + image.widthPx - 1] : 0, to + image.widthPx, to + widthPx);
  }
  const last = (image.heightPx - 1) * widthPx;
  if (!repeatEdge) plane.fill(0, last + widthPx);
  else
    for (let to = last + widthPx; to < plane.length; to += widthPx)
      plane.copyWithin(to, last, last + widthPx);
}

const same = (a: Float32Array, b: Float32Array): boolean => a.every((v, i) => v === b[i]);
