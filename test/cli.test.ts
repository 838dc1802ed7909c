import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import type { Evaluation } from '../src/cli/evaluate.js';
import { posestream } from './support/cli.js';
import { repositoryPath } from './support/shared.js';

const scratch = mkdtempSync(join(tmpdir(), 'posestream-cli-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

function scratchFile(name: string, text: string): string {
  const path = join(scratch, name);
  writeFileSync(path, text);
  return path;
}

const COMMANDS = [
  ['map', 'build'],
  ['map', 'info'],
  ['localize'],
  ['eval'],
  ['serve'],
  ['replay'],
  ['export'],
  ['model', 'check'],
  ['demo'],
];

test('every command helps with examples', async () => {
  for (const command of COMMANDS) {
    const { code, stdout } = await posestream(...command, '--help');
    assert.equal(code, 0, command.join(' '));
    assert.match(stdout, /Examples:\n {2}posestream /, command.join(' '));
  }
});

test('a reader that has seen enough is no failure', async () => {
  const main = ['--import', 'tsx', repositoryPath('src/cli/main.ts')];
  const child = spawn(process.execPath, [...main, 'localize', '--help'], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  assert.deepEqual(await once(child, 'close'), [0, null]);
  assert.equal(stderr, '');
});

test('wrong usage exits with 2 and says what is understood', async () => {
  for (const args of [
    [],
    ['fly'],
    ['localize', '--fast'],
    ['localize', 'v.mp4'],
    ['localize', 'v.mp4', '--map', 'm', '--mode', 'x'],
    ['localize', 'v.mp4', '--map', 'm', '--seed', 'many'],
    ['map', 'build', scratch],
    ['serve'],
    ['serve', '--map', 'm', '--stream', 'car'],
    ['serve', '--map', 'm', '--stream', 'car=a.mp4', '--stream', 'car=b.mp4'],
    ['map', 'build', scratch, '--out', 'm', '--anchor', '91,0,0'],
  ]) {
    const { code, stdout, stderr } = await posestream(...args);
    assert.equal(code, 2, args.join(' '));
    assert.equal(stdout, '');
    assert.notEqual(stderr, '');
    if (stderr.startsWith('error:')) assert.match(stderr, /--help shows what is understood/, args.join(' '));
  }
});

test('a failure exits with 1, its code, and the way to mend it', async () => {
  const notAMap = scratchFile('not.map', 'hello');
  const badYaml = scratchFile(
    'bad.yaml',
    'map: a.map\nstreams:\n  - id: car\n    source: x.mp4\n    lop: true\n',
  );
  const cases: [string[], RegExp][] = [
    [['localize', 'v.mp4', '--map', join(scratch, 'absent.map')], /^E_FILE_NOT_FOUND .*absent\.map/],
    [['map', 'info', notAMap], /^E_MAP_CORRUPT .*not\.map/],
    [['map', 'build', scratch, '--out', join(scratch, 'x.map')], /^E_MAP_INPUT /],
    [['map', 'build', join(scratch, 'absent'), '--out', join(scratch, 'x.map')], /^E_FILE_NOT_FOUND /],
    [['serve', badYaml], /^E_CONFIG .*bad\.yaml:5:5/],
    [['model', 'check', notAMap], /^E_MODEL_/m],
    [
      ['map', 'build', scratch, '--out', join(scratch, 'no', 'x.map')],
      /^E_FILE_NOT_FOUND .*no does not exist/,
    ],
  ];
  for (const [args, expected] of cases) {
    const { code, stderr } = await posestream(...args);
    assert.equal(code, 1, `${args.join(' ')}\n${stderr}`);
    assert.match(stderr, expected);
    assert.match(stderr, /→ /, args.join(' '));
  }
});

const TRUTH = '0 0 0 0 0 0 0 1\n1 1 0 0 0 0 0 1\n2 2 0 0 0 0 0 1\n';

test('eval counts missed queries and follows the list', async () => {
  const truth = scratchFile('poses_tum.txt', TRUTH);
  scratchFile('images.csv', '#timestamp,file\n0,a.jpg\n1,b.jpg\n2,c.jpg\n');
  const list = scratchFile('query.txt', 'b.jpg\nc.jpg\n');
  const poses = scratchFile('poses.tum', '1 1.1 0 0 0 0 0 1\n');
  const { code, stdout } = await posestream('eval', poses, '--reference', truth, '--list', list, '--json');
  assert.equal(code, 0);
  const result: Evaluation = JSON.parse(stdout);
  assert.deepEqual([result.queries, result.posed, result.recall[0].count], [2, 1, 1]);
});

test('a run that posed nothing is evaluated, not refused', async () => {
  const truth = scratchFile('poses_tum.txt', TRUTH);
  const { code, stdout } = await posestream(
    'eval',
    scratchFile('none.tum', '# nothing\n'),
    '--reference',
    truth,
  );
  assert.equal(code, 0);
  assert.match(stdout, /within 0\.25 m, 2°\s+0\/3/);
});
