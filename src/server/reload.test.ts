import assert from 'node:assert/strict';
import { test } from 'node:test';
import { PosestreamError } from '../domain/errors.js';
import { parseConfig } from './config.js';
import type { Control } from './control.js';
import { applyChange, changeBetween } from './reload.js';
import type { StreamInfo } from './wire.js';

const config = (streams: string, rest = '') =>
  parseConfig(`map: town.map\nstreams: [${streams}]\n${rest}`, 'posestream.yaml', {});
const CAR = '{ id: car, source: drive.mp4 }';
const REAR = '{ id: rear, source: "push:" }';
const NOTHING = { removed: [], changed: [], added: [], map: null, needsRestart: [] };

test('nothing to do where nothing differs, but for order and defaults that are spelt out', () => {
  const before = config(`${CAR}, ${REAR}`);
  assert.deepEqual(changeBetween(before, before), NOTHING);
  const spelt = config(
    `${REAR}, { id: car, source: drive.mp4, realtime: true, loop: false }`,
    'listen: { port: 8080 }',
  );
  assert.deepEqual(changeBetween(before, spelt), NOTHING);
  assert.deepEqual(changeBetween(before, { ...before, record: undefined }), NOTHING);
});

test('streams added, removed and changed are told apart; the others are not named', () => {
  const after = config(`{ id: car, source: drive.mp4, loop: true }, { id: drone, source: "push:" }`);
  const change = changeBetween(config(`${CAR}, ${REAR}`), after);
  assert.deepEqual(change.removed, ['rear']);
  assert.deepEqual(change.changed, [after.streams[0]]);
  assert.deepEqual(change.added, [after.streams[1]]);
});

test('a new map is swapped in; what counts only at the start is named', () => {
  const after = config(
    CAR,
    'listen: { port: 9000, token: a234567890123456 }\nlimits: { viewHz: 5 }\nrecord: a.mcap\n',
  );
  const change = changeBetween(config(CAR), { ...after, map: 'other.map' });
  assert.equal(change.map, 'other.map');
  assert.deepEqual(change.needsRestart.toSorted(), [
    'limits.viewHz',
    'listen.port',
    'listen.token',
    'record',
  ]);
});

function recorder(ids: string[], fails: (call: string) => boolean = () => false) {
  const calls: string[] = [];
  const act = async (call: string): Promise<void> => {
    calls.push(call);
    if (fails(call)) throw new PosestreamError('E_SOURCE_OPEN', call);
  };
  const control = {
    streams: () => ids.map((id) => ({ id }) as StreamInfo),
    add: async ({ id }: { id: string }) => {
      await act(`add ${id}`);
      ids.push(id);
    },
    remove: async (id: string) => {
      await act(`remove ${id}`);
      ids.splice(ids.indexOf(id), 1);
    },
    swapMap: (path: string) => act(`swap ${path}`),
  } as unknown as Control;
  return { control, calls };
}

const apply = (control: Control, before: ReturnType<typeof config>, after: ReturnType<typeof config>) =>
  applyChange(control, changeBetween(before, after), before, after);

test('untouched streams are not touched', async () => {
  const { control, calls } = recorder(['car', 'rear']);
  const after = config(`${CAR}, { id: rear, source: b.mp4 }, { id: new, source: "push:" }`);
  const { running, failures } = await apply(control, config(`${CAR}, ${REAR}`), after);
  assert.deepEqual(calls, ['remove rear', 'add rear', 'add new']);
  assert.deepEqual([running, failures], [after, []]);
});

test('a map that does not fit refuses all of it', async () => {
  const { control, calls } = recorder(['car'], (call) => call.startsWith('swap'));
  const after = { ...config(REAR), map: 'other.map' };
  await assert.rejects(apply(control, config(CAR), after), { code: 'E_SOURCE_OPEN' });
  assert.deepEqual(calls, ['swap other.map']);
});

test('a stream that fails stands alone and is tried again; what needs a restart is named again', async () => {
  let broken = true;
  const { control, calls } = recorder(['car'], (call) => broken && call === 'add bad');
  const before = config(CAR);
  const after = config(`${CAR}, { id: bad, source: "push:" }, ${REAR}`, 'record: a.mcap\n');
  const { running, failures } = await apply(control, before, after);
  assert.deepEqual(calls, ['add bad', 'add rear']);
  assert.deepEqual(
    failures.map(({ stream, error }) => [stream, error.code]),
    [['bad', 'E_SOURCE_OPEN']],
  );
  broken = false;
  const again = changeBetween(running, after);
  assert.deepEqual([again.added.map(({ id }) => id), again.needsRestart], [['bad'], ['record']]);
});

test('a stream that REST has removed need not be removed', async () => {
  const { control, calls } = recorder([]);
  const { failures } = await apply(control, config(`${CAR}, ${REAR}`), config(`{ id: car, source: b.mp4 }`));
  assert.deepEqual([calls, failures], [['add car'], []]);
});
