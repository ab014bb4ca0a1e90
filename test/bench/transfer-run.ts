import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { openTreeWriter } from '../../src/adapters/archives/tree-writer';
import { unpackFile } from '../../src/adapters/archives/unpack';
import { syncTree } from '../../src/adapters/files/sync-tree';
import { openHttp } from '../../src/adapters/net/http';
import { openLineSpeeds } from '../../src/adapters/net/line-speed';
import { closeTree } from '../../src/adapters/store/disk-use';
import { fetchPart } from '../../src/adapters/upstream/download';
import { SlowLine } from '../../src/adapters/upstream/part-download';
import { SETTINGS, type Settings } from '../../src/domain/project/settings';
import { hexDigest } from '../../src/domain/runtime/digest';

/** One measured run as a process of its own, start-up included: `install URL SHA256 INTO`, `unpack FILE INTO`, `serve FILE`, `choose GZ-URL SHA256 XZ-URL SHA256 INTO`, `trickle FOLDER RATE`. */
async function run([verb, ...args]: readonly string[]): Promise<void> {
  if (verb === 'install') await install(args);
  else if (verb === 'unpack') await unpack(args);
  else if (verb === 'choose') await choose(args);
  else if (verb === 'serve') serve(args);
  else if (verb === 'trickle') trickle(args);
  if (verb !== 'serve' && verb !== 'trickle') process.stdout.write(String(process.resourceUsage().maxRSS));
}

const recipe = { format: 'tar.gz', root: 'node-bench' } as const;

async function install([url = '', sha256 = '', into = '']: readonly string[]): Promise<void> {
  await fetchInto({ url, sha256, into, format: 'tar.gz' });
}

/** As on a line that nobody has measured: the usual archive is begun, and given up for the smaller one. */
async function choose([gz = '', sum = '', xz = '', other = '', into = '']: readonly string[]): Promise<void> {
  try {
    await fetchInto({ url: gz, sha256: sum, into, format: 'tar.gz', leastRate: 18_750_000 });
  } catch (error) {
    if (!(error instanceof SlowLine)) throw error;
    await fetchInto({ url: xz, sha256: other, into, format: 'tar.xz' });
  }
}

interface Fetching {
  readonly url: string;
  readonly sha256: string;
  readonly into: string;
  readonly format: 'tar.gz' | 'tar.xz';
  readonly leastRate?: number;
}

async function fetchInto({ url, sha256, into, format, leastRate }: Fetching): Promise<void> {
  const settings = Object.fromEntries(SETTINGS.map(({ key, fallback }) => [key, fallback])) as unknown as Settings;
  const http = openHttp({ host: { env: {}, nodeVersion: process.versions.node }, settings, emit: () => undefined });
  const digest = hexDigest('sha256', sha256);
  if (digest === undefined) throw new Error('not a sha256');
  mkdirSync(`${into}/tree`, { recursive: true });
  await fetchPart({
    http,
    url,
    part: { at: url, digest, proof: { kind: 'digest', by: 'bench' } },
    recipe: { format, root: 'node-bench' },
    ...(leastRate !== undefined && {
      leastRate,
      lines: await openLineSpeeds({ cache: into, now: () => new Date() }),
    }),
    into: `${into}/tree`,
    downloads: `${into}/downloads`,
    onBytes: () => undefined,
    offline: false,
  });
  await syncTree(`${into}/tree`);
  await closeTree(`${into}/tree`);
  await http.close();
}

async function unpack([file = '', into = '']: readonly string[]): Promise<void> {
  mkdirSync(into, { recursive: true });
  const sink = openTreeWriter({ into, recipe });
  await unpackFile(file, { format: 'tar.gz', sink });
  await sink.finish();
}

/** As nodejs.org does, with the one archive for whatever is asked. */
function serve([file = '']: readonly string[]): void {
  const sum = createHash('sha256').update(readFileSync(file)).digest('hex');
  const name = `node-${process.version}-${process.platform}-${process.arch}.tar.gz`;
  const texts: Readonly<Record<string, string>> = {
    'index.json': JSON.stringify([{ version: process.version, date: '2026-01-01', files: ['linux-x64'], lts: false }]),
    'SHASUMS256.txt': `${sum}  ${name}\n`,
  };
  const server = createServer((request, response) => {
    const text = texts[request.url?.split('/').pop() ?? ''];
    if (text !== undefined) return response.end(text);
    response.writeHead(200, { 'content-type': 'application/gzip', 'content-length': statSync(file).size });
    return createReadStream(file, { highWaterMark: 2 ** 20 }).pipe(response);
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    process.stdout.write(`${typeof address === 'object' ? address?.port : ''}\n`);
  });
}

/** The files of a folder at so many bytes a second, in fiftieths of one. */
function trickle([folder = '', rate = '0']: readonly string[]): void {
  const step = Number(rate) / 50;
  const server = createServer((request, response) => {
    const content = readFileSync(`${folder}/${request.url?.split('/').pop() ?? ''}`);
    response.writeHead(200, { 'content-length': content.length });
    let at = 0;
    const begun = performance.now();
    const timer = setInterval(() => {
      const due = Math.min(content.length, Math.floor(((performance.now() - begun) / 20) * step));
      if (due > at) response.write(content.subarray(at, due));
      at = Math.max(at, due);
      if (at >= content.length || response.destroyed) {
        clearInterval(timer);
        response.end();
      }
    }, 20);
  });
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    process.stdout.write(`${typeof address === 'object' ? address?.port : ''}\n`);
  });
}

run(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
