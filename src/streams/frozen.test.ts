import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FRESH, fingerprint, lookFresh } from './frozen.js';

/** Verdicts over pictures at 30 a second. */
function watch(prints: readonly number[]): boolean[] {
  let freshness = FRESH;
  return prints.map((print, i) => {
    freshness = lookFresh(freshness, print, i / 30);
    return freshness.isFrozen;
  });
}

const repeat = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i));

test('one picture again and again, sharpened after every key frame, is frozen', () => {
  const verdicts = watch(repeat(400, (i) => (i % 60 < 6 ? 1000 + (i % 60) : 7)));
  assert.equal(verdicts.indexOf(true), 120);
  assert.ok(verdicts.slice(120).every(Boolean));
});

test('noise in every fifth picture is a parked camera', () => {
  assert.ok(watch(repeat(400, (i) => Math.floor(i / 5))).every((isFrozen) => !isFrozen));
});

test('a camera that goes on is believed at once', () => {
  const verdicts = watch([...repeat(200, () => 7), ...repeat(60, (i) => 100 + i)]);
  assert.ok(verdicts[199]);
  const last = verdicts.lastIndexOf(true);
  assert.ok(last >= 199 && last < 225, String(last));
});

test('a slow camera needs more than a few pictures to be called frozen', () => {
  let freshness = FRESH;
  const verdicts = repeat(20, (i) => {
    freshness = lookFresh(freshness, 7, 3 * i);
    return freshness.isFrozen;
  });
  assert.equal(verdicts.indexOf(true), 8);
});

test('another picture has another fingerprint', () => {
  const picture = Uint8Array.from({ length: 7000 }, (_, i) => i % 251);
  const other = picture.slice();
  other[700]++;
  assert.notEqual(fingerprint(picture), fingerprint(other));
  assert.equal(fingerprint(picture), fingerprint(picture.slice()));
});
