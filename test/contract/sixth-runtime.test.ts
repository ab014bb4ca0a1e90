import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { tarGz } from '../support/archives';
import { type Machine, newMachine } from '../support/cli';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

/** All that another runtime costs: one file, which knows its site and where commands lie in its archive. The one that the documentation walks through. */
const [ZIG = '', ACME = ''] = [
  ...readFileSync(join(root, 'docs/internals/sources.md'), 'utf8').matchAll(/^```ts\n([\s\S]*?)^```/gm),
].map(([, code]) => code);

let machine: Machine;
let server: Server;
let program: string;

beforeAll(async () => {
  server = await serveZig(['0.13.0', '0.14.1']);
  const site = `http://127.0.0.1:${(server.address() as AddressInfo).port}/download`;
  machine = newMachine({
    POLYENV_MIRRORS: `https://ziglang.org/download=${site} https://jdk.acme.test=${site}/acme`,
    POLYENV_VERIFY_SIGNATURES: 'off',
  });
  const copy = machine.folder('copy');
  // Scripts use what tests are supported by.
  const folders = ['src', 'runtimes', 'scripts', 'templates', 'test/support'];
  for (const name of [...folders, 'package.json', 'tsconfig.json', 'vitest.config.ts'])
    if (existsSync(join(root, name))) cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  writeFileSync(join(copy, 'runtimes', 'zig.ts'), ZIG);
  writeFileSync(join(copy, 'runtimes', 'java', 'acme.ts'), ACME);
  const run = promisify(execFile);
  await Promise.all([
    run(process.execPath, ['--import', 'tsx', 'scripts/build.ts'], { cwd: copy }),
    run(join(copy, 'node_modules', '.bin', 'tsc'), ['--noEmit', '-p', '.'], { cwd: copy }),
  ]);
  program = join(copy, 'dist', 'polyenv.cjs');
}, 60_000);

afterAll(() => {
  machine?.remove();
  server?.close();
});

it('is added by one file: it can be used, routed, asked about and taken away', async () => {
  const cwd = machine.folder('project');
  const polyenv = (...args: readonly string[]) => machine.polyenv(args, { cwd, program });

  const used = await polyenv('use', 'zig@0.13');
  expect(used, used.stderr).toMatchObject({ exit: 0 });
  expect(readFileSync(join(cwd, 'polyenv.toml'), 'utf8')).toContain('zig = "0.13"');
  const lock = readFileSync(join(cwd, 'polyenv.lock'), 'utf8');
  expect(lock).toContain('ziglang.org');
  expect(lock).toContain('zig-darwin-aarch64-0.13.0');

  const routed = await machine.run(['zig', 'version'], { cwd });
  expect(routed).toMatchObject({ exit: 0, stdout: '0.13.0\n', stderr: '' });
  const home = (await machine.run(['zig', 'env'], { cwd })).stdout.trim();
  expect(home).toContain(machine.polyenvHome);

  expect((await polyenv('ls', '--json')).stdout).toContain('"zig"');
  expect((await polyenv('which', 'zig')).stdout.trim()).toMatch(/\/store\/zig-0\.13\.0-[^/]+\/zig$/);
  expect((await polyenv('ls-remote', 'zig')).stdout).toContain('0.14.1');
  expect(await polyenv('exec', 'zig@0.14', '--', 'zig', 'version')).toMatchObject({ exit: 0, stdout: '0.14.1\n' });

  const removed = await polyenv('remove', 'zig');
  expect(removed, removed.stderr).toMatchObject({ exit: 0 });
  expect(await polyenv('uninstall', '-y', 'zig@0.13.0')).toMatchObject({ exit: 0 });
  expect(await polyenv('uninstall', '-y', 'zig@0.14.1')).toMatchObject({ exit: 0 });
  expect(readdirSync(join(machine.polyenvHome, 'store')).filter((name) => name.startsWith('zig-'))).toEqual([]);
  expect(existsSync(join(machine.shims, 'zig'))).toBe(false);
});

it('obeys its own pin file, and honours its override variable, in another folder', async () => {
  const cwd = machine.folder('pinned');
  writeFileSync(join(cwd, '.zigversion'), '0.14.1\n');
  const installed = await machine.polyenv(['install'], { cwd, program });
  expect(installed, installed.stderr).toMatchObject({ exit: 0 });
  expect(await machine.run(['zig', 'version'], { cwd })).toMatchObject({ stdout: '0.14.1\n', exit: 0 });
  const over = await machine.run(['zig', 'version'], { cwd, env: { POLYENV_ZIG: '0.13' } });
  expect(over, over.stderr).toMatchObject({ stdout: '0.13.0\n', exit: 0 });
});

it('is of one file also as a further vendor of Java, under each of its names', async () => {
  const cwd = machine.folder('acme');
  const polyenv = (...args: readonly string[]) => machine.polyenv(args, { cwd, program });
  const used = await polyenv('use', 'java@21.0.9-acm');
  expect(used, used.stderr).toMatchObject({ exit: 0 });
  expect(readFileSync(join(cwd, 'polyenv.lock'), 'utf8')).toContain(
    'https://jdk.acme.test/acme-jdk-21.0.9-linux-x64.tar.gz',
  );
  expect((await machine.run(['java', '-version'], { cwd })).stdout).toContain('build 21.0.9');
  expect((await polyenv('ls-remote', 'java@acme')).stdout).toContain('21.0.9');
  const info = await polyenv('info', 'java', '--json');
  expect(JSON.parse(info.stdout)).toMatchObject({ vendor: 'acme', source: 'jdk.acme.test' });
});

async function serveZig(versions: readonly string[]): Promise<Server> {
  const bodies = new Map<string, Buffer>();
  const index: Record<string, Record<string, unknown>> = {};
  for (const version of versions) {
    const files: Record<string, unknown> = {};
    for (const target of ['linux-x86_64', 'linux-aarch64', 'darwin-x86_64', 'darwin-aarch64']) {
      const name = `zig-${target}-${version}`;
      const body = tarGz([
        { name: `${name}/`, type: '5', mode: 0o755 },
        { name: `${name}/zig`, mode: 0o755, content: tool(version) },
      ]);
      bodies.set(`/download/${version}/${name}.tar.gz`, body);
      files[target] = { shasum: createHash('sha256').update(body).digest('hex'), size: body.length };
    }
    index[version] = files;
  }
  const jdk = tarGz([
    { name: 'jdk/bin/java', mode: 0o755, content: "#!/bin/sh\necho 'OpenJDK Runtime Environment (build 21.0.9)'\n" },
    { name: 'jdk/bin/javac', mode: 0o755, content: '#!/bin/sh\n' },
    { name: 'jdk/release', content: 'IMPLEMENTOR="Acme"\n' },
  ]);
  const urls = ['linux-x64', 'linux-aarch64', 'macos-aarch64'].map(
    (one) => `https://jdk.acme.test/acme-jdk-21.0.9-${one}.tar.gz`,
  );
  const sha256 = createHash('sha256').update(jdk).digest('hex');
  for (const url of urls) bodies.set(`/download/acme/${url.slice(url.lastIndexOf('/') + 1)}`, jdk);
  bodies.set('/download/acme/all.json', Buffer.from(JSON.stringify(urls.map((url) => ({ url, sha256 })))));
  bodies.set('/download/index.json', Buffer.from(JSON.stringify(index)));
  const server = createServer((request, response) => {
    const body = bodies.get(request.url ?? '');
    if (body === undefined) response.writeHead(404).end();
    else response.writeHead(200, { 'content-length': body.length }).end(body);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return server;
}

function tool(version: string): string {
  return `#!/bin/sh\ncase $1 in version) echo ${version} ;; env) echo "$ZIG_GLOBAL_CACHE_DIR" ;; esac\n`;
}
