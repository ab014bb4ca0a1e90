import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { tarGz } from './archives';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/**
 * A server that is one file, as any kind is: `tinydb`, a key-value store that keeps its data in a folder with the line that
 * wrote them, refuses to start over a stale pid file, and answers over TCP. A real process of Node, so that what the engine
 * does is done to something that lives.
 */
export interface TinyService {
  /** The bundle that knows the kind. */
  readonly program: string;
  /** For POLYENV_MIRRORS. */
  readonly mirrors: string;
  close(): void;
}

export const TINY_VERSIONS = ['1.0.0', '1.1.0', '2.0.0'] as const;

export async function buildTinyService(): Promise<TinyService> {
  const copy = mkdtempSync(join(tmpdir(), 'polyenv-tiny-'));
  for (const name of ['src', 'runtimes', 'scripts', 'templates', 'package.json', 'tsconfig.json']) {
    if (existsSync(join(root, name))) cpSync(join(root, name), join(copy, name), { recursive: true });
  }
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  writeFileSync(join(copy, 'runtimes', 'tinydb.ts'), RUNTIME);
  await promisify(execFile)(process.execPath, ['--import', 'tsx', 'scripts/build.ts'], { cwd: copy });
  const server = await serve();
  return {
    program: join(copy, 'dist', 'polyenv.cjs'),
    mirrors: `https://tinydb.test=http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close();
      rmSync(copy, { recursive: true, force: true });
    },
  };
}

async function serve(): Promise<Server> {
  const bodies = new Map<string, Buffer>();
  const index: Record<string, string> = {};
  for (const version of TINY_VERSIONS) {
    const body = tarGz([
      { name: 'tinydb/', type: '5', mode: 0o755 },
      {
        name: 'tinydb/tinydb',
        mode: 0o755,
        content: `#!/bin/sh\nexec '${process.execPath}' "$(dirname "$0")/tinydb.cjs" "$@"\n`,
      },
      { name: 'tinydb/tinydb.cjs', mode: 0o644, content: `const VERSION = '${version}';\n${PROGRAM}` },
    ]);
    bodies.set(`/tinydb-${version}.tar.gz`, body);
    index[version] = createHash('sha256').update(body).digest('hex');
  }
  bodies.set('/index.json', Buffer.from(JSON.stringify(index)));
  const server = createServer((request, response) => {
    const body = bodies.get(request.url ?? '');
    if (body === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-length': body.length }).end(body);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return server;
}

/** Commands of the server, a line each: `AUTH password`, `SET key value`, `GET key`, `DBS`, `CRASH`, `CHILD`, `STUCK`. */
const PROGRAM = `
const fs = require('fs'), net = require('net'), path = require('path');
const [command, data, port, secret, ...flags] = process.argv.slice(2);
const line = VERSION.split('.')[0];
const file = path.join(data || '.', 'store.json');
if (command === '--version') { console.log('tinydb ' + VERSION); process.exit(0); }
if (command === 'init') {
  fs.writeFileSync(path.join(data, 'LINE'), line + '\\n');
  if (process.argv.includes('slow_init')) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30000);
  fs.writeFileSync(file, JSON.stringify({ databases: [port, secret, ...flags].filter(Boolean), keys: {} }));
  process.exit(0);
}
if (command === 'add') {
  const store = JSON.parse(fs.readFileSync(file));
  store.databases.push(...[port, secret, ...flags].filter(Boolean));
  fs.writeFileSync(file, JSON.stringify(store));
  process.exit(0);
}
if (command === 'client') {
  const socket = net.connect(Number(port), '127.0.0.1');
  const password = fs.readFileSync(secret, 'utf8');
  socket.write('AUTH ' + password + '\\n');
  if (flags[0] === 'dump') socket.write('DUMP\\n'), socket.on('data', (b) => { const t = b.toString().split('\\n').find((l) => l.startsWith('{')); if (t) { process.stdout.write(t + '\\n', () => process.exit(0)); } });
  else if (flags[0] === 'empty') socket.write('DUMP\\n'), socket.on('data', (b) => { const t = b.toString().split('\\n').find((l) => l.startsWith('{')); if (t) { process.stdout.write(Object.keys(JSON.parse(t)).length ? 'full' : '', () => process.exit(0)); } });
  else if (flags[0] === 'load') { let text = ''; process.stdin.on('data', (c) => (text += c)); process.stdin.on('end', () => { try { JSON.parse(text); } catch { console.error('no dump of tinydb'); process.exit(3); } socket.write('LOAD ' + JSON.stringify(JSON.parse(text)) + '\\n'); socket.on('data', (b) => { if (b.toString().includes('LOADED')) process.exit(0); }); }); }
  else { socket.pipe(process.stdout); process.stdin.on('data', (c) => socket.write(c)); process.stdin.on('end', () => setTimeout(() => process.exit(0), 200)); }
} else {
// serve
const wrote = fs.readFileSync(path.join(data, 'LINE'), 'utf8').trim();
if (wrote !== line) { console.error('data of line ' + wrote); process.exit(4); }
const pid = path.join(data, 'tinydb.pid');
if (fs.existsSync(pid)) { console.error('lock file "tinydb.pid" already exists'); process.exit(5); }
process.chdir(data);
const password = fs.readFileSync(secret, 'utf8');
console.log('tinydb ' + VERSION + ' starting, env ' + Object.keys(process.env).sort().join(' '));
fs.writeFileSync(pid, process.pid + '\\nstarting\\n');
const read = () => JSON.parse(fs.readFileSync(file));
const write = (store) => { fs.writeFileSync(file + '.new', JSON.stringify(store)); fs.renameSync(file + '.new', file); };
const server = net.createServer((socket) => {
  let authed = false, rest = '';
  socket.on('error', () => {});
  socket.on('data', (chunk) => {
    const lines = (rest + chunk).split('\\n'); rest = lines.pop();
    for (const text of lines) {
      const [word, ...args] = text.trim().split(' ');
      if (word === 'PING') { socket.write('TINYPONG\\n'); continue; }
      if (word === 'AUTH') { authed = args[0] === password; socket.write(authed ? 'OK\\n' : 'DENIED\\n'); continue; }
      if (!authed) { socket.write('DENIED\\n'); continue; }
      const store = read();
      if (word === 'SET') { store.keys[args[0]] = args[1]; write(store); socket.write('OK\\n'); }
      if (word === 'GET') socket.write((store.keys[args[0]] ?? 'NONE') + '\\n');
      if (word === 'DBS') socket.write(store.databases.join(',') + '\\n');
      if (word === 'DUMP') socket.write(JSON.stringify(store.keys) + '\\n');
      if (word === 'LOAD') { store.keys = JSON.parse(text.slice(5)); write(store); socket.write('LOADED\\n'); }
      if (word === 'SAY') { console.log(args.join(' ')); socket.write('OK\\n'); }
      if (word === 'CRASH') { console.log('crashing'); process.kill(process.pid, 'SIGKILL'); }
      if (word === 'STUCK') { stuck = true; socket.write('OK\\n'); }
      if (word === 'CHILD') {
        const child = require('child_process').spawn(path.dirname(process.argv[1]) + '/tinydb', ['linger'], { cwd: data, detached: true, stdio: ['ignore', 'inherit', 'inherit', ...Array(6).fill('ignore'), 9] });
        child.unref(); socket.write('CHILD ' + child.pid + '\\n');
      }
    }
  });
});
let stuck = false;
process.on('SIGINT', () => {});
process.on('SIGTERM', () => { if (stuck) return; console.log('stopping'); fs.rmSync(pid, { force: true }); process.exit(0); });
server.on('error', (error) => { console.error('cannot listen: ' + error.message); fs.rmSync(pid, { force: true }); process.exit(6); });
server.listen(Number(port), '127.0.0.1', () => { fs.writeFileSync(pid, process.pid + '\\nready\\n'); console.log('ready'); });
}
`
  .replace('// serve\n', "if (command === 'linger') { setInterval(() => {}, 1000); } else {\n// serve\n")
  .replace(/\}\n$/, '}\n}\n');

const RUNTIME = `import { newestFirst, npmScheme, serviceUrl, type PlatformKey, type Runtime, type ServicePlace, type Version, asRecord, asString, hexDigest } from '../src/kit';

const SITE = 'https://tinydb.test';
const PLATFORMS: readonly PlatformKey[] = ['linux-x64', 'linux-arm64', 'linux-x64-musl', 'linux-arm64-musl', 'darwin-x64', 'darwin-arm64'];
const client = (at: ServicePlace, ...words: readonly string[]) => ({
  argv: [at.commands.tinydb ?? '', 'client', at.data, String(at.ports.main), at.secrets + '/password', ...words] as [string, ...string[]],
});

export const runtime: Runtime = {
  id: 'tinydb',
  title: 'TinyDB',
  homepage: SITE,
  aliases: ['tiny'],
  scheme: npmScheme,
  pins: [],
  sources: [
    {
      id: 'tinydb.test',
      releases: async (upstream) =>
        newestFirst(npmScheme, Object.keys(await upstream.json(SITE + '/index.json', asRecord(asString))).map((text) => ({ version: text as Version }))),
      artifacts: async (upstream, { version }) => {
        const index = await upstream.json(SITE + '/index.json', asRecord(asString));
        const digest = hexDigest('sha256', index[version] ?? '');
        if (digest === undefined) return [];
        return PLATFORMS.map((platform) => ({
          platform,
          parts: [{ at: SITE + '/tinydb-' + version + '.tar.gz', digest, proof: { kind: 'digest', by: 'tinydb.test' } }],
        }));
      },
      owns: ({ version, at }) => (at === SITE + '/tinydb-' + version + '.tar.gz' ? { format: 'tar.gz', root: 'tinydb' } : undefined),
    },
  ],
  layout: () => ({ commands: { tinydb: 'tinydb' }, variables: [], bins: [], homes: [], installs: [] }),
  probe: { command: 'tinydb', args: ['--version'], version: (output) => /tinydb (\\S+)/.exec(output)?.[1] },
  service: {
    program: 'tinydb',
    root: 'allowed',
    secret: { user: 'tiny' },
    databases: { name: /^[a-z_][a-z0-9_-]{0,62}$/, form: 'small letters, digits, _ and -', usual: ['app'] },
    extensions: ['fast'],
    line: (version) => version.split('.')[0] ?? '',
    dataLine: (read) => read('LINE')?.trim(),
    initialise: (at) => ({
      secrets: { password: at.password },
      steps: [{ argv: [at.toolchain + '/tinydb', 'init', at.data, ...at.databases] }],
    }),
    start: (at) => ({
      argv: [at.toolchain + '/tinydb', 'serve', at.data, String(at.ports.main), at.secrets + '/password'],
      secrets: { password: at.password },
    }),
    ready: { by: 'tcp', port: 'main', send: () => 'PING\\n', expect: /TINYPONG/, seconds: 10 },
    stop: { signal: 'SIGTERM', seconds: 2, thenKill: false },
    stalePid: 'tinydb.pid',
    provision: (at, missing) => ({ steps: [{ argv: [at.toolchain + '/tinydb', 'add', at.data, ...missing.databases] }] }),
    exports: (at) => ({ TINY_URL: serviceUrl('tiny', at, { path: at.databases[0] ?? '' }), TINY_PORT: String(at.ports.main) }),
    url: (at) => serviceUrl('tiny', at, { path: at.databases[0] ?? '' }),
    connect: (at) => client(at),
    transfer: (at) => ({
      ending: '.json',
      empty: () => client(at, 'empty'),
      dump: () => client(at, 'dump'),
      load: () => client(at, 'load'),
    }),
  },
};
`;
