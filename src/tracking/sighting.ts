import type { FrameId } from '../domain/frame.js';
import type { LostReason, PoseEstimate } from '../domain/outcome.js';
import type { WorldFromCam } from '../domain/rigid.js';

/** How a fix came about: around where the camera was expected, in the place of the frame before, or anywhere. */
export type FixOrigin = 'guided' | 'tracked' | 'retrieved';

/** A pose that passed the gate. */
export interface Fix {
  readonly origin: FixOrigin;
  readonly pose: PoseEstimate;
  readonly keyframe: number;
  readonly turnDeg: number;
}

/** Why there is no fix. */
export interface Miss {
  readonly reason: LostReason;
  /** One line a person understands. */
  readonly detail: string;
}

/** What one frame's search came to. */
export interface Sighting {
  readonly frame: FrameId;
  readonly fix: Fix | null;
  /** What the whole map said of a frame that had its fix already; null where it was not asked. */
  readonly audit: Fix | 'no-answer' | null;
  /** Of the best attempt, where there is no fix. */
  readonly miss: Miss | null;
}

/** What is published of a frame. */
export type Verdict =
  | { readonly kind: 'fix'; readonly fix: Fix; readonly confidence: number }
  | {
      readonly kind: 'coasted';
      readonly worldFromCam: WorldFromCam;
      readonly covariance: Float64Array;
      readonly confidence: number;
      readonly keyframe: number;
      readonly turnDeg: number;
    }
  | ({ readonly kind: 'lost' } & Miss);
