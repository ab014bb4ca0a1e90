import { existsSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Machine, newMachine, type RunOptions } from '../support/cli';
import { serveTinyNode, siteOf, type TinyNode } from '../support/tiny-node';

let server: TinyNode;
let machine: Machine;

beforeAll(async () => {
  server = await serveTinyNode([
    { version: '22.1.0' },
    { version: '20.11.1', lts: 'Iron' },
    { version: '20.10.0', lts: 'Iron' },
    { version: '18.19.0', lts: 'Hydrogen' },
  ]);
});
afterAll(() => server.close());

beforeEach(() => {
  server.asked.length = 0;
  server.instead.clear();
  machine = newMachine(siteOf(server));
});
afterEach(() => machine.remove());

const archives = (): readonly string[] => server.asked.filter((path) => path.endsWith('.tar.gz'));
const answer = async (cwd: string, options: RunOptions = {}): Promise<string> =>
  (await machine.run(['node', '--version'], { cwd, ...options })).stdout.trim();

describe('use', () => {
  it('makes a manifest and a lock for every platform, and says so', async () => {
    const cwd = machine.folder('project');
    const ran = await machine.polyenv(['use', 'node@20'], { cwd });
    expect(ran).toMatchObject({ exit: 0 });
    expect(ran.stderr).toContain(`made ${cwd}/polyenv.toml`);
    expect(readFileSync(join(cwd, 'polyenv.toml'), 'utf8')).toBe('[runtimes]\nnode = "20"\n');
    const lock = readFileSync(join(cwd, 'polyenv.lock'), 'utf8');
    for (const platform of ['linux-x64', 'linux-arm64', 'darwin-x64', 'darwin-arm64'])
      expect(lock).toContain(`${platform} = [`);
    expect(lock).toContain('https://nodejs.org/dist/v20.11.1/');
    expect(lock).not.toContain('127.0.0.1');
    expect(await answer(cwd)).toBe('v20.11.1');
  });

  it.each([
    ['lts', 'v20.11.1'],
    ['lts/hydrogen', 'v18.19.0'],
    ['latest', 'v22.1.0'],
    ['20.10.0', 'v20.10.0'],
    ['>=18 <20', 'v18.19.0'],
  ])('understands %s', async (request, version) => {
    const cwd = machine.folder('project');
    expect(await machine.polyenv(['use', `node@${request}`], { cwd })).toMatchObject({ exit: 0 });
    expect(await answer(cwd)).toBe(version);
  });

  it('downloads nothing the second time, nor for another name of the same release', async () => {
    const [one, two] = [machine.folder('one'), machine.folder('two')];
    await machine.prepare(['use', 'node@20'], { cwd: one });
    expect(archives()).toHaveLength(1);
    await machine.prepare(['use', 'node@20'], { cwd: one });
    await machine.prepare(['use', 'node@lts/iron'], { cwd: two });
    expect(archives()).toHaveLength(1);
  });

  it('keeps two projects apart, side by side and at the same time', async () => {
    const [a, b] = [machine.folder('a'), machine.folder('b')];
    await Promise.all([
      machine.process(['use', 'node@20'], { cwd: a }),
      machine.process(['use', 'node@18'], { cwd: b }),
    ]);
    const answers = await Promise.all([answer(a), answer(b), answer(a), answer(b)]);
    expect(answers).toEqual(['v20.11.1', 'v18.19.0', 'v20.11.1', 'v18.19.0']);
  });

  it('says what it would do, and writes nothing, with --dry-run', async () => {
    const cwd = machine.folder('project');
    const ran = await machine.polyenv(['use', 'node@20', '--dry-run', '--json'], { cwd });
    expect(ran.json()).toMatchObject({ dryRun: true, plan: [{ tool: 'node', version: '20.11.1', action: 'install' }] });
    expect(existsSync(join(cwd, 'polyenv.toml'))).toBe(false);
    expect(archives()).toEqual([]);
  });

  it('leaves everything as it was when the bits are not good', async () => {
    const cwd = machine.folder('project');
    const file = '/dist/v20.11.1/node-v20.11.1-linux-x64.tar.gz';
    server.instead.set(file, (body) => {
      const bad = Buffer.from(body);
      bad[bad.length - 20] = (bad[bad.length - 20] ?? 0) ^ 1;
      return bad;
    });
    const ran = await machine.polyenv(['use', 'node@20'], { cwd });
    expect(ran.exit).toBe(6);
    expect(existsSync(join(cwd, 'polyenv.toml'))).toBe(false);
    expect(existsSync(join(cwd, 'polyenv.lock'))).toBe(false);
    expect((await machine.polyenv(['ls', '--json'])).json()).toMatchObject({ toolchains: [], damaged: [] });
    server.instead.clear();
    expect(await machine.polyenv(['use', 'node@20'], { cwd })).toMatchObject({ exit: 0 });
  });

  it('refuses a signature that is missing where one is required', async () => {
    const cwd = machine.folder('project');
    const ran = await machine.polyenv(['use', 'node@20'], { cwd, env: { POLYENV_VERIFY_SIGNATURES: 'required' } });
    expect(ran.exit).toBe(6);
    expect(ran.stderr).toContain('error[signature-missing]');
  });
});

describe('install', () => {
  it('needs only manifest and lock, on a machine that has nothing', async () => {
    const cwd = machine.folder('project');
    await machine.prepare(['use', 'node@20'], { cwd });
    const fresh = newMachine({ ...machine.env, POLYENV_HOME: join(machine.base, 'other-home') });
    try {
      server.asked.length = 0;
      const ran = await fresh.polyenv(['install', '--frozen', '--json'], { cwd });
      expect(ran.json()).toMatchObject({
        tools: [{ tool: 'node', version: '20.11.1', source: 'nodejs.org', action: 'installed' }],
      });
      expect(server.asked).toEqual(['/dist/v20.11.1/node-v20.11.1-linux-x64.tar.gz']);
    } finally {
      fresh.remove();
    }
  });

  it('fails with 7 and what differs when the lock is behind, and leaves its bytes alone', async () => {
    const cwd = machine.folder('project');
    await machine.prepare(['use', 'node@20'], { cwd });
    const lock = readFileSync(join(cwd, 'polyenv.lock'), 'utf8');
    writeFileSync(join(cwd, 'polyenv.toml'), '[runtimes]\nnode = "18"\n');
    server.asked.length = 0;
    const ran = await machine.polyenv(['install', '--frozen'], { cwd });
    expect(ran.exit).toBe(7);
    expect(ran.stderr).toContain('node is locked for "20", and "18" is asked');
    expect(server.asked).toEqual([]);
    expect(readFileSync(join(cwd, 'polyenv.lock'), 'utf8')).toBe(lock);
  });

  it('does not believe a lock that names another place', async () => {
    const cwd = machine.folder('project');
    await machine.prepare(['use', 'node@20'], { cwd });
    const file = join(cwd, 'polyenv.lock');
    writeFileSync(file, readFileSync(file, 'utf8').replaceAll('https://nodejs.org/', 'https://nodejs.evil.example/'));
    await machine.prepare(['uninstall', '--force', 'node'], { cwd });
    const ran = await machine.polyenv(['install'], { cwd });
    expect(ran.exit).toBe(8);
    expect(ran.stderr).toContain('error[lock-foreign]');
  });
});

describe('the shims', () => {
  it('decide by the nearest folder, and see a new pin at once', async () => {
    const a = machine.folder('a');
    const sub = machine.folder('a/sub/deeper');
    await machine.prepare(['use', 'node@20'], { cwd: a });
    expect(await answer(sub)).toBe('v20.11.1');
    await machine.prepare(['use', 'node@18'], { cwd: machine.folder('b') });
    writeFileSync(join(a, 'sub', '.nvmrc'), '18.19.0\n');
    expect(await answer(sub)).toBe('v18.19.0');
    rmSync(join(a, 'sub', '.nvmrc'));
    expect(await answer(sub)).toBe('v20.11.1');
  });

  it('install what is pinned and missing at its first use, or say how when told not to', async () => {
    const cwd = machine.folder('project');
    writeFileSync(join(cwd, '.nvmrc'), '18\n');
    await machine.prepare(['use', 'node@20'], { cwd: machine.folder('other') });
    const refused = await machine.run(['node', '--version'], { cwd, env: { POLYENV_INSTALL_MISSING: 'false' } });
    expect(refused.exit).not.toBe(0);
    expect(refused.stdout).toBe('');
    expect(refused.stderr).toContain('polyenv install');
    const ran = await machine.run(['node', '--version'], { cwd });
    expect(ran.stdout.trim()).toBe('v18.19.0');
    expect(existsSync(join(cwd, 'polyenv.lock'))).toBe(false);
    server.asked.length = 0;
    expect(await answer(cwd)).toBe('v18.19.0');
    expect(server.asked).toEqual([]);
  });

  it('never put another copy in the place of one that cannot be had', async () => {
    const cwd = machine.folder('project');
    await machine.prepare(['use', 'node@20'], { cwd: machine.folder('other') });
    writeFileSync(join(cwd, '.nvmrc'), '99.9.9\n');
    const ran = await machine.run(['node', '--version'], { cwd });
    expect(ran).toMatchObject({ exit: 4, stdout: '' });
    expect(ran.stderr).toContain('99.9.9');
  });

  it('pass everything on: arguments, statuses, variables', async () => {
    const cwd = machine.folder('project');
    await machine.prepare(['use', 'node@20'], { cwd });
    const words = ['', 'a b', 'x\ny', '"', "'", '$HOME', '\\', '*', '-e', '--', '--help', '--version'];
    const ran = await machine.run(['node', 'args', ...words], { cwd });
    expect(ran.stdout).toBe(`12\n${words.map((word) => `[${word}]\n`).join('')}`);
    expect((await machine.run(['node', 'exit', '42'], { cwd })).exit).toBe(42);
    const env = (await machine.run(['node', 'env'], { cwd, env: { NODE_OPTIONS: '--no-warnings' } })).stdout;
    expect(env).toContain(`POLYENV_ENV=${cwd}\n`);
    expect(env).toContain('NODE_OPTIONS=--no-warnings\n');
  });

  it('answer POLYENV_NODE for once, and pass by with POLYENV_BYPASS', async () => {
    const cwd = machine.folder('project');
    await machine.prepare(['use', 'node@20'], { cwd });
    expect(await answer(cwd, { env: { POLYENV_NODE: '18' } })).toBe('v18.19.0');
    expect(await answer(cwd)).toBe('v20.11.1');
    const ran = await machine.run(['node', '--version'], {
      cwd,
      env: { POLYENV_BYPASS: '1', PATH: `${machine.shims}:/nowhere` },
    });
    expect(ran.exit).toBe(127);
  });

  it('find what was installed globally in the project, there and only there', async () => {
    const [a, b] = [machine.folder('a'), machine.folder('b')];
    await machine.prepare(['use', 'node@20'], { cwd: a });
    await machine.prepare(['use', 'node@18'], { cwd: b });
    expect(await machine.run(['npm', 'install', '-g', 'some-tool'], { cwd: a })).toMatchObject({ exit: 0 });
    expect((await machine.run(['some-tool'], { cwd: a })).stdout).toBe('installed-some-tool\n');
    expect((await machine.run(['some-tool'], { cwd: b })).exit).toBe(127);
  });

  it('go by the default where nothing else decides', async () => {
    await machine.prepare(['use', '--default', 'node@18']);
    const ran = await machine.run(['node', '--version'], { cwd: machine.folder('nowhere') });
    expect(ran.stdout.trim()).toBe('v18.19.0');
  });
});

describe('exec', () => {
  it('runs with other versions once, and records nothing', async () => {
    const cwd = machine.folder('project');
    const ran = await machine.polyenv(['exec', 'node@18', '--', 'sh', '-c', 'command -v node; node --version'], {
      cwd,
    });
    expect(ran.stdout).toContain('v18.19.0');
    expect(ran.stdout).toContain('/store/');
    expect(existsSync(join(cwd, 'polyenv.toml'))).toBe(false);
  });

  it('passes on only a handful with --pure', async () => {
    const ran = await machine.polyenv(['exec', 'node@18', '--pure', '--', 'node', 'env'], {
      cwd: machine.folder('p'),
      env: { SECRET: 'x', LANG: 'C' },
    });
    expect(ran.stdout).not.toContain('SECRET');
    expect(ran.stdout).toContain('LANG=C');
  });
});

describe('remove, uninstall, prune', () => {
  it('take away exactly what they say', async () => {
    const cwd = machine.folder('project');
    await machine.prepare(['use', 'node@20'], { cwd });
    const refused = await machine.polyenv(['uninstall', 'node@20'], { cwd });
    expect(refused.exit).toBe(1);
    expect(refused.stderr).toContain('polyenv uninstall --force node@20.11.1');
    expect(await machine.polyenv(['remove', 'node'], { cwd })).toMatchObject({ exit: 0 });
    expect(readFileSync(join(cwd, 'polyenv.toml'), 'utf8')).not.toContain('node');
    expect(
      (await machine.polyenv(['prune', '--dry-run', '--json'])).json<{ toolchains: string[] }>().toolchains,
    ).toHaveLength(1);
    const code = join(machine.polyenvHome, 'cache', 'code');
    writeFileSync(join(code, 'old.code'), 'x');
    writeFileSync(join(code, 'new.code'), 'x');
    utimesSync(join(code, 'old.code'), 1_000_000_000, 1_000_000_000);
    expect(await machine.polyenv(['prune'])).toMatchObject({ exit: 0 });
    expect(['old.code', 'new.code'].map((name) => existsSync(join(code, name)))).toEqual([false, true]);
    expect((await machine.polyenv(['ls', '--json'])).json()).toMatchObject({ toolchains: [] });
    expect(
      (await machine.run(['node', '--version'], { cwd, env: { PATH: `${machine.shims}:/nowhere` } })).exit,
    ).not.toBe(0);
  });

  it('self uninstall leaves nothing of polyenv, and the projects as they are', async () => {
    const cwd = machine.folder('project');
    await machine.prepare(['use', 'node@20'], { cwd });
    writeFileSync(join(machine.home, '.bashrc'), 'mine=1');
    await machine.polyenv(['setup', '--shell', 'bash', '--yes', '--no-own-node']);
    expect(readFileSync(join(machine.home, '.bashrc'), 'utf8')).toContain('polyenv');
    expect(await machine.polyenv(['self', 'uninstall', '--yes'])).toMatchObject({ exit: 0 });
    expect(existsSync(machine.polyenvHome)).toBe(false);
    expect(readFileSync(join(machine.home, '.bashrc'), 'utf8').trimEnd()).toBe('mine=1');
    expect(existsSync(join(cwd, 'polyenv.toml'))).toBe(true);
  });

  it('setup --undo takes back every byte', async () => {
    for (const before of ['', 'a\n', 'a']) {
      writeFileSync(join(machine.home, '.bashrc'), before);
      await machine.polyenv(['setup', '--shell', 'bash', '--yes', '--no-own-node']);
      await machine.polyenv(['setup', '--shell', 'bash', '--undo']);
      expect(existsSync(join(machine.home, '.bashrc')) ? readFileSync(join(machine.home, '.bashrc'), 'utf8') : '').toBe(
        before,
      );
    }
  });
});

describe('used wrongly', () => {
  it.each([
    [['use', 'nod@20'], 2, 'polyenv use node@20'],
    [['use', 'node@99'], 4, 'polyenv ls-remote node'],
    [['use', 'node@$(id)'], 2, 'request-invalid'],
    [['use', 'node@../../x'], 2, 'request-invalid'],
    [['ues', 'node'], 2, 'polyenv use'],
    [['use', 'node@20', '--nonsense'], 2, 'polyenv help use'],
    [['install'], 3, 'polyenv use'],
    [['where', 'node@18'], 1, 'polyenv use'],
    [['use', 'node@20', '-C', '/nonexistent/x'], 2, '-C'],
  ] as const)('%j answers with %i and the fix', async (args, exit, fix) => {
    const ran = await machine.polyenv([...args], { cwd: machine.folder('empty') });
    expect(ran.exit).toBe(exit);
    expect(ran.stderr).toContain(fix);
    expect(ran.stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(4);
    expect(ran.stderr).not.toMatch(/^\s+at .*\.cjs/m);
  });

  it('tells a broken manifest by file and line, and changes nothing', async () => {
    const cwd = machine.folder('project');
    writeFileSync(join(cwd, 'polyenv.toml'), '[runtimes]\nnode = 20 20\n');
    for (const args of [['use', 'node@20'], ['install'], ['current'], ['lock']]) {
      const ran = await machine.polyenv(args, { cwd });
      expect(ran.exit).toBe(3);
      expect(ran.stderr).toContain('polyenv.toml:2');
    }
    expect(readFileSync(join(cwd, 'polyenv.toml'), 'utf8')).toBe('[runtimes]\nnode = 20 20\n');
  });

  it('answers --json with one object, errors included', async () => {
    const ran = await machine.polyenv(['use', 'node@99', '--json'], { cwd: machine.folder('p') });
    expect(ran.json()).toMatchObject({ schema: 1, error: { code: 'version-not-found', exit: 4 } });
  });

  it('says that it is offline, and what is missing', async () => {
    const ran = await machine.polyenv(['use', 'node@18', '--offline'], { cwd: machine.folder('p') });
    expect(ran.exit).toBe(5);
    expect(server.asked).toEqual([]);
  });

  it('works offline once everything is there', async () => {
    const cwd = machine.folder('project');
    await machine.prepare(['use', 'node@20'], { cwd });
    server.asked.length = 0;
    expect(await machine.polyenv(['install', '--frozen', '--offline'], { cwd })).toMatchObject({ exit: 0 });
    expect(await machine.polyenv(['use', 'node@20', '--offline'], { cwd })).toMatchObject({ exit: 0 });
    expect(server.asked).toEqual([]);
  });
});

describe('the store', () => {
  it('is read-only, and its receipt lies outside the tree', async () => {
    const cwd = machine.folder('project');
    await machine.prepare(['use', 'node@20'], { cwd });
    const root = (await machine.polyenv(['where', 'node'], { cwd })).stdout.trim();
    expect(statSync(root).mode & 0o222).toBe(0);
    expect(statSync(join(root, 'bin', 'node')).mode & 0o222).toBe(0);
    expect(existsSync(`${root}.json`)).toBe(true);
  });
});

describe('-v', () => {
  it('shows the stack with the lines of the source', async () => {
    const ran = await machine.polyenv(['use', 'nod@20', '-v'], { cwd: machine.folder('p') });
    expect(ran.stderr).toMatch(/src\/app\/base\/registry\.ts:\d+/);
  });
});
