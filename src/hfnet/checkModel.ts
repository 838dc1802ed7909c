import { type ErrorCode, PosestreamError } from '../domain/errors.js';
import type { Features, GrayImage, ModelIdentity } from '../domain/features.js';
import { faultsIn } from './faults.js';
import { framePx } from './framePixels.js';
import { identityOf } from './modelFile.js';
import { type Inspection, type Network, openNetwork } from './network.js';

export interface CheckOptions {
  readonly manifestPath: string;
  readonly image: GrayImage;
  readonly maxKeypoints: number;
  /** Timed runs, after one to warm up. */
  readonly runs: number;
  readonly threads: number;
  /** A clock in milliseconds. */
  readonly nowMs: () => number;
}

export type ViolationName =
  | 'file-missing'
  | 'manifest'
  | 'corrupt'
  | 'contract'
  | 'nonfinite'
  | 'failed'
  | 'no-keypoints'
  | 'too-many-keypoints'
  | 'keypoints-outside'
  | 'negative-scores'
  | 'unnormalised-descriptors'
  | 'unnormalised-global'
  | 'nondeterministic';

export interface Violation {
  readonly name: ViolationName;
  /** What was run: `start`, `the image`, `a black image` … */
  readonly during: string;
  readonly detail: string;
}

export interface CheckReport {
  readonly ok: boolean;
  readonly violations: readonly Violation[];
  /** Null where the network could not be opened. */
  readonly model: ModelIdentity | null;
  /** Of the image; null where the network failed on it. */
  readonly features: Features | null;
  readonly timing: Timing | null;
}

export interface Timing {
  readonly runs: number;
  readonly minMs: number;
  readonly medianMs: number;
}

/** Runs a network the way the engine would and tells every breach of its contract by name. Never throws for a fault of
 * the model. Runs in the calling thread and blocks it. */
export async function checkModel(options: CheckOptions): Promise<CheckReport> {
  const violations: Violation[] = [];
  const attempt = async <T>(during: string, run: () => Promise<T>): Promise<T | null> => {
    try {
      return await run();
    } catch (error) {
      violations.push(...breachesOf(error).map((breach) => ({ ...breach, during })));
      return null;
    }
  };
  const network = await attempt('start', () => openNetwork(options.manifestPath, options.threads));
  if (!network) return { ok: false, violations, model: null, features: null, timing: null };

  const limit = { maxKeypoints: options.maxKeypoints };
  for (const { during, image, contentful } of images(options.image))
    await attempt(during, async () => {
      const inspection = await network.inspect(image, limit);
      for (const v of breaches(network, inspection, options.maxKeypoints, contentful))
        violations.push({ ...v, during });
    });
  const features = await attempt('the image, again', () => network.extract(options.image, limit));
  const again = features && (await attempt('the image, again', () => network.extract(options.image, limit)));
  if (features && again && !sameFeatures(features, again))
    violations.push({
      name: 'nondeterministic',
      during: 'the image, again',
      detail: 'Two runs on one image differ.',
    });
  const timing = again && (await attempt('timing', () => timed(network, options)));
  await network.release();
  return {
    ok: violations.length === 0,
    violations: merged(violations),
    model: identityOf(network.manifest),
    features,
    timing,
  };
}

interface Trial {
  readonly during: string;
  readonly image: GrayImage;
  /** False where no keypoints are expected. */
  readonly contentful: boolean;
}

function images(image: GrayImage): Trial[] {
  const { widthPx, heightPx } = image;
  const odd = { pixels: image.pixels, widthPx, heightPx: heightPx - 1 };
  const flat = (value: number): GrayImage => ({
    ...image,
    pixels: new Uint8Array(widthPx * heightPx).fill(value),
  });
  return [
    { during: 'the image', image, contentful: true },
    { during: 'the image without its last row', image: odd, contentful: true },
    { during: 'a black image', image: flat(0), contentful: false },
    { during: 'a white image', image: flat(255), contentful: false },
  ];
}

type Breach = Omit<Violation, 'during'>;

function breaches(
  { manifest }: Network,
  { raw, toFramePx, sizePx }: Inspection,
  maxKeypoints: number,
  contentful: boolean,
): Breach[] {
  const n = raw.scores.length;
  const { threshold } = manifest.scores;
  const least = manifest.kind === 'dense-v1' ? 0 : threshold;
  const kept = countRows(n, (row) => raw.scores[row] > least);
  const { normalised } = manifest.descriptor;
  const isOutside = (row: number, axis: number): boolean => {
    const px = framePx(raw, toFramePx, row, axis);
    return !(px >= 0 && px <= sizePx[axis]);
  };
  const outside = countRows(n, (row) => isOutside(row, 0) || isOutside(row, 1));
  const negative = manifest.kind === 'sparse-v1' ? countRows(n, (row) => raw.scores[row] < 0) : 0;
  const loose = normalised ? looseRows(raw.descriptors, raw.dim) : 0;
  const looseGlobal =
    manifest.global?.normalised && raw.global ? looseRows(raw.global, raw.global.length) : 0;
  const excess = manifest.inputs.maxKeypoints ? n - maxKeypoints : 0;
  const rules: [ViolationName, number, string][] = [
    [
      'no-keypoints',
      contentful && kept === 0 ? 1 : 0,
      `No keypoint has a score above the threshold, ${threshold}.`,
    ],
    ['too-many-keypoints', excess, `${n} keypoints where ${maxKeypoints} were asked for.`],
    ['keypoints-outside', outside, `${outside} of ${n} keypoints lie outside ${sizePx.join(' x ')} px.`],
    ['negative-scores', negative, `${negative} of ${n} scores are negative.`],
    ['unnormalised-descriptors', loose, `${loose} of ${n} rows are not of unit length.`],
    ['unnormalised-global', looseGlobal, 'The global descriptor is not of unit length.'],
  ];
  return rules.filter(([, count]) => count > 0).map(([name, , detail]) => ({ name, detail }));
}

const countRows = (n: number, isBad: (row: number) => boolean): number => {
  let count = 0;
  for (let row = 0; row < n; row++) if (isBad(row)) count++;
  return count;
};

/** Rows whose length is off by more than float16 storage explains. */
const LENGTH_SLACK = 5e-3;

const looseRows = (rows: Float32Array, dim: number): number =>
  countRows(rows.length / dim, (row) => {
    const length = Math.hypot(...rows.subarray(row * dim, (row + 1) * dim));
    return Math.abs(length - 1) > LENGTH_SLACK;
  });

function sameFeatures(a: Features, b: Features): boolean {
  const same = (x: Float32Array | null, y: Float32Array | null): boolean =>
    x === y || (x?.length === y?.length && x!.every((v, i) => v === y![i]));
  return (
    same(a.xyPx, b.xyPx) &&
    same(a.scores, b.scores) &&
    same(a.descriptors, b.descriptors) &&
    same(a.global, b.global)
  );
}

async function timed(network: Network, { image, maxKeypoints, runs, nowMs }: CheckOptions): Promise<Timing> {
  const tookMs: number[] = [];
  for (let run = 0; run < Math.max(1, runs); run++) {
    const startMs = nowMs();
    await network.extract(image, { maxKeypoints });
    tookMs.push(nowMs() - startMs);
  }
  tookMs.sort((a, b) => a - b);
  return { runs: tookMs.length, minMs: tookMs[0], medianMs: tookMs[tookMs.length >> 1] };
}

const NAME_OF: Partial<Record<ErrorCode, ViolationName>> = {
  E_FILE_NOT_FOUND: 'file-missing',
  E_MODEL_MANIFEST: 'manifest',
  E_MODEL_CORRUPT: 'corrupt',
  E_MODEL_CONTRACT: 'contract',
  E_MODEL_NONFINITE: 'nonfinite',
};

function breachesOf(error: unknown): Breach[] {
  if (!(error instanceof PosestreamError)) return [{ name: 'failed', detail: String(error) }];
  const name = NAME_OF[error.code] ?? 'failed';
  return faultsIn(error).map((detail) => ({ name, detail }));
}

/** What was found on several images is told once. */
function merged(violations: readonly Violation[]): Violation[] {
  const groups = new Map<string, Violation>();
  for (const violation of violations) {
    const key = `${violation.name} ${violation.detail}`;
    const known = groups.get(key);
    const during = known ? `${known.during}, ${violation.during}` : violation.during;
    groups.set(key, { ...violation, during });
  }
  return [...groups.values()];
}
