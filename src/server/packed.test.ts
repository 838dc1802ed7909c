import assert from 'node:assert/strict';
import test from 'node:test';
import { asFloat32, decodePacked, encodePacked } from './packed.js';

test('header and sections come back, whatever their lengths', () => {
  for (let n = 0; n < 9; n++) {
    const bytes = Uint8Array.from({ length: n }, (_, i) => i + 1);
    const floats = Float32Array.from({ length: n }, (_, i) => i / 3);
    const packed = encodePacked({ n, text: 'ä'.repeat(n) }, [bytes, floats, bytes]);
    const { header, sections } = decodePacked(packed.buffer as ArrayBuffer);
    assert.deepEqual(header, { n, text: 'ä'.repeat(n) });
    assert.deepEqual(sections[0], bytes);
    assert.deepEqual(asFloat32(sections[1]), floats);
    assert.deepEqual(sections[2], bytes);
  }
});

test('truncated or foreign bytes throw', () => {
  const packed = encodePacked({ a: 1 }, [new Uint8Array(9)]);
  for (let cut = 0; cut < packed.length - 3; cut++)
    assert.throws(() => decodePacked(packed.slice(0, cut).buffer), `cut at ${cut}`);
  packed[0] ^= 1;
  assert.throws(() => decodePacked(packed.buffer as ArrayBuffer), RangeError);
});
