import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PosestreamError } from '../domain/errors.js';
import type { Engine } from '../domain/features.js';
import { answersInTime } from './answersInTime.js';

const never = () => new Promise<never>(() => undefined);
const isLate = (error: unknown) => error instanceof PosestreamError && error.code === 'E_ENGINE';
const IMAGE = { pixels: new Uint8Array(1), widthPx: 1, heightPx: 1 };

test('calls for a picture that are never answered fail in time, those for a map wait', async () => {
  const stuck = { extract: never, match: never, retrieve: never, store: never, assign: never };
  const engine = answersInTime(stuck as unknown as Engine, 20);
  await assert.rejects(engine.extract(IMAGE, { maxKeypoints: 1 }), isLate);
  await assert.rejects(
    engine.match(new Float32Array(1), { kind: 'stored', id: 'a', spans: new Uint32Array(2) }),
    isLate,
  );
  await assert.rejects(engine.retrieve(new Float32Array(1), 'a', 1), isLate);
  const waited = await Promise.race([
    engine.store('a', new Int8Array(1), 1).then(() => 'stored'),
    new Promise((resolve) => setTimeout(resolve, 60, 'waits')),
  ]);
  assert.equal(waited, 'waits');
});

test('answers and errors of the engine pass as they are', async () => {
  const broken = new PosestreamError('E_MODEL_NONFINITE', 'NaN');
  const found = { ids: new Int32Array(1), scores: new Float32Array(1) };
  const engine = answersInTime({
    extract: () => Promise.reject(broken),
    retrieve: () => Promise.resolve(found),
  } as unknown as Engine);
  await assert.rejects(engine.extract(IMAGE, { maxKeypoints: 1 }), broken);
  assert.equal(await engine.retrieve(new Float32Array(1), 'a', 1), found);
});
