import { z } from 'zod';

/** The one to tell of: a key that is not known says more than the one it stands in for being missing. */
export const tellingIssue = ({ issues }: z.core.$ZodError): z.core.$ZodIssue =>
  issues.find(({ code }) => code === 'unrecognized_keys') ?? issues[0];

/** What is wrong, and where in the value; never the value itself, it may be a secret. */
export function issueInWords(issue: z.core.$ZodIssue): string {
  const at = issue.path.map(String).join('.');
  const missing =
    issue.code === 'invalid_type' && issue.input === undefined && /received undefined/.test(issue.message);
  if (missing) return `${at} is missing`;
  if (issue.code === 'unrecognized_keys')
    return `unknown key '${issue.keys[0].slice(0, 80)}'${at ? ` in ${at}` : ''}`;
  return at ? `${at}: ${issue.message}` : issue.message;
}

/** For an unknown key: those the schema knows in its place. */
export function knownKeys(issue: z.core.$ZodIssue, schema: unknown): string | undefined {
  const keys = issue.code === 'unrecognized_keys' ? keysAt(issue.path, schema) : [];
  return keys.length > 0 ? `Known keys here: ${keys.join(', ')}.` : undefined;
}

/** Keys a schema knows at a path; empty where it is no object. */
function keysAt(path: readonly PropertyKey[], root: unknown): string[] {
  let schema = root;
  for (const step of path) {
    const inner = unwrapped(schema);
    if (inner instanceof z.ZodArray) schema = inner.element;
    else if (inner instanceof z.ZodObject) schema = inner.shape[String(step)];
  }
  const last = unwrapped(schema);
  return last instanceof z.ZodObject ? Object.keys(last.shape) : [];
}

function unwrapped(schema: unknown): unknown {
  if (schema instanceof z.ZodPrefault || schema instanceof z.ZodDefault || schema instanceof z.ZodOptional)
    return unwrapped(schema.unwrap());
  return schema;
}
