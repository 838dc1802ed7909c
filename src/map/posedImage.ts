import type { Camera } from '../domain/camera.js';
import type { WorldFromCam } from '../domain/rigid.js';

/** An image whose camera and pose are known: what every importer hands to the builder. */
export interface PosedImage {
  /** Name within its set, unique. */
  readonly name: string;
  readonly path: string;
  /** The input's own timestamp; NaN where it has none. */
  readonly timeS: number;
  readonly camera: Camera;
  readonly worldFromCam: WorldFromCam;
}
