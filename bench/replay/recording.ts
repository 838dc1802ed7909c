import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deserialize, serialize } from 'node:v8';
import { lastValueFrom, tap } from 'rxjs';
import { openInput } from '../../src/cli/input.js';
import { DEFAULT_MODEL, openLocalizer } from '../../src/cli/openLocalizer.js';
import type { Engine, Features } from '../../src/domain/features.js';
import type { Frame } from '../../src/domain/frame.js';
import type { Outcome } from '../../src/domain/outcome.js';
import { localizeRecording } from '../../src/streams/localize.js';
import type { SetCase } from '../../test/sets/cases.js';
import { cachedMap } from '../../test/sets/mapCache.js';

/** A frame without its pixels. */
export type FrameFacts = Omit<Frame, 'pixels' | 'release'>;

/** A set as the network saw it: everything behind the network can be run again without it. */
export interface Recording {
  readonly mapPath: string;
  readonly frames: readonly FrameFacts[];
  /** [frames] of the upright picture. */
  readonly features: readonly Features[];
  /** [frames] frame by frame, with evidence. */
  readonly alone: readonly Outcome[];
}

const folder = join(tmpdir(), 'posestream-replay');

/** Recorded once; it stays as it is whatever becomes of the code until its file is deleted. */
export async function recordingOf(set: SetCase, say: (words: string) => void): Promise<Recording> {
  mkdirSync(folder, { recursive: true });
  const path = join(folder, `${set.name.replaceAll(' ', '-')}.v8`);
  if (!existsSync(path)) {
    say(`${set.name}: the network looks at it once`);
    const draft = `${path}.${process.pid}`;
    writeFileSync(draft, serialize(await record(set)));
    renameSync(draft, path);
  }
  return deserialize(readFileSync(path)) as Recording;
}

async function record(set: SetCase): Promise<Recording> {
  const mapPath = await cachedMap(set.map, join(folder, 'maps'));
  const localizer = await openLocalizer({ mapPath, modelPath: DEFAULT_MODEL, options: { evidence: true } });
  const features: Features[] = [];
  const frames: FrameFacts[] = [];
  const alone: Outcome[] = [];
  const engine: Engine = {
    ...localizer.engine,
    extract: async (image, options) => {
      const seen = await localizer.engine.extract(image, options);
      if (features.length < frames.length) features.push(seen);
      return seen;
    },
  };
  const kept = async function* (source: AsyncIterable<Frame>) {
    for await (const frame of source) {
      const { pixels, release, ...facts } = frame;
      frames.push(facts);
      yield frame;
    }
  };
  try {
    const { maxSidePx } = localizer.map.header;
    const at = set.args.indexOf('--intrinsics');
    const listAt = set.args.indexOf('--list');
    const input = await openInput(set.input, {
      maxSidePx,
      map: localizer.map,
      ...(at < 0 ? {} : { intrinsics: set.args[at + 1] }),
      ...(listAt < 0 ? {} : { list: set.args[listAt + 1] }),
    });
    const outcomes = localizeRecording(kept(input.frames), { ...localizer, engine }, 'frame');
    await lastValueFrom(outcomes.pipe(tap((outcome) => alone.push(outcome))));
  } finally {
    await localizer.close();
  }
  return { mapPath, frames, features, alone };
}
