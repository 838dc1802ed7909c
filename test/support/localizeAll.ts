import { lastValueFrom, toArray } from 'rxjs';
import { openInput } from '../../src/cli/input.js';
import type { OpenLocalizer } from '../../src/cli/openLocalizer.js';
import type { Outcome } from '../../src/domain/outcome.js';
import { type LocalizeMode, localizeRecording } from '../../src/streams/localize.js';

/** Every outcome of a recording, in this process. */
export async function localizeAll(
  localizer: OpenLocalizer,
  path: string,
  options: { readonly mode: LocalizeMode; readonly list?: string; readonly intrinsics?: string },
): Promise<Outcome[]> {
  const { mode, ...rest } = options;
  const input = await openInput(path, { ...rest, maxSidePx: localizer.map.header.maxSidePx });
  return lastValueFrom(localizeRecording(input.frames, localizer, mode).pipe(toArray()));
}
