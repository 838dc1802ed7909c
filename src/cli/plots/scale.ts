export interface Tick {
  readonly value: number;
  readonly label: string;
}

/** From values to pixels along one axis. */
export interface Scale {
  readonly at: (value: number) => number;
  readonly from: number;
  readonly to: number;
  readonly ticks: readonly Tick[];
}

/** @param range pixels of `from` and `to`; may fall, as upward axes do */
export function linearScale(
  from: number,
  to: number,
  range: readonly [number, number],
  tickCount = 6,
): Scale {
  const end = to > from ? to : from + 1;
  const at = (value: number) => range[0] + ((value - from) / (end - from)) * (range[1] - range[0]);
  return { at, from, to: end, ticks: linearTicks(from, end, tickCount) };
}

/** Over whole decades around the positive values; smaller ones are drawn at the low end. */
export function logScale(values: readonly number[], range: readonly [number, number]): Scale {
  const positive = values.filter((value) => value > 0);
  const low = Math.floor(Math.log10(Math.min(...positive, 1)));
  const high = Math.max(Math.ceil(Math.log10(Math.max(...positive, 10 ** low))), low + 1);
  const floor = 10 ** low;
  const at = (value: number) =>
    range[0] + ((Math.log10(Math.max(value, floor)) - low) / (high - low)) * (range[1] - range[0]);
  const steps = high - low <= 2 ? [1, 2, 5] : [1];
  const ticks = Array.from({ length: high - low + 1 }, (_, i) => low + i)
    .flatMap((decade) => steps.map((step) => step * 10 ** decade))
    .filter((value) => value <= 10 ** high * 1.001)
    .map((value) => ({ value, label: String(Number(value.toPrecision(2))) }));
  return { at, from: floor, to: 10 ** high, ticks };
}

/** Steps of 1, 2 or 5 times a power of ten. */
export function linearTicks(from: number, to: number, count: number): Tick[] {
  const rough = (to - from) / Math.max(1, count);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((candidate) => candidate >= rough * 0.999)!;
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  const first = Math.ceil(from / step - 1e-9);
  const last = Math.floor(to / step + 1e-9);
  return Array.from({ length: last - first + 1 }, (_, i) => {
    const value = (first + i) * step;
    return { value, label: (value === 0 ? 0 : value).toFixed(decimals) };
  });
}
