import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Features } from '../../domain/features.js';

/** COLMAP's importer takes 128 numbers a keypoint; the matches come from us, so it never compares them. */
const DUMMY_DESCRIPTOR = ' 0'.repeat(128);

/** A keypoint file of `colmap feature_importer`: x y scale orientation, then the descriptor.
 * @param sx, sy from the features' pixels to those of the image file */
export function keypointText({ count, xyPx }: Features, sx: number, sy: number): string {
  const lines = [`${count} 128`];
  for (let i = 0; i < count; i++)
    lines.push(
      `${(sx * xyPx[2 * i]).toFixed(4)} ${(sy * xyPx[2 * i + 1]).toFixed(4)} 1 0${DUMMY_DESCRIPTOR}`,
    );
  return `${lines.join('\n')}\n`;
}

/** One pair of a match list of `colmap matches_importer`. @param rows keypoints of a and b in turn */
export function matchText(nameA: string, nameB: string, rows: Uint32Array): string {
  const lines = [`${nameA} ${nameB}`];
  for (let m = 0; m < rows.length; m += 2) lines.push(`${rows[m]} ${rows[m + 1]}`);
  return `${lines.join('\n')}\n\n`;
}

/** Writes `<folder>/<name>.txt`, also where the name holds folders. */
export function writeKeypoints(folder: string, name: string, text: string): void {
  const path = join(folder, `${name}.txt`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
}
