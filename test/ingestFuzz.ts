import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve, sep } from 'node:path';
import { PosestreamError } from '../src/domain/errors.js';
import { createRandom } from '../src/kernels/random.js';
import { checkPolicy } from '../src/streams/sourcePolicy.js';
import { parseSource } from '../src/streams/sourceUrl.js';
import { openVideo } from '../src/streams/videoFile.js';
import { ffmpeg, pinhole } from './clips.js';

/** Hostile source names and media files, seeded. Nothing may crash, hang, read a file outside the allowed folders, or
 * print what is secret (a canary stands in every URL's credentials and in a file that nobody may read).
 *
 *     npm run test:ingest-fuzz [-- urls files seed]
 */
const [URLS, FILES, SEED] = [10_000, 1000, 1].map((usual, i) => Number(process.argv[2 + i] ?? usual));
const HANG_MS = 5000;
const CANARY = 'c4n4ry-0f-secrets';
/** Secret only behind a name that says so. */
const QUERY_CANARY = 'qu3ry-c4n4ry';
const { uniform: random } = createRandom(SEED);
const pick = <T>(from: readonly T[]): T => from[Math.floor(random() * from.length)];
const failures: string[] = [];
const fail = (what: string) => failures.push(what);

const root = mkdtempSync(join(tmpdir(), 'posestream-fuzz-'));
process.on('exit', () => rmSync(root, { recursive: true, force: true }));
const allowed = join(root, 'allowed');
const secret = join(root, 'secret', 'canary.txt');
mkdirSync(allowed);
mkdirSync(join(root, 'secret'));
writeFileSync(secret, `${CANARY}\n`.repeat(100));
symlinkSync(secret, join(allowed, 'link.mp4'));

const SCHEMES = [
  ...[
    'rtsp',
    'RTSPS',
    'rtmp',
    'srt',
    'udp',
    'http',
    'https',
    'file',
    'ftp',
    'gopher',
    'data',
    'pipe',
    'fd',
    'concat',
  ],
  ...[
    'subfile',
    'crypto',
    'async',
    'cache',
    'tcp',
    'lavfi',
    'exec',
    'ffmpeg',
    'javascript',
    'hls+file',
    'mmsh',
    '',
  ],
];
const HOSTS = [
  ...[
    'cam',
    '127.0.0.1',
    '0.0.0.0',
    '[::1]',
    '[::ffff:10.0.0.1]',
    '169.254.169.254',
    '2130706433',
    '0x7f.1',
    'ü.de',
  ],
  ...['', ' ', '-i', '$(id)', '`id`', '%00', '..', 'a'.repeat(300), `${CANARY}@evil`],
];
const PATHS = [
  ...[
    '/a',
    '/../../etc/passwd',
    `?passphrase=${QUERY_CANARY}`,
    `?token=${QUERY_CANARY}&mode=listener`,
    '/%2e%2e/%2e%2e',
    '/\n-f lavfi',
  ],
  ...['/a|/b', '#x', '/a?mode=listener', '\0', '/;rm -rf', '\\..\\..', `/${'x'.repeat(5000)}`, ''],
];

function hostileUrl(): string {
  const user = pick(['', '', `u:${CANARY}@`, `${CANARY}@`, `u:${encodeURIComponent(`${CANARY}/@`)}@`]);
  let url = `${pick(SCHEMES)}${pick(['://', ':', ':/', ':///', ''])}${user}${pick(HOSTS)}${pick(['', ':0', ':554', ':99999', ':x'])}${pick(PATHS)}`;
  for (let n = Math.floor(random() * 3); n > 0; n--) {
    const at = Math.floor(random() * (url.length + 1));
    url =
      url.slice(0, at) +
      String.fromCharCode(Math.floor(random() * 160)) +
      url.slice(at + Math.floor(random() * 2));
  }
  return url;
}

const textOf = (error: PosestreamError) => `${error.message} ${error.hint ?? ''} ${error.stack ?? ''}`;

async function tryUrl(): Promise<'refused' | 'taken'> {
  const spec = random() < 0.2 ? hostilePath() : hostileUrl();
  try {
    const source = parseSource(spec);
    await checkPolicy(source, { fileRoots: [allowed], allowPrivateHosts: false, allowLocalDevices: false });
    if (source.kind === 'file' && !`${resolve(source.path)}${sep}`.startsWith(allowed + sep))
      fail(`file outside: ${spec}`);
    return 'taken';
  } catch (error) {
    if (!(error instanceof PosestreamError)) fail(`not ours: ${JSON.stringify(spec)}: ${String(error)}`);
    else if (showsSecret(spec, textOf(error)))
      fail(`secret shown: ${JSON.stringify(spec)}: ${error.message}`);
    return 'refused';
  }
}

/** A name whose credentials a mutation has torn apart cannot be told from a path. */
function showsSecret(spec: string, text: string): boolean {
  const hasUser = /:\/\/[^/?#\s]*@/.test(spec) && spec.includes(`:${CANARY}@`);
  const hasQuery = new RegExp(`[?&](passphrase|token)=${QUERY_CANARY}`).test(spec);
  return (hasUser && text.includes(CANARY)) || (hasQuery && text.includes(QUERY_CANARY));
}

function hostilePath(): string {
  const parts = Array.from({ length: 1 + Math.floor(random() * 6) }, () =>
    pick([
      '..',
      '.',
      'allowed',
      'secret',
      'canary.txt',
      'link.mp4',
      '%2e%2e',
      '...',
      '/',
      '~',
      'ok.mp4',
      '\0',
    ]),
  );
  return pick([
    join(allowed, ...parts.map((part) => part.replace('\0', ''))),
    `${allowed}/${parts.join('/')}`,
    parts.join('/'),
  ]);
}

const CONTAINERS = ['mp4', 'mkv', 'ts', 'webm', 'avi', 'flv'] as const;

function cleanClips(): Uint8Array[] {
  return CONTAINERS.map((name) => {
    const path = join(allowed, `clean.${name}`);
    const codec = name === 'webm' ? ['-c:v', 'libvpx'] : ['-c:v', 'libx264', '-pix_fmt', 'yuv420p'];
    ffmpeg('-f', 'lavfi', '-i', 'testsrc2=size=128x96:rate=10:duration=1', ...codec, path);
    return readFileSync(path);
  });
}

/** Files that name other files or claim what they do not hold. */
function craftedFiles(): Uint8Array[] {
  const lists = [
    `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile://${secret}\n#EXT-X-ENDLIST\n`,
    `#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nconcat:${secret}|${secret}\n#EXT-X-ENDLIST\n`,
    `#EXTM3U\n#EXT-X-KEY:METHOD=AES-128,URI="file://${secret}"\n#EXTINF:1,\nx.ts\n#EXT-X-ENDLIST\n`,
    `ffconcat version 1.0\nfile '${secret}'\n`,
    `v=0\nc=IN IP4 127.0.0.1\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n`,
    `<?xml version="1.0"?><MPD><Period><AdaptationSet><BaseURL>file://${secret}</BaseURL></AdaptationSet></Period></MPD>`,
    `[playlist]\nFile1=file://${secret}\n`,
    `<svg xmlns="http://www.w3.org/2000/svg"><image href="file://${secret}"/></svg>`,
    '%!PS\n(secret) run\n',
    '',
  ].map((text) => Buffer.from(text));
  return [...lists, Buffer.alloc(1 << 20), Buffer.from('RIFF\xff\xff\xff\xffAVI LIST', 'latin1')];
}

function mutate(clean: Uint8Array): Uint8Array {
  const bytes = Uint8Array.from(clean);
  const flips = 1 + Math.floor(random() ** 3 * 400);
  const head = random() < 0.5 ? Math.min(bytes.length, 600) : bytes.length;
  for (let i = 0; i < flips; i++) bytes[Math.floor(random() * head)] = Math.floor(random() * 256);
  const cut = random() < 0.3 ? Math.floor(random() * bytes.length) : bytes.length;
  const twice = random() < 0.1 ? Buffer.concat([bytes.subarray(0, cut), bytes]) : bytes.subarray(0, cut);
  return twice;
}

async function tryFile(bytes: Uint8Array, index: number): Promise<'read' | 'refused'> {
  const path = join(allowed, `${index}.${pick(CONTAINERS)}`);
  writeFileSync(path, bytes);
  const said: string[] = [];
  const began = performance.now();
  let verdict: 'read' | 'refused' = 'read';
  try {
    const options = { camera: pinhole(128, 96), maxSidePx: 128, signal: AbortSignal.timeout(2 * HANG_MS) };
    for await (const frame of openVideo(path, { ...options, onLine: (line) => said.push(line) }))
      frame.release();
  } catch (error) {
    verdict = 'refused';
    if (!(error instanceof PosestreamError)) fail(`file ${index}: ${String(error)}`);
    else said.push(textOf(error));
  }
  const tookMs = performance.now() - began;
  if (tookMs > HANG_MS) fail(`file ${index} took ${Math.round(tookMs)} ms`);
  if (said.join('\n').includes(CANARY)) fail(`file ${index} shows what nobody may read`);
  rmSync(path);
  return verdict;
}

const count = (verdicts: readonly string[]) =>
  [...new Set(verdicts)].map((v) => `${verdicts.filter((w) => w === v).length} ${v}`).join(', ');

const urls: string[] = [];
for (let i = 0; i < URLS; i++) urls.push(await tryUrl());
console.log(`${URLS} names: ${count(urls)}`);

const clips = cleanClips();
const crafted = craftedFiles();
const files: string[] = [];
for (let i = 0; i < FILES; i++)
  files.push(await tryFile(i < crafted.length ? crafted[i] : mutate(pick(clips)), i));
console.log(`${FILES} files: ${count(files)}`);

for (const failure of failures.slice(0, 20)) console.error(failure);
console.log(
  failures.length === 0 ? 'no crash, no hang, nothing read or shown' : `${failures.length} failures`,
);
process.exit(failures.length === 0 ? 0 : 1);
