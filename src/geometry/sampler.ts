/** A seeded stream of whole numbers as one integer of state, for the loops that must not allocate. */
export interface Sampler {
  state: number;
}

export function seedSampler(sampler: Sampler, seed: number): void {
  sampler.state = (Math.imul(seed | 0, 0x9e3779b1) ^ 0x5851f42d) | 0;
}

/** Uniform in [0, below). Source: Ettinger, mulberry32. */
function drawBelow(sampler: Sampler, below: number): number {
  sampler.state = (sampler.state + 0x6d2b79f5) | 0;
  let t = Math.imul(sampler.state ^ (sampler.state >>> 15), 1 | sampler.state);
  t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
  return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4294967296) * below);
}

/** `size` different whole numbers of [0, below), written to `out`; needs below >= size. */
export function drawDistinct(sampler: Sampler, below: number, size: number, out: Int32Array): void {
  for (let i = 0; i < size; ) {
    const candidate = drawBelow(sampler, below);
    let isNew = true;
    for (let j = 0; j < i; j++) if (out[j] === candidate) isNew = false;
    if (isNew) out[i++] = candidate;
  }
}

/** Fisher-Yates shuffle of the first `count` entries. */
export function shuffle(sampler: Sampler, values: Int32Array, count: number): void {
  for (let i = count - 1; i > 0; i--) {
    const j = drawBelow(sampler, i + 1);
    const kept = values[i];
    values[i] = values[j];
    values[j] = kept;
  }
}
