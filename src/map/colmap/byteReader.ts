import { colmapError } from './model.js';

/** Little-endian reads that never leave the buffer: past the end is E_MAP_INPUT naming file and byte. */
export interface ByteReader {
  u8(): number;
  u32(): number;
  /** As a number; E_MAP_INPUT beyond 2^53, which no true count or id reaches. */
  u64(): number;
  f64(): number;
  /** UTF-8 up to a zero byte. */
  text(): string;
  skip(bytes: number): void;
  /** A count of records of at least `bytesEach`, refused where the rest of the file cannot hold them. */
  count(bytesEach: number): number;
  isAtEnd(): boolean;
  where(): string;
}

const MAX_TEXT = 4096;

export function readBytes(bytes: Uint8Array, file: string): ByteReader {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const where = () => `${file}, byte ${at}`;
  const take = (size: number): number => {
    if (size > bytes.length - at) throw colmapError(where(), 'the file ends too early');
    at += size;
    return at - size;
  };
  const u64 = (): number => {
    const start = take(8);
    const value = view.getUint32(start, true) + view.getUint32(start + 4, true) * 2 ** 32;
    if (!Number.isSafeInteger(value)) throw colmapError(where(), 'a number is larger than any count or id');
    return value;
  };
  return {
    u8: () => bytes[take(1)],
    u32: () => view.getUint32(take(4), true),
    u64,
    f64: () => view.getFloat64(take(8), true),
    text: () => {
      const end = bytes.indexOf(0, at);
      if (end < 0 || end - at > MAX_TEXT) throw colmapError(where(), 'a name does not end');
      const start = take(end + 1 - at);
      return new TextDecoder().decode(bytes.subarray(start, end));
    },
    skip: (size) => {
      take(size);
    },
    count: (bytesEach) => {
      const value = u64();
      if (value * bytesEach > bytes.length - at)
        throw colmapError(where(), `it says ${value} records follow, more than it can hold`);
      return value;
    },
    isAtEnd: () => at === bytes.length,
    where,
  };
}
