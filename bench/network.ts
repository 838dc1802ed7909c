import { existsSync } from 'node:fs';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Tensor } from 'onnxruntime-node';
import type { Features, GrayImage } from '../src/domain/features.js';
import { byteTables, fillImage } from '../src/hfnet/imageTensor.js';
import { loadModel } from '../src/hfnet/modelFile.js';
import { openNetwork } from '../src/hfnet/network.js';
import { openSession } from '../src/hfnet/session.js';
import { createRandom } from '../src/kernels/random.js';
import { type BenchRow, benchRow } from './benchRow.js';
import { ceilingInWords, measureCeiling } from './ceiling.js';
import { countFlops } from './flops.js';
import { takeTurns } from './timing.js';

const MANIFEST = fileURLToPath(new URL('../models/hfnet.json', import.meta.url));
const [WIDTH_PX, HEIGHT_PX] = [640, 480];
const MAX_KEYPOINTS = 1000;
/** From the issue that asked for the network. */
const OVER_CEILING_BAR = 1.6;

/** One frame through our network on one thread, against the time its multiply-adds would take at the rate of a plain
 * matrix product measured in the same minute; and what the seat around the network costs (bytes to floats, checks,
 * selection, copies). */
export async function benchNetwork(quick = false): Promise<BenchRow[]> {
  if (!existsSync(MANIFEST)) return [];
  const { manifest, bytes } = loadModel(MANIFEST);
  const image = boxes();
  const feeds = tensors(image);
  const flops = await countFlops(bytes, feeds);
  const network = await openNetwork(MANIFEST, 1);
  const bare = await openSession(bytes, 1, manifest.file);
  const extract = () => network.extract(image, { maxKeypoints: MAX_KEYPOINTS });
  const rounds = quick ? 5 : 25;
  const before = await measureCeiling(1, rounds);
  const ms = await takeTurns({ seat: extract, bare: () => bare.run(feeds) }, rounds);
  const after = await measureCeiling(1, rounds);
  const gflops = (before.gflops + after.gflops) / 2;
  const right = soundRows(await extract());
  await network.release();
  await bare.release();
  const correct = { what: 'sound keypoints', ours: right.sound, peer: null, of: right.count };
  return [
    benchRow({
      name: `network ${WIDTH_PX}x${HEIGHT_PX}, 1 thread`,
      ours: ms.seat,
      peer: flops / (gflops * 1e6),
      peerName: 'its FLOPs at the MatMul ceiling',
      unit: 'ms',
      correct,
      bar: { of: 'ratio', limit: 'at most', value: OVER_CEILING_BAR },
      note: `${(flops / 1e9).toFixed(2)} GFLOP; ${ceilingInWords({ threads: 1, gflops, gflopsPerCore: gflops })}`,
    }),
    benchRow({
      name: 'extraction against the bare session',
      ours: ms.seat,
      peer: ms.bare,
      peerName: 'session.run alone',
      unit: 'ms',
      correct,
      note: 'bytes to floats, finiteness, selection and copies',
    }),
  ];
}

/** Inside the image, of unit length, falling scores. */
function soundRows({ count, xyPx, scores, descriptors, dim }: Features): { sound: number; count: number } {
  let sound = 0;
  for (let i = 0; i < count; i++) {
    const [x, y] = [xyPx[2 * i], xyPx[2 * i + 1]];
    const length = Math.hypot(...descriptors.subarray(i * dim, (i + 1) * dim));
    const isInside = x >= 0 && y >= 0 && x < WIDTH_PX && y < HEIGHT_PX;
    if (isInside && Math.abs(length - 1) < 1e-3 && (i === 0 || scores[i] <= scores[i - 1])) sound++;
  }
  return { sound, count };
}

function tensors(image: GrayImage): Record<string, Tensor> {
  const { manifest } = loadModel(MANIFEST);
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

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href)
  for (const row of await benchNetwork(process.argv.includes('--quick')))
    console.log(
      `${row.name}: ${row.ours?.toFixed(1)} / ${row.peer?.toFixed(1)} ${row.unit} = ${row.ratio?.toFixed(2)} (${row.peerName}); ` +
        `${row.correct.ours} of ${row.correct.of} ${row.correct.what}; ${row.note}`,
    );
