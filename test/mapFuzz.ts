import { type FuzzCount, fuzzColmap } from './mapFuzzColmap.js';
import { fuzzContainer } from './mapFuzzContainer.js';

/** `npm run test:fuzz [-- cases [seed]]`: damaged COLMAP models and altered maps with a digest made to fit; none of them
 * may do more than be refused. */
const [cases = 100_000, seed = 1] = process.argv.slice(2).map(Number);
say('damaged COLMAP models', fuzzColmap(cases, seed));
say('altered maps with a fitting digest', fuzzContainer(cases, seed));

function say(what: string, { cases, refused, accepted }: FuzzCount): void {
  console.log(
    `${cases} ${what} (seed ${seed}): ${refused} refused with their code, ${accepted} read and sound, 0 crashes`,
  );
}
