import type { IncomingMessage } from 'node:http';
import type { z } from 'zod';
import { issueInWords, knownKeys, tellingIssue } from '../configIssue.js';
import { type Answer, refusal } from './answer.js';

export const MAX_BODY_BYTES = 64 * 1024;

export type Body<T> = { readonly value: T } | { readonly refused: Answer };

/** A JSON body that fits a schema, or what to answer. Never larger in memory than its limit. */
export async function readBody<T>(request: IncomingMessage, schema: z.ZodType<T>): Promise<Body<T>> {
  const { headers } = request;
  const type = /^\s*application\/json\s*(;|$)/i.test(headers['content-type'] ?? '');
  const plain = (headers['content-encoding'] ?? 'identity') === 'identity';
  if (!type || !plain)
    return refuse(request, 415, 'The body must be plain JSON.', 'Send Content-Type: application/json.');
  if (Number(headers['content-length'] ?? 0) > MAX_BODY_BYTES) return tooLarge(request);
  const bytes = await collect(request);
  return bytes === null ? tooLarge(request) : parseBody(bytes, schema);
}

/** @throws never; the answer names the field, not what it held */
function parseBody<T>(bytes: Uint8Array, schema: z.ZodType<T>): Body<T> {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return { refused: refusal(400, 'E_CONFIG', 'The body is not JSON.') };
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return { value: parsed.data };
  const issue = tellingIssue(parsed.error);
  return { refused: refusal(400, 'E_CONFIG', issueInWords(issue), knownKeys(issue, schema)) };
}

/** Null where it is too large or the client left before its end. */
async function collect(request: IncomingMessage): Promise<Uint8Array | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false })) {
      bytes += (chunk as Buffer).byteLength;
      if (bytes > MAX_BODY_BYTES) return null;
      chunks.push(chunk as Buffer);
    }
  } catch {
    return null;
  }
  return Buffer.concat(chunks);
}

const tooLarge = (request: IncomingMessage): { refused: Answer } =>
  refuse(request, 413, `The body is larger than ${MAX_BODY_BYTES / 1024} KiB.`);

/** What is still to come is let go unread, and the connection with it. */
function refuse(
  request: IncomingMessage,
  status: number,
  message: string,
  hint?: string,
): { refused: Answer } {
  request.resume();
  return { refused: refusal(status, 'E_PROTOCOL', message, hint, { Connection: 'close' }) };
}
