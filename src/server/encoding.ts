import { encode } from '@msgpack/msgpack';

/** How a client of `/poses` wants its messages: text frames of JSON, or binary frames of MessagePack with the same fields. */
export type Encoding = 'json' | 'msgpack';

/** A message's bytes in either encoding. */
export type Encoded = (encoding: Encoding) => Uint8Array;

/** Each encoding is written when it is first asked for, and once for however many clients. */
export function encodedOnce(message: object): Encoded {
  const made = new Map<Encoding, Uint8Array>();
  return (encoding) => {
    const bytes = made.get(encoding) ?? encodeMessage(message, encoding);
    made.set(encoding, bytes);
    return bytes;
  };
}

export const encodeMessage = (message: object, encoding: Encoding): Uint8Array =>
  encoding === 'json' ? Buffer.from(JSON.stringify(message)) : encode(message);

/** The bytes of a message whose first field is `ageMs`; the long rest is written once per encoding. Whoever asks again
 * with the same age gets the same bytes: they must not be written to. */
export function encodedWithAge(message: object): (ageMs: number | null, encoding: Encoding) => Uint8Array {
  const rest = encodedOnce(message);
  const last: Partial<Record<Encoding, { readonly ageMs: number | null; readonly bytes: Uint8Array }>> = {};
  return (ageMs, encoding) => {
    const known = last[encoding];
    if (known?.ageMs === ageMs) return known.bytes;
    const bytes =
      encoding === 'json' ? jsonWithAge(ageMs, rest('json')) : packWithAge(ageMs, rest('msgpack'));
    last[encoding] = { ageMs, bytes };
    return bytes;
  };
}

function jsonWithAge(ageMs: number | null, rest: Uint8Array): Uint8Array {
  return Buffer.concat([Buffer.from(`{"ageMs":${JSON.stringify(ageMs)},`), rest.subarray(1)]);
}

const FIXMAP = 0x80;
const MAP_16 = 0xde;
const AGE_KEY = encode('ageMs');

/** A MessagePack map of one more entry: its count is in one byte up to 15, else in the two after `de`. */
function packWithAge(ageMs: number | null, rest: Uint8Array): Uint8Array {
  const isShort = rest[0] !== MAP_16;
  const count = 1 + (isShort ? rest[0] - FIXMAP : rest[1] * 256 + rest[2]);
  const head = Uint8Array.of(MAP_16, count >> 8, count & 255);
  return Buffer.concat([head, AGE_KEY, encode(ageMs), rest.subarray(isShort ? 1 : 3)]);
}
