import { access } from 'node:fs/promises';
import sharp from 'sharp';
import { PosestreamError } from '../domain/errors.js';
import type { BufferPool, Loan } from './bufferPool.js';
import { fitSize } from './fitSize.js';

export interface ImageInfo {
  /** Pixels as stored, before any turn that EXIF asks for. */
  readonly widthPx: number;
  readonly heightPx: number;
  /** True where EXIF asks for a quarter turn, so that a viewer shows it heightPx wide. */
  readonly isTurned: boolean;
  readonly isGray: boolean;
}

const FORMATS = new Set(['jpeg', 'png', 'webp', 'tiff', 'heif', 'gif', 'jp2', 'jxl']);
const LIMITS = { limitInputPixels: 120_000_000, failOn: 'error', sequentialRead: true } as const;

sharp.cache(false);

/** Size and kind of an image file, from its header. Throws E_FILE_NOT_FOUND, E_SOURCE_FORMAT. */
export async function probeImage(path: string): Promise<ImageInfo> {
  await requireImage(path);
  const meta = await sharp(path, LIMITS)
    .metadata()
    .catch((cause: unknown) => {
      throw notAnImage(path, cause);
    });
  if (!FORMATS.has(meta.format)) throw notAnImage(path, `the format is ${meta.format}`);
  const isGray = meta.channels < 3;
  return { widthPx: meta.width, heightPx: meta.height, isTurned: (meta.orientation ?? 1) >= 5, isGray };
}

/** An image as gray pixels that fit `maxSidePx`, never enlarged, as ffmpeg would make them from the same file: luma
 * 0.299 R + 0.587 G + 0.114 B of the gamma-coded values (BT.601, full range), bicubic from the full size.
 * `applyTurn` obeys EXIF's orientation. Throws E_SOURCE_FORMAT. */
export async function readGray(
  path: string,
  info: ImageInfo,
  options: { readonly maxSidePx: number; readonly applyTurn: boolean },
  pool: BufferPool,
): Promise<{ readonly widthPx: number; readonly heightPx: number; readonly picture: Loan }> {
  const { widthPx: w, heightPx: h } = info;
  const [widthPx, heightPx] = fitSize(...turned(w, h, options.applyTurn && info.isTurned), options.maxSidePx);
  const image = sharp(path, { ...LIMITS, autoOrient: options.applyTurn });
  // Decoding JPEG at an eighth is faster, but its box filter differs from ffmpeg's by 3 gray levels on average.
  const scaled = image.resize(widthPx, heightPx, { fit: 'fill', kernel: 'cubic', fastShrinkOnLoad: false });
  const { data, info: out } = await scaled
    .removeAlpha()
    .toColourspace(info.isGray ? 'b-w' : 'srgb')
    .raw({ depth: 'uchar' })
    .toBuffer({ resolveWithObject: true })
    .catch((cause: unknown) => {
      throw notAnImage(path, cause);
    });
  const picture = pool.borrow(widthPx * heightPx);
  toLuma(data, out.channels, picture.bytes);
  return { widthPx, heightPx, picture };
}

const turned = (w: number, h: number, isTurned: boolean): [number, number] => (isTurned ? [h, w] : [w, h]);

/** BT.601 luma of interleaved pixels, in 16-bit fixed point; the first channel where there are fewer than three. */
function toLuma(data: Uint8Array, channels: number, out: Uint8Array): void {
  if (channels < 3) {
    for (let i = 0, at = 0; i < out.length; i++, at += channels) out[i] = data[at];
    return;
  }
  for (let i = 0, at = 0; i < out.length; i++, at += channels)
    out[i] = (19595 * data[at] + 38470 * data[at + 1] + 7471 * data[at + 2] + 32768) >> 16;
}

async function requireImage(path: string): Promise<void> {
  await access(path).catch((cause: unknown) => {
    throw new PosestreamError('E_FILE_NOT_FOUND', `${path} does not exist or cannot be read.`, {
      hint: 'Check the path and the names in the list.',
      cause,
    });
  });
}

function notAnImage(path: string, why: unknown): PosestreamError {
  const reason = why instanceof Error ? why.message.split('\n')[0] : String(why);
  return new PosestreamError('E_SOURCE_FORMAT', `${path} cannot be read as an image: ${reason}.`, {
    hint: 'Give JPEG, PNG, WebP or TIFF files.',
    cause: why,
  });
}
