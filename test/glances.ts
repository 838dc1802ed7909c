import type { Features } from '../src/domain/features.js';
import type { WorldFromCam } from '../src/domain/rigid.js';
import { parseCamera } from '../src/geometry/camera.js';
import { project } from '../src/geometry/projection.js';
import { inverse, transformPoint } from '../src/geometry/rigid.js';
import type { Random } from '../src/kernels/random.js';
import { takeSnapshot } from '../src/tracking/snapshot.js';

const CAMERA = parseCamera('OPENCV', 640, 480, [458, 457, 330, 235, -0.2, 0.05, 0.0002, 0]);
const DIM = 32;
const POINTS = 400;

/** A cloud of points with a descriptor each. */
export interface World {
  /** [n x 3] in front of a camera at the origin, 2 to 12 m away. */
  readonly xyz: Float64Array;
  readonly descriptors: Float32Array;
}

const unitRow = (random: Random) => {
  const row = Array.from({ length: DIM }, () => random.normal());
  const length = Math.hypot(...row);
  return row.map((v) => v / length);
};

export function makeWorld(random: Random): World {
  const xyz = new Float64Array(3 * POINTS);
  for (let i = 0; i < POINTS; i++) {
    const z = 2 + 10 * random.uniform();
    xyz.set([(random.uniform() - 0.5) * 1.6 * z, (random.uniform() - 0.5) * 1.2 * z, z], 3 * i);
  }
  return {
    xyz,
    descriptors: Float32Array.from(Array.from({ length: POINTS }, () => unitRow(random)).flat()),
  };
}

/** What the camera sees of the world, half a pixel off, among clutter. */
export function look(world: World, worldFromCam: WorldFromCam, random: Random) {
  const camFromWorld = inverse(worldFromCam);
  const [xyPx, xyz, descriptors]: [number[], number[], number[]] = [[], [], []];
  const pixel = new Float64Array(2);
  for (let i = 0; i < POINTS; i++) {
    const point = world.xyz.subarray(3 * i, 3 * i + 3);
    const [x, y, z] = transformPoint(camFromWorld, [point[0], point[1], point[2]]);
    if (!project(CAMERA, x, y, z, pixel)) continue;
    if (!(pixel[0] > 0 && pixel[0] < 640 && pixel[1] > 0 && pixel[1] < 480)) continue;
    xyPx.push(pixel[0] + 0.5 * random.normal(), pixel[1] + 0.5 * random.normal());
    xyz.push(...point);
    descriptors.push(...world.descriptors.subarray(DIM * i, DIM * (i + 1)));
  }
  const mapped = xyPx.length;
  for (let i = 0; i < 100; i++) {
    xyPx.push(640 * random.uniform(), 480 * random.uniform());
    descriptors.push(...unitRow(random));
  }
  const features: Features = {
    count: xyPx.length / 2,
    xyPx: Float32Array.from(xyPx),
    scores: new Float32Array(xyPx.length / 2),
    descriptors: Float32Array.from(descriptors),
    dim: DIM,
    global: null,
  };
  const known = { xyPx: features.xyPx.subarray(0, mapped), xyz };
  return { snapshot: takeSnapshot(CAMERA, features), known };
}
