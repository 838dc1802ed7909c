import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import type { MapModel } from '../../domain/mapModel.js';
import { fileError } from '../../map/fileError.js';
import type { Assessed, Reference } from '../eval/assess.js';
import { writeText } from '../eval/writeRun.js';
import { confidencePlot } from './confidencePlot.js';
import { errorPlot } from './errorPlot.js';
import { reliabilityPlot, statesConfidence } from './reliabilityPlot.js';
import { trajectoryPlot } from './trajectoryPlot.js';

export interface PlotOptions {
  readonly folder: string;
  /** Its points lie under the trajectory. */
  readonly map: MapModel | null;
  /** Also as PNG, at twice the size. */
  readonly png: boolean;
}

/** Writes the pictures into a folder, made where it is missing; runs that state no confidence have no pictures of it.
 * @returns the files written. Throws E_FILE_INVALID, E_FILE_NOT_FOUND, E_DISK_FULL. */
export async function writePlots(
  assessed: readonly Assessed[],
  reference: Reference,
  { folder, map, png }: PlotOptions,
): Promise<string[]> {
  makeFolder(folder);
  const written: string[] = [];
  for (const [name, svg] of Object.entries(draw(assessed, reference, map))) {
    const path = join(folder, `${name}.svg`);
    writeText(path, svg);
    written.push(path);
    if (png) written.push(await writePng(svg, join(folder, `${name}.png`)));
  }
  return written;
}

function draw(
  assessed: readonly Assessed[],
  reference: Reference,
  map: MapModel | null,
): Record<string, string> {
  const rated = assessed.filter(statesConfidence);
  return {
    trajectory: trajectoryPlot(assessed, reference, map),
    errors: errorPlot(assessed, reference),
    ...(rated.length === 0 ? {} : { reliability: reliabilityPlot(rated), confidence: confidencePlot(rated) }),
  };
}

async function writePng(svg: string, path: string): Promise<string> {
  try {
    await sharp(Buffer.from(svg), { density: 144 }).png().toFile(path);
  } catch (cause) {
    throw fileError(cause, path);
  }
  return path;
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (cause) {
    throw fileError(cause, folder);
  }
}
