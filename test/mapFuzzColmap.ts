import assert from 'node:assert/strict';
import { PosestreamError } from '../src/domain/errors.js';
import { createRandom, type Random } from '../src/kernels/random.js';
import { parseColmapBinary } from '../src/map/colmap/binary.js';
import type { ColmapModel } from '../src/map/colmap/model.js';
import { parseColmapText } from '../src/map/colmap/text.js';

/** One sparse model in both formats: 2 cameras, 3 images, 4 points. */
export const COLMAP_TEXTS = {
  cameras:
    '# Camera list\n1 PINHOLE 640 480 500 510 320 240\n7 SIMPLE_RADIAL_FISHEYE 800 600 400 400 300 0.01\n',
  images: [
    '# Image list',
    '1 1 0 0 0 0.5 -1 2 1 a b.png',
    '1.5 2.5 1 3 4 -1 5 6 2',
    '2 0.8 0 0.6 0 1e-3 2 3 7 c.png',
    '',
    '5 0.5 0.5 -0.5 0.5 7 8 9 1 sub/d.png',
    '3.5 4.5 4',
    '',
  ].join('\n'),
  points: ['1', '2', '3', '4'].map((id) => `${id} 0.1 0.2 ${id} 255 0 9 0.${id} 1 0 5 0`).join('\n'),
};

/** The same model as COLMAP writes it in binary. */
export function colmapBytes(): Record<'cameras' | 'images' | 'points', Uint8Array> {
  const pose = (...values: number[]) => values.map((v) => f64(v));
  const point2D = (x: number, y: number, id: number) => [f64(x), f64(y), u64(id)];
  const point = (id: number) => [
    u64(id),
    ...pose(0.1, 0.2, id),
    [255, 0, 9],
    f64(id / 10),
    u64(1),
    u32(5),
    u32(0),
  ];
  return {
    cameras: join([
      u64(2),
      [u32(1), u32(1), u64(640), u64(480), ...pose(500, 510, 320, 240)].flat(),
      [u32(7), u32(8), u64(800), u64(600), ...pose(400, 400, 300, 0.01)].flat(),
    ]),
    images: join([
      u64(3),
      [u32(1), ...pose(1, 0, 0, 0, 0.5, -1, 2), u32(1), text('a b.png'), u64(2)].flat(),
      [...point2D(1.5, 2.5, 1), ...point2D(5, 6, 2)].flat(),
      [u32(2), ...pose(0.8, 0, 0.6, 0, 1e-3, 2, 3), u32(7), text('c.png'), u64(0)].flat(),
      [u32(5), ...pose(0.5, 0.5, -0.5, 0.5, 7, 8, 9), u32(1), text('sub/d.png'), u64(0)].flat(),
    ]),
    points: join([u64(4), ...[1, 2, 3, 4].map((id) => point(id).flat())]),
  };
}

export interface FuzzCount {
  readonly cases: number;
  readonly refused: number;
  readonly accepted: number;
}

/** Parses `cases` damaged models, half text and half binary. Throws where a parser does anything but return a sound
 * model or refuse with E_MAP_INPUT. */
export function fuzzColmap(cases: number, seed: number): FuzzCount {
  const random = createRandom(seed);
  const whole = colmapBytes();
  const encoder = new TextEncoder();
  const decoder = new TextDecoder();
  const texts = {
    cameras: encoder.encode(COLMAP_TEXTS.cameras),
    images: encoder.encode(COLMAP_TEXTS.images),
    points: encoder.encode(COLMAP_TEXTS.points),
  };
  const parts = ['cameras', 'images', 'points'] as const;
  let refused = 0;
  for (let i = 0; i < cases; i++) {
    const part = parts[random.integer(3)];
    const isText = i % 2 === 0;
    const source = isText ? texts : whole;
    const damaged = { ...source, [part]: damage(source[part], random) };
    const parse = isText
      ? () =>
          parseColmapText(
            {
              cameras: decoder.decode(damaged.cameras),
              images: decoder.decode(damaged.images),
              points: decoder.decode(damaged.points),
            },
            'fuzz',
          )
      : () => parseColmapBinary(damaged, 'fuzz');
    if (!isAccepted(parse, `case ${i}, seed ${seed}`)) refused++;
  }
  return { cases, refused, accepted: cases - refused };
}

function isAccepted(parse: () => ColmapModel, label: string): boolean {
  try {
    checkSound(parse(), label);
    return true;
  } catch (error) {
    if (error instanceof PosestreamError && error.code === 'E_MAP_INPUT') return false;
    throw new Error(`${label}: ${String(error)}`, { cause: error });
  }
}

function checkSound(model: ColmapModel, label: string): void {
  assert.ok(model.images.length > 0, label);
  for (const image of model.images) {
    const camera = model.cameras.get(image.cameraId);
    assert.ok(camera?.params.every(Number.isFinite), label);
    assert.ok(Math.abs(Math.hypot(...image.camFromWorld.q) - 1) < 1e-9, label);
    assert.ok(image.camFromWorld.t.every(Number.isFinite) && image.name !== '', label);
  }
}

const EXTREMES = ['-1', '1e999', 'nan', '4294967296', '9007199254740993', '0x10', '', '#', '\n', '\0', ' '];

/** One to four of: flip a bit, set a byte, cut the end, drop a stretch, repeat a stretch, write an extreme. */
function damage(bytes: Uint8Array, random: Random): Uint8Array {
  let out = Uint8Array.from(bytes);
  for (let n = 1 + random.integer(4); n > 0; n--) out = damageOnce(out, random);
  return out;
}

function damageOnce(bytes: Uint8Array<ArrayBuffer>, random: Random): Uint8Array<ArrayBuffer> {
  if (bytes.length === 0) return bytes;
  const at = random.integer(bytes.length);
  const to = Math.min(bytes.length, at + 1 + random.integer(24));
  switch (random.integer(6)) {
    case 0:
      bytes[at] ^= 1 << random.integer(8);
      return bytes;
    case 1:
      bytes[at] = random.integer(256);
      return bytes;
    case 2:
      return bytes.slice(0, at);
    case 3:
      return join([bytes.slice(0, at), bytes.slice(to)]);
    case 4:
      return join([bytes.slice(0, to), bytes.slice(at)]);
    default:
      return join([
        bytes.slice(0, at),
        new TextEncoder().encode(EXTREMES[random.integer(EXTREMES.length)]),
        bytes.slice(random.integer(2) === 0 ? at : to),
      ]);
  }
}

function u32(value: number): number[] {
  return [...new Uint8Array(Uint32Array.of(value).buffer)];
}

function u64(value: number): number[] {
  return [...new Uint8Array(BigUint64Array.of(BigInt(value)).buffer)];
}

function f64(value: number): number[] {
  return [...new Uint8Array(Float64Array.of(value).buffer)];
}

function text(value: string): number[] {
  return [...new TextEncoder().encode(value), 0];
}

function join(chunks: readonly (readonly number[] | Uint8Array)[]): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(chunks.flatMap((chunk) => [...chunk]));
}
