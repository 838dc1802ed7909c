import type { PosestreamError } from '../domain/errors.js';
import { errorOf } from '../hfnet/protocol.js';
import type { Order, Report } from './bus.js';
import { type Deferred, deferred } from './deferred.js';
import type { ServedMap } from './servedMap.js';

type SwapReport = Extract<Report, { kind: 'swapped' | 'notSwapped' }>;

/** Maps that were asked for and are not there yet. */
export interface MapSwaps {
  /** Settled by the worker's answer, or by its end. */
  begin(id: number, path: string): Promise<ServedMap>;
  end(report: SwapReport): void;
  fail(error: PosestreamError): void;
}

/** @param taken  told of every map that the worker took, before whoever asked for it */
export function createMapSwaps(
  send: (order: Order) => void,
  taken: (map: ServedMap, path: string | null) => void,
): MapSwaps {
  const waiting = new Map<number, Deferred<ServedMap> & { readonly path: string }>();
  return {
    begin(id, path) {
      const swap = { ...deferred<ServedMap>(), path };
      waiting.set(id, swap);
      send({ kind: 'swapMap', id, path });
      return swap.promise;
    },
    end(report) {
      const swap = waiting.get(report.id);
      waiting.delete(report.id);
      if (report.kind === 'notSwapped') swap?.reject(errorOf(report.fault));
      else {
        taken(report.map, swap?.path ?? null);
        swap?.resolve(report.map);
      }
    },
    fail(error) {
      for (const { reject } of waiting.values()) reject(error);
      waiting.clear();
    },
  };
}
