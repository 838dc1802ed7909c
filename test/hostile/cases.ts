import type { Random } from '../../src/kernels/random.js';
import { clientMessage } from '../../src/server/wire.js';
import { clientFrame, fragments, OPCODE, text } from './frames.js';
import { anyJson, damaged, deep, nearMessage } from './json.js';

/** Something to send, and what must come back. */
export interface Hostile {
  readonly name: string;
  readonly bytes: Buffer;
  /** Messages or frames in it. */
  readonly messages: number;
  /** Answers with a code E_* that it calls for. */
  readonly answers: number;
  /** Close codes one of which must follow; none: the connection lives on. */
  readonly closes: readonly number[];
}

const NONE = Buffer.alloc(0);
const KNOWN = new Set(['front', 'rear']);

/** What the published schema says of a text message. */
function judged(name: string, message: string, bytes: Buffer): Hostile {
  const told = (answers: number, closes: readonly number[]): Hostile => ({
    ...{ name, bytes, messages: 1, answers, closes },
  });
  let json: unknown;
  try {
    json = JSON.parse(message);
  } catch {
    return told(1, [1007]);
  }
  const parsed = clientMessage.safeParse(json);
  if (!parsed.success) return told(1, [1008]);
  const { data } = parsed;
  const isUnknown = data.type === 'subscribe' && data.streams?.some((id) => !KNOWN.has(id));
  return told(isUnknown ? 1 : 0, []);
}

type Make = (random: Random) => Hostile;

const json =
  (name: string, make: (random: Random) => string): Make =>
  (random) => {
    const message = make(random);
    const isWhole = random.uniform() < 0.7;
    const bytes = isWhole ? text(random, message) : fragments(random, message, 2 + random.integer(15));
    return judged(name, message, bytes);
  };

const frame =
  (name: string, close: number, make: (random: Random) => Buffer, answers = 0): Make =>
  (random) => ({ name, bytes: make(random), messages: 1, answers, closes: [close] });

const noise = (random: Random, bytes: number): Buffer =>
  Buffer.from(Array.from({ length: bytes }, () => random.integer(256)));

const letters = (bytes: number): Buffer => Buffer.alloc(bytes, 'x');

/** Text that may or may not end the connection. */
const TEXTS: readonly Make[] = [
  json('near message', nearMessage),
  json('near message', nearMessage),
  json('damaged message', (random) => damaged(random, nearMessage(random))),
  json('any JSON', anyJson),
  json('nested', (random) => deep(1 + random.integer(7000), random.uniform() < 0.7)),
  json('no JSON', (random) => noise(random, random.integer(300)).toString('latin1')),
  json('many streams', (random) =>
    JSON.stringify({
      type: 'subscribe',
      streams: Array.from({ length: 200 + random.integer(200) }, (_, i) => `s${i}`),
    }),
  ),
  json(
    'long number',
    (random) => `{"type":"ack","stream":"front","epoch":${'9'.repeat(random.integer(9000))}0,"sequence":0}`,
  ),
];

const wrong = (opcode: number, rest: object) => (random: Random) =>
  clientFrame(random, { opcode, payload: letters(random.integer(90)), ...rest });

/** Frames that break the protocol below the messages. */
const FRAMES: readonly Make[] = [
  frame(
    'binary',
    1003,
    (random) => clientFrame(random, { opcode: 2, payload: noise(random, random.integer(400)) }),
    1,
  ),
  frame('unmasked', 1002, wrong(1, { isMasked: false })),
  frame('reserved bits', 1002, (random) => wrong(1, { reserved: 1 + random.integer(7) })(random)),
  frame('reserved opcode', 1002, (random) =>
    wrong([3, 4, 5, 6, 7, 11, 12, 13, 14, 15][random.integer(10)], {})(random),
  ),
  frame('fragmented control', 1002, (random) => wrong(8 + random.integer(3), { isLast: false })(random)),
  frame('long control', 1002, (random) =>
    clientFrame(random, { opcode: 8 + random.integer(3), payload: letters(126 + random.integer(900)) }),
  ),
  frame('continuation of nothing', 1002, wrong(0, {})),
  frame('message inside a message', 1002, (random) =>
    Buffer.concat([wrong(1, { isLast: false })(random), wrong(1 + random.integer(2), {})(random)]),
  ),
  frame('no UTF-8', 1007, (random) =>
    clientFrame(random, {
      opcode: 1,
      payload: Buffer.concat([Buffer.from('{"é'), Buffer.of(0xc0 + random.integer(60), 0x22)]),
    }),
  ),
  frame('too long', 1009, (random) =>
    clientFrame(random, { opcode: 1, payload: letters(16_385 + random.integer(30_000)) }),
  ),
  frame('said to be too long', 1009, (random) =>
    clientFrame(random, { opcode: 1, payload: NONE, claimedBytes: 2n ** BigInt(15 + random.integer(49)) }),
  ),
  frame('too long in pieces', 1009, (random) => fragments(random, 'x'.repeat(20_000), 5)),
  frame('too many fragments', 1008, (random) =>
    fragments(random, 'x'.repeat(random.integer(60)), 40 + random.integer(400)),
  ),
  frame('bad close', 1002, (random) =>
    clientFrame(random, {
      opcode: 8,
      payload: [Buffer.of(3), ...[0, 999, 1004, 1005, 1006, 1015, 2999, 5000].map(code)][random.integer(9)],
    }),
  ),
  frame('close with no UTF-8', 1007, (random) =>
    clientFrame(random, { opcode: 8, payload: Buffer.concat([code(1000), Buffer.of(0xff, 0xfe)]) }),
  ),
  frame('proper close', 1000, (random) => clientFrame(random, { opcode: 8, payload: code(1000) })),
];

function code(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

/** More than a client may say, of what is light for itself. */
export const flood: Make = (random) => {
  const messages = 700 + random.integer(1500);
  const opcodes = [OPCODE.text, OPCODE.ping, OPCODE.pong];
  const opcode = opcodes[random.integer(3)];
  const payload =
    opcode === OPCODE.text ? Buffer.from('{"type":"ack","stream":"rear","epoch":0,"sequence":0}') : NONE;
  const bytes = Buffer.concat(
    Array.from({ length: messages }, () => clientFrame(random, { opcode, payload })),
  );
  return { name: `flood of ${opcode}`, bytes, messages, answers: 1, closes: [1008] };
};

const FLOOD_SHARE = 0.004;
/** Stays below what a client may say at once. */
const MAX_BYTES = 60_000;
const MAX_MESSAGES = 150;

/** All that one connection sends: what does not end it, what does, and what comes too late to be read. */
export function hostileConnection(random: Random): readonly Hostile[] {
  if (random.uniform() < FLOOD_SHARE) return [flood(random)];
  const makes = [...TEXTS, ...FRAMES];
  const draw = () => makes[random.integer(random.uniform() < 0.5 ? 4 : makes.length)](random);
  const parts: Hostile[] = [];
  for (
    let bytes = 0;
    parts.length < MAX_MESSAGES && bytes < MAX_BYTES;
    bytes += parts.at(-1)?.bytes.length ?? 0
  ) {
    const part = draw();
    parts.push(part);
    if (part.closes.length === 0) continue;
    for (let n = random.integer(4); n > 0; n--) parts.push({ ...draw(), answers: 0, closes: [] });
    return parts;
  }
  return [...parts, FRAMES[random.integer(FRAMES.length)](random)];
}
