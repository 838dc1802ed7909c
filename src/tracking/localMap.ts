import type { MapModel } from '../domain/mapModel.js';

/** The piece of a map that a camera near one keyframe may see: points of the keyframe and of those that share most
 * points with it, each once, the keyframe's own first and then those of the heaviest neighbours. (Those seen most often
 * first would be the far ones, which say little of where the camera is.) Arrays grow where they are too small. */
export interface LocalMap {
  /** Where it is; -1 before the first gathering. */
  keyframe: number;
  keyframeCount: number;
  /** [keyframeCount] */
  keyframes: Int32Array;
  /** [keyframeCount x 3] camera centres, world. */
  centres: Float64Array;
  pointCount: number;
  /** [pointCount] map points. */
  points: Uint32Array;
  /** [pointCount x 3] world. */
  xyz: Float64Array;
  /** [pointCount + 1] into rows and seenFrom. */
  offsets: Int32Array;
  /** Which of the keyframes' observations, numbered one keyframe after the other. */
  rows: Int32Array;
  /** Which of `keyframes` each row belongs to. */
  seenFrom: Uint8Array;
}

export interface LocalMapScratch {
  /** Open hash table: point + 1, or 0 where free. */
  keys: Uint32Array;
  /** Number of the point at the same place of `keys`. */
  numbers: Int32Array;
  /** [rows] number of each row's point, in the order met. */
  numberOfRow: Int32Array;
  /** [points met] */
  point: Uint32Array;
  seen: Int32Array;
}

export function createLocalMap(): LocalMap {
  return {
    keyframe: -1,
    keyframeCount: 0,
    keyframes: new Int32Array(0),
    centres: new Float64Array(0),
    pointCount: 0,
    points: new Uint32Array(0),
    xyz: new Float64Array(0),
    offsets: new Int32Array(1),
    rows: new Int32Array(0),
    seenFrom: new Uint8Array(0),
  };
}

export function createLocalMapScratch(): LocalMapScratch {
  return {
    keys: new Uint32Array(0),
    numbers: new Int32Array(0),
    numberOfRow: new Int32Array(0),
    point: new Uint32Array(0),
    seen: new Int32Array(0),
  };
}

/** Fills `local` for a keyframe; nothing to do, and false, where it is there already. Cost O(observations of its
 * keyframes), whatever the size of the map.
 * @param most keyframes at most, itself included */
export function gatherLocalMap(
  map: MapModel,
  keyframe: number,
  most: number,
  local: LocalMap,
  ws: LocalMapScratch,
): boolean {
  if (local.keyframe === keyframe) return false;
  local.keyframe = keyframe;
  chooseKeyframes(map, keyframe, most, local);
  reserve(map, local, ws);
  const points = numberPoints(map, local, ws);
  fill(map, local, points, ws);
  return true;
}

function chooseKeyframes(
  { covisibility, keyframes }: MapModel,
  anchor: number,
  most: number,
  local: LocalMap,
) {
  const start = covisibility.offsets[anchor];
  const neighbours = Math.min(covisibility.offsets[anchor + 1] - start, most - 1);
  if (local.keyframes.length < most) {
    local.keyframes = new Int32Array(most);
    local.centres = new Float64Array(3 * most);
  }
  local.keyframeCount = neighbours + 1;
  local.keyframes[0] = anchor;
  for (let i = 0; i < neighbours; i++) local.keyframes[i + 1] = covisibility.neighbour[start + i];
  for (let i = 0; i <= neighbours; i++)
    for (let axis = 0; axis < 3; axis++)
      local.centres[3 * i + axis] = keyframes.worldFromCam[7 * local.keyframes[i] + axis];
}

/** Room for all rows, and an empty table of at least twice their number. */
function reserve({ observations }: MapModel, local: LocalMap, ws: LocalMapScratch): void {
  let rows = 0;
  for (let i = 0; i < local.keyframeCount; i++)
    rows += observations.offsets[local.keyframes[i] + 1] - observations.offsets[local.keyframes[i]];
  if (local.rows.length < rows) {
    const size = Math.ceil(1.5 * rows);
    local.points = new Uint32Array(size);
    local.xyz = new Float64Array(3 * size);
    local.offsets = new Int32Array(size + 1);
    local.rows = new Int32Array(size);
    local.seenFrom = new Uint8Array(size);
    ws.numberOfRow = new Int32Array(size);
    ws.point = new Uint32Array(size);
    ws.seen = new Int32Array(size);
    const slots = 2 ** Math.ceil(Math.log2(2 * size));
    ws.keys = new Uint32Array(slots);
    ws.numbers = new Int32Array(slots);
  }
  ws.keys.fill(0);
}

/** Numbers the points in the order met, and counts how often each is seen. @returns points */
function numberPoints({ observations }: MapModel, local: LocalMap, ws: LocalMapScratch): number {
  const { keys, numbers, numberOfRow, point, seen } = ws;
  const mask = keys.length - 1;
  let points = 0;
  let row = 0;
  for (let i = 0; i < local.keyframeCount; i++) {
    const end = observations.offsets[local.keyframes[i] + 1];
    for (let o = observations.offsets[local.keyframes[i]]; o < end; o++) {
      const id = observations.point[o];
      let slot = (Math.imul(id, 0x9e3779b1) >>> 7) & mask;
      while (keys[slot] !== 0 && keys[slot] !== id + 1) slot = (slot + 1) & mask;
      if (keys[slot] === 0) {
        keys[slot] = id + 1;
        numbers[slot] = points;
        point[points] = id;
        seen[points++] = 0;
      }
      const number = numbers[slot];
      seen[number]++;
      numberOfRow[row++] = number;
    }
  }
  return points;
}

function fill(
  { points: { xyz }, observations }: MapModel,
  local: LocalMap,
  points: number,
  ws: LocalMapScratch,
) {
  const { point, seen, numberOfRow } = ws;
  local.pointCount = points;
  for (let p = 0; p < points; p++) {
    local.points[p] = point[p];
    local.offsets[p + 1] = seen[p];
    for (let axis = 0; axis < 3; axis++) local.xyz[3 * p + axis] = xyz[3 * point[p] + axis];
  }
  local.offsets[0] = 0;
  for (let p = 0; p < points; p++) local.offsets[p + 1] += local.offsets[p];
  let row = 0;
  for (let i = 0; i < local.keyframeCount; i++) {
    const start = observations.offsets[local.keyframes[i]];
    const end = row + observations.offsets[local.keyframes[i] + 1] - start;
    for (; row < end; row++) {
      const p = numberOfRow[row];
      const to = local.offsets[p + 1] - seen[p]--;
      local.rows[to] = row;
      local.seenFrom[to] = i;
    }
  }
}
