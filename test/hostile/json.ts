import type { Random } from '../../src/kernels/random.js';

const NAMES = [
  '__proto__',
  'constructor',
  'toString',
  'streams',
  'type',
  'after',
  'epoch',
  'x',
  '',
  '\u0000',
];
const TEXTS = [
  ...['front', 'rear', '../x', '', 'a'.repeat(65), '\u202e', '\ud800', '__proto__', 'subscribe', 'ack'],
  ...['constructor', 'hasOwnProperty', "'; DROP TABLE", '<script>', '%00', '🚗'],
];
const NUMBERS = [
  '-1',
  '0',
  '1e999',
  '-1e999',
  '1.5',
  '9007199254740993',
  '1e308',
  '-0',
  '1e-999',
  '4294967296',
];

const pick = <T>(random: Random, from: readonly T[]): T => from[random.integer(from.length)];

/** JSON text of anything, numbers that no double holds among it. */
export function anyJson(random: Random, depth = 3): string {
  const kind = random.integer(depth > 0 ? 7 : 5);
  const inside = () => anyJson(random, depth - 1);
  const some = <T>(make: () => T): T[] => Array.from({ length: random.integer(5) }, make);
  if (kind === 0) return pick(random, NUMBERS);
  if (kind === 1) return JSON.stringify(pick(random, TEXTS));
  if (kind === 2) return pick(random, ['null', 'true', 'false']);
  if (kind === 3) return String(random.integer(1e6));
  if (kind === 4) return pick(random, ['[]', '{}', '""']);
  if (kind === 5) return `[${some(inside).join(',')}]`;
  return `{${some(() => `${JSON.stringify(pick(random, NAMES))}:${inside()}`).join(',')}}`;
}

const FIELDS: Readonly<Record<string, readonly string[]>> = {
  subscribe: ['streams', 'maxRateHz', 'window', 'after', 'lifespanMs', 'encoding'],
  ack: ['stream', 'epoch', 'sequence'],
};
const USUAL: Readonly<Record<string, readonly string[]>> = {
  streams: ['["front"]', '["rear","front"]', '["nowhere"]', '["constructor"]', '[]'],
  maxRateHz: ['10', '0.5'],
  window: ['2', '64'],
  after: ['{"front":{"epoch":0,"sequence":3}}', '{"__proto__":{"epoch":0,"sequence":3}}'],
  lifespanMs: ['500'],
  encoding: ['"json"', '"msgpack"'],
  stream: ['"front"', '"nowhere"', '"toString"'],
  epoch: ['0', '7'],
  sequence: ['5', '9007199254740991'],
};

/** A message of ours, or one that nearly is. */
export function nearMessage(random: Random): string {
  const type = pick(random, Object.keys(FIELDS));
  const fields = FIELDS[type]
    .filter(() => type === 'ack' || random.uniform() < 0.4)
    .map((name) => `"${name}":${random.uniform() < 0.85 ? pick(random, USUAL[name]) : anyJson(random)}`);
  if (random.uniform() < 0.1) fields.push(`${JSON.stringify(pick(random, NAMES))}:${anyJson(random)}`);
  if (random.uniform() < 0.1) fields.splice(random.integer(fields.length + 1), 1);
  return `{"type":"${type}"${fields.map((field) => `,${field}`).join('')}}`;
}

/** A few characters taken out, doubled or replaced. */
export function damaged(random: Random, message: string): string {
  let out = message;
  for (let n = 1 + random.integer(3); n > 0; n--) {
    const at = random.integer(out.length + 1);
    const instead = ['', out.slice(at, at + 3).repeat(2), pick(random, ['"', '}', '\u0000', 'é', 'NaN'])];
    out = out.slice(0, at) + pick(random, instead) + out.slice(at + 1 + random.integer(3));
  }
  return out;
}

export const deep = (levels: number, isClosed: boolean): string =>
  '['.repeat(levels) + (isClosed ? ']'.repeat(levels) : '');
