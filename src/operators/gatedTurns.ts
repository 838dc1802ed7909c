import type { Turns } from './turns.js';

export interface GatedTurns extends Turns {
  /** From now on nobody begins. */
  readonly shut: () => void;
  readonly open: () => void;
}

/** Turns that can be held back for a while, as between two frames of all lanes. */
export function gatedTurns(inner: Turns): GatedTurns {
  const atGate = new Set<() => void>();
  let isShut = false;
  return {
    take: (go) => {
      let leave: (() => void) | null = null;
      const withdraw = inner.take((done) => {
        if (!isShut) return go(done);
        const pass = (): void => go(done);
        atGate.add(pass);
        leave = () => {
          if (atGate.delete(pass)) done();
        };
      });
      return () => (leave === null ? withdraw() : leave());
    },
    shut: () => {
      isShut = true;
    },
    open: () => {
      isShut = false;
      for (const pass of [...atGate]) if (!isShut && atGate.delete(pass)) pass();
    },
  };
}
