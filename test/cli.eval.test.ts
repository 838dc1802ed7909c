import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Assessment } from '../src/cli/eval/assess.js';
import { posestream } from './support/cli.js';

const scratch = mkdtempSync(join(tmpdir(), 'posestream-eval-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

const path = (name: string) => join(scratch, name);
function scratchFile(name: string, text: string): string {
  writeFileSync(path(name), text);
  return path(name);
}

const TIMES = [0, 0.5, 1, 1.5];
const tum = (x: (t: number) => number) => TIMES.map((t) => `${t} ${x(t)} ${t * t} 0 0 0 0 1\n`).join('');
const truth = scratchFile(
  'truth.tum',
  tum((t) => t),
);
const near = scratchFile(
  'near.tum',
  tum((t) => t + 0.05),
);
const half = scratchFile('half.tum', TIMES.map((t) => `${t} ${t / 2} ${(t * t) / 2} 0 0 0 0 1\n`).join(''));

const reportLine = (timestampS: number, error: number, confidence: number) =>
  JSON.stringify({
    timestampS,
    outcome: 'posed',
    state: 'tracking',
    source: 'tracked',
    position: [timestampS + error, timestampS * timestampS, 0],
    orientation: [0, 0, 0, 1],
    smoothPosition: [timestampS, timestampS * timestampS, 0],
    smoothOrientation: [0, 0, 0, 1],
    confidence,
    timings: { totalMs: 8 },
  });
const report = scratchFile(
  'frames.jsonl',
  [reportLine(0, 0.1, 0.9), reportLine(0.5, 3, 0.8), reportLine(1, 0, 0.2)].join('\n'),
);

async function evaluate(...args: string[]): Promise<Assessment> {
  const { code, stdout, stderr } = await posestream('eval', ...args, '--json');
  assert.equal(code, 0, stderr);
  return JSON.parse(stdout);
}

test('a report says more than poses: confidence, states, both trajectories', async () => {
  const raw = await evaluate(report, '--reference', truth, '--threshold', '20cm,1deg');
  assert.deepEqual([raw.queries, raw.posed, raw.confident, raw.confidentWrong], [4, 3, 2, 1]);
  assert.deepEqual(
    raw.recall.map(({ m, count }) => [m, count]),
    [
      [0.2, 2],
      [0.25, 2],
      [0.5, 2],
      [5, 3],
    ],
  );
  assert.equal(raw.jumps.length, 2);
  const smooth = await evaluate(report, '--reference', truth, '--use', 'smooth');
  assert.equal(smooth.maxErrorM, 0);
});

test('KITTI and back: the same poses, with and without times', async () => {
  const written = await posestream(
    'eval',
    near,
    '--write-kitti',
    path('k.txt'),
    '--write-times',
    path('t.txt'),
  );
  assert.equal(written.code, 0, written.stderr);
  const timed = await evaluate(path('k.txt'), '--times', path('t.txt'), '--reference', truth);
  assert.ok(timed.posed === 4 && Math.abs(timed.medianErrorM! - 0.05) < 1e-9);
  const counted = await evaluate(path('k.txt'), '--reference', truth);
  assert.equal(counted.posed, 2);
  const back = await posestream(
    'eval',
    path('k.txt'),
    '--times',
    path('t.txt'),
    '--write-tum',
    path('back.tum'),
  );
  assert.equal(back.code, 0, back.stderr);
  assert.deepEqual(
    readFileSync(path('back.tum'), 'utf8').split('\n').slice(1),
    readFileSync(near, 'utf8').split('\n'),
  );
});

test('a map of another scale is held against the truth after alignment', async () => {
  assert.ok((await evaluate(half, '--reference', truth)).maxErrorM! > 1);
  const aligned = await evaluate(half, '--reference', truth, '--align', 'sim3');
  assert.ok(aligned.maxErrorM! < 1e-9 && Math.abs(aligned.alignment!.scale - 2) < 1e-9);
});

test('runs stand side by side, and are drawn together', async () => {
  const folder = path('pictures');
  const { code, stdout, stderr } = await posestream(
    ...['eval', '--compare', near, report, '--reference', truth, '--plots', folder, '--png'],
  );
  assert.equal(code, 0, stderr);
  assert.match(stdout, /near\.tum +frames\.jsonl/);
  assert.match(stdout, /within 0\.25 m, 2° +4\/4 {2}100\.0 % +2\/4 {2}50\.0 % ▼/);
  for (const name of ['trajectory', 'errors', 'reliability', 'confidence']) {
    assert.match(readFileSync(join(folder, `${name}.svg`), 'utf8'), /^<svg .*<\/svg>\n$/s);
    assert.ok(existsSync(join(folder, `${name}.png`)));
  }
});

test('what cannot be read is told by file and line, what cannot be meant by its use', async () => {
  const broken = scratchFile('broken.jsonl', `${reportLine(0, 0, 1)}\n{"timestampS": 1}\n`);
  const cases: [number, RegExp, ...string[]][] = [
    [1, /^E_FILE_INVALID .*broken\.jsonl, line 2: outcome/, broken, '--reference', truth],
    [1, /^E_FILE_INVALID .*near\.tum holds no smooth poses/, near, '--reference', truth, '--use', 'smooth'],
    [1, /^E_FILE_NOT_FOUND .*absent/, near, '--reference', path('absent')],
    [1, /^E_FILE_NOT_FOUND /, near, '--write-kitti', path('no/such/folder.txt')],
    [2, /^E_USAGE No poses/, '--reference', truth],
    [2, /^E_USAGE --reference is missing/, near],
    [2, /^E_USAGE .*no distance and angle/, near, '--reference', truth, '--threshold', '5'],
    [2, /^E_USAGE .*--png/, near, '--reference', truth, '--png'],
    [2, /--align/, near, '--reference', truth, '--align', 'affine'],
  ];
  for (const [expected, message, ...args] of cases) {
    const { code, stdout, stderr } = await posestream('eval', ...args);
    assert.equal(code, expected, `${args.join(' ')}\n${stderr}`);
    assert.match(stderr, message);
    assert.equal(stdout, '');
  }
});
