import { PosestreamError } from '../domain/errors.js';
import type { Engine } from '../domain/features.js';

/** No picture takes the network this long, on any machine that is of use. */
const LONGEST_ANSWER_MS = 10_000;

/** An engine whose calls for a picture fail with E_ENGINE where the answer does not come: a native call that hangs would
 * otherwise keep its turn, and every stream waiting, for ever. Storing rows and sharing them out may take longer, since maps
 * are opened and built with them. */
export function answersInTime(engine: Engine, limitMs = LONGEST_ANSWER_MS): Engine {
  return {
    ...engine,
    extract: (...args) => within(engine.extract(...args), limitMs),
    match: (...args) => within(engine.match(...args), limitMs),
    retrieve: (...args) => within(engine.retrieve(...args), limitMs),
  };
}

function within<T>(answer: Promise<T>, limitMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(late(limitMs)), limitMs);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

const late = (limitMs: number) =>
  new PosestreamError('E_ENGINE', `The network has not answered for ${limitMs / 1000} s.`, {
    hint: 'It is started again. Where this happens often, the machine is far too slow, or out of memory.',
  });
