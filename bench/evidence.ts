import { createWriteStream, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { Command } from 'commander';
import { DEFAULT_MODEL } from '../src/cli/openLocalizer.js';
import type { Frame } from '../src/domain/frame.js';
import type { Outcome } from '../src/domain/outcome.js';
import { angleBetween, distanceBetween } from '../src/geometry/rigid.js';
import { nearestPose } from '../src/map/trajectory.js';
import type { LocalizeOptions } from '../src/operators/localizer.js';
import type { LocalizeMode } from '../src/streams/localize.js';
import {
  asItIs,
  blurred,
  both,
  cropped,
  dark,
  noisy,
  type Picture,
  shrunk,
  wrongFocal,
} from '../test/support/pictures.js';
import { repositoryPath } from '../test/support/shared.js';
import { type Atlas, openAtlas } from './deception/atlas.js';
import { type EvidenceLine, storeLine } from './deception/evidenceFile.js';
import { allClips } from './deception/foreignClips.js';
import { type Clip, type MapSource, mapsAtHand } from './deception/places.js';
import { framesOf, play } from './deception/playClip.js';

const EXAMPLES = `
Lets the pipeline publish whatever it finds, in the right map and in wrong ones, under good and bad pictures, and keeps
the evidence of every pose with its error: what the gate's histograms are drawn and the confidence is fitted from.

Examples:
  npm run bench:evidence
  npm run bench:evidence -- --towns /tmp/more-towns --out evidence.jsonl`;

interface Options {
  readonly towns?: string;
  readonly model: string;
  readonly out: string;
  readonly frames: string;
  readonly only: string;
}

interface Condition {
  readonly picture: Picture;
  readonly maxKeypoints?: number;
  /** Frame by frame where absent. */
  readonly mode?: LocalizeMode;
}

const CONDITIONS: Readonly<Record<string, Condition>> = {
  'as it is': { picture: asItIs },
  'few keypoints': { picture: asItIs, maxKeypoints: 120 },
  'in sequence': { picture: asItIs, mode: 'sequence' },
  dark: { picture: dark },
  noisy: { picture: noisy },
  blurred: { picture: blurred(3) },
  'small, blurred': { picture: both(blurred(4), shrunk(2)) },
  'focal × 0.8': { picture: wrongFocal(0.8) },
  'focal × 0.95': { picture: wrongFocal(0.95) },
  'focal × 1.05': { picture: wrongFocal(1.05) },
  'focal × 1.2': { picture: wrongFocal(1.2) },
  'focal × 0.5, cropped': { picture: cropped(0.5, false) },
};

const PLAIN: Readonly<Record<string, Condition>> = { 'as it is': CONDITIONS['as it is'] };

/** The street from above, or the other way round: almost nothing is found, whatever the picture. */
const isCrossView = (clip: Clip, map: MapSource) =>
  clip.place === 'town' && (map.name === 'town drone') !== (clip.name === 'drone');

/** A gate that lets everything through, so that wrong poses are there to be learned from. */
const OPEN_GATE: Partial<LocalizeOptions> = {
  minInliers: 4,
  minCells: 0,
  minInlierRatio: 0,
  certainInliers: 0,
  turnsDeg: [],
};
const FOREIGN_MAPS = 2;
/** Frames of each clip shown to wrong maps. */
const FOREIGN_FRAMES = 10;
const SAME_FRAME_S = 0.01;

async function main(options: Options): Promise<void> {
  const scratch = repositoryPath('.cache', 'deception', 'towns');
  const towns = options.towns ?? null;
  const maps = mapsAtHand(towns, scratch);
  const clips = allClips(towns, scratch);
  const atlas = await openAtlas(options.model, repositoryPath('.cache', 'deception'));
  mkdirSync(dirname(options.out), { recursive: true });
  const file = createWriteStream(options.out);
  try {
    for (const [i, clip] of clips.entries()) {
      if (!clip.name.includes(options.only)) continue;
      const lines = await clipEvidence(clip, maps, i, Number(options.frames), atlas);
      for (const line of lines) file.write(storeLine(line));
      process.stderr.write(`${clip.name}: ${lines.length} poses\n`);
      atlas.forget();
    }
  } finally {
    file.end();
    await atlas.close();
  }
}

async function clipEvidence(
  clip: Clip,
  maps: readonly MapSource[],
  turn: number,
  most: number,
  atlas: Atlas,
): Promise<EvidenceLine[]> {
  const frames = await framesOf(clip);
  const own = maps.filter(({ place, name }) => place === clip.place && name !== clip.mapped);
  const foreign = maps.filter(({ place }) => place !== clip.place);
  const lines: EvidenceLine[] = [];
  const known = frames.filter((frame) => truthOf(clip, frame) !== null);
  for (const map of own)
    for (const [name, condition] of Object.entries(isCrossView(clip, map) ? PLAIN : CONDITIONS)) {
      const some = condition.mode === 'sequence' ? known.slice(0, 2 * most) : spread(known, most);
      lines.push(...(await look(some, clip, map, name, condition, atlas)));
    }
  for (let i = 0; i < Math.min(FOREIGN_MAPS, foreign.length); i++) {
    const map = foreign[(FOREIGN_MAPS * turn + i) % foreign.length];
    const some = spread(frames, FOREIGN_FRAMES);
    for (const name of ['as it is', 'in sequence'])
      lines.push(...(await look(some, clip, map, name, CONDITIONS[name], atlas)));
  }
  return lines;
}

async function look(
  frames: readonly Frame[],
  clip: Clip,
  map: MapSource,
  name: string,
  { picture, maxKeypoints, mode = 'frame' }: Condition,
  atlas: Atlas,
): Promise<EvidenceLine[]> {
  const options = maxKeypoints === undefined ? OPEN_GATE : { ...OPEN_GATE, maxKeypoints };
  const pictures = frames.map(picture);
  const outcomes = await play(pictures, await atlas.open(map, options), mode);
  return outcomes.flatMap((outcome, i) => judge(outcome, pictures[i], clip, map, name));
}

function judge(
  outcome: Outcome,
  frame: Frame,
  clip: Clip,
  map: MapSource,
  condition: string,
): EvidenceLine[] {
  if (outcome.kind !== 'posed' || outcome.pose.source === 'coasted') return [];
  const { confidence, ...pose } = outcome.pose;
  const foreign = map.place !== clip.place;
  const truth = foreign ? null : truthOf(clip, frame);
  return [
    {
      ...{ place: clip.place, clip: clip.name, map: map.name, condition, foreign },
      evidence: pose,
      errorM: truth === null ? null : distanceBetween(pose.worldFromCam, truth.worldFromCam),
      errorDeg: truth === null ? null : (angleBetween(pose.worldFromCam, truth.worldFromCam) * 180) / Math.PI,
    },
  ];
}

const truthOf = ({ truth }: Clip, { timestampS }: Frame) =>
  truth === null ? null : nearestPose(truth, timestampS, SAME_FRAME_S);

/** At most `most`, evenly over the list. */
function spread<T>(values: readonly T[], most: number): T[] {
  const count = Math.min(most, values.length);
  return Array.from({ length: count }, (_, i) => values[Math.floor((i * values.length) / count)]);
}

await new Command('bench:evidence')
  .description('Keeps the evidence of poses found with an open gate, right and wrong.')
  .option('--frames <n>', 'frames of each clip in its own maps', '6')
  .option('--towns <folder>', 'more rendered towns, as <seed>/<light>/')
  .option('--out <file>', 'where to', join(repositoryPath('.cache', 'deception'), 'evidence.jsonl'))
  .option('--only <text>', 'clips whose name holds this', '')
  .option('--model <manifest>', 'network', DEFAULT_MODEL)
  .addHelpText('after', EXAMPLES)
  .action(main)
  .parseAsync();
