import type { WorldFromCam } from '../domain/rigid.js';

/** Where a frame's camera is expected, from the frames before it: what guided tracking starts from. */
export interface Prediction {
  readonly worldFromCam: WorldFromCam;
  /** Row-major 6 x 6, rotation (rad) then translation (m), left perturbation of worldFromCam. It sets how far from its
   * predicted pixel a map point is looked for, so it must hold the motion's own uncertainty as well as the last pose's. */
  readonly covariance: Float64Array;
  /** The last frame's best keyframe: its covisible keyframes are the local map. */
  readonly keyframe: number;
  /** How far the last frame's picture had to be turned to be recognised. */
  readonly turnDeg: number;
}
