import type { Random } from '../src/kernels/random.js';

/** Bodies that no well-meaning client sends, seeded: bytes, torn and swollen JSON, values of every wrong kind, paths and
 * addresses that must not be opened, YAML that bends what YAML allows. */

const pick = <T>(random: Random, from: readonly T[]): T => from[Math.floor(random.uniform() * from.length)];

/** How a file refers to a variable. */
const ref = (name: string): string => `\${${name}}`;

const SCALARS: readonly unknown[] = [
  ...[null, true, false, 0, -1, 1.5, 1e308, -0, 2 ** 53, '', ' ', 'x', '***', '\u0000', '\ud800', '💥'],
  ...[
    'a'.repeat(5000),
    '../../etc/passwd',
    '/etc/passwd',
    ref('HOME'),
    '{{7*7}}',
    '<script>',
    "'; DROP",
    '__proto__',
  ],
  ...[[], [[]], {}, { length: 1e9 }, [null], { toString: 1 }, { __proto__: null }, ['a', 'a']],
];
const SOURCES = [
  ...[
    'push:',
    'rtsp://u:p@10.0.0.1/x',
    'rtsp://[::ffff:127.0.0.1]/x',
    'http://169.254.169.254/',
    'file:///etc/passwd',
  ],
  ...[
    'concat:/etc/passwd|/etc/passwd',
    'srt://0.0.0.0:9?mode=listener',
    'udp://0.0.0.0:1',
    '/dev/video0',
    '/dev/zero',
  ],
  ...[
    'pipe:0',
    'rtsp://***@cam',
    'rtsp://-i',
    'exec:sh',
    'RTSP://%00',
    'rtmp://127.0.0.1/live?mode=listener',
  ],
  ...[
    'data:text/html,x',
    'http://2130706433/',
    'rtsp://0x7f.1/x',
    'tcp://a',
    '\n',
    'a\0b',
    '-version',
    'drive.mp4',
  ],
];
const KEYS = [
  '__proto__',
  'constructor',
  'toString',
  'id',
  'ID',
  '',
  'a'.repeat(300),
  '\u0000',
  'source',
  '0',
  '-',
];

export interface HostileRequest {
  readonly method: string;
  readonly path: string;
  readonly body: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

export function hostileRequest(random: Random): HostileRequest {
  const type = pick(random, [
    ...Array<string>(12).fill('application/json'),
    ...['application/json; charset=utf-16', 'text/plain', 'application/xml', 'multipart/form-data', ''],
  ]);
  const body = hostileBody(random);
  const framed: Record<string, string> =
    random.uniform() < 0.1
      ? { 'Transfer-Encoding': 'chunked' }
      : random.uniform() < 0.01
        ? {}
        : { 'Content-Length': String(body.length) };
  const encoded: Record<string, string> = random.uniform() < 0.02 ? { 'Content-Encoding': 'gzip' } : {};
  const [method, path] = pick(random, [
    ...Array(6).fill(['POST', '/api/v1/streams']),
    ...[
      ['PUT', '/api/v1/map'],
      ['PUT', '/api/v1/map'],
      ['POST', '/api/v1/map'],
    ],
    ...[
      ['POST', '/api/v1/streams/car/pause'],
      ['DELETE', `/api/v1/streams/${pick(random, PATHS)}`],
    ],
    ...[
      ['PATCH', '/api/v1/streams'],
      ['POST', `/api/v1/${pick(random, PATHS)}`],
      ['POST', '/api/ticket'],
    ],
  ] as [string, string][]);
  return {
    method,
    path,
    body,
    headers: { ...(type ? { 'Content-Type': type } : {}), ...framed, ...encoded },
  };
}

const PATHS = [
  ...[
    'x',
    '..',
    '%2e%2e',
    '../streams',
    'streams/',
    'streams//pause',
    'streams/car/pause/x',
    '__proto__',
    'a%00',
  ],
  ...[
    'streams/%7Bid%7D',
    'map?x=1',
    'openapi.json/..',
    'streams/car?id=rear',
    'x'.repeat(2000),
    '%ff',
    '*',
    'streams;a',
  ],
];

function hostileBody(random: Random): Uint8Array {
  const kind = random.uniform();
  if (kind < 0.1) return bytesOf(random, Math.floor(random.uniform() ** 3 * 3000));
  if (kind < 0.14) return Buffer.from(deep(random));
  if (kind < 0.16)
    return Buffer.alloc(
      65_000 + Math.floor(random.uniform() * 30_000),
      pick(random, [' ', '[', '"', '{', '1']),
    );
  const json = Buffer.from(JSON.stringify(hostileValue(random)));
  return kind < 0.6 ? json : torn(random, json);
}

const bytesOf = (random: Random, length: number): Uint8Array =>
  Uint8Array.from({ length }, () => Math.floor(random.uniform() * 256));

function deep(random: Random): string {
  const depth = Math.floor(random.uniform() * 30_000);
  const [open, close] = pick(random, [
    ['[', ']'],
    ['{"a":', '}'],
    ['[{"id":', '}]'],
  ]);
  const kept = open.repeat(Math.min(depth, Math.floor(60_000 / (open.length + close.length))));
  return random.uniform() < 0.5 ? kept : `${kept}1${close.repeat(kept.length / open.length)}`;
}

function hostileValue(random: Random): unknown {
  if (random.uniform() < 0.05) return pick(random, SCALARS);
  const value: Record<string, unknown> = pick(random, [
    { id: 'car', source: 'push:' },
    { id: 'cam', source: pick(random, SOURCES), loop: true, maxSidePx: 640, intrinsics: 'cam.json' },
    { path: 'town.map' },
    {},
  ]);
  const spoilt: Record<string, unknown> = { ...value };
  for (let n = Math.floor(random.uniform() * 3); n > 0; n--) {
    const key = pick(random, [...Object.keys(value), ...KEYS, 'realtime', 'reference', 'path']);
    Object.defineProperty(spoilt, key, {
      value: pick(random, [...SCALARS, ...SOURCES]),
      enumerable: true,
      configurable: true,
    });
  }
  return random.uniform() < 0.05 ? [spoilt] : spoilt;
}

function torn(random: Random, clean: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(clean);
  const from = Math.floor(random.uniform() * bytes.length);
  const to = from + Math.floor(random.uniform() * (bytes.length - from));
  const kind = random.uniform();
  if (kind < 0.3) return bytes.subarray(0, from);
  if (kind < 0.5) return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
  if (kind < 0.6) return Buffer.concat([Buffer.from('\ufeff'), bytes]);
  for (let n = 1 + Math.floor(random.uniform() * 4); n > 0; n--)
    bytes[Math.floor(random.uniform() * bytes.length)] = Math.floor(random.uniform() * 256);
  return bytes;
}

const YAML_BITS = [
  ...[
    '&a',
    '*a',
    '<<: *a',
    '!!js/function',
    '!!binary',
    '!!set',
    '---',
    '...',
    '%YAML 9.9',
    '? ',
    '- - - -',
    '|2',
    '>-',
  ],
  ...[
    ref('HOME'),
    '${',
    ref('UNSET'),
    ref(`A:-${ref('B')}`),
    '$$',
    '\t',
    '\r',
    '\0',
    '{',
    '}',
    '[',
    ']',
    ': ',
    '#',
    "'",
    '"',
    '@',
    '`',
  ],
  ...[
    '0o17',
    '.inf',
    '.nan',
    '~',
    '1e999',
    '0x',
    '2001-01-01',
    '<<',
    '=',
    'null:',
    'map: x',
    'streams: 1',
    '\u2028',
  ],
  ...[
    '__proto__: 1',
    'constructor: {prototype: 1}',
    `${'['.repeat(200)}`,
    `${'- '.repeat(200)}`,
    'a'.repeat(2000),
  ],
];

/** A configuration file bent out of shape. */
export function hostileYaml(random: Random, clean: string): string {
  if (random.uniform() < 0.05) return Buffer.from(bytesOf(random, 400)).toString('latin1');
  if (random.uniform() < 0.01) return aliasBomb(random);
  let text = clean;
  for (let n = 1 + Math.floor(random.uniform() * 4); n > 0; n--) text = bent(random, text);
  return text;
}

function bent(random: Random, text: string): string {
  const at = Math.floor(random.uniform() * (text.length + 1));
  const end = at + Math.floor(random.uniform() ** 2 * 60);
  const kind = random.uniform();
  if (kind < 0.4) return `${text.slice(0, at)}${pick(random, YAML_BITS)}${text.slice(at)}`;
  if (kind < 0.6) return `${text.slice(0, at)}${text.slice(end)}`;
  if (kind < 0.7) return `${text.slice(0, end)}${text.slice(at)}`;
  const lines = text.split('\n');
  const line = Math.floor(random.uniform() * lines.length);
  if (kind < 0.8)
    lines.splice(line, 0, `${' '.repeat(Math.floor(random.uniform() * 6))}${pick(random, YAML_BITS)}: 1`);
  else if (kind < 0.9)
    lines[line] = lines[line].replace(/: .*/, `: ${JSON.stringify(pick(random, SCALARS)) ?? 'x'}`);
  else lines.splice(line, 1);
  return lines.join('\n');
}

function aliasBomb(random: Random): string {
  const wide = 2 + Math.floor(random.uniform() * 9);
  const lines = ['a0: &a0 [x]'];
  for (let i = 1; i < 12; i++)
    lines.push(
      `a${i}: &a${i} [${Array(wide)
        .fill(`*a${i - 1}`)
        .join(',')}]`,
    );
  return lines.join('\n');
}
