/** A buffer on loan. `release` gives it back; calling it again does nothing. */
export interface Loan {
  readonly bytes: Uint8Array;
  readonly release: () => void;
}

export interface BufferPool {
  readonly borrow: (bytes: number) => Loan;
  /** Buffers out on loan. */
  readonly lent: () => number;
}

/** Reuses buffers of one size; a request of another size empties the shelf. Keeps at most `keep` free buffers. */
export function bufferPool(keep = 4): BufferPool {
  let free: Uint8Array[] = [];
  let size = 0;
  let lent = 0;
  const give = (bytes: Uint8Array): void => {
    lent--;
    if (bytes.length === size && free.length < keep) free.push(bytes);
  };
  return {
    lent: () => lent,
    borrow: (wanted) => {
      if (wanted !== size) free = [];
      size = wanted;
      const bytes = free.pop() ?? new Uint8Array(wanted);
      let isOut = true;
      lent++;
      return {
        bytes,
        release: () => {
          if (isOut) give(bytes);
          isOut = false;
        },
      };
    },
  };
}
