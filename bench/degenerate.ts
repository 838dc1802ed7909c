import { Command } from 'commander';
import { DEFAULT_MODEL } from '../src/cli/openLocalizer.js';
import { repositoryPath } from '../test/support/shared.js';
import { openAtlas } from './deception/atlas.js';
import { type Deception, flatWall, picturesThatLie, repeatedBlock } from './deception/deceptions.js';
import { mapsAtHand, posedClips } from './deception/places.js';
import { play } from './deception/playClip.js';
import { type Score, scorePoses, scoreTable } from './deception/scorePoses.js';

const EXAMPLES = `
Flat walls, turning on the spot, houses that repeat, mirrors, wrong focal lengths, crops that nobody told of: what is
posed, what is right, and what is wrong with confidence.

Examples:
  npm run bench:degenerate
  npm run bench:degenerate -- --frames 10 --only wall`;

interface Options {
  readonly frames: string;
  readonly model: string;
  readonly only?: string;
}

interface Group {
  readonly name: string;
  readonly make: () => Promise<Deception[]>;
}

/** Clip and its map. */
const ASKED = [
  ['day-other-lane', 'town'],
  ['kitti_a queries', 'kitti_a'],
  ['karma_drone queries', 'karma_drone'],
  ['walk_goproMax queries', 'walk_goproMax'],
  ['redkitchen7_early queries', 'redkitchen7_early'],
] as const;

async function main({ frames, model, only = '' }: Options): Promise<void> {
  const cache = repositoryPath('.cache', 'deception');
  const atlas = await openAtlas(model, cache);
  const scores: Score[] = [];
  try {
    for (const deceptions of await prepare(cache, Number(frames), only)) {
      for (const deception of await deceptions()) {
        const localizer = await atlas.open(deception.map);
        const outcomes = await play(deception.frames, localizer, deception.mode);
        scores.push(scorePoses(deception.name, outcomes, deception.truths));
        process.stderr.write(`${scoreTable(scores.slice(-1)).split('\n')[1]}\n`);
      }
      atlas.forget();
    }
  } finally {
    await atlas.close();
  }
  process.stdout.write(`${scoreTable(scores)}\n`);
}

/** One group a clip, so that features of one are held at a time. */
async function prepare(cache: string, frames: number, only: string): Promise<(() => Promise<Deception[]>)[]> {
  const maps = mapsAtHand(null, cache);
  const clips = posedClips(null, cache);
  const clip = (name: string) => clips.find((one) => one.name === name);
  const groups: Group[] = ASKED.flatMap(([name, map]) => {
    const [asked, source] = [clip(name), maps.find((one) => one.name === map)];
    if (asked === undefined || source === undefined) return [];
    return [{ name, make: () => picturesThatLie(asked, source, frames) }];
  });
  const [town, block] = [clip('day-map'), clip('repeated-block')];
  if (town !== undefined) groups.push({ name: 'wall', make: () => flatWall(town, cache) });
  if (block !== undefined) groups.push({ name: 'block', make: () => repeatedBlock(block, cache) });
  return groups.filter(({ name }) => name.includes(only)).map(({ make }) => make);
}

await new Command('bench:degenerate')
  .description('Scenes and pictures that make a pose wrong without looking so.')
  .option('--frames <n>', 'frames of each clip', '20')
  .option('--only <text>', 'groups whose name holds this: a clip, wall, block')
  .option('--model <manifest>', 'network', DEFAULT_MODEL)
  .addHelpText('after', EXAMPLES)
  .action(main)
  .parseAsync();
