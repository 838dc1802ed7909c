/** A picture of drawn parts, on white, readable in light and dark pages. */
export function svgDocument(
  title: string,
  widthPx: number,
  heightPx: number,
  parts: readonly string[],
): string {
  const style = 'font-family="system-ui, sans-serif" font-size="12" fill="#333"';
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${widthPx} ${heightPx}" width="${widthPx}" height="${heightPx}" ${style}>`,
    `<title>${escaped(title)}</title>`,
    `<rect width="${widthPx}" height="${heightPx}" fill="#fff"/>`,
    ...parts,
    '</svg>\n',
  ].join('\n');
}

type Anchor = 'start' | 'middle' | 'end';

export const text = (x: number, y: number, words: string, anchor: Anchor = 'start', more = '') =>
  `<text x="${short(x)}" y="${short(y)}" text-anchor="${anchor}" ${more}>${escaped(words)}</text>`;

export const line = (x1: number, y1: number, x2: number, y2: number, stroke: string, more = '') =>
  `<line x1="${short(x1)}" y1="${short(y1)}" x2="${short(x2)}" y2="${short(y2)}" stroke="${stroke}" ${more}/>`;

export const box = (x: number, y: number, width: number, height: number, fill: string, more = '') =>
  `<rect x="${short(x)}" y="${short(y)}" width="${short(width)}" height="${short(height)}" fill="${fill}" ${more}/>`;

const short = (value: number) => Number(value.toFixed(2));
const escaped = (words: string) => words.replace(/&/g, '&amp;').replace(/</g, '&lt;');
