import { z } from 'zod';
import { serveConfig } from '../configSchema.js';
import { type Json, once } from './named.js';

/** How a file refers to the environment; what comes of it is checked when the file is read. */
const VARIABLE = { type: 'string', pattern: '\\$\\{[A-Za-z_][A-Za-z0-9_]*(:-[^}]*)?\\}' };

/** JSON Schema of the configuration file, for editors: from the schema that checks it when the server starts. Where a
 * number, a flag or text of a certain form is wanted, a variable may stand. */
export const configJsonSchema = once((): Json => {
  const { $schema, ...schema } = z.toJSONSchema(serveConfig, { io: 'input' }) as Json;
  return {
    $schema,
    title: 'posestream.yaml',
    description: 'Configuration of posestream serve.',
    ...(withVariables(schema) as Json),
  };
});

function withVariables(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(withVariables);
  if (typeof node !== 'object' || node === null) return node;
  const schema = node as Json;
  if (isNarrowScalar(schema)) {
    const { description, default: usual, ...rest } = schema;
    const about = {
      ...(description === undefined ? {} : { description }),
      ...(usual === undefined ? {} : { default: usual }),
    };
    return { ...about, anyOf: [rest, VARIABLE] };
  }
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [key, key === 'default' ? value : withVariables(value)]),
  );
}

function isNarrowScalar({ type, pattern, enum: choices, minLength }: Json): boolean {
  if (type === 'integer' || type === 'number' || type === 'boolean') return true;
  return type === 'string' && (pattern !== undefined || choices !== undefined || Number(minLength) > 1);
}
