/** The part of JSON Schema that Foxglove reads messages with: every property has one plain type. */
export type JsonSchema =
  | { readonly type: 'number' | 'integer' | 'boolean' | 'string' }
  | { readonly type: 'string'; readonly contentEncoding: 'base64' }
  | { readonly type: 'array'; readonly items: JsonSchema }
  | ObjectSchema;

export interface ObjectSchema {
  readonly type: 'object';
  readonly title?: string;
  readonly properties: Readonly<Record<string, JsonSchema>>;
  readonly required?: readonly string[];
}

export const number: JsonSchema = { type: 'number' };
export const integer: JsonSchema = { type: 'integer' };
export const boolean: JsonSchema = { type: 'boolean' };
export const text: JsonSchema = { type: 'string' };
export const bytes: JsonSchema = { type: 'string', contentEncoding: 'base64' };

export const list = (items: JsonSchema): JsonSchema => ({ type: 'array', items });

/** An object whose properties are all there; more may be. */
export const all = (properties: ObjectSchema['properties'], title?: string): ObjectSchema => ({
  type: 'object',
  ...(title === undefined ? {} : { title }),
  properties,
  required: Object.keys(properties),
});

/** An object of which only these properties are always there. */
export const some = (
  required: readonly string[],
  properties: ObjectSchema['properties'],
  title: string,
): ObjectSchema => ({ type: 'object', title, properties, required });
