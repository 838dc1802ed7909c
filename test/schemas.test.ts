import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { Validator } from '@seriousme/openapi-schema-validator';
import { Ajv, type AnySchemaObject } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { parse } from 'yaml';
import { OPERATIONS } from '../src/server/rest/operations.js';
import { asyncApiDocument } from '../src/server/schemas/asyncapi.js';
import { configJsonSchema } from '../src/server/schemas/configJson.js';
import { openApiDocument } from '../src/server/schemas/openapi.js';
import { publishedSchemas } from '../src/server/schemas/published.js';

const addFormats = formats.default;

for (const [name, text] of Object.entries(publishedSchemas()))
  test(`docs/${name} is what the schemas say (else: npm run schemas)`, () => {
    assert.equal(readFileSync(new URL(`../docs/${name}`, import.meta.url), 'utf8'), text);
  });

test('the OpenAPI document is one, by an independent validator, and tells every operation', async () => {
  const result = await new Validator().validate(structuredClone(openApiDocument()));
  assert.ok(result.valid, JSON.stringify(result.errors)?.slice(0, 2000));
  const paths = openApiDocument().paths as Record<string, Record<string, object>>;
  for (const { path, method } of OPERATIONS)
    assert.ok(paths[path][method.toLowerCase()], `${method} ${path}`);
});

test('the AsyncAPI document fits the official schema, and its references lead somewhere', () => {
  const schema = createRequire(import.meta.url)(
    '@asyncapi/specs/schemas/3.0.0-without-$id.json',
  ) as AnySchemaObject;
  const ajv = new Ajv({ strict: false, allErrors: true, validateFormats: true });
  addFormats(ajv);
  const check = ajv.compile(schema);
  assert.ok(check(asyncApiDocument()), ajv.errorsText(check.errors).slice(0, 2000));
  assert.ok(!check({ ...asyncApiDocument(), channels: { poses: { adress: '/poses' } } }));
  for (const document of [asyncApiDocument(), openApiDocument()]) assertReferences(document);
});

function assertReferences(document: object): void {
  for (const [, reference] of JSON.stringify(document).matchAll(/"\$ref":"(#[^"]+)"/g)) {
    let at: unknown = document;
    for (const step of reference.slice(2).split('/'))
      at = (at as Record<string, unknown> | undefined)?.[step];
    assert.ok(typeof at === 'object' && at !== null, reference);
  }
}

test('the schema of the configuration takes what the server takes and refuses what it refuses', () => {
  const ajv = new Ajv2020({ strict: true, strictTypes: false });
  const check = ajv.compile(configJsonSchema());
  const fits = (yaml: string) => check(parse(yaml));
  const good = 'map: a.map\nstreams: [{ id: car, source: drive.mp4 }]\n';
  assert.ok(fits(good), ajv.errorsText(check.errors));
  assert.ok(
    fits(
      `${good}listen: { port: "\${PORT:-8080}", token: "\${T}", tokens: [{token: "\${R}", scopes: [read:car, "ingest:*"]}] }`,
    ),
  );
  for (const bad of [
    'streams: []',
    `${good}colour: red`,
    `${good}listen: { port: 70000 }`,
    `${good}listen: { token: short }`,
    `${good}listen: { tokens: [{token: "1234567890123456", scopes: [root]}] }`,
    good.replace('car', '../etc'),
    good.replace('source', 'sauce'),
    `${good}outputs: [{ kind: fax }]`,
  ])
    assert.ok(!fits(bad), bad);
});
