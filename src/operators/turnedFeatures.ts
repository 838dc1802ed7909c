import type { Engine, ExtractOptions, Features, GrayImage } from '../domain/features.js';
import { turnGray, unturnPositions } from '../kernels/turnGray.js';

/** A turned canvas may be this much larger than the picture; beyond it corners are cut off. */
const MAX_GROWTH = 1.5;

/** What the network makes of the picture turned: these networks lose their matches beyond some 30° of roll, so a rolled
 * camera is looked at upright. Positions are taken back to the picture as it came. */
export async function extractTurned(
  engine: Engine,
  image: GrayImage,
  turnDeg: number,
  options: ExtractOptions,
): Promise<Features> {
  const angleRad = (turnDeg * Math.PI) / 180;
  const turned = turnImage(image, turnDeg, angleRad);
  return takeBack(await engine.extract(turned, options), image, turned, angleRad);
}

function turnImage(image: GrayImage, turnDeg: number, angleRad: number): GrayImage {
  const { widthPx: w, heightPx: h } = image;
  const [widthPx, heightPx] = canvasFor(w, h, turnDeg, angleRad);
  const pixels = new Uint8Array(widthPx * heightPx);
  turnGray(image.pixels, w, h, angleRad, pixels, widthPx, heightPx);
  return { pixels, widthPx, heightPx };
}

/** Quarter turns keep every pixel; others get a square that holds most of the picture. */
function canvasFor(w: number, h: number, turnDeg: number, angleRad: number): readonly [number, number] {
  if (turnDeg % 180 === 0) return [w, h];
  if (turnDeg % 90 === 0) return [h, w];
  const [cos, sin] = [Math.abs(Math.cos(angleRad)), Math.abs(Math.sin(angleRad))];
  const whole = Math.max(w * cos + h * sin, w * sin + h * cos);
  const side = Math.round(Math.min(whole, Math.sqrt(MAX_GROWTH * w * h)));
  return [side, side];
}

/** Keeps what lies inside the picture as it came. */
function takeBack(found: Features, image: GrayImage, turned: GrayImage, angleRad: number): Features {
  const { widthPx: w, heightPx: h } = image;
  const xyPx = found.xyPx.slice();
  unturnPositions(xyPx, angleRad, w, h, turned.widthPx, turned.heightPx);
  const inside: number[] = [];
  for (let i = 0; i < found.count; i++) {
    const [x, y] = [xyPx[2 * i], xyPx[2 * i + 1]];
    if (x >= 0 && y >= 0 && x <= w && y <= h) inside.push(i);
  }
  return {
    ...found,
    count: inside.length,
    xyPx: gatherRows(xyPx, inside, 2),
    scores: gatherRows(found.scores, inside, 1),
    descriptors: gatherRows(found.descriptors, inside, found.dim),
  };
}

function gatherRows(rows: Float32Array, which: readonly number[], width: number): Float32Array {
  const out = new Float32Array(which.length * width);
  for (const [i, row] of which.entries()) out.set(rows.subarray(row * width, (row + 1) * width), i * width);
  return out;
}
