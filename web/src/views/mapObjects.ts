import {
  BufferAttribute,
  BufferGeometry,
  Color,
  LineBasicMaterial,
  LineSegments,
  Points,
  PointsMaterial,
} from 'three';
import type { MapData } from '../model/mapData.js';
import { dot } from '../model/mapFrame.js';
import { colour } from '../theme.js';
import { frustumSegments, halfExtents } from './frustum.js';

export interface MapObjects {
  readonly points: Points;
  readonly keyframes: LineSegments;
  /** Colours from the style sheet: points by height, keyframes plain. */
  paint(): void;
}

export function createMapObjects(map: MapData): MapObjects {
  const points = new Points(
    geometryOf(map.points),
    new PointsMaterial({ size: 2, sizeAttenuation: false, vertexColors: true }),
  );
  const keyframes = new LineSegments(geometryOf(keyframeSegments(map)), new LineBasicMaterial());
  const shares = heightShares(map);
  return {
    points,
    keyframes,
    paint() {
      const [low, high] = [new Color(colour('point-low')), new Color(colour('point-high'))];
      const colours = new Float32Array(map.points.length);
      const mixed = new Color();
      shares.forEach((share, i) => {
        mixed.lerpColors(low, high, share).toArray(colours, 3 * i);
      });
      points.geometry.setAttribute('color', new BufferAttribute(colours, 3));
      (keyframes.material as LineBasicMaterial).color.set(colour('keyframe'));
    },
  };
}

export function geometryOf(positions: Float32Array): BufferGeometry {
  return new BufferGeometry().setAttribute('position', new BufferAttribute(positions, 3));
}

function keyframeSegments({ keyframes, frame, header }: MapData): Float32Array {
  const half = halfExtents(header.camera);
  const segments: number[] = [];
  for (let i = 0; i + 6 < keyframes.length; i += 7) {
    const [tx, ty, tz, qx, qy, qz, qw] = keyframes.subarray(i, i + 7);
    segments.push(...frustumSegments([tx, ty, tz], [qx, qy, qz, qw], half, 0.4 * frame.spacing));
  }
  return Float32Array.from(segments);
}

/** Height of each point between the 2nd and 98th percentile, 0..1. */
function heightShares({ points, frame }: MapData): Float32Array {
  const heights = Float32Array.from({ length: points.length / 3 }, (_, i) =>
    dot([points[3 * i], points[3 * i + 1], points[3 * i + 2]], frame.up),
  );
  const sorted = heights.slice().sort();
  const at = (share: number): number => sorted[Math.floor(share * (sorted.length - 1))];
  const [low, high] = [at(0.02), at(0.98)];
  return heights.map((h) => Math.min(1, Math.max(0, (h - low) / (high - low || 1))));
}
