import type { Camera } from './camera.js';
import type { DropReason } from './outcome.js';

/** Which clock a capture time was read from: the camera's own (RTCP), ours at arrival, or the file's time line. */
export type CaptureClock = 'rtcp' | 'arrival' | 'media';

/** What stays of a frame once its pixels are gone. */
export interface FrameId {
  readonly stream: string;
  /** Grows whenever the source restarts or its time line breaks. */
  readonly epoch: number;
  /** Grows by one per decoded frame within an epoch, dropped frames included. */
  readonly sequence: number;
  /** The input's own timestamp: presentation time of a video, `images.csv` of a folder. */
  readonly timestampS: number;
  /** When the light fell in, on `captureClock`; ms since the Unix epoch for `rtcp` and `arrival`. */
  readonly captureMs: number;
  readonly captureClock: CaptureClock;
  /** The stream was damaged shortly before: parts of the picture may be of another time. More is asked of its pose. */
  readonly isSuspect?: true;
  /** File name for image folders. */
  readonly name?: string;
}

/** One decoded gray image. */
export interface Frame extends FrameId {
  /** Given: its source knows that no pose may be made of it. It is dropped, and counted, under this reason. */
  readonly reject?: DropReason;
  /** Intrinsics of exactly this pixel size. */
  readonly camera: Camera;
  /** Row-major [heightPx x widthPx] luma. **Borrowed**: valid until `release()` is called, then the buffer is reused. */
  readonly pixels: Uint8Array;
  /** Called exactly once, by whoever ends the frame's use of pixels (extraction, or the drop). */
  readonly release: () => void;
}
