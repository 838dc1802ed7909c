import type { Camera } from '../../src/domain/camera.js';
import type { Frame } from '../../src/domain/frame.js';
import type { Rigid } from '../../src/domain/rigid.js';
import { project, unproject } from '../../src/geometry/projection.js';
import { compose, exp, rotationMatrix } from '../../src/geometry/rigid.js';
import { createRandom } from '../../src/kernels/random.js';

/** Another look of the same frame; pixels are its own. */
export type Picture = (frame: Frame) => Frame;

const withPixels = (frame: Frame, pixels: Uint8Array, camera: Camera = frame.camera): Frame => ({
  ...frame,
  camera,
  pixels,
  release: () => undefined,
});

export const asItIs: Picture = (frame) => frame;

/** What a mirror shows. The camera stays the picture's own. */
export const mirrored: Picture = (frame) => {
  const { widthPx: w, heightPx: h } = frame.camera;
  return withPixels(
    frame,
    remap(w, h, (x, y) => frame.pixels[y * w + (w - 1 - x)]),
  );
};

/** A hand over the lens. */
export const black: Picture = (frame) => withPixels(frame, new Uint8Array(frame.pixels.length).fill(3));

/** The light of a dim lamp, read by a noisy sensor. */
export const dark: Picture = (frame) => {
  const random = createRandom(frame.sequence);
  return withPixels(
    frame,
    frame.pixels.map((value) => clamp(0.12 * value + 4 + 2.5 * random.normal())),
  );
};

export const noisy: Picture = (frame) => {
  const random = createRandom(frame.sequence);
  return withPixels(
    frame,
    frame.pixels.map((value) => clamp(value + 22 * random.normal())),
  );
};

/** Box blur, three passes: nearly a Gaussian of that many pixels. */
export const blurred =
  (radiusPx: number): Picture =>
  (frame) => {
    const { widthPx: w, heightPx: h } = frame.camera;
    let pixels: Uint8Array = frame.pixels;
    for (let pass = 0; pass < 3; pass++) pixels = boxColumns(boxRows(pixels, w, h, radiusPx), w, h, radiusPx);
    return withPixels(frame, pixels);
  };

/** The picture at a fraction of its size, intrinsics with it. */
export const shrunk =
  (times: number): Picture =>
  (frame) => {
    const { widthPx, heightPx } = frame.camera;
    const [w, h] = [Math.floor(widthPx / times), Math.floor(heightPx / times)];
    const pixels = remap(w, h, (x, y) => meanOf(frame, x * times, y * times, times));
    return withPixels(frame, pixels, withSize(frame.camera, w, h, 1 / times, [0, 0]));
  };

/** The middle of the picture. `tells` false keeps the principal point and focal length of a whole picture of that size,
 * as somebody does who crops and forgets. */
export const cropped =
  (share: number, tells = true): Picture =>
  (frame) => {
    const { widthPx, heightPx } = frame.camera;
    const [w, h] = [Math.round(widthPx * share), Math.round(heightPx * share)];
    const [x0, y0] = [(widthPx - w) >> 1, (heightPx - h) >> 1];
    const pixels = remap(w, h, (x, y) => frame.pixels[(y + y0) * widthPx + x + x0]);
    const camera = tells
      ? withSize(frame.camera, w, h, 1, [x0, y0])
      : withSize(frame.camera, w, h, share, [0, 0]);
    return withPixels(frame, pixels, camera);
  };

/** The same picture under a focal length that is wrong by this factor. */
export const wrongFocal =
  (factor: number): Picture =>
  (frame) => {
    const { model, params } = frame.camera;
    const focals = model === 'PINHOLE' || model.startsWith('OPENCV') ? 2 : 1;
    const wrong = params.map((value, i) => (i < focals ? value * factor : value));
    return { ...frame, camera: { ...frame.camera, params: wrong } };
  };

/** What the camera sees turned on the spot, to the right and down; beyond the old picture it is black. */
export const turnedAway =
  (rightDeg: number, downDeg: number): Picture =>
  (frame) => {
    const { camera, pixels } = frame;
    const camFromTurned = rotationMatrix(turn(rightDeg, downDeg));
    const ray = new Float64Array(3);
    const at = new Float64Array(2);
    const { widthPx: w, heightPx: h } = camera;
    const seen = remap(w, h, (x, y) => {
      if (!unproject(camera, x + 0.5, y + 0.5, ray)) return 0;
      const r = camFromTurned;
      const [a, b, c] = [0, 3, 6].map((row) => r[row] * ray[0] + r[row + 1] * ray[1] + r[row + 2] * ray[2]);
      return project(camera, a, b, c, at) ? bilinear(pixels, w, h, at[0] - 0.5, at[1] - 0.5) : 0;
    });
    return withPixels(frame, seen);
  };

/** The turn of `turnedAway` as camFromTurned. */
export function turn(rightDeg: number, downDeg: number): Rigid<'cam', 'cam'> {
  const [right, down] = [(rightDeg * Math.PI) / 180, (-downDeg * Math.PI) / 180];
  return compose<'cam', 'cam', 'cam'>(exp([0, right, 0, 0, 0, 0]), exp([down, 0, 0, 0, 0, 0]));
}

/** Picture after picture. */
export const both =
  (first: Picture, second: Picture): Picture =>
  (frame) =>
    second(first(frame));

/** Scaled by `scale` after `offset` pixels were cut off. Distortion is stated in bearings and stays. */
function withSize(
  { model, params }: Camera,
  widthPx: number,
  heightPx: number,
  scale: number,
  [x0, y0]: readonly [number, number],
): Camera {
  const focals = model === 'PINHOLE' || model.startsWith('OPENCV') ? 2 : 1;
  const scaled = params.map((value, i) => {
    if (i < focals) return value * scale;
    if (i === focals) return (value - x0) * scale;
    return i === focals + 1 ? (value - y0) * scale : value;
  });
  return { model, params: scaled, widthPx, heightPx };
}

function remap(w: number, h: number, pick: (x: number, y: number) => number): Uint8Array {
  const out = new Uint8Array(w * h);
  for (let y = 0; y < h; y++) for (let x = 0; x < w; x++) out[y * w + x] = pick(x, y);
  return out;
}

function meanOf({ pixels, camera }: Frame, x0: number, y0: number, side: number): number {
  let sum = 0;
  for (let y = y0; y < y0 + side; y++)
    for (let x = x0; x < x0 + side; x++) sum += pixels[y * camera.widthPx + x];
  return Math.round(sum / (side * side));
}

const boxRows = (pixels: Uint8Array, w: number, h: number, r: number) =>
  boxLines(pixels, { lines: h, stride: w, length: w, step: 1 }, r);
const boxColumns = (pixels: Uint8Array, w: number, h: number, r: number) =>
  boxLines(pixels, { lines: w, stride: 1, length: h, step: w }, r);

interface Lines {
  readonly lines: number;
  readonly stride: number;
  readonly length: number;
  readonly step: number;
}

/** Running mean of 2 r + 1 pixels along each line; the border pixel goes on beyond the border. */
function boxLines(pixels: Uint8Array, { lines, stride, length, step }: Lines, radius: number): Uint8Array {
  const out = new Uint8Array(pixels.length);
  const taps = 2 * radius + 1;
  for (let k = 0; k < lines; k++) {
    const start = k * stride;
    const last = start + (length - 1) * step;
    let sum = radius * pixels[start];
    for (let i = 0; i <= radius; i++) sum += pixels[Math.min(start + i * step, last)];
    for (let i = 0; i < length; i++) {
      out[start + i * step] = Math.round(sum / taps);
      sum += pixels[Math.min(start + (i + radius + 1) * step, last)];
      sum -= pixels[Math.max(start + (i - radius) * step, start)];
    }
  }
  return out;
}

/** Between pixel centres; 0 outside. */
export function bilinear(pixels: Uint8Array, w: number, h: number, x: number, y: number): number {
  const [x0, y0] = [Math.floor(x), Math.floor(y)];
  if (!(x0 >= 0 && y0 >= 0 && x0 + 1 < w && y0 + 1 < h)) return 0;
  const [fx, fy] = [x - x0, y - y0];
  const i = y0 * w + x0;
  const top = pixels[i] * (1 - fx) + pixels[i + 1] * fx;
  const bottom = pixels[i + w] * (1 - fx) + pixels[i + w + 1] * fx;
  return Math.round(top * (1 - fy) + bottom * fy);
}

const clamp = (value: number) => Math.min(255, Math.max(0, Math.round(value)));
