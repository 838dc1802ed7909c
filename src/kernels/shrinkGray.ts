/** One axis of a resampling: output i is the sum of `weights` over `count[i]` inputs from `first[i]` on. */
interface Taps {
  readonly first: Int32Array;
  readonly count: Int32Array;
  /** [out x most] */
  readonly weights: Float32Array;
  readonly most: number;
}

/** A gray picture made smaller under a triangle filter as wide as the step, so that fine texture fades rather than
 * aliases. Corners stay corners: output x is input x * outWidth / width.
 * @param pixels [width x height] row-major  @returns a fresh [outWidth x outHeight]. Cost O(inputs + outputs) per axis. */
export function shrinkGray(
  pixels: Uint8Array,
  width: number,
  height: number,
  outWidth: number,
  outHeight: number,
): Uint8Array {
  const across = tapsFor(width, outWidth);
  const down = tapsFor(height, outHeight);
  const rows = new Float32Array(outWidth * height);
  for (let y = 0; y < height; y++)
    for (let x = 0; x < outWidth; x++) {
      const from = y * width + across.first[x];
      let sum = 0;
      for (let t = 0; t < across.count[x]; t++) sum += across.weights[x * across.most + t] * pixels[from + t];
      rows[y * outWidth + x] = sum;
    }
  const line = new Float32Array(outWidth);
  const out = new Uint8Array(outWidth * outHeight);
  for (let y = 0; y < outHeight; y++) {
    line.fill(0.5);
    for (let t = 0; t < down.count[y]; t++) {
      const weight = down.weights[y * down.most + t];
      const from = (down.first[y] + t) * outWidth;
      for (let x = 0; x < outWidth; x++) line[x] += weight * rows[from + x];
    }
    for (let x = 0; x < outWidth; x++) out[y * outWidth + x] = line[x];
  }
  return out;
}

function tapsFor(size: number, outSize: number): Taps {
  const step = size / outSize;
  const reach = Math.max(1, step);
  const most = Math.ceil(2 * reach) + 1;
  const first = new Int32Array(outSize);
  const count = new Int32Array(outSize);
  const weights = new Float32Array(outSize * most);
  for (let i = 0; i < outSize; i++) {
    const centre = (i + 0.5) * step;
    first[i] = Math.max(0, Math.floor(centre - reach));
    count[i] = Math.min(size, Math.ceil(centre + reach)) - first[i];
    const row = weights.subarray(i * most, i * most + count[i]);
    for (let t = 0; t < count[i]; t++)
      row[t] = Math.max(0, 1 - Math.abs(first[i] + t + 0.5 - centre) / reach);
    const sum = row.reduce((a, b) => a + b, 0);
    for (let t = 0; t < count[i]; t++) row[t] /= sum;
  }
  return { first, count, weights, most };
}
