import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { posestream } from '../test/support/cli.js';
import { manifestAtHand, OTHERS } from '../test/support/networkManifests.js';
import { sharedPath } from '../test/support/shared.js';

const SETS = ['redkitchen7_early', 'kitti_a', 'karma_drone', 'walk_goproMax', 'brighton_drone'];
const NETWORKS: Readonly<Record<string, string>> = {
  ours: 'models/hfnet.json',
  'ours-fp32': 'models/hfnet-fp32.json',
  xfeat: OTHERS.xfeat,
  aliked: OTHERS.alikedT16,
};

const EXAMPLES = `
Examples:
  npx tsx bench/networkSets.ts --networks ours aliked --size 640
  npx tsx bench/networkSets.ts --networks mine.json --sets kitti_a

For every set: map build from map.txt, localize query.txt with every frame alone, eval. Networks are
${Object.keys(NETWORKS).join(', ')} or manifests. XFeat and ALIKED take 640x480: at more than 640 px they see the
picture scaled down.`;

interface Options {
  readonly networks: readonly string[];
  readonly sets: readonly string[];
  readonly size: string;
}

/** What `posestream eval --json` says, as far as it is used here. */
interface Figures {
  readonly queries: number;
  readonly posed: number;
  readonly recall: readonly { readonly m: number; readonly deg: number; readonly count: number }[];
  readonly medianErrorM: number | null;
  readonly medianErrorDeg: number | null;
}

async function run(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await posestream(...args);
  if (code !== 0) throw new Error(`posestream ${args[0]} failed: ${stderr}`);
  return stdout;
}

async function evaluateSet(manifest: string, set: string, size: string, scratch: string): Promise<Figures> {
  const data = (...parts: string[]) => sharedPath('data', set, ...parts);
  const [map, poses] = [join(scratch, 'set.map'), join(scratch, 'poses.tum')];
  const model = ['--model', manifest];
  await run('map', 'build', data(), '--list', data('map.txt'), '--out', map, '--size', size, ...model);
  const queries = ['--list', data('query.txt')];
  await run('localize', data(), ...queries, '--map', map, '--mode', 'frame', '--out', poses, ...model);
  return JSON.parse(await run('eval', poses, '--reference', data('poses_tum.txt'), ...queries, '--json'));
}

const HEAD = ['set', 'network', 'size', 'within 0.25 m, 2°', 'median', 'median'];

function line({ queries, recall, medianErrorM, medianErrorDeg }: Figures): string[] {
  const mm = medianErrorM === null ? '–' : `${(1000 * medianErrorM).toFixed(1)} mm`;
  const deg = medianErrorDeg === null ? '–' : `${medianErrorDeg.toFixed(3)}°`;
  return [`${recall[0].count}/${queries}`, mm, deg];
}

async function main({ networks, sets, size }: Options): Promise<void> {
  const scratch = mkdtempSync(join(tmpdir(), 'posestream-networks-'));
  process.stdout.write(`| ${HEAD.join(' | ')} |\n|${HEAD.map(() => '---').join('|')}|\n`);
  try {
    for (const set of sets.filter((name) => existsSync(sharedPath('data', name))))
      for (const network of networks) {
        const manifest = network in NETWORKS ? manifestAtHand(NETWORKS[network]) : network;
        if (manifest === null) continue;
        const cells = line(await evaluateSet(manifest, set, size, scratch));
        process.stdout.write(`| ${[set, network, size, ...cells].join(' | ')} |\n`);
      }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

await new Command('networkSets')
  .description('recall and median errors of several networks through the same pipeline, on real sets')
  .option('--networks <names...>', 'which', Object.keys(NETWORKS))
  .option('--sets <names...>', 'which', SETS)
  .option('--size <px>', 'longest image side, for map and queries', '1024')
  .addHelpText('after', EXAMPLES)
  .action(main)
  .parseAsync();
