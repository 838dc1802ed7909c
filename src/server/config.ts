import { type Document, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import type { z } from 'zod';
import { PosestreamError } from '../domain/errors.js';
import { issueInWords, knownKeys, tellingIssue } from './configIssue.js';
import { type ServeConfig, serveConfig } from './configSchema.js';
import { substituteEnv } from './envSubstitution.js';

export type { OutputConfig, ServeConfig, StreamConfig } from './configSchema.js';

const MAX_CHARACTERS = 1 << 20;
const MAX_MESSAGE = 500;

/** A `serve` configuration from YAML. `${VAR}` and `${VAR:-default}` inside values come from `env`.
 * Paths are returned as written; they are meant relative to the file.
 * @throws PosestreamError E_CONFIG, naming file, line and column; values are never shown, they may be secrets. */
export function parseConfig(
  text: string,
  fileName: string,
  env: Readonly<Record<string, string | undefined>> = process.env,
): ServeConfig {
  if (text.length > MAX_CHARACTERS) throw configError(fileName, null, 'the file is larger than 1 MiB');
  const lines = new LineCounter();
  const document = parseDocument(text, {
    ...{ lineCounter: lines, prettyErrors: false, uniqueKeys: true },
    // Not to stderr: whoever calls is told by an error.
    logLevel: 'error',
  });
  const syntax = document.errors[0];
  if (syntax) throw configError(fileName, lines.linePos(syntax.pos[0]), syntax.message);
  substituteScalars(document, env, (offset, message, hint) => {
    throw configError(fileName, lines.linePos(offset), message, hint);
  });
  const parsed = serveConfig.safeParse(plainValue(document, fileName));
  if (parsed.success) return parsed.data;
  const issue = tellingIssue(parsed.error);
  const where = offsetOf(document, issue);
  throw configError(
    fileName,
    where === null ? null : lines.linePos(where),
    issueInWords(issue),
    knownKeys(issue, serveConfig),
  );
}

type Fail = (offset: number, message: string, hint: string) => never;

function substituteScalars(
  document: Document,
  env: Readonly<Record<string, string | undefined>>,
  fail: Fail,
): void {
  visit(document, {
    Scalar(key, node) {
      if (key === 'key' || typeof node.value !== 'string' || !node.value.includes('$')) return;
      const result = substituteEnv(node.value, env);
      if (result.missing !== null)
        fail(
          node.range?.[0] ?? 0,
          `environment variable ${result.missing} is not set`,
          `Set it, or write \${${result.missing}:-default}.`,
        );
      node.value = node.type === 'PLAIN' ? typedScalar(result.text) : result.text;
    },
  });
}

/** A plain `port: ${PORT}` means what a plain `port: 80` means. Nothing but a scalar can come of it. */
function typedScalar(text: string): unknown {
  if (!/^(true|false|-?\d+(\.\d+)?)$/.test(text)) return text;
  return JSON.parse(text.replace(/^(-?)0+(?=\d)/, '$1'));
}

function plainValue(document: Document, fileName: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 50 }) ?? {};
  } catch (cause) {
    throw configError(fileName, null, `the file cannot be read (${(cause as Error).message})`);
  }
}

/** Where in the text an issue lies: the unknown key itself, or the nearest enclosing value that exists. */
function offsetOf(document: Document, issue: z.core.$ZodIssue): number | null {
  if (issue.code === 'unrecognized_keys') {
    const offset = keyOffset(document, issue.path, issue.keys[0]);
    if (offset !== null) return offset;
  }
  for (let depth = issue.path.length; depth >= 0; depth--) {
    const node = document.getIn(issue.path.slice(0, depth), true) as {
      range?: [number, number, number];
    } | null;
    if (node?.range) return node.range[0];
  }
  return null;
}

function keyOffset(document: Document, parents: readonly PropertyKey[], key: string): number | null {
  let found: number | null = null;
  const parent = parents.length === 0 ? document.contents : document.getIn(parents, true);
  visit(document, {
    Pair(_, pair, ancestors) {
      if (ancestors.at(-1) === parent && isScalar(pair.key) && pair.key.value === key)
        found = pair.key.range?.[0] ?? null;
    },
  });
  return found;
}

function configError(
  fileName: string,
  at: { line: number; col: number } | null,
  message: string,
  hint?: string,
): PosestreamError {
  const where = at ? `${fileName}:${at.line}:${at.col}` : fileName;
  return new PosestreamError('E_CONFIG', `${where}: ${message.slice(0, MAX_MESSAGE)}`, { hint });
}
