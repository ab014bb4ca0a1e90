import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { removeTree } from '../../src/adapters/files/fs';
import { tarGz } from '../support/archives';

const ARCHIVE = tarGz([
  { name: 'top/bin/tool', mode: 0o755, content: '#!/bin/sh\n' },
  {
    name: 'top/noise',
    content: Buffer.concat(
      Array.from({ length: 60_000 }, (_, index) => createHash('sha512').update(String(index)).digest()),
    ),
  },
]);

let outer: string;
let origin: string;
let close: () => void;
beforeAll(async () => {
  outer = mkdtempSync(join(tmpdir(), 'polyenv-bounds-'));
  const server = createServer((incoming, outgoing) => {
    const start = incoming.url?.startsWith('/archive') === true ? ARCHIVE : Buffer.alloc(0);
    outgoing.writeHead(200, incoming.url?.includes('said') === true ? { 'content-length': String(2 ** 40) } : {});
    outgoing.write(start);
    void pour(outgoing);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  close = () => {
    server.closeAllConnections();
    server.close();
  };
  await build({
    stdin: { contents: PROGRAM, resolveDir: resolve(__dirname, '../..'), loader: 'ts' },
    bundle: true,
    platform: 'node',
    outfile: join(outer, 'bounds.cjs'),
    logLevel: 'error',
    define: { __VERSION__: '"0"' },
  });
});
afterAll(async () => {
  close();
  await removeTree(outer);
});

/** Blanks without an end, as quickly as they are taken: an index may begin with them, and an archive may be followed by them. */
async function pour(outgoing: ServerResponse): Promise<void> {
  const piece = Buffer.alloc(65_536, ' ');
  outgoing.setMaxListeners(0);
  while (!outgoing.destroyed) {
    if (!outgoing.write(piece)) await new Promise<void>((go) => outgoing.once('drain', go).once('close', go));
  }
}

/** In a process of its own, whose memory is measured. */
const PROGRAM = `
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { homeOf } from './src/adapters/home/paths';
import { openHttp } from './src/adapters/net/http';
import { openMirrors } from './src/adapters/net/mirrors';
import { fetchPart } from './src/adapters/upstream/download';
import { openUpstream } from './src/adapters/upstream/upstream';
import { SETTINGS } from './src/domain/project/settings';

const [what, origin, folder, size] = process.argv.slice(2) as [string, string, string, string | undefined];
const settings = {
  ...Object.fromEntries(SETTINGS.map((setting) => [setting.key, setting.fallback])),
  mirrors: { 'https://site.test': origin },
  networkRetries: 0,
  archiveLimit: 64,
} as never;
const host = { env: { HOME: folder }, personHome: folder, now: () => new Date(), os: 'linux' } as never;
const home = { ...homeOf({ env: { POLYENV_HOME: folder }, personHome: folder, os: 'linux' } as never) };
const emit = () => undefined;
const mirrors = openMirrors({ settings, env: {}, sources: [] });
const http = openHttp({ host, settings, emit, rewrite: mirrors.rewrite });
const upstream = openUpstream({ host, home, settings, http, mirrors, platform: 'linux-x64', emit });

async function run() {
  if (what.startsWith('index')) return upstream.json('https://site.test/' + what, (value) => value);
  if (what === 'signature') {
    const keys = { fingerprints: ['A'.repeat(40)], material: () => 'https://site.test/key' };
    return upstream.proveArchive({ file: '/dev/null', url: 'https://site.test/a', signature: { url: 'https://site.test/sig', keys } });
  }
  for (const name of ['into', 'downloads']) mkdirSync(join(folder, name), { recursive: true });
  return fetchPart({
    http,
    url: origin + '/' + what,
    part: {
      at: 'https://site.test/a',
      digest: { kind: 'sha256', value: 'ab'.repeat(32) },
      proof: { kind: 'digest', by: 'test' },
      ...(size === undefined ? {} : { size: Number(size) }),
    },
    recipe: { format: what.includes('zip') ? 'zip' : 'tar.gz', root: 'top' },
    into: join(folder, 'into'),
    downloads: join(folder, 'downloads'),
    onBytes: emit,
    offline: false,
    limit: 64 * 2 ** 20,
  });
}

run()
  .then(() => ({ code: 'none' }), ({ code, message }) => ({ code, message }))
  .then(({ code, message }) => {
    const left = ['into', 'downloads', 'cache'].flatMap((name) => {
      try { return readdirSync(join(folder, name)); } catch { return []; }
    });
    const megabytes = process.resourceUsage().maxRSS / 1024;
    process.stdout.write(JSON.stringify({ code, message, left, megabytes }), () => process.exit(0));
  });
`;

async function run(what: string, size?: number) {
  const folder = mkdtempSync(join(outer, 'home-'));
  const args = [join(outer, 'bounds.cjs'), what, origin, folder, ...(size === undefined ? [] : [String(size)])];
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 60_000 });
  return JSON.parse(stdout) as { code: string; message: string; left: string[]; megabytes: number };
}

describe('a body without an end', () => {
  it.each<readonly [string, string, number | undefined, string, RegExp]>([
    ['of an index', 'index', undefined, 'upstream-malformed', /larger than 32 MiB/],
    ['of an index that says how large it is', 'index-said', undefined, 'upstream-malformed', /larger than 32 MiB/],
    ['of a signature', 'signature', undefined, 'upstream-malformed', /larger than 1 MiB/],
    ['of an archive whose size is known', 'archive', ARCHIVE.length, 'digest-mismatch', /that were promised/],
    ['of an archive whose size is not', 'archive', undefined, 'digest-mismatch', /67108864 bytes that are allowed/],
    ['of an archive that says how large it is', 'archive-said', undefined, 'digest-mismatch', /that are allowed/],
    ['of a zip', 'archive-zip', ARCHIVE.length, 'digest-mismatch', /that were promised/],
  ])('%s is not listened to for long, and leaves nothing', async (_whose, what, size, code, message) => {
    const told = await run(what, size);
    expect(told.code).toBe(code);
    expect(told.message).toMatch(message);
    expect(told.left).toEqual([]);
    expect(told.megabytes).toBeLessThan(200);
  });
});
