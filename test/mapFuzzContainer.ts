import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { PosestreamError } from '../src/domain/errors.js';
import { createRandom } from '../src/kernels/random.js';
import { decodeMap, encodeMap } from '../src/map/container.js';
import { findFault } from '../src/map/verify.js';
import type { FuzzCount } from './mapFuzzColmap.js';
import { smallMap, smallVladMap } from './mapFuzzFixtures.js';

/** Reads `cases` altered maps whose digest has been made to fit, so that only the content's own checks stand between
 * them and the rest. Throws where reading does anything but return a sound map or refuse with E_MAP_CORRUPT. */
export function fuzzContainer(cases: number, seed: number): FuzzCount {
  const random = createRandom(seed);
  const wholes = [encodeMap(smallMap()), encodeMap(smallVladMap())];
  let refused = 0;
  for (let i = 0; i < cases; i++) {
    const bytes = wholes[i % wholes.length].slice();
    for (let n = 1 + random.integer(3); n > 0; n--) {
      const at = 64 + random.integer(bytes.length - 64);
      bytes[at] = random.integer(2) === 0 ? bytes[at] ^ (1 << random.integer(8)) : random.integer(256);
    }
    sign(bytes);
    try {
      assert.equal(findFault(decodeMap(bytes, 'altered')), null);
    } catch (error) {
      const isRefusal = error instanceof PosestreamError && error.code === 'E_MAP_CORRUPT';
      if (!isRefusal) throw new Error(`case ${i}, seed ${seed}: ${String(error)}`, { cause: error });
      refused++;
    }
  }
  return { cases, refused, accepted: cases - refused };
}

function sign(bytes: Uint8Array): void {
  const hash = createHash('sha256').update(bytes.subarray(0, 32)).update(bytes.subarray(64));
  bytes.set(hash.digest(), 32);
}
