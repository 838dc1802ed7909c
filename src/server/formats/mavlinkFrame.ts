/** What a message of the MAVLink common dialect needs around its payload. */
export interface MessageKind {
  readonly id: number;
  /** Seed that both sides take from the message's definition, so that different definitions never agree. */
  readonly crcExtra: number;
}

export interface Sender {
  readonly systemId: number;
  readonly componentId: number;
  /** Grows by one a packet. */
  readonly sequence: number;
}

const MAGIC_V2 = 0xfd;
const HEADER_BYTES = 10;

/** A MAVLink 2 packet without signature: magic, length, flags, sequence, sender, id, payload without its trailing
 * zeros, checksum. Source: https://mavlink.io/en/guide/serialization.html */
export function mavlinkPacket(kind: MessageKind, payload: Uint8Array, sender: Sender): Buffer {
  const length = truncatedLength(payload);
  const packet = Buffer.alloc(HEADER_BYTES + length + 2);
  packet.set([MAGIC_V2, length, 0, 0, sender.sequence & 0xff, sender.systemId, sender.componentId]);
  packet.writeUIntLE(kind.id, 7, 3);
  packet.set(payload.subarray(0, length), HEADER_BYTES);
  const covered = packet.subarray(1, HEADER_BYTES + length);
  packet.writeUInt16LE(crcX25([...covered, kind.crcExtra]), HEADER_BYTES + length);
  return packet;
}

/** The first byte stays even where it is zero. */
function truncatedLength(payload: Uint8Array): number {
  let length = payload.length;
  while (length > 1 && payload[length - 1] === 0) length--;
  return length;
}

/** CRC-16/MCRF4XX, which MAVLink calls X.25: polynomial 0x1021 reflected, all ones at the start. */
export function crcX25(bytes: Iterable<number>): number {
  let crc = 0xffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x8408 : crc >>> 1;
  }
  return crc;
}
