import { createHash } from 'node:crypto';
import { createReadStream, mkdirSync, readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:http';
import { openTreeWriter } from '../../src/adapters/archives/tree-writer';
import { freezeTree, unpackFile } from '../../src/adapters/archives/unpack';
import { openHttp } from '../../src/adapters/net/http';
import { fetchPart } from '../../src/adapters/upstream/download';
import { SETTINGS, type Settings } from '../../src/domain/project/settings';
import { hexDigest } from '../../src/domain/runtime/digest';

/** One measured run as a process of its own, start-up included: `install URL SHA256 INTO`, `unpack FILE INTO`, `serve FILE`. */
async function run([verb, ...args]: readonly string[]): Promise<void> {
  if (verb === 'install') await install(args);
  else if (verb === 'unpack') await unpack(args);
  else if (verb === 'serve') serve(args);
  if (verb !== 'serve') process.stdout.write(String(process.resourceUsage().maxRSS));
}

const recipe = { format: 'tar.gz', root: 'node-bench' } as const;

async function install([url = '', sha256 = '', into = '']: readonly string[]): Promise<void> {
  const settings = Object.fromEntries(SETTINGS.map(({ key, fallback }) => [key, fallback])) as unknown as Settings;
  const http = openHttp({ host: { env: {} }, settings, emit: () => undefined });
  const digest = hexDigest('sha256', sha256);
  if (digest === undefined) throw new Error('not a sha256');
  mkdirSync(`${into}/tree`, { recursive: true });
  await fetchPart({
    http,
    url,
    part: { at: url, digest, proof: { kind: 'digest', by: 'bench' } },
    recipe,
    into: `${into}/tree`,
    downloads: `${into}/downloads`,
    onBytes: () => undefined,
    offline: false,
  });
  await freezeTree(`${into}/tree`);
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

run(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
