import { Command, Option } from 'commander';
import { PosestreamError } from '../domain/errors.js';
import { formatKitti } from '../map/kitti.js';
import { formatTum } from '../map/tum.js';
import { formatGeoJson, formatGeoPose, formatGpx } from '../server/formats/exports.js';
import type { Wgs84 } from '../server/wgs84.js';
import { writeText } from './eval/writeRun.js';
import { readTrack, type Track, type TrackOptions } from './exportTrack.js';
import { assertWritable } from './writable.js';

const EXAMPLES = `
Examples:
  posestream export drive.mcap --to gpx --out drive.gpx
  posestream export frames.jsonl --to geojson --map site.map > drive.geojson
  posestream export drive.mcap --stream car --to tum > poses.tum

GeoPose, GeoJSON and GPX need a map that is anchored on Earth (map build --anchor); a recording remembers its own.
GeoPose is one JSON object a line; its quaternion turns camera axes (x right, y down, z forward) into east, north, up.`;

type Format = 'tum' | 'kitti' | 'geojson' | 'gpx' | 'geopose';

interface Options extends TrackOptions {
  readonly to: Format;
  readonly out?: string;
}

export function exportCommand(): Command {
  return new Command('export')
    .description('poses of a recording or a report in a format that others read')
    .argument('<poses>', 'recording (.mcap), report of `localize`, or TUM or KITTI pose file')
    .addOption(
      new Option('--to <format>', 'format')
        .choices(['tum', 'kitti', 'geojson', 'gpx', 'geopose'])
        .makeOptionMandatory(),
    )
    .option('--map <file>', 'map that says where on Earth its origin is')
    .option('--stream <id>', 'which stream of a recording')
    .option('--out <file>', 'default: standard output')
    .addHelpText('after', EXAMPLES)
    .action(exportTrack);
}

async function exportTrack(path: string, options: Options): Promise<void> {
  assertWritable(options.out);
  const text = formatted(await readTrack(path, options), options.to);
  if (options.out === undefined) process.stdout.write(text);
  else writeText(options.out, text);
}

function formatted(track: Track, format: Format): string {
  switch (format) {
    case 'tum':
      return formatTum(track.poses);
    case 'kitti':
      return formatKitti(track.poses);
    case 'geojson':
      return formatGeoJson(track.poses, anchorOf(track));
    case 'gpx':
      return formatGpx(track.poses, anchorOf(track), track.name);
    case 'geopose':
      return formatGeoPose(track.poses, anchorOf(track));
  }
}

function anchorOf({ anchor, name }: Track): Wgs84 {
  if (anchor) return anchor;
  throw new PosestreamError('E_MAP_INPUT', `Nobody says where on Earth the poses of ${name} are.`, {
    hint: 'Name an anchored map with --map; `map build --anchor lat,lon,alt` makes one.',
  });
}
