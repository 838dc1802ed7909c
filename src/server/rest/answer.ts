import type { ServerResponse } from 'node:http';
import { type ErrorCode, PosestreamError } from '../../domain/errors.js';
import { redactUrl } from '../../streams/redactUrl.js';

/** What goes back to a client. */
export interface Answer {
  readonly status: number;
  readonly body?: object;
  readonly headers?: Readonly<Record<string, string>>;
}

const MAX_TEXT = 500;
const shown = (text: string): string => redactUrl(text).slice(0, MAX_TEXT);

export const refusal = (
  status: number,
  code: ErrorCode,
  message: string,
  hint?: string,
  headers?: Answer['headers'],
): Answer => ({
  status,
  headers,
  body: { error: { code, message: shown(message), ...(hint === undefined ? {} : { hint: shown(hint) }) } },
});

/** Codes that speak of the server's state or of a bug; what a stream or map is refused for is 422. */
const STATUS: Partial<Record<ErrorCode, number>> = {
  E_CONFIG: 409,
  E_CAPACITY: 429,
  E_UNAUTHORIZED: 403,
  E_PROTOCOL: 400,
  E_ENGINE: 503,
  E_INTERNAL: 500,
};

/** What a change was refused for. Anything but our own errors is a bug: told to the operator, not to the client. */
export function refusalOf(error: unknown, onBug: (message: string) => void): Answer {
  if (error instanceof PosestreamError && error.code !== 'E_INTERNAL')
    return refusal(STATUS[error.code] ?? 422, error.code, error.message, error.hint);
  onBug(`a request failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  return refusal(500, 'E_INTERNAL', 'The request failed here; the log says why.');
}

export function sendAnswer(response: ServerResponse, { status, body, headers }: Answer): void {
  if (response.destroyed || response.headersSent) return;
  response.setHeader('Cache-Control', 'no-store');
  for (const [name, value] of Object.entries(headers ?? {})) response.setHeader(name, value);
  if (body === undefined) {
    response.writeHead(status).end();
    return;
  }
  const bytes = Buffer.from(JSON.stringify(body));
  response.writeHead(status, { 'Content-Type': 'application/json', 'Content-Length': bytes.byteLength });
  response.end(bytes);
}
