type Attributes = Readonly<Record<string, string | number | undefined>>;

/** An SVG element; undefined attributes are left out. */
export function element(name: string, attributes: Attributes, ...children: readonly string[]): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === 'number' ? px(value) : escaped(value!)}"`)
    .join('');
  return children.length === 0 ? `<${name}${written}/>` : `<${name}${written}>${children.join('')}</${name}>`;
}

export const text = (x: number, y: number, words: string, attributes: Attributes = {}): string =>
  element('text', { x, y, ...attributes }, escaped(words));

export const line = (x1: number, y1: number, x2: number, y2: number, attributes: Attributes): string =>
  element('line', { x1, y1, x2, y2, ...attributes });

export const rect = (x: number, y: number, width: number, height: number, attributes: Attributes): string =>
  element('rect', { x, y, width, height, ...attributes });

/** Pieces of an open polyline: `null` lifts the pen. */
export function polyline(
  points: readonly (readonly [number, number] | null)[],
  attributes: Attributes,
): string {
  let pen = 'M';
  const d = points.map((point) => {
    const step = point === null ? '' : `${pen}${px(point[0])} ${px(point[1])}`;
    pen = point === null ? 'M' : 'L';
    return step;
  });
  return element('path', { d: d.join(''), fill: 'none', 'stroke-linejoin': 'round', ...attributes });
}

/** Round dots as one path: small files also for thousands. */
export const dots = (
  points: readonly (readonly [number, number])[],
  sizePx: number,
  colour: string,
  opacity = 1,
) =>
  element('path', {
    d: points.map(([x, y]) => `M${px(x)} ${px(y)}h0`).join(''),
    stroke: colour,
    'stroke-width': sizePx,
    'stroke-linecap': 'round',
    'stroke-opacity': opacity,
  });

/** Crosses as one path. */
export const crosses = (points: readonly (readonly [number, number])[], sizePx: number, colour: string) =>
  element('path', {
    d: points
      .map(
        ([x, y]) =>
          `M${px(x - sizePx)} ${px(y - sizePx)}l${2 * sizePx} ${2 * sizePx}m0 ${-2 * sizePx}l${-2 * sizePx} ${2 * sizePx}`,
      )
      .join(''),
    stroke: colour,
    'stroke-width': 1.6,
    fill: 'none',
  });

/** A whole, self-contained picture on white. */
export function picture(widthPx: number, heightPx: number, ...body: readonly string[]): string {
  const root = {
    xmlns: 'http://www.w3.org/2000/svg',
    width: widthPx,
    height: heightPx,
    viewBox: `0 0 ${px(widthPx)} ${px(heightPx)}`,
    'font-family': 'Helvetica, Arial, sans-serif',
    'font-size': 12,
    fill: '#14181c',
  };
  const paper = rect(0, 0, widthPx, heightPx, { fill: '#ffffff' });
  return `${element('svg', root, paper, ...body)}\n`;
}

const px = (value: number) => String(Math.round(value * 100) / 100);

const escaped = (words: string | number) =>
  String(words)
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
