/** A quarter of an hour at one picture in two seconds: about 20 MB for the stream that is watched. */
const KEPT = 450;
const EVERY_MS = 2000;
/** A picture farther off than this is of another moment. */
const NEAR_MS = 2500;

/** Pictures of one stream, now and then, so that the past can be looked at. */
export interface PictureLog<P> {
  readonly offer: (picture: P, atMs: number) => void;
  /** The newest at or before this moment, where one is near. */
  readonly at: (atMs: number) => { readonly picture: P; readonly atMs: number } | null;
}

export function createPictureLog<P>(): PictureLog<P> {
  const kept: { readonly picture: P; readonly atMs: number }[] = [];
  return {
    offer(picture, atMs) {
      const last = kept.at(-1);
      if (last && atMs - last.atMs < EVERY_MS) return;
      kept.push({ picture, atMs });
      if (kept.length > KEPT) kept.shift();
    },
    at(atMs) {
      const found = kept.findLast((entry) => entry.atMs <= atMs);
      return found && atMs - found.atMs <= NEAR_MS ? found : null;
    },
  };
}
