import assert from 'node:assert/strict';
import test from 'node:test';
import { decode } from '@msgpack/msgpack';
import { encodedOnce, encodedWithAge, encodeMessage } from './encoding.js';

const read = { json: (bytes: Uint8Array) => JSON.parse(String(bytes)), msgpack: decode };

test('a message comes back the same from either encoding, with its age, whatever its size', () => {
  for (const encoding of ['json', 'msgpack'] as const)
    for (const fields of [1, 2, 14, 15, 16, 17, 40, 300])
      for (const ageMs of [null, 0, 61.7, -3, 1e7]) {
        const message = Object.fromEntries(Array.from({ length: fields }, (_, i) => [`f${i}`, i / 7]));
        const bytes = encodedWithAge(message)(ageMs, encoding);
        assert.deepEqual(read[encoding](bytes), { ageMs, ...message });
      }
});

test('one age is written once, another anew, and neither spoils the other', () => {
  const withAge = encodedWithAge({ type: 'pose', stream: 'car' });
  const first = withAge(5, 'json');
  const packed = withAge(5, 'msgpack');
  assert.equal(withAge(5, 'json'), first);
  assert.equal(withAge(5, 'msgpack'), packed);
  const later = withAge(6, 'json');
  assert.deepEqual([read.json(first).ageMs, read.json(later).ageMs], [5, 6]);
});

test('each encoding is written when it is first asked for, and once', () => {
  let reads = 0;
  const message = {
    get type() {
      reads++;
      return 'status';
    },
  };
  const encoded = encodedOnce(message);
  assert.equal(reads, 0);
  assert.equal(encoded('json'), encoded('json'));
  assert.equal(encoded('msgpack'), encoded('msgpack'));
  assert.equal(reads, 2);
});

test('binary keeps every digit of a covariance in about half the bytes', () => {
  const covariance = Array.from({ length: 36 }, (_, i) => Math.sin(i + 1) * 1e-4);
  const [json, msgpack] = (['json', 'msgpack'] as const).map((e) => encodeMessage({ covariance }, e));
  assert.deepEqual(decode(msgpack), { covariance });
  assert.ok(msgpack.length < 0.5 * json.length, `${msgpack.length} of ${json.length}`);
});
