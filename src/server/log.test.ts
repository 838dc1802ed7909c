import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { createLog, type LogOptions } from './log.js';

function logTo(options: Partial<LogOptions> = {}) {
  const lines: string[] = [];
  const log = createLog({ level: 'info', format: 'json', write: (line) => lines.push(line), ...options });
  const records = () => lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  return { log, lines, records };
}

test('a line is one object: level, time, event, message, the stream and the fields', () => {
  const { log, lines, records } = logTo();
  log.event('info', 'listening', 'poses at ws://127.0.0.1:8080/poses', { port: 8080 });
  log.ofStream('car').event('warn', 'retrying', 'tried again', { attempt: 2, code: undefined });
  assert.ok(lines.every((line) => line.endsWith('}\n') && line.indexOf('\n') === line.length - 1));
  const [first, second] = records();
  assert.ok(Math.abs(Date.parse(String(first.time)) - Date.now()) < 60_000);
  const { time: _, ...rest } = first;
  assert.deepEqual(rest, {
    ...{ level: 'info', event: 'listening', message: 'poses at ws://127.0.0.1:8080/poses', port: 8080 },
  });
  assert.deepEqual([second.stream, second.level, second.attempt], ['car', 'warn', 2]);
});

test('what is below the level is not written', () => {
  const { log, records } = logTo({ level: 'warn' });
  for (const level of ['error', 'warn', 'info', 'debug'] as const) log.event(level, 'x', level);
  assert.deepEqual(
    records().map(({ level }) => level),
    ['error', 'warn'],
  );
});

test('one line a second of a kind, the newest with the total; streams and kinds apart', (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'Date'] });
  const { log, records } = logTo();
  const [car, bus] = [log.ofStream('car'), log.ofStream('bus')];
  for (let n = 1; n <= 50; n++) car.event('warn', 'retrying', `attempt ${n}`);
  bus.event('warn', 'retrying', 'attempt 1');
  car.event('info', 'streaming', 'streaming');
  const said = () => records().map(({ stream, message, total }) => [stream, message, total]);
  const atOnce = [
    ['car', 'attempt 1', undefined],
    ['bus', 'attempt 1', undefined],
    ['car', 'streaming', undefined],
  ];
  assert.deepEqual(said(), atOnce);
  t.mock.timers.tick(1000);
  assert.deepEqual(said(), [...atOnce, ['car', 'attempt 50', 50]]);
  log.ofStream('car').event('warn', 'retrying', 'attempt 51');
  assert.equal(said().length, 4, 'a second after the last line');
  t.mock.timers.tick(1000);
  t.mock.timers.tick(1000);
  assert.deepEqual(said().slice(4), [['car', 'attempt 51', 51]]);
  car.event('warn', 'retrying', 'attempt 52');
  assert.deepEqual(said().slice(5), [['car', 'attempt 52', 52]], 'at once after a quiet second');
  car.event('warn', 'retrying', 'attempt 53');
  log.flush();
  assert.deepEqual(said().slice(6), [['car', 'attempt 53', 53]]);
});

test('no credential leaves, in message or field, as JSON or as text', () => {
  const word = fc.stringMatching(/^[ -~]{0,8}$/);
  fc.assert(
    fc.property(word, word, fc.constantFrom('json', 'text'), (before, after, format) => {
      const token = `${before}CANARY-TOKEN${after}`;
      const { log, lines } = logTo({ format, secrets: [token, ''] });
      const source = 'rtsp://admin:CANARY@10.0.0.9/x?passphrase=CANARY&fps=5';
      log.event('error', 'source', `cannot open ${source}, ${token}`, { source, header: `Bearer ${token}` });
      log.ofStream(source).event('warn', 'x', token);
      const text = lines.join('');
      assert.doesNotMatch(text, /CANARY/);
      assert.ok(text.includes('10.0.0.9'), 'the address itself is told');
    }),
    // A token that reads like a piece of an address.
    { numRuns: 200, examples: [['?', '=x', 'json']] },
  );
});

test('text: time, stream, message, fields; nothing that moves a cursor', () => {
  const { log, lines } = logTo({ format: 'text' });
  const evil = 'a\u001b[2Jb\nc\u009bd';
  log.ofStream('car').event('warn', 'retrying', `E_SOURCE_OPEN ${evil}`, { attempt: 3, note: evil });
  assert.equal(lines.length, 1);
  const [line] = lines;
  assert.match(line, /^\d\d:\d\d:\d\d car E_SOURCE_OPEN a \[2Jb c d attempt=3 note=a \[2Jb c d\n$/);
  const coloured = logTo({ format: 'text', isColoured: true });
  coloured.log.event('error', 'x', 'broken');
  assert.ok(coloured.lines[0].includes('\u001b[31mbroken\u001b[39m'));
});
