import { type ErrorCode, PosestreamError } from '../domain/errors.js';
import type {
  Assigned,
  Centres,
  ExtractOptions,
  Features,
  GrayImage,
  ModelIdentity,
  NearestTwo,
  Retrieved,
} from '../domain/features.js';

/** What travels between the engine and its thread. Every request gets exactly one answer of the same id, in order. */
export type Job =
  | { readonly op: 'extract'; readonly image: GrayImage; readonly options: ExtractOptions }
  | { readonly op: 'match'; readonly query: Float32Array; readonly rows: Float32Array; readonly dim: number }
  | {
      readonly op: 'matchStored';
      readonly query: Float32Array;
      readonly id: string;
      readonly spans: Uint32Array;
    }
  | { readonly op: 'retrieve'; readonly global: Float32Array; readonly id: string; readonly k: number }
  | {
      readonly op: 'store';
      readonly id: string;
      readonly rows: Float32Array | Int8Array;
      readonly dim: number;
    }
  | { readonly op: 'assign'; readonly rows: Float32Array; readonly centres: Centres }
  | { readonly op: 'close' };

export type JobResult = Features | NearestTwo | Retrieved | Assigned | undefined;

export interface Request {
  readonly id: number;
  readonly job: Job;
}

export type Answer =
  | { readonly kind: 'ready'; readonly model: ModelIdentity }
  | { readonly kind: 'failed'; readonly fault: Fault }
  | { readonly kind: 'done'; readonly id: number; readonly result: JobResult }
  | { readonly kind: 'error'; readonly id: number; readonly fault: Fault };

/** An error as plain data: classes do not survive the way between threads. */
export interface Fault {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
}

export interface EngineSetup {
  readonly manifestPath: string;
  readonly threads: number;
}

export function faultOf(error: unknown): Fault {
  if (error instanceof PosestreamError)
    return { code: error.code, message: error.message, ...(error.hint ? { hint: error.hint } : {}) };
  return {
    code: 'E_ENGINE',
    message: error instanceof Error ? (error.stack ?? error.message) : String(error),
  };
}

export const errorOf = ({ code, message, hint }: Fault): PosestreamError =>
  new PosestreamError(code, message, hint ? { hint } : {});
