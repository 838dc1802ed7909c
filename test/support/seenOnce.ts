import { createHash } from 'node:crypto';
import type { OpenLocalizer } from '../../src/cli/openLocalizer.js';
import type { Features } from '../../src/domain/features.js';

/** What a network made of pictures, by their content and what was asked of it. */
export type Looks = Map<string, Promise<Features>>;

/** The same localizer, whose network looks at a picture only where none of those who share `looks` has: several maps are
 * asked for the same pictures. All of them must hold the same network. */
export function seenOnce(localizer: OpenLocalizer, looks: Looks): OpenLocalizer {
  const { engine } = localizer;
  return {
    ...localizer,
    engine: {
      ...engine,
      extract(image, options) {
        const { pixels, widthPx, heightPx } = image;
        const digest = createHash('sha256')
          .update(pixels.subarray(0, widthPx * heightPx))
          .digest('hex');
        const key = [digest, widthPx, heightPx, options.maxKeypoints].join(' ');
        const look = looks.get(key) ?? engine.extract(image, options);
        looks.set(key, look);
        return look;
      },
    },
  };
}
