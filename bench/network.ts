import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Tensor } from 'onnxruntime-node';
import type { Features, GrayImage } from '../src/domain/features.js';
import { byteTables, fillImage } from '../src/hfnet/imageTensor.js';
import { loadModel } from '../src/hfnet/modelFile.js';
import { openNetwork } from '../src/hfnet/network.js';
import { openSession } from '../src/hfnet/session.js';
import { createRandom } from '../src/kernels/random.js';
import { type BenchRow, benchRow, type Correct } from './benchRow.js';
import { ceilingInWords, measureCeiling } from './ceiling.js';
import { countFlops } from './flops.js';
import { startPython } from './pythonPeer.js';
import { takeTurns } from './timing.js';

const manifestOf = (name: string) => fileURLToPath(new URL(`../models/${name}.json`, import.meta.url));
const [INT8, FLOAT32] = [manifestOf('hfnet'), manifestOf('hfnet-fp32')];
const [WIDTH_PX, HEIGHT_PX] = [640, 480];
const MAX_KEYPOINTS = 1000;
/** From the issue that asked for the network. */
const BARS = { overCeiling: 1.6, overPython: 1.15, int8OverFloat32: 0.75 };

/** One frame through our network on one thread: against the time its multiply-adds would take at the rate of a plain
 * matrix product measured in the same minute, int8 against float32, Node against Python, and what the seat around the
 * network costs (bytes to floats, checks, selection, copies).
 * @param python  interpreter with numpy and onnxruntime, or undefined: that row is left out */
export async function benchNetwork(quick = false, python?: string): Promise<BenchRow[]> {
  if (!existsSync(INT8) || !existsSync(FLOAT32)) return [];
  const image = boxes();
  const feeds = tensors(image);
  const { bytes, path } = loadModel(INT8);
  const [int8, float32] = [await openNetwork(INT8, 1), await openNetwork(FLOAT32, 1)];
  const bare = await openSession(bytes, 1, path);
  const peer = python === undefined ? null : await startPython(python, path, feeds);
  const limit = { maxKeypoints: MAX_KEYPOINTS };
  const rounds = quick ? 5 : 25;
  try {
    const before = await measureCeiling(1, rounds);
    const contestants: Record<string, () => Promise<unknown>> = {
      int8: () => int8.extract(image, limit),
      float32: () => float32.extract(image, limit),
      bare: () => bare.run(feeds),
      ...(peer === null ? {} : { python: peer.run }),
    };
    const ms = await takeTurns(contestants, rounds);
    const after = await measureCeiling(1, rounds);
    const ceiling = { flops: await countFlops(bytes, feeds), gflops: (before.gflops + after.gflops) / 2 };
    const [ours, exact] = [await int8.extract(image, limit), await float32.extract(image, limit)];
    return [
      ceilingRow(`network ${WIDTH_PX}x${HEIGHT_PX}, 1 thread`, ms.int8, ceiling, ours),
      ceilingRow(`network float32 ${WIDTH_PX}x${HEIGHT_PX}, 1 thread`, ms.float32, ceiling, exact),
      int8Row(ms.int8, ms.float32, ours, exact),
      bareRow(ms.int8, ms.bare, ours),
      ...(peer === null ? [] : [pythonRow(ms.int8, ms.python, ours, await peer.show())]),
    ];
  } finally {
    peer?.close();
    for (const opened of [int8, float32, bare]) await opened.release();
  }
}

interface Cost {
  readonly flops: number;
  readonly gflops: number;
}

function ceilingRow(name: string, ours: number, { flops, gflops }: Cost, features: Features): BenchRow {
  return benchRow({
    ...{ name, ours, unit: 'ms', correct: soundRows(features) },
    peer: flops / (gflops * 1e6),
    peerName: 'its FLOPs at the MatMul ceiling',
    bar: { of: 'ratio', limit: 'at most', value: BARS.overCeiling },
    note: `${(flops / 1e9).toFixed(2)} GFLOP; ${ceilingInWords({ threads: 1, gflops, gflopsPerCore: gflops })}`,
  });
}

function int8Row(ours: number, peer: number, features: Features, exact: Features): BenchRow {
  return benchRow({
    ...{
      name: 'network int8 against float32',
      ours,
      peer,
      peerName: 'the same weights in float32',
      unit: 'ms',
    },
    correct: {
      what: "float32's keypoints found within 1 px",
      ours: samePlaces(exact.xyPx, features.xyPx, 1),
      peer: exact.count,
      of: exact.count,
    },
    bar: { of: 'ratio', limit: 'at most', value: BARS.int8OverFloat32 },
  });
}

function bareRow(ours: number, peer: number, features: Features): BenchRow {
  return benchRow({
    ...{ name: 'extraction against the bare session', ours, peer, peerName: 'session.run alone', unit: 'ms' },
    correct: soundRows(features),
    note: 'bytes to floats, finiteness, selection and copies',
  });
}

function pythonRow(ours: number, peer: number, features: Features, xyPx: readonly number[]): BenchRow {
  return benchRow({
    ...{ name: "extraction against Python's onnxruntime", ours, peer, unit: 'ms' },
    peerName: "Python's session.run alone",
    correct: {
      what: 'keypoints where Python has them too, within 0.01 px',
      ours: samePlaces(features.xyPx, xyPx, 0.01),
      peer: null,
      of: features.count,
    },
    bar: { of: 'ratio', limit: 'at most', value: BARS.overPython },
    note: 'ours with bytes to floats, checks and selection',
  });
}

/** How many places of the first list have one of the second nearby. */
function samePlaces(xyPx: ArrayLike<number>, others: ArrayLike<number>, reachPx: number): number {
  let same = 0;
  for (let i = 0; i < xyPx.length; i += 2) {
    let isNear = false;
    for (let j = 0; j < others.length && !isNear; j += 2)
      isNear = Math.hypot(xyPx[i] - others[j], xyPx[i + 1] - others[j + 1]) < reachPx;
    if (isNear) same++;
  }
  return same;
}

/** Inside the image, of unit length, falling scores. */
function soundRows({ count, xyPx, scores, descriptors, dim }: Features): Correct {
  let sound = 0;
  for (let i = 0; i < count; i++) {
    const [x, y] = [xyPx[2 * i], xyPx[2 * i + 1]];
    const length = Math.hypot(...descriptors.subarray(i * dim, (i + 1) * dim));
    const isInside = x >= 0 && y >= 0 && x < WIDTH_PX && y < HEIGHT_PX;
    if (isInside && Math.abs(length - 1) < 1e-3 && (i === 0 || scores[i] <= scores[i - 1])) sound++;
  }
  return { what: 'sound keypoints', ours: sound, peer: null, of: count };
}

function tensors(image: GrayImage): Record<string, Tensor> {
  const { manifest } = loadModel(INT8);
  const data = new Float32Array(WIDTH_PX * HEIGHT_PX);
  fillImage(data, image, [WIDTH_PX, HEIGHT_PX], byteTables(manifest.input), 'edge');
  const out: Record<string, Tensor> = {
    [manifest.inputs.image]: new Tensor('float32', data, [1, 1, HEIGHT_PX, WIDTH_PX]),
  };
  const limit = manifest.inputs.maxKeypoints;
  if (limit) out[limit] = new Tensor('int64', BigInt64Array.of(BigInt(MAX_KEYPOINTS)), [1]);
  return out;
}

/** Boxes of random size and brightness. */
function boxes(): GrayImage {
  const random = createRandom(1);
  const pixels = new Uint8Array(WIDTH_PX * HEIGHT_PX).fill(120);
  for (let box = 0; box < 400; box++) {
    const [left, top] = [random.integer(WIDTH_PX), random.integer(HEIGHT_PX)];
    const [right, bottom] = [left + 8 + random.integer(60), top + 8 + random.integer(60)];
    const value = random.integer(256);
    for (let y = top; y < Math.min(bottom, HEIGHT_PX); y++)
      pixels.fill(value, y * WIDTH_PX + left, y * WIDTH_PX + Math.min(right, WIDTH_PX));
  }
  return { pixels, widthPx: WIDTH_PX, heightPx: HEIGHT_PX };
}
