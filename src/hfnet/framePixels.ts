import type { Size } from './imageTensor.js';
import type { ModelManifest } from './manifest.js';
import type { RawFeatures } from './selectKeypoints.js';

/** x px of the frame = scale.x * keypoint x + shift.x, corner convention; same for y. */
export interface ToFramePx {
  readonly scale: readonly [x: number, y: number];
  readonly shift: readonly [x: number, y: number];
}

/** One coordinate of one keypoint in pixels of the frame. @param axis  0 for x, 1 for y */
export const framePx = (raw: RawFeatures, { scale, shift }: ToFramePx, row: number, axis: number): number =>
  scale[axis] * raw.keypoints[2 * row + axis] + shift[axis];

/** From the network's coordinates to pixels of the frame.
 * @param sizePx  of the network's input  @param growth  pixels of the frame per pixel of the input */
export function toFramePx(
  manifest: ModelManifest,
  sizePx: Size,
  growth: readonly [x: number, y: number],
): ToFramePx {
  const x = toInputPx(manifest, sizePx[0], manifest.offset.x);
  const y = toInputPx(manifest, sizePx[1], manifest.offset.y);
  return {
    scale: [growth[0] * x.scale, growth[1] * y.scale],
    shift: [growth[0] * x.shift, growth[1] * y.shift],
  };
}

/** Pixel centres at .5 are the corner convention already. The keypoint graph of dense networks counts pixels. */
function toInputPx(manifest: ModelManifest, sidePx: number, offsetPx: number) {
  const half = (sidePx - 1) / 2;
  switch (manifest.kind === 'dense-v1' ? 'center-integer' : manifest.coordinates) {
    case 'center-half':
      return { scale: 1, shift: offsetPx };
    case 'center-integer':
      return { scale: 1, shift: 0.5 + offsetPx };
    case 'minus-one-to-one':
      return { scale: half, shift: half + 0.5 + offsetPx };
  }
}
