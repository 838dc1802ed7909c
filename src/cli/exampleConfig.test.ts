import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseConfig } from '../server/config.js';
import { configJsonSchema } from '../server/schemas/configJson.js';
import { EXAMPLE_CONFIG } from './exampleConfig.js';

const ENV = { POSE_TOKEN: 'a'.repeat(16), DASHBOARD_TOKEN: 'b'.repeat(16), PHONE_TOKEN: 'c'.repeat(16) };
const switchedOn = EXAMPLE_CONFIG.replaceAll(/^(\s*)#(?=[a-zA-Z-])/gm, '$1');

test('the example is a configuration, as it stands and with every setting switched on', () => {
  const plain = parseConfig(EXAMPLE_CONFIG, 'example', {});
  assert.deepEqual(
    plain.streams.map(({ id }) => id),
    ['car', 'phone'],
  );
  const full = parseConfig(switchedOn, 'example', ENV);
  assert.deepEqual(full.listen.tokens?.[1].scopes, ['read:phone', 'ingest:phone']);
  assert.equal(full.outputs.length, 2);
});

test('the example shows every key there is', () => {
  for (const key of keysOf(configJsonSchema()))
    assert.match(switchedOn, new RegExp(`^[\\s-]*${key}:`, 'm'), key);
});

function keysOf(schema: unknown): string[] {
  if (typeof schema !== 'object' || schema === null) return [];
  const { properties = {} } = schema as { properties?: object };
  return [...Object.keys(properties), ...Object.values(schema).flatMap(keysOf)];
}
