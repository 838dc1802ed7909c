import type { RawData } from 'ws';
import { CLOSE, type ClientMessage, clientMessage, type ErrorMessage } from './wire.js';

export type ClientInput =
  | { readonly ok: true; readonly message: ClientMessage }
  | { readonly ok: false; readonly error: ErrorMessage; readonly closeCode: number };

const HINT = 'Send {"type":"subscribe"} or {"type":"ack","stream":…,"epoch":…,"sequence":…}.';

/** A client's message, or what to answer and how to close. */
export function parseClientInput(data: RawData, isBinary: boolean): ClientInput {
  if (isBinary) return refused('Messages to this socket are JSON text.', CLOSE.unsupportedData);
  let json: unknown;
  try {
    json = JSON.parse(data.toString());
  } catch {
    return refused('The message is not JSON.', CLOSE.notJson);
  }
  const parsed = clientMessage.safeParse(json);
  if (parsed.success) return { ok: true, message: parsed.data };
  const issue = parsed.error.issues[0];
  const at = issue.path.length > 0 ? `${issue.path.join('.')}: ` : '';
  return refused(`The message does not fit: ${at}${issue.message}`.slice(0, 200), CLOSE.policy);
}

function refused(message: string, closeCode: number): ClientInput {
  return { ok: false, error: { type: 'error', code: 'E_PROTOCOL', message, hint: HINT }, closeCode };
}

/** Token bucket: whether one more message of this cost fits. */
export function createRateLimit(
  perSecond: number,
  burst: number,
  nowMs: () => number,
): (cost?: number) => boolean {
  let tokens = burst;
  let lastMs = nowMs();
  return (cost = 1) => {
    const now = nowMs();
    tokens = Math.min(burst, tokens + ((now - lastMs) * perSecond) / 1000);
    lastMs = now;
    if (tokens < cost) return false;
    tokens -= cost;
    return true;
  };
}
