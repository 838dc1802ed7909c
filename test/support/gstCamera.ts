import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** Debian's own Python, whose packages hold GStreamer's bindings. */
const PYTHON = '/usr/bin/python3';
const program = fileURLToPath(new URL('gstCamera.py', import.meta.url));

const CHECK = `
import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gst
Gst.init(None)
print("x265" if Gst.ElementFactory.find("x265enc") else "")
`;

const found = ((): string | null => {
  try {
    return String(execFileSync(PYTHON, ['-c', CHECK], { stdio: ['ignore', 'pipe', 'ignore'] }));
  } catch {
    return null;
  }
})();

export const hasGstCamera = found !== null;
export const hasGstH265Camera = found?.includes('x265') ?? false;

export interface GstCamera {
  readonly url: string;
  readonly port: number;
  readonly process: ChildProcess;
  /** Ends it without a word to its clients. */
  readonly kill: () => Promise<void>;
}

/** A 640x480 camera at 30 frames/s, served by GStreamer, unless `args` say otherwise. */
export async function startGstCamera(port = 0, ...args: string[]): Promise<GstCamera> {
  const child = spawn(PYTHON, [program, '--port', String(port), ...args], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  const bound = Number(line.toString());
  return {
    url: `rtsp://127.0.0.1:${bound}/cam`,
    port: bound,
    process: child,
    kill: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
    },
  };
}

const BITS = 48;
const SQUARE_PX = 16;

/** When the picture was made, ms since the Unix epoch, as its squares say. */
export function pictureTimeMs(pixels: Uint8Array, widthPx: number): number {
  const perRow = widthPx / SQUARE_PX;
  let ms = 0;
  for (let bit = 0; bit < BITS; bit++) {
    const x = (bit % perRow) * SQUARE_PX + SQUARE_PX / 2;
    const y = Math.floor(bit / perRow) * SQUARE_PX + SQUARE_PX / 2;
    ms = ms * 2 + (pixels[y * widthPx + x] > 127 ? 1 : 0);
  }
  return ms;
}
