/** A JSON header and binary sections in one message, for pictures and map geometry. Little-endian:
 * u32 magic, u32 header bytes, u32 section count, u32 bytes of each section, header (UTF-8), sections;
 * header and sections each padded to 4 bytes. Runs in Node and in a browser. */
const MAGIC = 0x31425350; // "PSB1"
const FIXED_BYTES = 12;

const padded = (bytes: number): number => (bytes + 3) & ~3;

export interface Packed {
  readonly header: unknown;
  /** Views over the message's buffer, 4-byte aligned. */
  readonly sections: readonly Uint8Array[];
}

/** Copies header and sections into one buffer. */
export function encodePacked(header: object, sections: readonly ArrayBufferView[]): Uint8Array {
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerAt = FIXED_BYTES + 4 * sections.length;
  const dataBytes = sections.reduce((sum, section) => sum + padded(section.byteLength), 0);
  const out = new Uint8Array(headerAt + padded(json.length) + dataBytes);
  const table = new Uint32Array(out.buffer, 0, headerAt / 4);
  table.set([MAGIC, json.length, sections.length]);
  out.set(json, headerAt);
  let at = headerAt + padded(json.length);
  sections.forEach((section, i) => {
    table[3 + i] = section.byteLength;
    out.set(new Uint8Array(section.buffer, section.byteOffset, section.byteLength), at);
    at += padded(section.byteLength);
  });
  return out;
}

/** @throws RangeError or SyntaxError where the bytes are not a packed message. */
export function decodePacked(buffer: ArrayBuffer): Packed {
  const view = new DataView(buffer);
  if (view.getUint32(0, true) !== MAGIC) throw new RangeError('not a packed message');
  const headerBytes = view.getUint32(4, true);
  const sectionCount = view.getUint32(8, true);
  const headerAt = FIXED_BYTES + 4 * sectionCount;
  const header: unknown = JSON.parse(new TextDecoder().decode(new Uint8Array(buffer, headerAt, headerBytes)));
  let at = headerAt + padded(headerBytes);
  const sections: Uint8Array[] = [];
  for (let i = 0; i < sectionCount; i++) {
    const bytes = view.getUint32(FIXED_BYTES + 4 * i, true);
    sections.push(new Uint8Array(buffer, at, bytes));
    at += padded(bytes);
  }
  return { header, sections };
}

/** The same bytes as float32; no copy. */
export function asFloat32(section: Uint8Array): Float32Array {
  return new Float32Array(section.buffer as ArrayBuffer, section.byteOffset, section.byteLength / 4);
}
