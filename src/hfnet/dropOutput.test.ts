import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Tensor } from 'onnxruntime-node';
import { createRandom } from '../kernels/random.js';
import { dropOutput } from './dropOutput.js';
import { createEngine } from './engine.js';
import { encodeModel, float32 } from './onnxWriter.js';
import { openSession } from './session.js';

const port = (name: string) => ({ name, type: 'float32' as const, dims: [2] });
const op = (name: string, inputs: string[], output: string) => ({ op: name, inputs, outputs: [output] });

/** head = tail(shared), wanted = shared + 1; the tail takes a node that nothing else needs. */
const GRAPH = encodeModel({
  inputs: [port('x')],
  outputs: [port('head'), port('wanted')],
  constants: [float32('one', [1], [])],
  nodes: [
    op('Neg', ['x'], 'shared'),
    op('Exp', ['shared'], 'tail'),
    op('Sqrt', ['tail'], 'head'),
    op('Add', ['shared', 'one'], 'wanted'),
  ],
});

test('an output goes with the nodes that only it needs; what is left computes the same', async () => {
  const rest = dropOutput(GRAPH, 'head');
  const text = Buffer.from(rest).toString('latin1');
  for (const [word, stays] of [
    ['Exp', false],
    ['Sqrt', false],
    ['Neg', true],
    ['Add', true],
  ] as const)
    assert.equal(text.includes(word), stays, word);
  const session = await openSession(rest, 1, 'the rest');
  assert.deepEqual(
    session.outputs.map(({ name }) => name),
    ['wanted'],
  );
  const found = await session.run({ x: new Tensor('float32', Float32Array.of(3, -4), [2]) });
  assert.deepEqual([...(found.wanted.data as Float32Array)], [-2, 5]);
  await session.release();
});

test('a model without that output stays as it is', () => {
  assert.equal(dropOutput(GRAPH, 'other'), GRAPH);
});

test('our network without its global head gives the same keypoints to the bit', async () => {
  const path = fileURLToPath(new URL('../../models/hfnet.json', import.meta.url));
  const { file, outputs } = JSON.parse(readFileSync(path, 'utf8'));
  const bytes = readFileSync(new URL(`../../models/${file}`, import.meta.url));
  assert.ok(dropOutput(bytes, outputs.global).length < bytes.length);
  const random = createRandom(1);
  const [widthPx, heightPx] = [320, 256];
  const pixels = Uint8Array.from({ length: widthPx * heightPx }, () => random.integer(256));
  const engine = await createEngine({ manifestPath: path, threads: 1 });
  try {
    const image = { pixels, widthPx, heightPx };
    const whole = await engine.extract(image, { maxKeypoints: 300 });
    const local = await engine.extract(image, { maxKeypoints: 300, global: false });
    assert.ok(whole.count > 100 && whole.global !== null);
    assert.deepEqual(local, { ...whole, global: null });
  } finally {
    await engine.close();
  }
});
