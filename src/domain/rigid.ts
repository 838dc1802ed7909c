/** A rigid transform in SE(3) named `toFromFrom`: it takes coordinates in `From` to coordinates in `To`.
 * The two names exist for the compiler only, so that neighbours must cancel: `aFromC = compose(aFromB, bFromC)`. */
export interface Rigid<To extends string, From extends string> {
  /** Unit quaternion [x, y, z, w]. */
  readonly q: readonly [number, number, number, number];
  /** Translation in metres (or in the map's unit where its scale is arbitrary), coordinates of `To`. */
  readonly t: readonly [number, number, number];
  /** Never present at run time. */
  readonly frames?: { readonly to: To; readonly from: From };
}

export type WorldFromCam = Rigid<'world', 'cam'>;
export type CamFromWorld = Rigid<'cam', 'world'>;
