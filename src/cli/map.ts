import { statSync } from 'node:fs';
import { Command, Option } from 'commander';
import type { MapModel } from '../domain/mapModel.js';
import { describeMap, mapInWords } from '../map/describe.js';
import { readMap } from '../map/mapFile.js';
import { buildMapFile } from './buildMapFile.js';
import { action, usageError } from './command.js';
import { wholeNumber } from './numbers.js';
import { DEFAULT_MODEL } from './openLocalizer.js';
import { sfmMapFile } from './sfmMapFile.js';

const BUILD_EXAMPLES = `
Examples:
  posestream map build set/ --out set.map                         images/, intrinsics.json, poses_tum.txt, images.csv
  posestream map build set/ --list set/map.txt --out set.map      only the listed images
  posestream map build colmap/ --images photos/ --out site.map    a COLMAP sparse model, text or binary
  posestream map build walk.mp4 --poses walk.tum --intrinsics cam.json --out walk.map
  posestream map build photos/ --sfm colmap --out site.map        no poses: an installed COLMAP finds them
  posestream map build walk.mp4 --sfm colmap --out walk.map       the same from a video, intrinsics too

intrinsics.json: {"model": "PINHOLE", "params": [fx, fy, cx, cy], "width": 1280, "height": 720}
Models: SIMPLE_PINHOLE PINHOLE SIMPLE_RADIAL RADIAL OPENCV OPENCV_FISHEYE, parameters as in COLMAP.`;

const INFO_EXAMPLES = `
Examples:
  posestream map info town.map
  posestream map info town.map --json`;

interface BuildCommandOptions {
  readonly out: string;
  readonly list?: string;
  readonly poses?: string;
  readonly intrinsics?: string;
  readonly images?: string;
  readonly sfm?: 'colmap';
  readonly model: string;
  readonly name?: string;
  readonly size: number;
  readonly keypoints: number;
  readonly every?: number;
  readonly anchor?: string;
  readonly threads?: number;
}

/** Longest image side features are extracted at. */
const DEFAULT_SIZE_PX = 1024;
/** Twice what a query takes: a point is mapped only where two keyframes saw it. */
const DEFAULT_KEYPOINTS = 2000;

export function mapCommand(): Command {
  return new Command('map')
    .description('build maps and look inside')
    .addCommand(buildCommand())
    .addCommand(infoCommand());
}

function buildCommand(): Command {
  return new Command('build')
    .description('a map from posed images, a COLMAP model, or a video with a trajectory')
    .argument('<folder|model|video>')
    .requiredOption('--out <file>', 'map to write')
    .option('--list <file>', 'only these images, one name a line')
    .option('--poses <file>', 'video: TUM trajectory (default: poses.tum or poses_tum.txt beside it)')
    .option(
      '--intrinsics <file>',
      'video: camera (default: intrinsics.json beside it); --sfm: camera to keep (default: estimated)',
    )
    .option('--images <folder>', 'COLMAP model: where its images are')
    .addOption(
      new Option('--sfm <tool>', 'images without poses: find them with an installed COLMAP').choices([
        'colmap',
      ]),
    )
    .option('--model <manifest>', 'network', DEFAULT_MODEL)
    .option('--name <name>', 'name of the map (default: of the input)')
    .option('--size <px>', 'longest image side for extraction', wholeNumber, DEFAULT_SIZE_PX)
    .option('--keypoints <n>', 'keypoints per keyframe', wholeNumber, DEFAULT_KEYPOINTS)
    .option('--every <n>', 'video: every n-th frame is a keyframe (default: by motion)', wholeNumber)
    .option('--anchor <lat,lon,alt>', 'WGS84 of the origin, where world axes are east, north, up')
    .option('--threads <n>', 'threads of the network (default: all cores)', wholeNumber)
    .addHelpText('after', BUILD_EXAMPLES)
    .action(
      action((signal, path: string, { size, anchor, sfm, ...options }: BuildCommandOptions) =>
        (sfm === 'colmap' ? sfmMapFile : buildMapFile)(
          path,
          { ...options, maxSidePx: size, anchor: parseAnchor(anchor) },
          signal,
        ),
      ),
    );
}

function parseAnchor(text: string | undefined): MapModel['header']['anchor'] {
  if (text === undefined) return null;
  const [latDeg, lonDeg, altM, ...rest] = text.split(',').map(Number);
  const isValid =
    Math.abs(latDeg) <= 90 && Math.abs(lonDeg) <= 180 && Number.isFinite(altM) && rest.length === 0;
  if (!isValid) throw usageError(`--anchor ${text} is not lat,lon,alt.`, '--anchor 52.5163,13.3777,34');
  return { latDeg, lonDeg, altM };
}

function infoCommand(): Command {
  return new Command('info')
    .description('what is inside a map, and how good it is')
    .argument('<map>')
    .option('--json', 'print JSON')
    .addHelpText('after', INFO_EXAMPLES)
    .action((path: string, { json }: { readonly json?: boolean }) => {
      const map = readMap(path);
      const description = describeMap(map, statSync(path).size);
      process.stdout.write(
        json ? `${JSON.stringify(description, null, 2)}\n` : `${mapInWords(description)}\n`,
      );
    });
}
