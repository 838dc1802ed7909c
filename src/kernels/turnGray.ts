/** A gray image turned about its centre by `angleRad` (x towards y), on a canvas of its own; what lies outside repeats
 * the nearest edge pixel. Bilinear. Allocates nothing. Cost O(canvas).
 * @param pixels [heightPx x widthPx]    @param out [outHeightPx x outWidthPx], written */
export function turnGray(
  pixels: Uint8Array,
  widthPx: number,
  heightPx: number,
  angleRad: number,
  out: Uint8Array,
  outWidthPx: number,
  outHeightPx: number,
): void {
  const cos = Math.cos(angleRad);
  const sin = Math.sin(angleRad);
  for (let row = 0; row < outHeightPx; row++) {
    const dy = row + 0.5 - outHeightPx / 2;
    for (let column = 0; column < outWidthPx; column++) {
      const dx = column + 0.5 - outWidthPx / 2;
      // Index coordinates of the source: centres at whole numbers.
      const x = clamp(cos * dx + sin * dy + widthPx / 2 - 0.5, widthPx - 1);
      const y = clamp(-sin * dx + cos * dy + heightPx / 2 - 0.5, heightPx - 1);
      const left = Math.min(Math.floor(x), widthPx - 2);
      const top = Math.min(Math.floor(y), heightPx - 2);
      const at = top * widthPx + left;
      const fx = x - left;
      const fy = y - top;
      const upper = pixels[at] + fx * (pixels[at + 1] - pixels[at]);
      const lower = pixels[at + widthPx] + fx * (pixels[at + widthPx + 1] - pixels[at + widthPx]);
      out[row * outWidthPx + column] = Math.round(upper + fy * (lower - upper));
    }
  }
}

const clamp = (v: number, most: number): number => (v < 0 ? 0 : v > most ? most : v);

/** Takes positions of the turned image back to the image it was turned from, in place; corner convention.
 * @param xyPx [n x 2] */
export function unturnPositions(
  xyPx: Float32Array,
  angleRad: number,
  widthPx: number,
  heightPx: number,
  turnedWidthPx: number,
  turnedHeightPx: number,
): void {
  const cos = Math.cos(angleRad);
  const sin = Math.sin(angleRad);
  for (let i = 0; i < xyPx.length; i += 2) {
    const dx = xyPx[i] - turnedWidthPx / 2;
    const dy = xyPx[i + 1] - turnedHeightPx / 2;
    xyPx[i] = cos * dx + sin * dy + widthPx / 2;
    xyPx[i + 1] = -sin * dx + cos * dy + heightPx / 2;
  }
}
