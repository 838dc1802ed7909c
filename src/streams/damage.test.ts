import assert from 'node:assert/strict';
import { test } from 'node:test';
import { acrossBreak, isSuspect, NO_SUSPICION, suspect, tellsDamage, tellsLoss } from './damage.js';

test('complaints of decoders, not those of anybody else', () => {
  assert.ok(tellsDamage('[h264 @ 0x5584c0] error while decoding MB 23 11, bytestream -5'));
  assert.ok(tellsDamage('[h264 @ 0x5584c0] Reference 4 >= 4'));
  assert.ok(tellsDamage('[hevc @ 0x1] Could not find ref with POC 12'));
  assert.ok(tellsDamage('[libdav1d @ 0x1] Error parsing OBU data'));
  assert.ok(tellsDamage('Error while decoding stream #0:0: Invalid data found when processing input'));
  assert.ok(!tellsDamage('[nut @ 0x5584c0] Application provided invalid dts'));
  assert.ok(!tellsDamage('[rtsp @ 0x5584c0] method DESCRIBE failed: 404 Not Found'));
});

test('warnings of packets that are missing', () => {
  assert.ok(tellsLoss('[mpegts @ 0x55b084527a00] Packet corrupt (stream = 0, dts = 318000).'));
  assert.ok(tellsLoss('udp://127.0.0.1:5000: corrupt input packet in stream 0'));
  assert.ok(tellsLoss('[rtsp @ 0x1] RTP: missed 3 packets'));
  assert.ok(!tellsLoss('-vsync is deprecated. Use -fps_mode'));
});

/** Which of ten pictures a second are suspect, by the complaints before each and where key frames lie. */
function suspects(damages: readonly number[], keys: readonly number[] = [], lateBy = 0): number[] {
  let suspicion = NO_SUSPICION;
  return damages.flatMap((count, i) => {
    const keyS = 0.1 * Math.max(Number.NEGATIVE_INFINITY, ...keys.filter((key) => key + lateBy <= i));
    suspicion = suspect(suspicion, count, 0.1 * i, keyS);
    return isSuspect(suspicion, 0.1 * i) ? [i] : [];
  });
}

test('pictures are suspect until the one after the next key frame', () => {
  assert.deepEqual(suspects([0, 0, 3, 3, 3, 3, 3, 3], [0, 5]), [2, 3, 4, 5]);
  assert.deepEqual(suspects([0, 0, 0, 0], [0, 2]), []);
});

test('a key frame that is told late ends it all the same', () => {
  assert.deepEqual(suspects([0, 0, 3, 3, 3, 3, 3, 3, 3, 3], [0, 5], 3), [2, 3, 4, 5, 6, 7]);
});

test('a key frame that was damaged itself ends no suspicion, however late that is told', () => {
  assert.deepEqual(suspects([0, 1, 1, 2, 2, 2, 2, 2], [3, 5]), [1, 2, 3, 4, 5]);
  assert.deepEqual(suspects([0, 1, 1, 1, 2, 2, 2, 2], [3, 5]), [1, 2, 3, 4, 5]);
});

test('without key frames they are suspect for twenty seconds', () => {
  const long = suspects(Array.from({ length: 250 }, (_, i) => (i >= 10 ? 1 : 0)));
  assert.deepEqual([long[0], long.at(-1), long.length], [10, 209, 200]);
});

test('where key frames are farther apart than that, until the next one', () => {
  const damages = Array.from({ length: 900 }, (_, i) => (i >= 450 ? 1 : 0));
  const rare = suspects(damages, [0, 400, 800]);
  assert.deepEqual([rare[0], rare.at(-1), rare.length], [450, 800, 351]);
  // Pictures that are renewed part by part begin with the only key frame.
  assert.equal(suspects(damages, [0]).at(-1), 649);
});

test('a break in time is no interval between key frames', () => {
  const before = suspect(NO_SUSPICION, 1, 5, 0);
  const first = suspect(acrossBreak(before, 5, 9000), 1, 9000, 0);
  assert.ok(isSuspect(first, 9000));
  const second = suspect(suspect(first, 1, 9003, 9002), 2, 9004, 9002);
  assert.deepEqual(
    [9023, 9025].map((atS) => isSuspect(second, atS)),
    [true, false],
  );
});
