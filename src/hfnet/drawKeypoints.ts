import type { Features, GrayImage } from '../domain/features.js';

/** The image as RGB with a ring around every keypoint, from yellow (best) to red (last).
 * @returns row-major [heightPx x widthPx x 3] */
export function drawKeypoints(image: GrayImage, features: Pick<Features, 'count' | 'xyPx'>): Uint8Array {
  const { widthPx, heightPx, pixels } = image;
  const rgb = new Uint8Array(3 * widthPx * heightPx);
  for (let i = 0; i < widthPx * heightPx; i++) rgb.fill(pixels[i], 3 * i, 3 * i + 3);
  const radiusPx = Math.max(2, Math.round(Math.max(widthPx, heightPx) / 250));
  // Worst first, so that the best lie on top.
  for (let row = features.count - 1; row >= 0; row--) {
    const green = Math.round(255 * (1 - row / features.count));
    drawRing(rgb, image, features.xyPx[2 * row], features.xyPx[2 * row + 1], radiusPx, [255, green, 0]);
  }
  return rgb;
}

function drawRing(
  rgb: Uint8Array,
  { widthPx, heightPx }: GrayImage,
  xPx: number,
  yPx: number,
  radiusPx: number,
  colour: readonly [number, number, number],
): void {
  const reach = radiusPx + 1;
  for (let y = Math.max(0, Math.floor(yPx - reach)); y <= Math.min(heightPx - 1, yPx + reach); y++)
    for (let x = Math.max(0, Math.floor(xPx - reach)); x <= Math.min(widthPx - 1, xPx + reach); x++)
      if (Math.abs(Math.hypot(x + 0.5 - xPx, y + 0.5 - yPx) - radiusPx) < 0.6)
        rgb.set(colour, 3 * (y * widthPx + x));
}
