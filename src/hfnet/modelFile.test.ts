import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { writeToyModel } from '../../test/toyModel.js';
import { createRandom } from '../kernels/random.js';
import { identityOf, loadModel } from './modelFile.js';

const toy = () => writeToyModel({ xy: [[10, 10]], scores: [0.9] });
const code = (expected: string) => (error: unknown) => (error as { code?: string }).code === expected;

test('an untouched model loads', () => {
  const model = loadModel(toy());
  assert.deepEqual(identityOf(model.manifest), {
    name: 'toy',
    version: '1',
    sha256: model.manifest.sha256,
    descriptorDim: 4,
    globalDim: 3,
  });
});

test('any flipped bit and any truncation is found before onnxruntime sees it', () => {
  const manifest = toy();
  const file = join(dirname(manifest), 'toy.onnx');
  const bytes = readFileSync(file);
  const random = createRandom(7);
  for (let i = 0; i < 200; i++) {
    const bad = Buffer.from(bytes);
    bad[random.integer(bad.length)] ^= 1 << random.integer(8);
    writeFileSync(file, bad);
    assert.throws(() => loadModel(manifest), code('E_MODEL_CORRUPT'));
    writeFileSync(file, bytes.subarray(0, random.integer(bytes.length)));
    assert.throws(() => loadModel(manifest), code('E_MODEL_CORRUPT'));
  }
});

test('missing files are named', () => {
  assert.throws(() => loadModel('/nowhere/m.json'), code('E_FILE_NOT_FOUND'));
  const manifest = writeToyModel({ xy: [], scores: [], manifest: { file: 'other.onnx' } });
  assert.throws(() => loadModel(manifest), /other\.onnx/);
});
