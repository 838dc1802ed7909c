import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MapContent } from '../src/map/container.js';
import { readMap, writeMap } from '../src/map/mapFile.js';
import { type BenchRow, benchRow } from './benchRow.js';
import type { Bench, BenchContext } from './context.js';
import { generateDrive } from './generatedDrive.js';
import { takeTurnsKeeping } from './timing.js';

export const mapLoadBench: Bench = {
  name: 'map-load',
  what: 'reading and checking a map file against JSON.parse of the same data',
  run: benchMapLoad,
};

async function benchMapLoad({ quick, scratch }: BenchContext): Promise<BenchRow[]> {
  const keyframes = quick ? 60 : 400;
  const { map } = generateDrive({ points: 250 * keyframes, keyframes, stepM: 1, perImage: 1000, seed: 5 });
  const [mapPath, jsonPath] = [join(scratch, 'big.map'), join(scratch, 'big.json')];
  writeMap(mapPath, map);
  writeFileSync(jsonPath, JSON.stringify(arraysOf(map).map((array) => [...array])));
  const { ms, results } = await takeTurnsKeeping<'ours' | 'json', Arrays>(
    {
      ours: () => arraysOf(readMap(mapPath)),
      json: () => JSON.parse(readFileSync(jsonPath, 'utf8')) as number[][],
    },
    quick ? 3 : 7,
  );
  const [bytes, jsonBytes] = [statSync(mapPath).size, statSync(jsonPath).size];
  const gbPerS = (time: number) => bytes / (time * 1e6);
  const megabytes = (count: number) => `${(count / 1e6).toFixed(0)} MB`;
  const written = arraysOf(map);
  return [
    benchRow({
      name: 'map load',
      unit: 'GB/s',
      ours: gbPerS(ms.ours),
      peer: gbPerS(ms.json),
      peerName: 'JSON.parse of the same arrays',
      correct: {
        what: 'arrays that hold what was written',
        ours: countEqual(results.ours, written),
        peer: countEqual(results.json, written),
        of: written.length,
      },
      note:
        `Both per byte of the map file (${megabytes(bytes)}; as JSON ${megabytes(jsonBytes)}), from the page cache. ` +
        'Ours includes its sha256 and every check of consistency.',
    }),
  ];
}

type Arrays = readonly (readonly number[] | ArrayLike<number>)[];

function arraysOf({ keyframes, points, observations, covisibility }: MapContent) {
  return [
    keyframes.worldFromCam,
    keyframes.globals,
    points.xyz,
    points.trackLength,
    observations.offsets,
    observations.point,
    observations.xyPx,
    observations.descriptors,
    covisibility.offsets,
    covisibility.neighbour,
    covisibility.weight,
  ];
}

function countEqual(found: Arrays, written: Arrays): number {
  return written.filter((array, i) => isEqual(found[i], array)).length;
}

function isEqual(a: ArrayLike<number>, b: ArrayLike<number>): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
