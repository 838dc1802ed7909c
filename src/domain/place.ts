/** Covisible keyframes that were retrieved together: one hypothesis of where the camera is. */
export interface Place {
  /** Keyframe ids, best first. */
  readonly keyframes: readonly number[];
  /** `tracked` places come from the frame before, without retrieval. */
  readonly origin: 'retrieved' | 'tracked';
}

/** 2D-3D matches as structure of arrays, best first, at most one per map point. */
export interface Correspondences {
  readonly count: number;
  /** [n x 2] pixels of the frame. */
  readonly xyPx: Float64Array;
  /** [n x 3] world coordinates. */
  readonly xyz: Float64Array;
  /** [n] map point. */
  readonly point: Uint32Array;
  /** [n] keyframe whose observation matched. */
  readonly keyframe: Uint32Array;
  /** [n] 1 where the match is mutual and passed the ratio test: only these count as evidence. */
  readonly distinct: Uint8Array;
  /** How many are distinct. */
  readonly distinctCount: number;
}
