/** Element types of a section, by the name written in the file. */
const SECTION_TYPES = {
  f64: Float64Array,
  f32: Float32Array,
  u32: Uint32Array,
  u16: Uint16Array,
  i8: Int8Array,
} as const;

export type SectionType = keyof typeof SECTION_TYPES;

export interface SectionArrays {
  readonly f64: Float64Array;
  readonly f32: Float32Array;
  readonly u32: Uint32Array;
  readonly u16: Uint16Array;
  readonly i8: Int8Array;
}

/** Every array of a map, in file order. */
const SECTIONS = {
  'keyframes.timeS': 'f64',
  'keyframes.worldFromCam': 'f64',
  'keyframes.camera': 'u32',
  'keyframes.globals': 'f32',
  'points.xyz': 'f64',
  'points.trackLength': 'u16',
  'points.errorPx': 'f32',
  'observations.offsets': 'u32',
  'observations.point': 'u32',
  'observations.xyPx': 'f32',
  'observations.descriptors': 'i8',
  'covisibility.offsets': 'u32',
  'covisibility.neighbour': 'u32',
  'covisibility.weight': 'u32',
  'vlad.centres': 'f32',
  'vlad.mean': 'f32',
  'vlad.basis': 'f32',
} as const satisfies Record<string, SectionType>;

export type SectionName = keyof typeof SECTIONS;
export type SectionViews = { readonly [N in SectionName]: SectionArrays[(typeof SECTIONS)[N]] };

/** Where a section lies: bytes from the start of the file, length in elements. */
export interface SectionPlace {
  readonly name: SectionName;
  readonly offset: number;
  readonly length: number;
}

export const SECTION_NAMES = Object.keys(SECTIONS) as SectionName[];

/** Only in maps of networks without a global head. */
export const VLAD_SECTIONS: readonly SectionName[] = ['vlad.centres', 'vlad.mean', 'vlad.basis'];

/** Sections start at multiples of this, so that any element type can be viewed in place. */
export const ALIGNMENT = 64;

export function align(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

export function bytesPerElement(name: SectionName): number {
  return SECTION_TYPES[SECTIONS[name]].BYTES_PER_ELEMENT;
}

/** A view, not a copy. `buffer` starts at the file's first byte. */
export function viewSection<N extends SectionName>(
  buffer: ArrayBuffer,
  start: number,
  place: SectionPlace & { readonly name: N },
): SectionViews[N] {
  const Type = SECTION_TYPES[SECTIONS[place.name]];
  return new Type(buffer, start + place.offset, place.length) as SectionViews[N];
}
