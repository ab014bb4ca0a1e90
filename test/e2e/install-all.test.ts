import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Machine, newMachine } from '../support/cli';
import { serveTinyNode, siteOf, type TinyNode } from '../support/tiny-node';

let server: TinyNode;
let machine: Machine;

beforeAll(async () => {
  server = await serveTinyNode([{ version: '22.1.0' }, { version: '20.11.1', lts: 'Iron' }, { version: '18.19.0' }]);
});
afterAll(() => server.close());

beforeEach(() => {
  server.asked.length = 0;
  server.instead.clear();
  machine = newMachine(siteOf(server));
});
afterEach(() => machine.remove());

const monorepo = (files: Readonly<Record<string, string>>): string => {
  const cwd = machine.folder('mono');
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, name)), { recursive: true });
    writeFileSync(join(cwd, name), text);
  }
  return cwd;
};

interface All {
  readonly projects: readonly {
    readonly folder: string;
    readonly tools: readonly { readonly version: string }[];
    readonly errors: readonly { readonly exit: number }[];
  }[];
}

const archives = (): readonly string[] => server.asked.filter((path) => path.endsWith('.tar.gz'));

describe('install --all', () => {
  it('makes every project below ready, and downloads each toolchain once', async () => {
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const cwd = monorepo({
      '.nvmrc': '20\n',
      ...Object.fromEntries(names.map((name) => [`packages/${name}/.nvmrc`, '22\n'])),
      'packages/a/deep/.node-version': '18.19.0\n',
      'packages/b/package.json': '{"name":"b"}',
      '.worktrees/topic/.git': 'gitdir: elsewhere\n',
      '.worktrees/topic/.nvmrc': '18\n',
      'modules/theirs/.git': 'gitdir: ../../.git/modules/theirs\n',
      'modules/theirs/polyenv.toml': '[runtimes]\nnode = "18"\n',
      'node_modules/dep/.nvmrc': '99\n',
      'packages/c/node_modules/dep/.nvmrc': '99\n',
      'packages/c/.venv/x/.nvmrc': '99\n',
      'engine/Cargo.toml': '',
      'engine/target/x/.nvmrc': '99\n',
      'packages/d/env/pyvenv.cfg': '',
      'packages/target/.nvmrc': '22\n',
      'packages/d/env/.nvmrc': '99\n',
    });
    const ran = await machine.polyenv(['install', '--all', '--json'], { cwd });
    expect(ran).toMatchObject({ exit: 0 });
    const { projects } = ran.json<All>();
    expect(projects.map(({ folder, tools }) => [folder.slice(cwd.length + 1), tools[0]?.version])).toEqual([
      ['', '20.11.1'],
      ['.worktrees/topic', '18.19.0'],
      ['modules/theirs', '18.19.0'],
      ...[...names, 'target'].map((name) => [`packages/${name}`, '22.1.0']),
      ['packages/a/deep', '18.19.0'],
    ]);
    expect(archives()).toHaveLength(3);
    server.asked.length = 0;
    const answer = await machine.run(['node', '--version'], { cwd: join(cwd, 'packages/a') });
    expect(answer.stdout.trim()).toBe('v22.1.0');
    expect(server.asked).toEqual([]);
    expect(readFileSync(join(cwd, 'modules/theirs/polyenv.lock'), 'utf8')).toContain('18.19.0');
  });

  it('gives worktrees and submodules what their own branches pin', async () => {
    const git = (cwd: string, ...args: readonly string[]): void => {
      const own = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'protocol.file.allow=always'];
      execFileSync('git', [...own, ...args], {
        cwd,
        stdio: 'pipe',
        env: { PATH: machine.env.PATH, HOME: machine.home },
      });
    };
    const theirs = machine.folder('theirs');
    writeFileSync(join(theirs, '.node-version'), '18.19.0\n');
    const cwd = monorepo({ '.nvmrc': '20\n' });
    for (const folder of [theirs, cwd]) {
      git(folder, 'init', '-q');
      git(folder, 'add', '-A');
      git(folder, 'commit', '-q', '-m', 'begin');
    }
    git(cwd, 'submodule', '--quiet', 'add', theirs, 'modules/theirs');
    git(cwd, 'worktree', 'add', '-q', '.worktrees/next');
    writeFileSync(join(cwd, '.worktrees/next/.nvmrc'), '22\n');
    const { projects } = (await machine.polyenv(['install', '--all', '--json'], { cwd })).json<All>();
    expect(projects.map(({ folder, tools }) => [folder.slice(cwd.length + 1), tools[0]?.version])).toEqual([
      ['', '20.11.1'],
      ['.worktrees/next', '22.1.0'],
      ['modules/theirs', '18.19.0'],
    ]);
    const answer = await machine.run(['node', '--version'], { cwd: join(cwd, '.worktrees/next') });
    expect(answer.stdout.trim()).toBe('v22.1.0');
  });

  it('goes on after one that fails, and exits with the worst', async () => {
    const cwd = monorepo({
      'a/.nvmrc': '20\n',
      'b/.nvmrc': '99\n',
      'c/.nvmrc': 'not a version!\n',
      'd/.nvmrc': '18\n',
    });
    const ran = await machine.polyenv(['install', '--all'], { cwd });
    expect(ran.exit).toBe(4);
    expect(ran.stdout).toMatch(/^a +ready +node 20\.11\.1/m);
    expect(ran.stdout).toMatch(/^b +failed/m);
    expect(ran.stdout).toMatch(/^c +failed/m);
    expect(ran.stdout).toMatch(/^d +ready +node 18\.19\.0/m);
    expect(ran.stdout).toContain('2 of 4 ready');
    expect(ran.stderr).toContain('error[version-not-found]');
    expect(ran.stderr).toContain('c/.nvmrc:1');
  });

  it('locks every manifest, and is frozen from then on', async () => {
    const cwd = monorepo({
      'polyenv.toml': '[runtimes]\nnode = "20"\n',
      ...Object.fromEntries(['a', 'b', 'c'].map((name) => [`${name}/.go-version`, 'system\n'])),
      'd/polyenv.toml': '[runtimes]\nnode = "22"\n',
    });
    expect(await machine.polyenv(['install', '--all'], { cwd })).toMatchObject({ exit: 0 });
    const lock = readFileSync(join(cwd, 'polyenv.lock'), 'utf8');
    expect(lock).toContain('20.11.1');
    expect(await machine.polyenv(['install', '--all', '--frozen'], { cwd })).toMatchObject({ exit: 0 });
    expect(readFileSync(join(cwd, 'polyenv.lock'), 'utf8')).toBe(lock);
  });

  it('follows no link, not even in a circle', async () => {
    const cwd = monorepo({ 'a/.nvmrc': '20\n' });
    symlinkSync('..', join(cwd, 'a', 'up'));
    symlinkSync(machine.home, join(cwd, 'home'));
    writeFileSync(join(machine.home, '.nvmrc'), '99\n');
    const { projects } = (await machine.polyenv(['install', '--all', '--json'], { cwd })).json<All>();
    expect(projects.map(({ folder }) => folder)).toEqual([join(cwd, 'a')]);
  });

  it('plans with --dry-run, and says where nothing is pinned', async () => {
    const cwd = monorepo({ 'a/.nvmrc': '20\n' });
    expect((await machine.polyenv(['install', '--all', '-n'], { cwd })).stdout).toMatch(/^a +node@20/m);
    expect(server.asked).toEqual([]);
    const ran = await machine.polyenv(['install', '--all'], { cwd: machine.folder('empty') });
    expect(ran.exit).toBe(3);
  });
});
