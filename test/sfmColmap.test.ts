import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { PosestreamError } from '../src/domain/errors.js';
import { parseCamera } from '../src/geometry/camera.js';
import { angleBetween, compose, distanceBetween, inverse } from '../src/geometry/rigid.js';
import { matchText } from '../src/map/sfm/importFiles.js';
import { type SfmImage, sfmColmap } from '../src/map/sfm/sfmColmap.js';
import { chooseSfmPairs } from '../src/map/sfm/sfmPairs.js';
import { loopMatch, trueScene } from './mapFuzzScene.js';

const CAMERA = parseCamera('SIMPLE_RADIAL', 1000, 700, [700, 500, 350, -0.05]);
const HALF = { featuresWidthPx: 500, featuresHeightPx: 350 };

function isInstalled(): boolean {
  try {
    execFileSync('colmap', ['help'], {
      stdio: 'ignore',
      env: { ...process.env, QT_QPA_PLATFORM: 'offscreen' },
    });
    return true;
  } catch {
    return false;
  }
}

async function withFolder<T>(run: (folder: string) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'posestream-photos-'));
  try {
    return await run(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** A scene whose features were taken from images of half the size, and gray pictures in place of photos. */
function photos(folder: string) {
  const { images } = trueScene({
    keyframes: 7,
    points: 250,
    cameras: [CAMERA],
    noisePx: 0.3,
    clutter: 30,
    scale: 1,
    seed: 11,
  });
  const files = images.map(({ timeS, features }, i): SfmImage => {
    const name = `photo${i}.pgm`;
    writeFileSync(join(folder, name), `P5\n1000 700\n255\n${'\x40'.repeat(700_000)}`);
    const half = { ...features, xyPx: features.xyPx.map((value) => value / 2) };
    return { name, timeS, widthPx: 1000, heightPx: 700, features: half, ...HALF };
  });
  return { images, files };
}

test('poses come back up to one similarity', {
  skip: !isInstalled() && 'COLMAP is not installed',
}, async () => {
  await withFolder(async (folder) => {
    const { images, files } = photos(folder);
    const stages = new Set<string>();
    const { keyframes, unplaced } = await sfmColmap({
      imagesFolder: folder,
      images: files,
      camera: CAMERA,
      match: loopMatch,
      onProgress: ({ stage }) => stages.add(stage),
    });
    assert.deepEqual([...stages], ['match', 'verify', 'map']);
    assert.deepEqual(unplaced, []);
    assert.deepEqual(keyframes[0].camera.params, [350, 250, 175, -0.05]);
    assert.deepEqual([keyframes[0].camera.widthPx, keyframes[0].camera.heightPx], [500, 350]);
    const scale =
      distanceBetween(keyframes[0].worldFromCam, keyframes[6].worldFromCam) /
      distanceBetween(images[0].worldFromCam, images[6].worldFromCam);
    for (let k = 1; k < 7; k++) {
      const found = compose(inverse(keyframes[0].worldFromCam), keyframes[k].worldFromCam);
      const truth = compose(inverse(images[0].worldFromCam), images[k].worldFromCam);
      assert.ok(angleBetween(found, truth) < 0.005, `keyframe ${k}: ${angleBetween(found, truth)} rad`);
      const off = Math.hypot(...found.t.map((value, i) => value / scale - truth.t[i]));
      assert.ok(off < 0.05, `keyframe ${k}: ${off} m`);
    }
  });
});

test('a missing COLMAP says how to install it', async () => {
  await assert.rejects(
    sfmColmap({ imagesFolder: '.', images: [], camera: null, match: loopMatch, program: 'no-such-colmap' }),
    (e: unknown) =>
      e instanceof PosestreamError && e.code === 'E_COLMAP_MISSING' && /apt install/.test(e.hint ?? ''),
  );
});

test('a failing COLMAP is quoted', async () => {
  await withFolder(async (folder) => {
    const program = join(folder, 'colmap');
    writeFileSync(
      program,
      '#!/bin/sh\n[ "$1" = help ] && exit 0\necho "step one"\necho "no camera model" >&2\nexit 3\n',
    );
    chmodSync(program, 0o755);
    const { files } = photos(folder);
    await assert.rejects(
      sfmColmap({ imagesFolder: folder, images: files, camera: null, match: loopMatch, program }),
      (e: unknown) =>
        e instanceof PosestreamError &&
        e.code === 'E_COLMAP_FAILED' &&
        /feature_importer failed \(exit code 3\).*no camera model/.test(e.message),
    );
  });
});

test('an aborted run ends COLMAP', async () => {
  await withFolder(async (folder) => {
    const program = join(folder, 'colmap');
    writeFileSync(program, '#!/bin/sh\nexec sleep 60\n');
    chmodSync(program, 0o755);
    const controller = new AbortController();
    setTimeout(() => controller.abort(new Error('stop')), 50);
    await assert.rejects(
      sfmColmap({
        imagesFolder: folder,
        images: [],
        camera: null,
        match: loopMatch,
        program,
        signal: controller.signal,
      }),
      /stop/,
    );
  });
});

test('many images are paired by likeness and order', () => {
  const globals = Array.from({ length: 60 }, (_, i) => {
    const angle = (Math.PI * (i % 30)) / 30;
    return Float32Array.from([Math.cos(angle), Math.sin(angle)]);
  });
  const rule = { allPairsUpTo: 40, similar: 2, following: 2 };
  const pairs = chooseSfmPairs(globals, rule);
  assert.ok(pairs.length < 300 && pairs.every(([i, j]) => i < j));
  for (let i = 0; i < 30; i++)
    assert.ok(
      pairs.some(([a, b]) => a === i && b === i + 30),
      `${i} and its twin`,
    );
  assert.equal(chooseSfmPairs(globals.slice(0, 40), rule).length, (40 * 39) / 2);
  assert.equal(chooseSfmPairs([null, null, null], { ...rule, allPairsUpTo: 0 }).length, 3);
});

test('a match list holds names, then keypoint pairs, then a blank line', () => {
  assert.equal(matchText('a.png', 'b.png', Uint32Array.from([0, 5, 2, 3])), 'a.png b.png\n0 5\n2 3\n\n');
});
