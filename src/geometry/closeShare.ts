import type { Camera } from '../domain/camera.js';
import { lensOf, projectWithJacobian } from './projection.js';

/** Of the marked correspondences, the share whose reprojection error is below `limitPx`.
 * @param matrix [12] row-major 3x4 camFromWorld    @param mask [n] non-zero rows count
 * @returns 0..1; 0 where none is marked */
export function closeShare(
  camera: Camera,
  matrix: Float64Array,
  pixels: Float64Array,
  points: Float64Array,
  mask: Uint8Array,
  count: number,
  limitPx: number,
): number {
  const lens = lensOf(camera);
  const point = new Float64Array(3);
  const pixel = new Float64Array(2);
  let marked = 0;
  let close = 0;
  for (let i = 0; i < count; i++) {
    if (mask[i] === 0) continue;
    marked++;
    for (let row = 0; row < 3; row++)
      point[row] =
        matrix[4 * row] * points[3 * i] +
        matrix[4 * row + 1] * points[3 * i + 1] +
        matrix[4 * row + 2] * points[3 * i + 2] +
        matrix[4 * row + 3];
    if (!projectWithJacobian(lens, point, pixel, null)) continue;
    const ex = pixel[0] - pixels[2 * i];
    const ey = pixel[1] - pixels[2 * i + 1];
    if (ex * ex + ey * ey < limitPx * limitPx) close++;
  }
  return marked === 0 ? 0 : close / marked;
}
