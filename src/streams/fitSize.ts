/** Size of a picture scaled to fit `maxSidePx`, never enlarged; sides round to the nearest pixel. */
export function fitSize(
  widthPx: number,
  heightPx: number,
  maxSidePx: number,
): readonly [widthPx: number, heightPx: number] {
  const scale = Math.min(1, maxSidePx / Math.max(widthPx, heightPx));
  const side = (of: number) => Math.max(1, Math.trunc(of * scale + 0.5));
  return [side(widthPx), side(heightPx)];
}
