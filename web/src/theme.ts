export type ThemeChoice = 'system' | 'light' | 'dark';

const KEY = 'posestream.theme';
const dark = matchMedia('(prefers-color-scheme: dark)');
const listeners = new Set<() => void>();

export function themeChoice(): ThemeChoice {
  const stored = localStorage.getItem(KEY);
  return stored === 'light' || stored === 'dark' ? stored : 'system';
}

function isDark(): boolean {
  const choice = themeChoice();
  return choice === 'system' ? dark.matches : choice === 'dark';
}

export function chooseTheme(choice: ThemeChoice): void {
  localStorage.setItem(KEY, choice);
  apply();
}

const NEXT: Record<ThemeChoice, ThemeChoice> = { system: 'light', light: 'dark', dark: 'system' };
export const nextTheme = (choice: ThemeChoice): ThemeChoice => NEXT[choice];

/** Called after the colours have changed. */
export function onThemeChange(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

function apply(): void {
  document.documentElement.dataset.theme = isDark() ? 'dark' : 'light';
  for (const listener of listeners) listener();
}

export function startTheme(): void {
  apply();
  dark.addEventListener('change', apply);
}

const STREAM_COLOURS = 8;

/** Name of the colour of the n-th stream. */
export const streamColour = (ordinal: number): string => `c${(ordinal % STREAM_COLOURS) + 1}`;

/** A colour of the style sheet, for canvases. */
export function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
}
