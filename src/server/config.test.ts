import assert from 'node:assert/strict';
import test from 'node:test';
import { PosestreamError } from '../domain/errors.js';
import { parseConfig } from './config.js';
import { substituteEnv } from './envSubstitution.js';

/** How a file refers to a variable. */
const ref = (name: string): string => `\${${name}}`;

const GOOD = `map: town.psmap
streams:
  - id: front
    source: drive.mp4
`;

function failure(text: string, env: Record<string, string> = {}): PosestreamError {
  try {
    parseConfig(text, 'serve.yaml', env);
  } catch (error) {
    assert.ok(error instanceof PosestreamError);
    assert.equal(error.code, 'E_CONFIG');
    return error;
  }
  throw new assert.AssertionError({ message: 'expected E_CONFIG' });
}

test('the smallest file gets safe defaults', () => {
  const config = parseConfig(GOOD, 'serve.yaml', {});
  assert.deepEqual(config.listen, { host: '127.0.0.1', port: 8080 });
  assert.deepEqual(config.streams, [{ id: 'front', source: 'drive.mp4', realtime: true, loop: false }]);
});

test('variables reach values, typed where the value is plain', () => {
  const text = `${GOOD}listen:\n  port: ${ref('PORT')}\n  token: "${ref('TOKEN')}"\n  host: ${ref('HOST:-localhost')}\n`;
  const config = parseConfig(text, 'serve.yaml', { PORT: '9000', TOKEN: '1234567890123456' });
  assert.deepEqual(config.listen, { host: 'localhost', port: 9000, token: '1234567890123456' });
});

test('a variable cannot bring structure with it', () => {
  const config = parseConfig(GOOD.replace('drive.mp4', ref('SOURCE')), 'serve.yaml', {
    SOURCE: 'a.mp4\n    loop: true # x',
  });
  assert.equal(config.streams[0].source, 'a.mp4\n    loop: true # x');
  assert.equal(config.streams[0].loop, false);
});

test('origins, a recording and outputs', () => {
  const text = `${GOOD}record: drive.mcap
listen:
  origins: [https://app.foxglove.dev, "http://localhost:8081"]
outputs:
  - { kind: mavlink, host: 192.168.1.2, stream: front }
  - { kind: rosbridge, url: "ws://robot:9090", stream: front, ros: 1 }
`;
  const { listen, record, outputs } = parseConfig(text, 'serve.yaml', {});
  assert.equal(listen.origins?.length, 2);
  assert.equal(record, 'drive.mcap');
  assert.deepEqual(outputs[0], {
    ...{ kind: 'mavlink', host: '192.168.1.2', port: 14540, stream: 'front', message: 'odometry' },
    ...{ up: 'z', systemId: 1, componentId: 197 },
  });
  assert.deepEqual([outputs[1].kind, 'ros' in outputs[1] && outputs[1].ros], ['rosbridge', 1]);
});

const faults: [name: string, text: string, at: RegExp, says: RegExp][] = [
  ['unknown key', `${GOOD}    lop: true\n`, /^serve\.yaml:5:5:/, /unknown key 'lop' in streams\.0/],
  [
    'an output of no stream',
    `${GOOD}outputs:\n  - { kind: mavlink, host: a, stream: rear }\n`,
    /^serve\.yaml:6:39:/,
    /no stream is called 'rear'/,
  ],
  [
    'an unknown output',
    `${GOOD}outputs:\n  - { kind: fax, stream: front }\n`,
    /^serve\.yaml:6:13:/,
    /outputs\.0\.kind/,
  ],
  [
    'an origin with a path',
    `${GOOD}listen:\n  origins: [https://a.example/x]\n`,
    /^serve\.yaml:6:13:/,
    /an origin is/,
  ],
  [
    'a key that is misspelt, before the one it stands for',
    GOOD.replace('source', 'sauce'),
    /^serve\.yaml:4:5:/,
    /unknown key 'sauce'/,
  ],
  ['unknown key at the top', `${GOOD}colour: red\n`, /^serve\.yaml:5:1:/, /unknown key 'colour'/],
  ['wrong type', GOOD.replace('drive.mp4', '[1]'), /^serve\.yaml:4:13:/, /streams\.0\.source/],
  ['missing key', GOOD.replace('map: town.psmap\n', ''), /^serve\.yaml:1:1:/, /map is missing/],
  ['twice the same stream', `${GOOD}  - { id: front, source: b }\n`, /^serve\.yaml:5:11:/, /taken/],
  ['bad stream id', GOOD.replace('front', '../etc'), /^serve\.yaml:3:9:/, /stream id/],
  ['YAML syntax', `${GOOD}listen: {port: 1\n`, /^serve\.yaml:\d+:\d+:/, /./],
  ['key given twice', `${GOOD}map: other\n`, /^serve\.yaml:5:1:/, /unique/i],
  [
    'unset variable',
    GOOD.replace('drive.mp4', ref('CAMERA_URL')),
    /^serve\.yaml:4:13:/,
    /CAMERA_URL is not set/,
  ],
  ['empty file', '', /^serve\.yaml/, /missing/],
  ['a list', '- 1\n', /^serve\.yaml:1:1:/, /./],
];

for (const [name, text, at, says] of faults)
  test(`${name}: refused with its place`, () => {
    const { message } = failure(text);
    assert.match(message, at);
    assert.match(message, says);
  });

test('an unknown key is answered with the known ones', () => {
  assert.match(failure(`${GOOD}    lop: true\n`).hint ?? '', /loop/);
});

test('a refused token is not shown', () => {
  const { message } = failure(`${GOOD}listen:\n  token: ${ref('TOKEN')}\n`, { TOKEN: 'hunter2' });
  assert.doesNotMatch(message, /hunter2/);
});

test('an alias bomb is refused', () => {
  let text = 'a0: &a0 [x,x,x,x,x,x,x,x,x]\n';
  for (let i = 1; i < 9; i++)
    text += `a${i}: &a${i} [${Array(9)
      .fill(`*a${i - 1}`)
      .join(',')}]\n`;
  failure(text);
});

test('substitution: defaults, escapes, first missing name', () => {
  assert.deepEqual(substituteEnv(`$${ref('A')} ${ref('B:-b')} ${ref('C')}`, { C: 'c' }), {
    text: `${ref('A')} b c`,
    missing: null,
  });
  assert.equal(substituteEnv(ref('A') + ref('B'), {}).missing, 'A');
});
