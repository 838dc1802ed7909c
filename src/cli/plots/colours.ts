/** Told apart by colour-blind readers too. Source: Okabe & Ito, "Color Universal Design", 2008. */
const BLUE = '#0072b2';
const VERMILLION = '#d55e00';
const GREEN = '#009e73';
const PURPLE = '#cc79a7';
const ORANGE = '#e69f00';
const SKY = '#56b4e9';

const RUNS = [BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY] as const;
export const runColour = (index: number): string => RUNS[index % RUNS.length];

export const RIGHT = BLUE;
export const WRONG = VERMILLION;
export const TRUTH = '#14181c';
export const MAP_POINT = '#aab3bb';
export const GRID = '#e4e7ea';
export const AXIS = '#5b6670';

const STATES: Readonly<Record<string, string>> = {
  tracking: GREEN,
  posed: GREEN,
  relocalizing: SKY,
  coasting: ORANGE,
  lost: VERMILLION,
  dropped: '#9aa6b1',
};
export const stateColour = (state: string): string => STATES[state] ?? PURPLE;
