import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import type { Camera } from '../../src/domain/camera.js';
import type { Frame } from '../../src/domain/frame.js';
import type { WorldFromCam } from '../../src/domain/rigid.js';
import { unproject } from '../../src/geometry/projection.js';
import { rigid, rotationMatrix } from '../../src/geometry/rigid.js';
import { createRandom } from '../../src/kernels/random.js';
import { bilinear } from '../../test/support/pictures.js';

/** A wall of pictures and nothing else: everything the camera sees lies in one plane, z = 0, x right, y down. */
export interface Wall {
  readonly pixels: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
  readonly pxPerM: number;
}

const CAMERA: Camera = { model: 'PINHOLE', params: [460, 460, 320, 180], widthPx: 640, heightPx: 360 };
const COLUMNS = 3;

/** Pictures side by side, 7 m wide. */
export function wallOf(frames: readonly Frame[]): Wall {
  const { widthPx: w, heightPx: h } = frames[0].camera;
  const rows = Math.floor(frames.length / COLUMNS);
  const widthPx = COLUMNS * w;
  const pixels = new Uint8Array(widthPx * rows * h);
  for (let k = 0; k < rows * COLUMNS; k++)
    for (let y = 0; y < h; y++) {
      const row = Math.floor(k / COLUMNS) * h + y;
      pixels.set(frames[k].pixels.subarray(y * w, (y + 1) * w), row * widthPx + (k % COLUMNS) * w);
    }
  return { pixels, widthPx, heightPx: rows * h, pxPerM: widthPx / 7 };
}

/** Cameras before the wall, looking at it, each turned a little.
 * @param distanceM  least and most */
export function standpoints(wall: Wall, count: number, distanceM: readonly [number, number], seed: number) {
  const random = createRandom(seed);
  const between = (from: number, to: number) => from + (to - from) * random.uniform();
  const [widthM, heightM] = [wall.widthPx / wall.pxPerM, wall.heightPx / wall.pxPerM];
  return Array.from({ length: count }, (): WorldFromCam => {
    const [yaw, pitch] = [between(-0.2, 0.2), between(-0.1, 0.1)];
    const position = [
      between(0.3, 0.7) * widthM,
      between(0.35, 0.65) * heightM,
      -between(...distanceM),
    ] as const;
    const [sy, cy, sp, cp] = [Math.sin(yaw / 2), Math.cos(yaw / 2), Math.sin(pitch / 2), Math.cos(pitch / 2)];
    return rigid([sp * cy, cp * sy, -sp * sy, cp * cy], position);
  });
}

/** Writes what cameras see of the wall as a posed folder.
 * @returns the folder */
export async function writeViews(wall: Wall, poses: readonly WorldFromCam[], out: string): Promise<string> {
  if (existsSync(join(out, 'images.csv'))) return out;
  mkdirSync(join(out, 'images'), { recursive: true });
  const { widthPx: width, heightPx: height } = CAMERA;
  const name = (i: number) => `${String(i).padStart(3, '0')}.png`;
  for (const [i, pose] of poses.entries())
    await sharp(view(wall, pose), { raw: { width, height, channels: 1 } }).toFile(
      join(out, 'images', name(i)),
    );
  const lines = poses.map(({ t, q }, i) => [i / 10, ...t, ...q].join(' '));
  writeFileSync(join(out, 'poses_tum.txt'), `${lines.join('\n')}\n`);
  const { model, params } = CAMERA;
  writeFileSync(join(out, 'intrinsics.json'), JSON.stringify({ model, params, width, height }));
  const rows = poses.map((_, i) => `${i / 10},${name(i)}`);
  writeFileSync(join(out, 'images.csv'), `timestamp,file\n${rows.join('\n')}\n`);
  return out;
}

function view(wall: Wall, worldFromCam: WorldFromCam): Uint8Array {
  const { widthPx, heightPx } = CAMERA;
  const out = new Uint8Array(widthPx * heightPx);
  const r = rotationMatrix(worldFromCam);
  const ray = new Float64Array(3);
  const [x, y, z] = worldFromCam.t;
  for (let v = 0; v < heightPx; v++)
    for (let u = 0; u < widthPx; u++) {
      if (!unproject(CAMERA, u + 0.5, v + 0.5, ray)) continue;
      const [dx, dy, dz] = [0, 3, 6].map((i) => r[i] * ray[0] + r[i + 1] * ray[1] + r[i + 2] * ray[2]);
      const far = -z / dz;
      const [wx, wy] = [(x + far * dx) * wall.pxPerM, (y + far * dy) * wall.pxPerM];
      out[v * widthPx + u] = bilinear(wall.pixels, wall.widthPx, wall.heightPx, wx - 0.5, wy - 0.5);
    }
  return out;
}
