/** Reads NUT's number formats from bytes at hand. Past the end it returns 0 and sets `isShort`: the caller then
 * throws its result away and tries again with more bytes. */
export class NutCursor {
  isShort = false;

  constructor(
    readonly bytes: Uint8Array,
    public at: number,
  ) {}

  u8(): number {
    if (this.at < this.bytes.length) return this.bytes[this.at++];
    this.isShort = true;
    return 0;
  }

  skip(count: number): void {
    this.at += count;
    if (this.at > this.bytes.length) this.isShort = true;
  }

  /** Universal unsigned number: seven bits a byte, the highest first, the top bit says that more follow. Exact to 2^53. */
  v(): number {
    let value = 0;
    for (let byte = this.u8(); ; byte = this.u8()) {
      value = value * 128 + (byte & 127);
      if (byte < 128) return value;
    }
  }

  /** Universal signed number: 0, 1, -1, 2, -2 … */
  s(): number {
    const n = this.v() + 1;
    return n % 2 === 1 ? (1 - n) / 2 : n / 2;
  }

  /** A length and that many bytes. */
  vb(): Uint8Array {
    const length = this.v();
    const start = this.at;
    this.skip(length);
    return this.bytes.subarray(start, Math.min(this.at, this.bytes.length));
  }
}
