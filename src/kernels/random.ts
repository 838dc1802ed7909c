/** A seeded stream of numbers. Two streams of one seed give the same numbers on every machine. */
export interface Random {
  /** Uniform in [0, 1), 32 bits. */
  uniform(): number;
  /** Uniform whole number in [0, below). */
  integer(below: number): number;
  /** Standard normal. */
  normal(): number;
  /** An independent stream; the same label gives the same stream, and drawing from one never moves another. */
  split(label: number): Random;
}

/** Source: Doty-Humphrey, sfc32 (PractRand); the seed is spread with the finaliser of MurmurHash3. */
export function createRandom(seed: number, stream = 0): Random {
  let a = mix(seed | 0);
  let b = mix((seed / 4294967296) | 0) ^ 0x9e3779b9;
  let c = mix(stream ^ 0x85ebca6b);
  let counter = 1;
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0;
    counter = (counter + 1) | 0;
    a = b ^ (b >>> 9);
    b = (c + (c << 3)) | 0;
    c = ((c << 21) | (c >>> 11)) + sum;
    return sum >>> 0;
  };
  for (let i = 0; i < 12; i++) next();
  const uniform = (): number => next() / 4294967296;
  return {
    uniform,
    integer: (below) => Math.floor(uniform() * below),
    normal: () => Math.sqrt(-2 * Math.log(1 - uniform())) * Math.cos(2 * Math.PI * uniform()),
    split: (label) => createRandom(seed, mix(stream + Math.imul(label + 1, 0x27d4eb2f)) | 0),
  };
}

/** Source: Appleby, MurmurHash3 32-bit finaliser. */
function mix(value: number): number {
  let h = (value + 0x9e3779b9) | 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
