/** COLMAP's camera models; parameters in COLMAP's order.
 * SIMPLE_PINHOLE f cx cy · PINHOLE fx fy cx cy · SIMPLE_RADIAL f cx cy k · RADIAL f cx cy k1 k2
 * · OPENCV fx fy cx cy k1 k2 p1 p2 · OPENCV_FISHEYE fx fy cx cy k1 k2 k3 k4 */
export type CameraModel =
  | 'SIMPLE_PINHOLE'
  | 'PINHOLE'
  | 'SIMPLE_RADIAL'
  | 'RADIAL'
  | 'OPENCV'
  | 'OPENCV_FISHEYE';

/** Intrinsics of one image size. Pixels: the top-left corner is (0, 0), its pixel's centre (0.5, 0.5). */
export interface Camera {
  readonly model: CameraModel;
  readonly params: readonly number[];
  readonly widthPx: number;
  readonly heightPx: number;
}
