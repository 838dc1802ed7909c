import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Tensor } from 'onnxruntime-node';

const SCRIPT = fileURLToPath(new URL('./onnxruntime_run.py', import.meta.url));

/** The same network under Python's onnxruntime, one thread, in a process of its own that waits for its turn. */
export interface PythonPeer {
  /** One run on the same input; the way there and back is a line each. */
  readonly run: () => Promise<void>;
  /** Numbers of the network's first output. */
  readonly show: () => Promise<readonly number[]>;
  readonly close: () => void;
}

/** @param python  an interpreter with numpy and onnxruntime  @throws Error with what it said, where it does not start */
export async function startPython(
  python: string,
  model: string,
  feeds: Readonly<Record<string, Tensor>>,
): Promise<PythonPeer> {
  const folder = mkdtempSync(join(tmpdir(), 'posestream-python-'));
  const described = Object.entries(feeds).map(([name, tensor], i) => {
    const file = join(folder, `${i}.raw`);
    const data = tensor.data as Float32Array | BigInt64Array;
    writeFileSync(file, new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
    return [name, { dtype: tensor.type, shape: tensor.dims, file }];
  });
  const feedsFile = join(folder, 'feeds.json');
  writeFileSync(feedsFile, JSON.stringify(Object.fromEntries(described)));
  const child = spawn(python, [SCRIPT, model, feedsFile], { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.on('data', (chunk) => {
    said += chunk;
  });
  const failed = new Promise<never>((_, reject) => {
    child.once('error', reject);
    child.once('exit', (code) => reject(new Error(`${python} ended with ${code}: ${said.trim()}`)));
  });
  failed.catch(() => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (line: string): Promise<string> => {
    child.stdin.write(`${line}\n`);
    const answer = await Promise.race([lines.next(), failed]);
    if (answer.done) return failed;
    return answer.value;
  };
  const close = () => {
    child.stdin.end();
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await ask('run');
  } catch (error) {
    close();
    throw error;
  }
  return {
    run: async () => {
      await ask('run');
    },
    show: async () => JSON.parse(await ask('show')),
    close,
  };
}
