import { z } from 'zod';

export type Json = Record<string, unknown>;

/** JSON Schemas (2020-12) of what goes in, each under its name; where one holds another it refers to it.
 * @param prefix what a reference starts with, such as `#/components/schemas/` */
export function namedSchemas(
  named: Readonly<Record<string, z.ZodType>>,
  prefix: string,
): Record<string, Json> {
  const registry = z.registry<{ id: string }>();
  for (const [id, schema] of Object.entries(named)) registry.add(schema, { id });
  const { schemas } = z.toJSONSchema(registry, { io: 'input', uri: (id) => `${prefix}${id}` });
  return Object.fromEntries(
    Object.entries(schemas).map(([id, schema]) => {
      const { $schema: _, $id: __, ...rest } = schema as Json;
      return [id, rest];
    }),
  );
}

/** Made once, when first asked for. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | null = null;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}
