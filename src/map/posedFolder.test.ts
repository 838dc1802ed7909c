import assert from 'node:assert/strict';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { PosestreamError } from '../domain/errors.js';
import { parseIntrinsics } from './intrinsics.js';
import { parseImagesCsv, parseList } from './lists.js';
import { isPosedFolder, readPosedFolder } from './posedFolder.js';

const ROOT = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const SHARED = process.env.POSESTREAM_SHARED ?? resolve(ROOT, '../shared');
const INTRINSICS = '{"model": "PINHOLE", "params": [500, 500, 320, 240], "width": 640, "height": 480}';

type Files = Readonly<Record<string, string>>;

function withFiles(files: Files, run: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'posestream-folder-'));
  try {
    for (const [name, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, name)), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function line(timeS: number): string {
  return `${timeS} ${timeS} 0 0 0 0 0 1\n`;
}

const WHOLE: Files = {
  'intrinsics.json': INTRINSICS,
  'poses_tum.txt': line(0) + line(0.2) + line(0.4),
  'images.csv': '#timestamp,file\n0.0001,a.png\n0.1,b.png\n0.2,c.png\n0.4,d.png\n',
  'images/a.png': '',
  'images/b.png': '',
  'images/c.png': '',
  'images/d.png': '',
  'map.txt': 'd.png\na.png\n',
};

function fails(files: Files, list: string | null, code: string, words: RegExp): void {
  withFiles(files, (folder) => {
    assert.throws(
      () => readPosedFolder(folder, list === null ? null : join(folder, list)),
      (e: unknown) =>
        e instanceof PosestreamError && e.code === code && words.test(e.message) && e.hint !== undefined,
      `${code} ${words}`,
    );
  });
}

test('images and poses meet by time; the rest is counted', () => {
  withFiles(WHOLE, (folder) => {
    assert.ok(isPosedFolder(folder));
    const all = readPosedFolder(folder, null);
    assert.deepEqual(
      all.images.map(({ name, timeS, worldFromCam }) => [name, timeS, worldFromCam.t[0]]),
      [
        ['a.png', 0.0001, 0],
        ['c.png', 0.2, 0.2],
        ['d.png', 0.4, 0.4],
      ],
    );
    assert.equal(all.withoutPose, 1);
    const listed = readPosedFolder(folder, join(folder, 'map.txt'));
    assert.deepEqual(
      listed.images.map(({ name }) => name),
      ['a.png', 'd.png'],
    );
    assert.equal(listed.withoutPose, 0);
  });
});

test('what is missing or wrong is named', () => {
  fails({ ...WHOLE, 'map.txt': 'a.png\nb.png\n' }, 'map.txt', 'E_MAP_INPUT', /b\.png has no pose/);
  fails({ ...WHOLE, 'map.txt': 'a.png\nz.png\n' }, 'map.txt', 'E_MAP_INPUT', /z\.png is not in the set/);
  fails({ ...WHOLE, 'map.txt': '# none\n' }, 'map.txt', 'E_FILE_INVALID', /names no files/);
  fails(WHOLE, 'other.txt', 'E_FILE_NOT_FOUND', /other\.txt/);
  fails({ ...WHOLE, 'images.csv': '0,a.png\nx,c.png\n' }, null, 'E_FILE_INVALID', /images\.csv, line 2/);
  fails({ ...WHOLE, 'images.csv': '0,gone.png\n' }, null, 'E_FILE_NOT_FOUND', /gone\.png/);
  fails({ ...WHOLE, 'images.csv': '7,a.png\n' }, null, 'E_MAP_INPUT', /no image has a pose/);
  fails({ ...WHOLE, 'poses_tum.txt': 'hello\n' }, null, 'E_FILE_INVALID', /poses_tum\.txt, line 1/);
  fails({ ...WHOLE, 'intrinsics.json': '{"model": 3}' }, null, 'E_INTRINSICS', /intrinsics\.json: model/);
  fails({ 'intrinsics.json': INTRINSICS }, null, 'E_FILE_NOT_FOUND', /poses_tum\.txt/);
});

test('without images.csv, names that are times or equal counts do', () => {
  const { 'images.csv': _, 'map.txt': __, ...bare } = WHOLE;
  fails(bare, null, 'E_MAP_INPUT', /4 images and 3 poses/);
  withFiles({ ...bare, 'poses_tum.txt': [0, 1, 2, 3].map(line).join('') }, (folder) => {
    const { images } = readPosedFolder(folder, null);
    assert.deepEqual(
      images.map(({ name, timeS }) => `${name} ${timeS}`),
      ['a.png 0', 'b.png 1', 'c.png 2', 'd.png 3'],
    );
  });
  const named = {
    'intrinsics.json': INTRINSICS,
    'poses_tum.txt': line(1403636579.5) + line(1403636580) + line(1403636581),
    'images/1403636580000000000.png': '',
    'images/1403636581000000000.png': '',
  };
  withFiles(named, (folder) => {
    assert.deepEqual(
      readPosedFolder(folder, null).images.map(({ worldFromCam }) => worldFromCam.t[0]),
      [1403636580, 1403636581],
    );
  });
});

test('intrinsics come as JSON or as a line of cameras.txt', () => {
  const camera = parseIntrinsics(INTRINSICS, 'i.json');
  assert.deepEqual(
    parseIntrinsics('# Camera list\n1 PINHOLE 640 480 500 500 320 240\n', 'cameras.txt'),
    camera,
  );
  for (const text of [
    '',
    '{',
    '1 PINHOLE 640 480 500',
    '1 PINHOLE 640 480 500 500 320 240\n2 PINHOLE 1 1 1 1 1 1',
  ])
    assert.throws(
      () => parseIntrinsics(text, 'i'),
      (e: unknown) => e instanceof PosestreamError && e.code === 'E_INTRINSICS',
    );
});

test('lists and tables refuse what comes twice', () => {
  assert.deepEqual(parseList('a\r\n# c\nb b.png\n', 'l'), ['a', 'b b.png']);
  assert.throws(() => parseList('a\nb\na\n', 'l'), /line 3: a is already on line 1/);
  assert.throws(() => parseImagesCsv('timestamp,file\n0,a\n1,a\n', 'c'), /line 3: a comes twice/);
});

test('the shared sets read as their lists say', {
  skip: !existsSync(SHARED) && 'no shared data here',
}, () => {
  const expected = {
    kitti_a: [17, 51],
    karma_drone: [12, 24],
    redkitchen7_early: [50, 80],
    brighton_drone: [12, 18],
  };
  for (const [name, [mapped, all]] of Object.entries(expected)) {
    const folder = join(SHARED, 'data', name);
    assert.equal(readPosedFolder(folder, join(folder, 'map.txt')).images.length, mapped, name);
    assert.equal(readPosedFolder(folder, null).images.length, all, name);
  }
});
