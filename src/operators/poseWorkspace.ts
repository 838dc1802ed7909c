import type { Camera } from '../domain/camera.js';
import { type AbsolutePoseWorkspace, createAbsolutePoseWorkspace } from '../geometry/absolutePose.js';
import type { LocalizeOptions, Localizer } from './localizer.js';

/** P3P needs three, a fourth decides between its solutions. */
export const MIN_MATCHES = 4;
/** Width the inlier threshold is stated for. */
const REFERENCE_WIDTH_PX = 1024;

/** Largest reprojection error of an inlier for a camera of this width. */
export const inlierThresholdPx = (options: LocalizeOptions, camera: Camera): number =>
  (options.thresholdPx * camera.widthPx) / REFERENCE_WIDTH_PX;

const workspaces = new WeakMap<Localizer, AbsolutePoseWorkspace>();

/** One workspace per localizer: its frames are solved one after another. */
export function poseWorkspaceOf(localizer: Localizer): AbsolutePoseWorkspace {
  const existing = workspaces.get(localizer);
  if (existing !== undefined) return existing;
  const created = createAbsolutePoseWorkspace(localizer.options.maxKeypoints);
  workspaces.set(localizer, created);
  return created;
}

/** Correspondences come best first, which is all a sampler wants to know. */
export const fallingQuality = (count: number) => Float32Array.from({ length: count }, (_, i) => count - i);
