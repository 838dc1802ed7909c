/** Room for polynomials up to degree `maxDegree`. */
export interface RootWorkspace {
  readonly maxDegree: number;
  /** Derivatives, lowest power first, one row of maxDegree + 1 each. */
  readonly chain: Float64Array;
  readonly roots: Float64Array;
  readonly next: Float64Array;
}

export function createRootWorkspace(maxDegree: number): RootWorkspace {
  return {
    maxDegree,
    chain: new Float64Array((maxDegree + 1) * (maxDegree + 1)),
    roots: new Float64Array(maxDegree + 2),
    next: new Float64Array(maxDegree + 2),
  };
}

const MAX_STEPS = 100;
/** Roots of the derivatives only part the brackets. */
const BRACKET_TOLERANCE = 1e-8;
const ROOT_TOLERANCE = 1e-15;

/** Real roots of odd multiplicity: those in (-1, 1) rising, then the others as inverses of the reversed polynomial's, so
 * that no root is searched far out. Between two neighbouring roots of the derivative there is at most one: they are found
 * from the linear derivative upwards, each by Newton steps kept inside its bracket.
 * @param coefficients [degree + 1], lowest power first    @param out [degree], written    @returns how many */
export function realRoots(
  coefficients: Float64Array,
  degree: number,
  out: Float64Array,
  ws: RootWorkspace,
): number {
  const near = rootsInside(coefficients, degree, false, ws);
  for (let i = 0; i < near; i++) out[i] = ws.roots[i];
  let count = near;
  const far = rootsInside(coefficients, degree, true, ws);
  for (let i = 0; i < far && count < degree; i++) if (ws.roots[i] !== 0) out[count++] = 1 / ws.roots[i];
  return count;
}

/** Roots in (-1, 1) of the polynomial, or of its reverse, to `ws.roots`. */
function rootsInside(c: Float64Array, degree: number, isReversed: boolean, ws: RootWorkspace): number {
  const { chain } = ws;
  const width = ws.maxDegree + 1;
  for (let i = 0; i <= degree; i++) chain[i] = c[isReversed ? degree - i : i];
  for (let level = 1; level < degree; level++)
    for (let i = 0; i <= degree - level; i++)
      chain[level * width + i] = ((i + 1) * chain[(level - 1) * width + i + 1]) / (degree - level + 1);
  let count = 0;
  for (let level = degree - 1; level >= 0; level--) {
    const tolerance = level === 0 ? ROOT_TOLERANCE : BRACKET_TOLERANCE;
    count = rootsBetween(chain, level * width, degree - level, ws.roots, count, tolerance, ws.next);
    ws.roots.set(ws.next);
  }
  return count;
}

function evaluate(c: Float64Array, at: number, degree: number, x: number): number {
  let sum = c[at + degree];
  for (let i = degree - 1; i >= 0; i--) sum = sum * x + c[at + i];
  return sum;
}

/** Roots in the brackets that `splits` cut (-1, 1) into. */
function rootsBetween(
  c: Float64Array,
  at: number,
  degree: number,
  splits: Float64Array,
  splitCount: number,
  tolerance: number,
  out: Float64Array,
): number {
  let count = 0;
  let low = -1;
  let atLow = evaluate(c, at, degree, low);
  for (let i = 0; i <= splitCount; i++) {
    const high = i < splitCount ? splits[i] : 1;
    const atHigh = evaluate(c, at, degree, high);
    if (atLow < 0 !== atHigh < 0)
      out[count++] = bracketedRoot(c, at, degree, low, high, atLow < 0, tolerance);
    low = high;
    atLow = atHigh;
  }
  return count;
}

function bracketedRoot(
  c: Float64Array,
  at: number,
  degree: number,
  from: number,
  to: number,
  rises: boolean,
  tolerance: number,
): number {
  let low = from;
  let high = to;
  let x = 0.5 * (low + high);
  let lastMove = high - low;
  for (let step = 0; step < MAX_STEPS; step++) {
    let value = c[at + degree];
    let slope = 0;
    for (let i = degree - 1; i >= 0; i--) {
      slope = slope * x + value;
      value = value * x + c[at + i];
    }
    if (value < 0 === rises) low = x;
    else high = x;
    const newton = x - value / slope;
    const isGood = newton > low && newton < high && Math.abs(newton - x) < 0.5 * lastMove;
    const next = isGood ? newton : 0.5 * (low + high);
    lastMove = Math.abs(next - x);
    if (lastMove <= tolerance) return next;
    x = next;
  }
  return x;
}
