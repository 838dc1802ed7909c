import { asyncApiDocument } from './asyncapi.js';
import { configJsonSchema } from './configJson.js';
import { openApiDocument } from './openapi.js';

/** Files under docs/ that are made from the schemas, and what they hold. */
export const publishedSchemas = (): Readonly<Record<string, string>> => ({
  'posestream.schema.json': text(configJsonSchema()),
  'openapi.json': text(openApiDocument()),
  'asyncapi.json': text(asyncApiDocument()),
});

const text = (document: object): string => `${JSON.stringify(document, null, 2)}\n`;
