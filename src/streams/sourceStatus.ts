import type { PosestreamError } from '../domain/errors.js';

/** Where a live source stands; told at every change. */
export type SourceStatus =
  | { readonly kind: 'connecting'; readonly attempt: number }
  | {
      readonly kind: 'streaming';
      /** What a person should know although it works. */
      readonly note?: string;
    }
  /** Pictures come, but always the same one: no pose is made of them. */
  | { readonly kind: 'frozen' }
  | { readonly kind: 'stalled'; readonly silentMs: number }
  | {
      readonly kind: 'retrying';
      readonly attempt: number;
      readonly inMs: number;
      readonly error: PosestreamError;
    }
  | { readonly kind: 'ended' };
