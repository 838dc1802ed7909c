import { z } from 'zod';
import type { Camera } from '../domain/camera.js';
import { PosestreamError } from '../domain/errors.js';
import { parseCamera } from '../geometry/camera.js';
import { contentLines } from './textLines.js';

const HINT =
  'Write {"model": "PINHOLE", "params": [fx, fy, cx, cy], "width": w, "height": h}, or a line of COLMAP\'s cameras.txt.';

const document = z.strictObject({
  model: z.string(),
  params: z.array(z.number()),
  width: z.number(),
  height: z.number(),
});

/** A camera from `intrinsics.json`, or from a COLMAP `cameras.txt` with one camera.
 * Throws E_INTRINSICS naming the file and the field. */
export function parseIntrinsics(text: string, file: string): Camera {
  try {
    return text.trimStart().startsWith('{') ? parseJson(text) : parseCameraLine(text);
  } catch (error) {
    const what = error instanceof Error ? error.message : String(error);
    throw new PosestreamError('E_INTRINSICS', `${file}: ${what}`, { hint: HINT, cause: error });
  }
}

function parseJson(text: string): Camera {
  const parsed = document.safeParse(JSON.parse(text));
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new Error(`${issue.path.join('.') || 'the document'}: ${issue.message}.`);
  }
  const { model, width, height, params } = parsed.data;
  return parseCamera(model, width, height, params);
}

function parseCameraLine(text: string): Camera {
  const lines = contentLines(text);
  if (lines.length !== 1) throw new Error(`${lines.length} cameras where one belongs.`);
  const [, model, ...numbers] = lines[0].text.split(/\s+/);
  const [width, height, ...params] = numbers.map(Number);
  return parseCamera(model ?? '', width, height, params);
}
