import { add, axesOf, type Quat, scale, type Vec3 } from '../model/mapFrame.js';

export interface CameraShape {
  readonly params: readonly number[];
  readonly model: string;
  readonly widthPx: number;
  readonly heightPx: number;
}

/** Half width and half height of the picture at distance 1. A fisheye's would be endless: it is held to 60 degrees. */
export function halfExtents(camera: CameraShape | null): [number, number] {
  if (!camera) return [0.64, 0.36];
  const single = /^SIMPLE|^RADIAL/.test(camera.model);
  const [fx, fy] = single ? [camera.params[0], camera.params[0]] : [camera.params[0], camera.params[1]];
  const limit = Math.tan(Math.PI / 3);
  return [Math.min(limit, camera.widthPx / 2 / fx), Math.min(limit, camera.heightPx / 2 / fy)];
}

/** Edges of a viewing pyramid of this depth as [n x 6], with a tick on the picture's upper edge. */
export function frustumSegments(
  position: Vec3,
  orientation: Quat,
  half: readonly [number, number],
  depth: number,
): number[] {
  const at = imagePlane(position, orientation, half, depth);
  const corners = [at(-1, -1), at(1, -1), at(1, 1), at(-1, 1)];
  const segments: number[] = [];
  corners.forEach((corner, i) => {
    segments.push(...position, ...corner, ...corner, ...corners[(i + 1) % 4]);
  });
  const tick = at(0, -1.35);
  segments.push(...at(-0.25, -1), ...tick, ...tick, ...at(0.25, -1));
  return segments;
}

/** The four sides of the same pyramid as triangles, [4 x 9]. */
export function frustumFaces(
  position: Vec3,
  orientation: Quat,
  half: readonly [number, number],
  depth: number,
): number[] {
  const at = imagePlane(position, orientation, half, depth);
  const corners = [at(-1, -1), at(1, -1), at(1, 1), at(-1, 1)];
  return corners.flatMap((corner, i) => [...position, ...corner, ...corners[(i + 1) % 4]]);
}

/** World position of a point of the picture, whose edges are at -1 and 1, at this depth. */
function imagePlane(
  position: Vec3,
  orientation: Quat,
  half: readonly [number, number],
  depth: number,
): (x: number, y: number) => Vec3 {
  const [right, down, ahead] = axesOf(orientation);
  const origin = add(position, scale(ahead, depth));
  return (x, y) => add(origin, add(scale(right, x * half[0] * depth), scale(down, y * half[1] * depth)));
}
