import assert from 'node:assert/strict';
import { test } from 'node:test';
import { lastValueFrom, Subject, tap, toArray } from 'rxjs';
import { film, PLACE_M, type Scene, toyLocalizer, toyStreet } from '../../test/support/toyStreet.js';
import type { Frame } from '../domain/frame.js';
import type { Outcome } from '../domain/outcome.js';
import { localizeLive, localizeRecording } from './localize.js';

const street = toyStreet(3);
/** A drive past a place at 2 m/s. */
const drive = (place: number, frames: number, fromM = -1): Scene[] =>
  Array.from({ length: frames }, (_, n) => ({ place, besideM: fromM + 0.2 * n }));
const repeat = (scene: Scene, frames: number): Scene[] => new Array<Scene>(frames).fill(scene);

async function* pulled(frames: readonly Frame[]): AsyncGenerator<Frame> {
  yield* frames;
}

async function record(
  scenes: readonly Scene[],
  {
    world = street,
    timeS,
    order,
  }: Partial<{
    readonly world: ReturnType<typeof toyStreet>;
    readonly timeS: (n: number) => number;
    readonly order: Parameters<typeof toyLocalizer>[2];
  }> = {},
) {
  const { localizer, counts } = toyLocalizer(world, scenes, order);
  const frames = film(scenes.length, timeS);
  const outcomes = await lastValueFrom(
    localizeRecording(pulled(frames), localizer, 'sequence').pipe(toArray()),
  );
  return { outcomes, counts };
}

const stateOf = (outcome: Outcome) => (outcome.kind === 'dropped' ? 'dropped' : outcome.state);
const xOf = (outcome: Outcome) => (outcome.kind === 'posed' ? outcome.pose.worldFromCam.t[0] : Number.NaN);
const resetOf = (outcome: Outcome) => (outcome.kind === 'dropped' ? 0 : outcome.resetCounter);
const told = (outcomes: readonly Outcome[]) =>
  outcomes.map((o) => (o.kind === 'posed' ? `${o.state} ${o.pose.source}` : `${stateOf(o)} ${o.kind}`));

test('while it tracks neither the whole map is asked nor the engine for matches', async () => {
  const { outcomes, counts } = await record(drive(0, 10));
  assert.deepEqual(told(outcomes), ['relocalizing pnp', ...new Array<string>(9).fill('tracking tracked')]);
  assert.deepEqual(counts, { retrieved: 1, extracted: 10, matched: 1 });
  outcomes.forEach((o, n) => {
    assert.ok(Math.abs(xOf(o) - (0.2 * n - 1)) < 0.01, `${n}: ${xOf(o)}`);
  });
});

test('a covered lens: predicted for a while, then lost with the reason, found on the first open frame', async () => {
  const { outcomes } = await record([...drive(0, 5), ...repeat('dark', 20), ...drive(0, 2, 0.5)]);
  const covered = outcomes.slice(5, 25);
  assert.equal(told(covered)[0], 'coasting coasted');
  assert.ok(Math.abs(xOf(covered[0]) - 0) < 0.1, 'moves on as it did');
  const end = covered.findIndex((o) => stateOf(o) === 'lost');
  assert.ok(end > 0 && end <= 15, `${end} frames`);
  const { detail } = covered[end] as Outcome & { kind: 'lost' };
  assert.match(detail, /^only 0 keypoints.*; (nothing has agreed|the camera may have moved)/);
  assert.deepEqual(told(outcomes.slice(25)), ['relocalizing pnp', 'tracking tracked']);
  const confidence = covered.flatMap((o) => (o.kind === 'posed' ? [o.pose.confidence] : []));
  assert.ok(confidence.findIndex((c) => c < 0.5) <= 5, confidence.join(' '));
});

test('kidnapped: nothing is published until a second frame says the same, then under a new counter', async () => {
  const { outcomes } = await record([...drive(0, 5), ...drive(2, 4)]);
  const beyond = outcomes.slice(5);
  assert.deepEqual(told(beyond), ['coasting lost', 'tracking pnp', 'tracking tracked', 'tracking tracked']);
  assert.deepEqual(beyond.map(resetOf), [0, 1, 1, 1]);
  assert.ok(Math.abs(xOf(beyond[1]) - (2 * PLACE_M - 0.8)) < 0.01);
});

test('a gap of two seconds loses the track for the frame after it', async () => {
  const timeS = (n: number) => n / 10 + (n >= 3 ? 2 : 0);
  const { outcomes, counts } = await record(drive(0, 5), { timeS });
  assert.deepEqual(outcomes.map(stateOf), [
    'relocalizing',
    'tracking',
    'tracking',
    'relocalizing',
    'tracking',
  ]);
  assert.equal(counts.retrieved, 2);
});

test('every five seconds the whole map is asked; said twice that it is elsewhere, it begins anew', async () => {
  const still = repeat({ place: 0, besideM: 0 }, 120);
  const calm = await record(still);
  assert.equal(calm.counts.retrieved, 3, 'the first frame, and after 5 and 10 s');
  assert.ok(calm.outcomes.slice(1).every((o) => stateOf(o) === 'tracking'));

  const twins = toyStreet(3, [0, 1]);
  const order = (times: number) => (times === 0 ? Int32Array.of(0) : Int32Array.of(1));
  const moved = await record(still.slice(0, 60), { world: twins, order });
  const states = moved.outcomes.map(stateOf);
  const lostAt = states.indexOf('lost');
  assert.ok(lostAt >= 50 && lostAt <= 53, `${lostAt}`);
  const lost = moved.outcomes[lostAt];
  assert.ok(lost.kind === 'lost' && lost.reason === 'ambiguous');
  assert.match(lost.detail, /whole map says it is elsewhere, 2 times/);
  const doubted = moved.outcomes[lostAt - 1];
  assert.ok(doubted.kind === 'posed' && doubted.pose.confidence < 0.5);
  assert.equal(resetOf(lost), 1);
  assert.ok(Math.abs(xOf(moved.outcomes[lostAt + 1]) - PLACE_M) < 0.01);
  assert.equal(states[lostAt + 2], 'tracking');
});

test('live: while coasting the whole map is asked ever more seldom', async () => {
  const scenes = [...drive(0, 5), ...repeat('strange', 9)];
  const { localizer } = toyLocalizer(street, scenes);
  const waiting = film(scenes.length);
  const camera = new Subject<Frame>();
  const sendNext = () => {
    const frame = waiting.shift();
    if (frame === undefined) camera.complete();
    else camera.next(frame);
  };
  // each frame once the one before is done, so that none is dropped
  const done = lastValueFrom(
    camera.pipe(
      localizeLive(localizer, 'sequence'),
      tap(() => setImmediate(sendNext)),
      toArray(),
    ),
  );
  sendNext();
  const outcomes = await done;
  assert.deepEqual(
    outcomes.slice(5).map((o) => o.kind !== 'dropped' && o.retrieved),
    [true, true, false, true, false, false, false, true, false],
  );
});
