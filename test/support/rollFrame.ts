import type { Camera } from '../../src/domain/camera.js';
import type { Frame } from '../../src/domain/frame.js';
import type { WorldFromCam } from '../../src/domain/rigid.js';
import { focalX, focalY } from '../../src/geometry/camera.js';
import { compose, rigid } from '../../src/geometry/rigid.js';

/** What lies outside the picture as it came. */
const BLACK = 0;

/** The pose of a camera that was rolled about its optical axis by `angleRad` (x towards y in the picture). */
export function rolledPose(worldFromCam: WorldFromCam, angleRad: number): WorldFromCam {
  return compose(
    worldFromCam,
    rigid<'cam', 'cam'>([0, 0, Math.sin(-angleRad / 2), Math.cos(-angleRad / 2)], [0, 0, 0]),
  );
}

/** What the camera would have seen, rolled by `angleRad`: the whole picture on a black canvas that just holds it, and the
 * intrinsics of that canvas. Exact for every lens without tangential distortion: two focal lengths become one. */
export function rollFrame(frame: Frame, angleRad: number): Frame {
  const [cos, sin] = [Math.cos(angleRad), Math.sin(angleRad)];
  const { camera } = frame;
  const { widthPx: w, heightPx: h } = camera;
  const [fx, fy] = [focalX(camera), focalY(camera)];
  const at = principalAt(camera);
  const [cx, cy] = [camera.params[at], camera.params[at + 1]];
  const corners = [0, w].flatMap((x) => [0, h].map((y) => [x - cx, ((y - cy) * fx) / fy]));
  const turnedX = corners.map(([x, y]) => cos * x - sin * y);
  const turnedY = corners.map(([x, y]) => sin * x + cos * y);
  const [left, top] = [Math.min(...turnedX), Math.min(...turnedY)];
  const widthPx = Math.round(Math.max(...turnedX) - left);
  const heightPx = Math.round(Math.max(...turnedY) - top);
  const pixels = new Uint8Array(widthPx * heightPx).fill(BLACK);
  for (let row = 0; row < heightPx; row++)
    for (let column = 0; column < widthPx; column++) {
      const dx = column + 0.5 + left;
      const dy = row + 0.5 + top;
      const x = cos * dx + sin * dy + cx;
      const y = ((-sin * dx + cos * dy) * fy) / fx + cy;
      if (x >= 0 && y >= 0 && x < w && y < h)
        pixels[row * widthPx + column] = bilinear(frame.pixels, w, h, x - 0.5, y - 0.5);
    }
  const rolled = { ...camera, params: rolledParams(camera, -left, -top), widthPx, heightPx };
  frame.release();
  return { ...frame, camera: rolled, pixels, release: () => undefined };
}

/** Where cx stands among the parameters: behind one focal length, or two. */
const principalAt = (camera: Camera): 1 | 2 =>
  camera.model.startsWith('SIMPLE') || camera.model === 'RADIAL' ? 1 : 2;

function rolledParams(camera: Camera, cx: number, cy: number): number[] {
  const at = principalAt(camera);
  return camera.params.map((p, i) => (i < at ? camera.params[0] : i === at ? cx : i === at + 1 ? cy : p));
}

/** x, y count pixel centres at whole numbers. */
function bilinear(pixels: Uint8Array, w: number, h: number, x: number, y: number): number {
  const left = Math.max(0, Math.min(Math.floor(x), w - 2));
  const top = Math.max(0, Math.min(Math.floor(y), h - 2));
  const [fx, fy] = [Math.max(0, Math.min(x - left, 1)), Math.max(0, Math.min(y - top, 1))];
  const at = top * w + left;
  const upper = pixels[at] + fx * (pixels[at + 1] - pixels[at]);
  const lower = pixels[at + w] + fx * (pixels[at + w + 1] - pixels[at + w]);
  return Math.round(upper + fy * (lower - upper));
}
