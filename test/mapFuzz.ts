import { fuzzColmap } from './mapFuzzColmap.js';

/** `npm run test:fuzz [-- cases [seed]]`: damaged COLMAP models, none of which may do more than be refused. */
const [cases = 100_000, seed = 1] = process.argv.slice(2).map(Number);
const count = fuzzColmap(cases, seed);
console.log(
  `${count.cases} damaged COLMAP models (seed ${seed}): ${count.refused} refused with E_MAP_INPUT, ` +
    `${count.accepted} read and sound, 0 crashes`,
);
