import assert from 'node:assert/strict';
import { test } from 'node:test';
import { NO_SUSPICION, suspect, tellsDamage } from './damage.js';

test('complaints of decoders, not those of anybody else', () => {
  assert.ok(tellsDamage('[h264 @ 0x5584c0] error while decoding MB 23 11, bytestream -5'));
  assert.ok(tellsDamage('[h264 @ 0x5584c0] Reference 4 >= 4'));
  assert.ok(tellsDamage('[hevc @ 0x1] Could not find ref with POC 12'));
  assert.ok(tellsDamage('[libdav1d @ 0x1] Error parsing OBU data'));
  assert.ok(tellsDamage('Error while decoding stream #0:0: Invalid data found when processing input'));
  assert.ok(!tellsDamage('[nut @ 0x5584c0] Application provided invalid dts'));
  assert.ok(!tellsDamage('[rtsp @ 0x5584c0] method DESCRIBE failed: 404 Not Found'));
});

test('pictures are suspect until two seconds after the last complaint', () => {
  let suspicion = NO_SUSPICION;
  const damages = [0, 0, 3, 3, 3, 4, 4, 4, 4, 4];
  const suspects = damages.map((count, i) => {
    suspicion = suspect(suspicion, count, 0.9 * i);
    return 0.9 * i < suspicion.untilS;
  });
  assert.deepEqual(suspects, [false, false, true, true, true, true, true, true, false, false]);
});
