import { type Document, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { z } from 'zod';
import { PosestreamError } from '../domain/errors.js';
import { substituteEnv } from './envSubstitution.js';
import { streamId } from './wire.js';

const path = z.string().min(1).max(4096);

const streamConfig = z.strictObject({
  id: streamId,
  /** A video file, a live address, or `push:`; docs/serve.md lists them. */
  source: path,
  /** Intrinsics file; where absent, what the folder or the map's camera says. */
  intrinsics: path.optional(),
  /** Files: play at their own pace and drop what the pipeline cannot keep up with. */
  realtime: z.boolean().default(true),
  loop: z.boolean().default(false),
  maxSidePx: z.int().min(64).max(4096).optional(),
  /** TUM trajectory in the map's frame; the page then shows the error against it. */
  reference: path.optional(),
});

/** A flight controller that is sent every fix of a stream. */
const mavlinkOutput = z.strictObject({
  kind: z.literal('mavlink'),
  host: z.string().min(1).max(253),
  port: z.int().min(1).max(65535).default(14540),
  stream: streamId,
  message: z.enum(['odometry', 'vision']).default('odometry'),
  /** Default: ned where the map is anchored, else frd. */
  frame: z.enum(['ned', 'frd']).optional(),
  /** Which way is up in a map that is not anchored. */
  up: z.enum(['z', '-y']).default('z'),
  systemId: z.int().min(1).max(255).default(1),
  /** 197: MAV_COMP_ID_VISUAL_INERTIAL_ODOMETRY. */
  componentId: z.int().min(1).max(255).default(197),
});

/** A rosbridge server that is sent every fix of a stream. */
const rosbridgeOutput = z.strictObject({
  kind: z.literal('rosbridge'),
  url: z
    .string()
    .regex(/^wss?:\/\/\S+$/, 'an address is ws://host:9090')
    .max(2048),
  stream: streamId,
  topic: z
    .string()
    .regex(/^\/[\w/]{1,255}$/, 'a topic is /like/this')
    .optional(),
  ros: z.union([z.literal(1), z.literal(2)]).default(2),
});

const outputConfig = z.discriminatedUnion('kind', [mavlinkOutput, rosbridgeOutput]);

export const serveConfig = z
  .strictObject({
    listen: z
      .strictObject({
        host: z.string().min(1).max(253).default('127.0.0.1'),
        port: z.int().min(0).max(65535).default(8080),
        token: z.string().min(16, 'a token has at least 16 characters').max(512).optional(),
        /** Other pages that may open sockets, such as https://app.foxglove.dev. */
        origins: z
          .array(
            z.string().regex(/^([a-z][a-z0-9+.-]*:\/\/[^/\s]*|null)$/, 'an origin is https://host, no path'),
          )
          .max(32)
          .optional(),
      })
      .prefault({}),
    map: path,
    /** Folder of the network; where absent, the one that comes with this package. */
    model: path.optional(),
    /** MCAP file to record to. */
    record: path.optional(),
    /** Camera pictures a second and stream in the recording; default none. */
    recordImagesHz: z.number().positive().max(30).optional(),
    streams: z.array(streamConfig).min(1).max(64),
    /** Others that are sent poses without asking. */
    outputs: z.array(outputConfig).max(64).default([]),
    limits: z
      .strictObject({
        maxClients: z.int().min(1).max(65_536).optional(),
        maxClientsPerAddress: z.int().min(1).max(65_536).optional(),
        maxViewers: z.int().min(0).max(1024).optional(),
        /** Streams open at once; the others are refused. Where absent, four for each core. */
        maxStreams: z.int().min(1).max(64).optional(),
        viewHz: z.number().positive().max(30).optional(),
      })
      .prefault({}),
  })
  .superRefine((config, context) => {
    const seen = new Set<string>();
    config.streams.forEach(({ id }, i) => {
      if (seen.has(id))
        context.addIssue({
          code: 'custom',
          path: ['streams', i, 'id'],
          message: `stream id '${id}' is taken`,
        });
      seen.add(id);
    });
    config.outputs.forEach(({ stream }, i) => {
      if (!seen.has(stream))
        context.addIssue({
          code: 'custom',
          path: ['outputs', i, 'stream'],
          message: `no stream is called '${stream}'`,
        });
    });
  });

export type ServeConfig = z.infer<typeof serveConfig>;
export type StreamConfig = z.infer<typeof streamConfig>;
export type OutputConfig = z.infer<typeof outputConfig>;

const MAX_CHARACTERS = 1 << 20;

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
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, uniqueKeys: true });
  const syntax = document.errors[0];
  if (syntax) throw configError(fileName, lines.linePos(syntax.pos[0]), syntax.message);
  substituteScalars(document, env, (offset, message, hint) => {
    throw configError(fileName, lines.linePos(offset), message, hint);
  });
  const parsed = serveConfig.safeParse(plainValue(document, fileName));
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const where = offsetOf(document, issue);
  throw configError(fileName, where === null ? null : lines.linePos(where), inWords(issue), hintFor(issue));
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

function inWords(issue: z.core.$ZodIssue): string {
  const at = issue.path.map(String).join('.');
  const missing =
    issue.code === 'invalid_type' && issue.input === undefined && /received undefined/.test(issue.message);
  if (missing) return `${at} is missing`;
  if (issue.code === 'unrecognized_keys') return `unknown key '${issue.keys[0]}'${at ? ` in ${at}` : ''}`;
  return at ? `${at}: ${issue.message}` : issue.message;
}

function hintFor(issue: z.core.$ZodIssue): string | undefined {
  const keys = issue.code === 'unrecognized_keys' ? keysAt(issue.path) : [];
  return keys.length > 0 ? `Known keys here: ${keys.join(', ')}.` : undefined;
}

/** Keys the schema knows at a path; empty where it is no object. */
function keysAt(path: readonly PropertyKey[]): string[] {
  let schema: unknown = serveConfig;
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

function configError(
  fileName: string,
  at: { line: number; col: number } | null,
  message: string,
  hint?: string,
): PosestreamError {
  const where = at ? `${fileName}:${at.line}:${at.col}` : fileName;
  return new PosestreamError('E_CONFIG', `${where}: ${message}`, { hint });
}
