import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, test } from 'node:test';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { flatImage, type ToyOptions, writeToyModel } from '../../test/toyModel.js';
import type { Engine } from '../domain/features.js';
import { createEngine } from './engine.js';
import { connect } from './engineClient.js';

const TOY: ToyOptions = {
  xy: [
    [10, 20],
    [90, 20],
    [30, 63.75],
    [5, 6],
  ],
  scores: [0.5, 0.9, 0.8, 0.05],
};
const MANY = { maxKeypoints: 100 };

/** Starting a thread takes longer than most tests: those that do not break it share one. */
const shared = await createEngine({ manifestPath: writeToyModel(TOY), threads: 1 });
after(() => shared.close());

async function withEngine(options: ToyOptions, use: (engine: Engine) => Promise<void>): Promise<void> {
  if (options === TOY) return use(shared);
  const engine = await createEngine({ manifestPath: writeToyModel(options), threads: 1 });
  try {
    await use(engine);
  } finally {
    await engine.close();
  }
}

test('features come in frame pixels, without the padding and the low scores', () =>
  withEngine(TOY, async (engine) => {
    assert.deepEqual([engine.model.descriptorDim, engine.model.globalDim], [4, 3]);
    const got = await engine.extract(flatImage(80, 64, 99), MANY);
    // 90 lies in the padding (80 -> 96), 63.75 + 0.5 below the last row, 0.05 below the threshold.
    assert.deepEqual([got.count, [...got.xyPx]], [1, [10.5, 20.5]]);
    assert.deepEqual([...got.descriptors], [1, 0, 0, 0]);
    assert.deepEqual([...got.global!], [1, 0, 0]);
  }));

test('normalised coordinates span the padded input', () =>
  withEngine(
    {
      ...TOY,
      xy: [
        [-1, -1],
        [0, 0],
        [1, 1],
        [0.5, 0.5],
      ],
      manifest: { coordinates: 'minus-one-to-one' },
    },
    async (engine) => {
      const got = await engine.extract(flatImage(96, 64, 99), MANY);
      assert.deepEqual([...got.xyPx], [48, 32, 95.5, 63.5, 0.5, 0.5]);
    },
  ));

test('pixels may be overwritten as soon as extract has returned its promise', () =>
  withEngine(TOY, async (engine) => {
    const image = flatImage(128, 128, 99);
    const result = engine.extract(image, MANY);
    image.pixels.fill(0);
    assert.equal((await result).count, 3);
  }));

test('NaN is an error of that frame; the engine recovers, also after many', () =>
  withEngine(TOY, async (engine) => {
    for (let i = 0; i < 7; i++)
      await assert.rejects(engine.extract(flatImage(128, 128, 0), MANY), { code: 'E_MODEL_NONFINITE' });
    assert.equal((await engine.extract(flatImage(128, 128, 9), MANY)).count, 3);
  }));

test('a bad frame says what is wrong with it', () =>
  withEngine({ ...TOY, fixed: [128, 96] }, async (engine) => {
    await assert.rejects(engine.extract(flatImage(10, 10, 9), MANY), { code: 'E_SOURCE_FORMAT' });
    const short = { pixels: new Uint8Array(5), widthPx: 100, heightPx: 90 };
    await assert.rejects(engine.extract(short, MANY), { code: 'E_INTERNAL' });
    assert.equal((await engine.extract(flatImage(100, 90, 9), MANY)).count, 3);
  }));

test('a network of fixed size sees a larger picture scaled, and its keypoints come back in the frame', () =>
  withEngine({ ...TOY, fixed: [128, 96] }, async (engine) => {
    // 256 x 120 goes in as 128 x 60: twice as large again. (30, 63.75) lies in the padding.
    const got = await engine.extract(flatImage(256, 120, 99), MANY);
    assert.deepEqual([...got.xyPx], [181, 41, 21, 41]);
  }));

test('stored rows are a copy of the view handed over, and are replaced by name', () =>
  withEngine(TOY, async (engine) => {
    const buffer = new Float32Array(1000);
    const rows = buffer.subarray(4, 12).fill(0);
    rows.set([1, 0, 0, 0, 0, 1, 0, 0]);
    await engine.store('map', rows, 4);
    rows.fill(9);
    const query = Float32Array.of(0, 1, 0, 0);
    const set = { kind: 'stored', id: 'map', spans: Uint32Array.of(0, 2) } as const;
    const got = await engine.match(query, set);
    assert.deepEqual(
      [[...got.index], [...got.dot], [...got.refBest]],
      [
        [1, 0],
        [1, 0],
        [-1, 0],
      ],
    );
    await engine.store('map', Int8Array.of(0, 127, 0, 0, 127, 0, 0, 0), 4);
    assert.deepEqual([...(await engine.match(query, set)).index], [0, 1]);
    assert.equal(query.length, 4);
    await assert.rejects(engine.match(query, { ...set, id: 'other' }), {
      code: 'E_ENGINE',
      message: /other/,
    });
    await assert.rejects(engine.match(query, { ...set, spans: Uint32Array.of(0, 3) }), { code: 'E_ENGINE' });
    await assert.rejects(engine.match(query.subarray(1), set), { code: 'E_ENGINE' });
    await assert.rejects(engine.retrieve(query.subarray(1), 'map', 1), { code: 'E_ENGINE' });
    await assert.rejects(engine.store('x', new Float32Array(5), 4), { code: 'E_ENGINE' });
  }));

test('calls are answered in order', () =>
  withEngine(TOY, async (engine) => {
    const order: number[] = [];
    const calls = Array.from({ length: 20 }, async (_, i) => {
      await (i % 2
        ? engine.extract(flatImage(128, 128, 9), MANY)
        : engine.store('s', new Float32Array(4), 4));
      order.push(i);
    });
    await Promise.all(calls);
    assert.deepEqual(order, [...order.keys()]);
  }));

test('close finishes what was asked before it; later calls are refused', async () => {
  const engine = await createEngine({ manifestPath: writeToyModel(TOY) });
  const running = Array.from({ length: 5 }, () => engine.extract(flatImage(640, 480, 9), MANY));
  const closed = engine.close();
  await assert.rejects(engine.extract(flatImage(128, 128, 9), MANY), { code: 'E_ENGINE', message: /closed/ });
  await Promise.all([closed, engine.close()]);
  for (const features of await Promise.all(running)) assert.equal(features.count, 3);
});

test('a wrong model is refused at start, by name', async () => {
  const start = (manifest: ToyOptions['manifest']) =>
    createEngine({ manifestPath: writeToyModel({ ...TOY, manifest }), threads: 1 });
  const named = { keypoints: 'keypoints', descriptors: 'descriptors', global: 'global' };
  await assert.rejects(start({ outputs: { ...named, scores: 'score' } }), {
    code: 'E_MODEL_CONTRACT',
    message: /"score"/,
  });
  await assert.rejects(start({ inputs: { image: 'image' } }), {
    code: 'E_MODEL_CONTRACT',
    message: /max_keypoints/,
  });
  await assert.rejects(start({ bytes: 5 }), { code: 'E_MODEL_CORRUPT' });
});

test('a descriptor size that is not the manifest’s is named when it shows', async () => {
  const manifest = { descriptor: { dim: 5, normalised: true, metric: 'dot' } } as const;
  await withEngine({ ...TOY, manifest }, async (engine) => {
    await assert.rejects(engine.extract(flatImage(128, 128, 9), MANY), {
      code: 'E_MODEL_CONTRACT',
      message: /"descriptors": expected float32 \[1, 4, 5\].*found float32 \[1, 4, 4\]/,
    });
  });
});

const fakeThread = (onMessage: string) =>
  new Worker(
    `const { parentPort } = require('node:worker_threads');
     parentPort.on('message', (m) => { ${onMessage} });
     parentPort.postMessage({ kind: 'ready', model: {} });`,
    { eval: true },
  );

test('a thread that dies fails what waits on it and all that comes later', async () => {
  for (const death of ['throw new Error("boom")', 'process.exit(3)']) {
    const engine = await connect(fakeThread(death));
    const waiting = [1, 2].map(() => engine.store('s', new Float32Array(4), 4));
    for (const call of waiting) await assert.rejects(call, { code: 'E_ENGINE', message: /boom|code 3/ });
    await assert.rejects(engine.store('s', new Float32Array(4), 4), { code: 'E_ENGINE' });
    await engine.close();
  }
});

test('a thread that dies before it is ready fails the start', async () => {
  const thread = new Worker('throw new Error("early")', { eval: true });
  await assert.rejects(connect(thread), { code: 'E_ENGINE', message: /early/ });
});

test('an idle engine that nobody closed does not keep the process, nor crash it', async () => {
  const script = `import { createEngine } from './src/hfnet/engine.js';
    const engine = await createEngine({ manifestPath: process.argv[1], threads: 2 });
    await engine.extract({ pixels: new Uint8Array(64 * 64).fill(9), widthPx: 64, heightPx: 64 }, { maxKeypoints: 9 });
    console.log('done');`;
  const root = new URL('../..', import.meta.url);
  const args = ['--import', 'tsx', '--input-type=module', '-e', script, writeToyModel(TOY)];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root, timeout: 30_000 });
  assert.equal(stdout.trim(), 'done');
});
