/** Every code a user can meet. A code never changes its meaning. */
export type ErrorCode =
  | 'E_USAGE'
  | 'E_CONFIG'
  | 'E_FILE_NOT_FOUND'
  | 'E_FILE_INVALID'
  | 'E_DISK_FULL'
  | 'E_MAP_CORRUPT'
  | 'E_MAP_VERSION'
  | 'E_MAP_MODEL_MISMATCH'
  | 'E_MAP_EMPTY'
  | 'E_MAP_INPUT'
  | 'E_COLMAP_MISSING'
  | 'E_COLMAP_FAILED'
  | 'E_MODEL_MANIFEST'
  | 'E_MODEL_CORRUPT'
  | 'E_MODEL_CONTRACT'
  | 'E_MODEL_NONFINITE'
  | 'E_ENGINE'
  | 'E_INTRINSICS'
  | 'E_INTRINSICS_MISMATCH'
  | 'E_INTRINSICS_SUSPECT'
  | 'E_SOURCE_URL'
  | 'E_SOURCE_OPEN'
  | 'E_SOURCE_STALL'
  | 'E_SOURCE_FORMAT'
  | 'E_FFMPEG_MISSING'
  | 'E_PROTOCOL'
  | 'E_UNAUTHORIZED'
  | 'E_CAPACITY'
  | 'E_PORT_IN_USE'
  | 'E_INTERNAL';

export interface ErrorDetail {
  /** How to mend it, one line. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/** A bug or bad input, told in one line with the way to mend it. Expected outcomes of a frame are values, not errors. */
export class PosestreamError extends Error {
  override readonly name = 'PosestreamError';
  readonly hint: string | undefined;

  constructor(
    readonly code: ErrorCode,
    message: string,
    detail: ErrorDetail = {},
  ) {
    super(message, { cause: detail.cause });
    this.hint = detail.hint;
  }
}
