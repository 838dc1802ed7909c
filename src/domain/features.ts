/** What the network says of one image. Rows of all arrays belong together; sorted by falling score. */
export interface Features {
  readonly count: number;
  /** [n x 2] pixels of the frame, corner convention. */
  readonly xyPx: Float32Array;
  /** [n] */
  readonly scores: Float32Array;
  /** Row-major [n x dim], unit rows. */
  readonly descriptors: Float32Array;
  readonly dim: number;
  /** [g] unit; null where the network has no global head. */
  readonly global: Float32Array | null;
}

/** The two best reference rows of every query row, by dot product. Where there is none (a set of one row) the index
 * is -1 and the dot 0. */
export interface NearestTwo {
  /** [2n] row of the reference set: best, second, best, second … */
  readonly index: Int32Array;
  /** [2n] dot products, same order. */
  readonly dot: Float32Array;
  /** [m] the query row that a reference row and itself choose each other with, or -1. */
  readonly refBest: Int32Array;
}

/** Reference rows to match against: handed over now, or stored in the engine under a name. */
export type DescriptorSet =
  | { readonly kind: 'inline'; readonly rows: Float32Array; readonly dim: number }
  | {
      readonly kind: 'stored';
      readonly id: string;
      /** [start, end) row ranges, concatenated in order; result rows count through them. */
      readonly spans: Uint32Array;
    };

/** The engine as the rest sees it: one thread with every network session. Calls queue; each resolves or throws
 * PosestreamError (E_ENGINE, E_MODEL_NONFINITE). */
export interface Engine {
  readonly model: ModelIdentity;
  /** Pixels are copied before the promise is returned, so the buffer may be reused at once. */
  extract(image: GrayImage, options: ExtractOptions): Promise<Features>;
  /** Nearest two of every query row; Gemm + TopK in the engine. */
  match(query: Float32Array, set: DescriptorSet): Promise<NearestTwo>;
  /** k best rows of a stored set of global descriptors, best first. */
  retrieve(global: Float32Array, id: string, k: number): Promise<Retrieved>;
  /** Shares rows out among centres. */
  assign(rows: Float32Array, centres: Centres): Promise<Assigned>;
  /** Keeps a copy of reference rows in the engine; replaces a set of the same name. Int8 rows are unit rows x 127. */
  store(id: string, rows: Float32Array | Int8Array, dim: number): Promise<void>;
  close(): Promise<void>;
}

export interface GrayImage {
  readonly pixels: Uint8Array;
  readonly widthPx: number;
  readonly heightPx: number;
}

export interface ExtractOptions {
  readonly maxKeypoints: number;
}

export interface Retrieved {
  readonly ids: Int32Array;
  readonly scores: Float32Array;
}

/** Points in descriptor space that rows are shared out among. */
export interface Centres {
  /** Row-major [k x dim]. */
  readonly rows: Float32Array;
  readonly dim: number;
  /** A row's share in a centre falls with exp(-sharpness * distance^2); large: all to the nearest. */
  readonly sharpness: number;
}

export interface Assigned {
  /** [k x dim] rows by their shares. */
  readonly sums: Float32Array;
  /** [k] shares. */
  readonly counts: Float32Array;
}

export interface ModelIdentity {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
  readonly descriptorDim: number;
  /** 0 where the network has no global head. */
  readonly globalDim: number;
}
