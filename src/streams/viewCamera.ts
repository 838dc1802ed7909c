import type { Camera } from '../domain/camera.js';
import { resizeCamera, scaleCamera } from '../geometry/camera.js';

export interface View {
  /** Intrinsics at the size before scaling. */
  readonly camera: Camera;
  /** The pixels must be turned as the file's rotation metadata says. */
  readonly isTurned: boolean;
}

/** The intrinsics decide about rotation metadata: pixels stay as stored where the intrinsics fit them, and are turned
 * where they fit only the turned picture. Throws E_INTRINSICS_MISMATCH naming both sizes. */
export function chooseView(camera: Camera, widthPx: number, heightPx: number, canTurn: boolean): View {
  try {
    return { camera: resizeCamera(camera, widthPx, heightPx), isTurned: false };
  } catch (error) {
    if (!canTurn) throw error;
    return { camera: resizeCamera(camera, heightPx, widthPx), isTurned: true };
  }
}

/** Intrinsics of the whole picture scaled to exactly this size, which may have been rounded to whole pixels. */
export function cameraAt(camera: Camera, widthPx: number, heightPx: number): Camera {
  if (camera.widthPx === widthPx && camera.heightPx === heightPx) return camera;
  const scaled = scaleCamera(camera, widthPx / camera.widthPx, heightPx / camera.heightPx);
  return { ...scaled, widthPx, heightPx };
}
