import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Assessment } from './eval/assess.js';
import { EVAL_HELP } from './eval/help.js';
import { evalCommand } from './eval.js';

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

async function runEval(...args: string[]): Promise<string> {
  let printed = '';
  const command = evalCommand((text) => {
    printed += text;
  });
  await command
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .parseAsync(args, { from: 'user' });
  return printed;
}

const evaluate = async (...args: string[]): Promise<Assessment> =>
  JSON.parse(await runEval(...args, '--json'));

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
  assert.equal(await runEval(near, '--write-kitti', path('k.txt'), '--write-times', path('t.txt')), '');
  const timed = await evaluate(path('k.txt'), '--times', path('t.txt'), '--reference', truth);
  assert.ok(timed.posed === 4 && Math.abs(timed.medianErrorM! - 0.05) < 1e-9);
  const counted = await evaluate(path('k.txt'), '--reference', truth);
  assert.equal(counted.posed, 2);
  await runEval(path('k.txt'), '--times', path('t.txt'), '--write-tum', path('back.tum'));
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
  const table = await runEval('--compare', near, report, '--reference', truth, '--plots', folder, '--png');
  assert.match(table, /near\.tum +frames\.jsonl/);
  assert.match(table, /within 0\.25 m, 2° +4\/4 {2}100\.0 % +2\/4 {2}50\.0 % ▼/);
  for (const name of ['trajectory', 'errors', 'reliability', 'confidence']) {
    assert.match(readFileSync(join(folder, `${name}.svg`), 'utf8'), /^<svg .*<\/svg>\n$/s);
    assert.ok(existsSync(join(folder, `${name}.png`)));
  }
});

test('what cannot be read is told by file and line, what cannot be meant by its use', async () => {
  const broken = scratchFile('broken.jsonl', `${reportLine(0, 0, 1)}\n{"timestampS": 1}\n`);
  const line = scratchFile('line.tum', '0 0 0 0 0 0 0 1\n1 1 0 0 0 0 0 1\n2 2 0 0 0 0 0 1\n');
  const cases: [string, RegExp, ...string[]][] = [
    ['E_FILE_INVALID', /broken\.jsonl, line 2: outcome/, broken, '--reference', truth],
    ['E_FILE_INVALID', /near\.tum holds no smooth poses/, near, '--reference', truth, '--use', 'smooth'],
    ['E_FILE_INVALID', /line\.tum cannot be aligned/, line, '--reference', line, '--align', 'se3'],
    ['E_FILE_NOT_FOUND', /absent/, near, '--reference', path('absent')],
    ['E_FILE_NOT_FOUND', /no\/such/, near, '--write-kitti', path('no/such/folder.txt')],
    ['E_USAGE', /No poses/, '--reference', truth],
    ['E_USAGE', /--reference is missing/, near],
    ['E_USAGE', /no distance and angle/, near, '--reference', truth, '--threshold', '5'],
    ['E_USAGE', /--png/, near, '--reference', truth, '--png'],
    ['commander.invalidArgument', /--align/, near, '--reference', truth, '--align', 'affine'],
  ];
  for (const [code, message, ...args] of cases)
    await assert.rejects(runEval(...args), { code, message }, args.join(' '));
});

test('every example of the help works as written', async () => {
  const folder = path('examples');
  mkdirSync(join(folder, 'set'), { recursive: true });
  const write = (name: string, text: string) => writeFileSync(join(folder, name), text);
  const [poses, frames] = [readFileSync(near, 'utf8'), readFileSync(report, 'utf8')];
  for (const name of ['poses.tum', 'truth.tum', 'set/poses_tum.txt']) write(name, poses);
  for (const name of ['frames.jsonl', 'frame.jsonl', 'sequence.jsonl']) write(name, frames);
  write('set/images.csv', '#timestamp,file\n0,a.jpg\n0.5,b.jpg\n');
  write('set/query.txt', 'b.jpg\n');
  write('00.txt', readFileSync(path('k.txt'), 'utf8'));
  write('times.txt', readFileSync(path('t.txt'), 'utf8'));
  const examples = [...EVAL_HELP.matchAll(/^ {2}posestream eval (.*)$/gm)].map(([, line]) => line);
  assert.ok(examples.length >= 6);
  const before = process.cwd();
  process.chdir(folder);
  try {
    for (const line of examples) await runEval(...line.replace(' --map town.map', '').split(' '));
  } finally {
    process.chdir(before);
  }
});
