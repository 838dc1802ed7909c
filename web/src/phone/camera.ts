import type { CameraShape } from '../views/frustum.js';

/** What stands between this page and a camera; each has its own words and way out. */
export type CameraTrouble = 'insecure' | 'denied' | 'none' | 'taken' | 'no-recorder' | 'other';

export class CameraError extends Error {
  constructor(readonly trouble: CameraTrouble) {
    super(trouble);
  }
}

/** Light for a phone first: a video chip encodes H.264, anybody VP8. The server reads all of them. */
const CONTAINERS = [
  'video/webm;codecs=h264',
  'video/webm;codecs=vp8',
  'video/webm',
  'video/mp4;codecs=avc1.42E01E',
  'video/mp4',
];
const TROUBLES: Record<string, CameraTrouble> = {
  NotAllowedError: 'denied',
  SecurityError: 'denied',
  NotFoundError: 'none',
  OverconstrainedError: 'none',
  NotReadableError: 'taken',
  AbortError: 'taken',
};
const USUAL: Pick<CameraShape, 'widthPx' | 'heightPx'> = { widthPx: 640, heightPx: 480 };
const FPS = 30;

/** The rear camera where there is one, in the shape the stream's intrinsics were made for.
 * @throws CameraError */
export async function openCamera(shape = USUAL): Promise<MediaStream> {
  if (!window.isSecureContext || !navigator.mediaDevices) throw new CameraError('insecure');
  if (typeof MediaRecorder === 'undefined') throw new CameraError('no-recorder');
  try {
    return await navigator.mediaDevices.getUserMedia({
      audio: false,
      video: {
        facingMode: { ideal: 'environment' },
        width: { ideal: shape.widthPx },
        height: { ideal: shape.heightPx },
        frameRate: { ideal: FPS },
      },
    });
  } catch (error) {
    throw new CameraError(TROUBLES[error instanceof DOMException ? error.name : ''] ?? 'other');
  }
}

/** @throws CameraError where this browser records nothing the server reads. */
export function containerOf(): string {
  const found = CONTAINERS.find((type) => MediaRecorder.isTypeSupported(type));
  if (found === undefined) throw new CameraError('no-recorder');
  return found;
}
