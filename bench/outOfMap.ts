import { createHash } from 'node:crypto';
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Command } from 'commander';
import { DEFAULT_MODEL } from '../src/cli/openLocalizer.js';
import type { Outcome } from '../src/domain/outcome.js';
import { DEFAULT_OPTIONS } from '../src/operators/localizer.js';
import { CONFIDENCE_WEIGHTS } from '../src/tracking/confidenceWeights.js';
import { repositoryPath } from '../test/support/shared.js';
import { type Atlas, openAtlas } from './deception/atlas.js';
import { allClips } from './deception/foreignClips.js';
import { type Clip, type MapSource, mapsAtHand } from './deception/places.js';
import { framesOf, play } from './deception/playClip.js';

const EXAMPLES = `
Every clip at hand against maps of other places, in sequence mode, as a live user would run it. A pose published with
confidence 0.5 or more is a failure. Maps are kept in .cache/deception between runs, and so is what came of each clip: a
stopped run is taken up again by the same command.

Examples:
  npm run bench:deception                               two maps a clip
  npm run bench:deception -- --maps 99                  every map it does not belong to
  npm run bench:deception -- --fresh                    forget what earlier runs found
  npm run bench:deception -- --towns /tmp/more-towns    with more towns, rendered as <seed>/<light>/`;

interface Options {
  readonly maps: string;
  readonly towns?: string;
  readonly model: string;
  readonly only?: string;
  readonly fresh?: boolean;
}

const CONFIDENT = 0.5;

interface Row {
  readonly clip: string;
  readonly place: string;
  readonly kind: Clip['kind'];
  readonly frames: number;
  /** Frames times maps. */
  readonly looks: number;
  readonly published: number;
  readonly confident: number;
  readonly mostConfidence: number;
  readonly mostInliers: number;
}

async function main(options: Options): Promise<void> {
  const cache = repositoryPath('.cache', 'deception');
  const towns = options.towns ?? null;
  const maps = mapsAtHand(towns, join(cache, 'towns'));
  const clips = allClips(towns, join(cache, 'towns'));
  const atlas = await openAtlas(options.model, cache);
  const book = openBook(
    cache,
    `${atlas.modelSha} ${maps.map(({ name }) => name)} ${options.maps}`,
    options.fresh,
  );
  const rows: Row[] = [];
  try {
    for (const [i, clip] of clips.entries()) {
      if (!clip.name.includes(options.only ?? '')) continue;
      const known = book.known.find((row) => row.clip === clip.name);
      const row = known ?? (await deceive(clip, foreignMaps(clip, maps, Number(options.maps), i), atlas));
      if (known === undefined) book.add(row);
      rows.push(row);
      process.stderr.write(`${lineOf(row)}\n`);
      atlas.forget();
    }
  } finally {
    await atlas.close();
  }
  process.stdout.write(`${summary(rows, maps.length)}\n`);
  process.exitCode = rows.some(({ confident }) => confident > 0) ? 1 : 0;
}

/** Clips that an earlier run of the same network, confidence, gate and maps has been through. */
function openBook(cache: string, run: string, fresh = false) {
  const settings = JSON.stringify([run, CONFIDENCE_WEIGHTS, DEFAULT_OPTIONS]);
  const name = createHash('sha256').update(settings).digest('hex').slice(0, 12);
  const path = join(cache, `out-of-map-${name}.jsonl`);
  mkdirSync(cache, { recursive: true });
  if (fresh) rmSync(path, { force: true });
  const text = existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
  const known = text === '' ? [] : text.split('\n').map((line) => JSON.parse(line) as Row);
  return { known, add: (row: Row) => appendFileSync(path, `${JSON.stringify(row)}\n`) };
}

/** `count` maps of other places, other ones for the next clip. */
function foreignMaps(clip: Clip, maps: readonly MapSource[], count: number, turn: number): MapSource[] {
  const foreign = maps.filter(({ place }) => place !== clip.place);
  const taken = Math.min(count, foreign.length);
  return Array.from({ length: taken }, (_, i) => foreign[(turn * taken + i) % foreign.length]);
}

async function deceive(clip: Clip, maps: readonly MapSource[], atlas: Atlas): Promise<Row> {
  const frames = await framesOf(clip);
  const outcomes: Outcome[] = [];
  for (const map of maps) outcomes.push(...(await play(frames, await atlas.open(map), 'sequence')));
  const posed = outcomes.filter((outcome) => outcome.kind === 'posed').map(({ pose }) => pose);
  const largest = (values: number[]) => values.reduce((most, value) => Math.max(most, value), 0);
  return {
    ...{ clip: clip.name, place: clip.place, kind: clip.kind },
    ...{ frames: frames.length, looks: outcomes.length, published: posed.length },
    confident: posed.filter(({ confidence }) => confidence >= CONFIDENT).length,
    mostConfidence: largest(posed.map(({ confidence }) => confidence)),
    mostInliers: largest(posed.map(({ inliers }) => inliers)),
  };
}

function lineOf({
  clip,
  kind,
  frames,
  looks,
  published,
  confident,
  mostConfidence,
  mostInliers,
}: Row): string {
  const cells = [frames, looks, published, confident, mostConfidence.toFixed(2), mostInliers];
  return `${clip.padEnd(46)}${kind.padEnd(9)}${cells.map((cell) => String(cell).padStart(8)).join('')}`;
}

function summary(rows: readonly Row[], maps: number): string {
  const head = `${'clip'.padEnd(55)}${['frames', 'looks', 'posed', '≥ 0.5', 'most', 'inliers'].map((h) => h.padStart(8)).join('')}`;
  const sum = (pick: (row: Row) => number) => rows.reduce((total, row) => total + pick(row), 0);
  return [
    head,
    ...rows.map(lineOf),
    '',
    `${rows.length} clips of ${new Set(rows.map(({ place }) => place)).size} places, ${sum((row) => row.frames)} different frames, ` +
      `${sum((row) => row.looks)} looks at one of ${maps} maps of another place: ` +
      `${sum((row) => row.published)} poses published, ${sum((row) => row.confident)} with confidence ≥ ${CONFIDENT}.`,
  ].join('\n');
}

await new Command('bench:deception')
  .description('Videos of other places: how many poses does a map give them?')
  .option('--maps <n>', 'maps of other places for each clip', '2')
  .option('--towns <folder>', 'more rendered towns, as <seed>/<light>/')
  .option('--fresh', 'forget what earlier runs found')
  .option('--only <text>', 'clips whose name holds this')
  .option('--model <manifest>', 'network', DEFAULT_MODEL)
  .addHelpText('after', EXAMPLES)
  .action(main)
  .parseAsync();
