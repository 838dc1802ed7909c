import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { DEFAULT_MODEL, openLocalizer } from '../src/cli/openLocalizer.js';
import type { WorldFromCam } from '../src/domain/rigid.js';
import { angleBetween, distanceBetween } from '../src/geometry/rigid.js';
import { readColmapFolder } from '../src/map/colmap/folder.js';
import { posestream } from './support/cli.js';
import { localizeAll } from './support/localizeAll.js';
import { sharedPath, skipWithout } from './support/shared.js';

const DOOR = sharedPath('data', 'lund_door');
const scratch = mkdtempSync(join(tmpdir(), 'posestream-colmap-'));
after(() => rmSync(scratch, { recursive: true, force: true }));

/** Largest distance between two cameras: the scale of a scene that has no metre. */
function extent(poses: readonly WorldFromCam[]): number {
  return Math.max(...poses.flatMap((a) => poses.map((b) => distanceBetween(a, b))));
}

test('a COLMAP model becomes a map; a photo left out is found within 1 % of the scene and 1°', {
  skip: skipWithout('data', 'lund_door'),
}, async (t) => {
  const { images } = readColmapFolder(DOOR, null, null);
  const left = images[Math.floor(images.length / 2)];
  const [list, query, intrinsics, map] = ['map.txt', 'query.txt', 'camera.json', 'door.map'].map((name) =>
    join(scratch, name),
  );
  writeFileSync(
    list,
    images
      .filter((image) => image !== left)
      .map(({ name }) => `${name}\n`)
      .join(''),
  );
  writeFileSync(query, `${left.name}\n`);
  const { model, params, widthPx: width, heightPx: height } = left.camera;
  writeFileSync(intrinsics, JSON.stringify({ model, params, width, height }));

  const built = await posestream('map', 'build', DOOR, '--list', list, '--out', map);
  assert.equal(built.code, 0, built.stderr);
  const localizer = await openLocalizer({ mapPath: map, modelPath: DEFAULT_MODEL });
  try {
    const [outcome] = await localizeAll(localizer, DOOR, { mode: 'frame', list: query, intrinsics });
    assert.equal(outcome.kind, 'posed', JSON.stringify(outcome));
    if (outcome.kind !== 'posed') return;
    const { worldFromCam } = outcome.pose;
    const share =
      distanceBetween(worldFromCam, left.worldFromCam) / extent(images.map((i) => i.worldFromCam));
    const angleDeg = (angleBetween(worldFromCam, left.worldFromCam) * 180) / Math.PI;
    t.diagnostic(`${(100 * share).toFixed(3)} % of the scene, ${angleDeg.toFixed(4)}°`);
    assert.ok(share < 0.01, `${100 * share} % of the scene`);
    assert.ok(angleDeg < 1, `${angleDeg}°`);
  } finally {
    await localizer.close();
  }
});
