import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import sharp from 'sharp';
import { PosestreamError } from '../domain/errors.js';
import type { GrayImage } from '../domain/features.js';
import { type CheckReport, checkModel } from '../hfnet/checkModel.js';
import { drawKeypoints } from '../hfnet/drawKeypoints.js';
import { fileError } from '../map/fileError.js';
import { DEFAULT_OPTIONS } from '../operators/localizer.js';
import { wholeNumber } from './numbers.js';
import { colour, say } from './terminal.js';

const EXAMPLES = `
Examples:
  posestream model check models/hfnet.json --image photo.jpg
  posestream model check mine.json --image photo.jpg --draw keypoints.png

Runs the network as the engine would, names every breach of its contract, and times it.`;

interface Options {
  readonly image?: string;
  readonly draw?: string;
  readonly size: number;
  readonly keypoints: number;
  readonly runs: number;
  readonly threads: number;
  readonly json?: boolean;
}

export function modelCommand(): Command {
  return new Command('model').description('look after networks').addCommand(checkCommand());
}

function checkCommand(): Command {
  return new Command('check')
    .description('does this network keep the contract, and how fast is it?')
    .argument('<manifest>', 'JSON beside the ONNX file')
    .option('--image <file>', 'image to run it on (default: a pattern)')
    .option('--draw <png>', 'write the image with its keypoints')
    .option('--size <px>', 'longest image side', wholeNumber, 640)
    .option('--keypoints <n>', 'keypoints to ask for', wholeNumber, DEFAULT_OPTIONS.maxKeypoints)
    .option('--runs <n>', 'timed runs', wholeNumber, 20)
    .option('--threads <n>', 'threads', wholeNumber, 1)
    .option('--json', 'print JSON')
    .addHelpText('after', EXAMPLES)
    .action(check);
}

async function check(manifestPath: string, options: Options): Promise<void> {
  const image = options.image === undefined ? pattern() : await readGray(options.image, options.size);
  const { keypoints: maxKeypoints, runs, threads } = options;
  const report = await checkModel({
    manifestPath,
    image,
    maxKeypoints,
    runs,
    threads,
    nowMs: () => performance.now(),
  });
  if (options.json) process.stdout.write(`${JSON.stringify({ ...report, features: undefined }, null, 2)}\n`);
  else tell(report, image);
  if (options.draw !== undefined && report.features !== null)
    await draw(image, report.features, options.draw);
  if (!report.ok)
    throw new PosestreamError(
      'E_MODEL_CONTRACT',
      `${manifestPath}: breaches of the contract: ${report.violations.length}.`,
      {
        hint: 'The README says what a network must give.',
      },
    );
}

function tell({ model, features, timing, violations }: CheckReport, image: GrayImage): void {
  if (model !== null) say(`${colour.bold(model.name)} ${model.version}  ${model.sha256.slice(0, 12)}`);
  if (features !== null)
    say(
      `${features.count} keypoints of ${features.dim}-d, global ${features.global?.length ?? 'none'}, image ${image.widthPx}x${image.heightPx}`,
    );
  if (timing !== null)
    say(`${timing.medianMs.toFixed(1)} ms median, ${timing.minMs.toFixed(1)} ms best of ${timing.runs}`);
  for (const { name, during, detail } of violations) say(`${colour.red('✗')} ${name} (${during}): ${detail}`);
  if (violations.length === 0) say(`${colour.green('✓')} keeps the contract`);
}

async function readGray(path: string, maxSidePx: number): Promise<GrayImage> {
  try {
    const { data, info } = await sharp(readFileSync(path))
      .resize({ width: maxSidePx, height: maxSidePx, fit: 'inside', withoutEnlargement: true })
      .grayscale()
      .raw()
      .toBuffer({ resolveWithObject: true });
    return { pixels: data, widthPx: info.width, heightPx: info.height };
  } catch (cause) {
    throw fileError(cause, path);
  }
}

/** Blobs on three scales: something to detect where no image was given. */
function pattern(widthPx = 640, heightPx = 480): GrayImage {
  const wave = (x: number, y: number, period: number) =>
    Math.sin((2 * Math.PI * x) / period) * Math.sin((2 * Math.PI * y) / (period * 0.83));
  const pixels = Uint8Array.from({ length: widthPx * heightPx }, (_, i) => {
    const [x, y] = [i % widthPx, Math.floor(i / widthPx)];
    return 128 + 60 * Math.sign(wave(x, y, 97)) + 40 * wave(x, y, 31) + 20 * wave(x + y, y, 11);
  });
  return { pixels, widthPx, heightPx };
}

async function draw(
  image: GrayImage,
  features: NonNullable<CheckReport['features']>,
  path: string,
): Promise<void> {
  const raw = { width: image.widthPx, height: image.heightPx, channels: 3 } as const;
  await sharp(drawKeypoints(image, features), { raw })
    .png()
    .toFile(path)
    .catch((cause) => {
      throw fileError(cause, path);
    });
  say(`wrote ${path}`);
}
