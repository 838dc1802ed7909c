import assert from 'node:assert/strict';
import { test } from 'node:test';
import { toyManifest } from '../../test/toyModel.js';
import { PosestreamError } from '../domain/errors.js';
import { parseManifest } from './manifest.js';

const good = toyManifest(new Uint8Array(3));
const refused = (change: object | string): PosestreamError => {
  const text = typeof change === 'string' ? change : JSON.stringify(change);
  try {
    parseManifest(text, 'm.json');
  } catch (error) {
    assert.ok(error instanceof PosestreamError);
    assert.equal(error.code, 'E_MODEL_MANIFEST');
    assert.match(error.message, /^m\.json/);
    return error;
  }
  throw new assert.AssertionError({ message: `accepted: ${text}` });
};

test('a good manifest comes back as it was', () => {
  assert.deepEqual(parseManifest(JSON.stringify(good), 'm.json'), good);
});

test('every missing field is named', () => {
  for (const key of Object.keys(good)) {
    const error = refused(Object.fromEntries(Object.entries(good).filter(([k]) => k !== key)));
    assert.match(error.message, new RegExp(`\\b${key}\\b`));
  }
});

test('an unknown key is refused by name, at any depth', () => {
  assert.match(refused({ ...good, strde: 8 }).message, /strde/);
  assert.match(refused({ ...good, input: { ...good.input, padto: 8 } }).message, /input.*padto/);
});

test('a contradiction is refused', () => {
  assert.match(refused({ ...good, global: null }).message, /global/);
  assert.match(refused({ ...good, kind: 'dense-v1' }).message, /outputs\.keypoints/);
  assert.match(refused({ ...good, scores: { type: 'logit65', threshold: 0 } }).message, /scores/);
  assert.match(refused({ ...good, input: { ...good.input, colourOrder: 'rgb' } }).message, /colourOrder/);
  assert.match(refused({ ...good, input: { ...good.input, mean: [1, 2] } }).message, /input\.mean/);
  assert.match(refused({ ...good, sha256: 'ABC' }).message, /sha256/);
});

test('text that is no JSON is refused', () => {
  for (const text of ['', '{', 'null', '[]', '3']) refused(text);
});
