/** Numbers for people: enough digits to act on, a thin dash where there is nothing. */
export const NOTHING = '–';

export function length(value: number | null | undefined, metric: boolean): string {
  if (value === null || value === undefined) return NOTHING;
  if (!metric) return value.toFixed(3);
  if (Math.abs(value) < 1) return `${(value * 100).toFixed(1)} cm`;
  return `${value.toFixed(2)} m`;
}

export function ms(value: number | null | undefined): string {
  if (value === null || value === undefined) return NOTHING;
  if (value >= 10_000) return `${Math.round(value / 1000)} s`;
  if (value >= 1000) return `${(value / 1000).toFixed(1)} s`;
  return value >= 100 ? `${Math.round(value)} ms` : `${value.toFixed(1)} ms`;
}

export const percent = (value: number | null | undefined): string =>
  value === null || value === undefined ? NOTHING : `${Math.round(value * 100)} %`;

export const rate = (value: number): string => (value > 0 ? `${value.toFixed(1)} fps` : NOTHING);

export const degrees = (value: number): string => `${value.toFixed(2)}°`;

const grouped = new Intl.NumberFormat('en', { useGrouping: true });
export const whole = (value: number): string => grouped.format(value);

export function median(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.floor((sorted.length - 1) / 2)];
}

/** How long ago, with a sign: −12.4 s, −3:05. */
export function ago(durationMs: number): string {
  const seconds = Math.max(0, durationMs) / 1000;
  if (seconds < 60) return `−${seconds.toFixed(1)} s`;
  return `−${Math.floor(seconds / 60)}:${String(Math.floor(seconds % 60)).padStart(2, '0')}`;
}
