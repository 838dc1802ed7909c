import type { Picture } from '../pictures.js';
import { colour } from '../theme.js';
import { context2d } from './canvas2d.js';

/** Paints a picture and the points that were matched in it, in the picture's own proportions. */
export async function paintPicture(
  canvas: HTMLCanvasElement,
  picture: Picture,
  withPoints: boolean,
): Promise<void> {
  const { header } = picture;
  const bitmap = await createImageBitmap(picture.jpeg);
  const ratio = Math.min(devicePixelRatio || 1, 2);
  const width = Math.max(1, Math.round(canvas.clientWidth * ratio));
  const height = Math.round((width * header.heightPx) / header.widthPx);
  if (canvas.width !== width || canvas.height !== height) {
    canvas.width = width;
    canvas.height = height;
  }
  const context = context2d(canvas);
  context.drawImage(bitmap, 0, 0, width, height);
  bitmap.close();
  if (!withPoints) return;
  const scale = width / header.widthPx;
  dots(context, picture.outlierXyPx, scale, 1.4 * ratio, colour('outlier'));
  dots(context, picture.inlierXyPx, scale, 2 * ratio, colour('inlier'));
}

function dots(
  context: CanvasRenderingContext2D,
  xyPx: Float32Array,
  scale: number,
  radius: number,
  fill: string,
): void {
  context.fillStyle = fill;
  context.beginPath();
  for (let i = 0; i + 1 < xyPx.length; i += 2) {
    const [x, y] = [xyPx[i] * scale, xyPx[i + 1] * scale];
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, 2 * Math.PI);
  }
  context.fill();
}
