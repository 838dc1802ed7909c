import { Command } from 'commander';
import { DEFAULT_MODEL } from '../src/cli/openLocalizer.js';
import { nearestPose } from '../src/map/trajectory.js';
import { repositoryPath } from '../test/support/shared.js';
import { type Atlas, openAtlas } from './deception/atlas.js';
import { type Clip, type MapSource, mapsAtHand, posedClips } from './deception/places.js';
import { framesOf, play } from './deception/playClip.js';
import { type Score, scorePoses, scoreTable } from './deception/scorePoses.js';

const EXAMPLES = `
The other half of bench:deception: the same gate and the same confidence, in the right map. Of each set at least 90 % of
the frames should come with confidence 0.5 or more.

Examples:
  npm run bench:available
  npm run bench:available -- --towns /tmp/more-towns --only queries`;

interface Options {
  readonly towns?: string;
  readonly model: string;
  readonly only?: string;
}

const SAME_FRAME_S = 0.01;
const BAR = 0.9;

async function main({ towns, model, only = '' }: Options): Promise<void> {
  const cache = repositoryPath('.cache', 'deception');
  const scratch = `${cache}/towns`;
  const maps = mapsAtHand(towns ?? null, scratch);
  const atlas = await openAtlas(model, cache);
  const scores: Score[] = [];
  try {
    for (const clip of posedClips(towns ?? null, scratch).filter(({ name }) => name.includes(only))) {
      const map = maps.find((one) => isOwn(clip, one));
      if (map === undefined) continue;
      scores.push(await scoreClip(clip, map, atlas));
      process.stderr.write(`${scoreTable(scores.slice(-1)).split('\n')[1]}\n`);
      atlas.forget();
    }
  } finally {
    await atlas.close();
  }
  const short = scores.filter(({ confident, frames }) => confident < BAR * frames).map(({ name }) => name);
  process.stdout.write(`${scoreTable(scores)}\n\n`);
  process.stdout.write(short.length === 0 ? 'None below 90 %.\n' : `Below 90 %: ${short.join(', ')}.\n`);
}

/** The street's map for its drives, the flight's own for the flight. */
const isOwn = (clip: Clip, { place, name }: MapSource) =>
  place === clip.place && name !== clip.mapped && (name === 'town drone') === (clip.name === 'drone');

async function scoreClip(clip: Clip, map: MapSource, atlas: Atlas): Promise<Score> {
  const truthAt = (timeS: number) => nearestPose(clip.truth!, timeS, SAME_FRAME_S);
  const frames = (await framesOf(clip)).filter(({ timestampS }) => truthAt(timestampS) !== null);
  const outcomes = await play(frames, await atlas.open(map), 'sequence');
  const truths = frames.map(({ timestampS }) => truthAt(timestampS)!.worldFromCam);
  return scorePoses(clip.name, outcomes, truths);
}

await new Command('bench:available')
  .description('Clips in their own map, in sequence mode: how many frames get a pose one may act on?')
  .option('--towns <folder>', 'more rendered towns, as <seed>/<light>/')
  .option('--only <text>', 'clips whose name holds this')
  .option('--model <manifest>', 'network', DEFAULT_MODEL)
  .addHelpText('after', EXAMPLES)
  .action(main)
  .parseAsync();
