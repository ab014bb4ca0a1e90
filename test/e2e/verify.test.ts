import {
  chmodSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Machine, newMachine, type Ran } from '../support/cli';
import { serveTinyNode, siteOf, type TinyNode } from '../support/tiny-node';

let server: TinyNode;
let machine: Machine;
let cwd: string;
let tree: string;

beforeAll(async () => {
  server = await serveTinyNode([{ version: '20.11.1', lts: 'Iron' }]);
});
afterAll(() => server.close());

beforeEach(async () => {
  server.instead.clear();
  machine = newMachine(siteOf(server));
  cwd = machine.folder('project');
  expect(await machine.polyenv(['use', 'node@20'], { cwd })).toMatchObject({ exit: 0 });
  const [key] = readdirSync(join(machine.polyenvHome, 'store')).filter((name) => !name.endsWith('.json'));
  tree = join(machine.polyenvHome, 'store', key as string);
});
afterEach(() => machine.remove());

const verify = (...args: string[]): Promise<Ran> => machine.polyenv(['verify', ...args], { cwd });
const answer = async (): Promise<string> => (await machine.run(['node', '--version'], { cwd })).stdout.trim();

/** As root would, or who owns it: the store is read-only. */
function force(path: string, change: () => void): void {
  const folder = join(path, '..');
  const mode = lstatSync(folder).mode & 0o7777;
  chmodSync(folder, 0o755);
  change();
  chmodSync(folder, mode);
}

function rewrite(path: string, text: string): void {
  const mode = lstatSync(path).mode & 0o7777;
  chmodSync(path, 0o644);
  writeFileSync(path, text);
  chmodSync(path, mode);
}

describe('verify', () => {
  it('misses no routes of a folder that has a lock at home and whose sub-folder was used', async () => {
    const version = machine.folder('pinned');
    writeFileSync(join(version, '.nvmrc'), '20\n');
    const below = machine.folder('pinned/below');
    expect(await machine.polyenv(['exec', '--', 'node'], { cwd: below })).toMatchObject({ exit: 0 });
    expect(await machine.polyenv(['verify'], { cwd: below })).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining('1 toolchain, 4 files: as they should be'),
    });
  });

  it('finds nothing where nothing was changed', async () => {
    for (const args of [[], ['--all'], ['--deep']]) {
      const ran = await verify(...args);
      expect(ran).toMatchObject({ exit: 0, stderr: expect.not.stringContaining('error') });
      expect(ran.stdout).toContain('as they should be');
    }
  });

  const node = (): string => join(tree, 'bin/node');
  it.each([
    ['a file that is missing', () => force(node(), () => rmSync(node())), 'bin/node is missing'],
    ['a file of another size', () => rewrite(node(), '#!/bin/sh\necho evil\n'), 'bin/node has another size'],
    ['a mode', () => chmodSync(node(), 0o755), 'bin/node has another mode'],
    [
      'a file that was added',
      () => force(node(), () => writeFileSync(join(tree, 'bin/evil'), '')),
      'bin/evil was added',
    ],
    [
      'a link that leads elsewhere',
      () =>
        force(join(tree, 'bin/npm'), () => {
          rmSync(join(tree, 'bin/npm'));
          symlinkSync('/bin/true', join(tree, 'bin/npm'));
        }),
      'bin/npm leads elsewhere',
    ],
    [
      'a link in the place of a file',
      () =>
        force(node(), () => {
          rmSync(node());
          symlinkSync('/bin/true', node());
        }),
      'bin/node is something else',
    ],
  ])('tells %s, and fixes it', async (_, damage, told) => {
    damage();
    const ran = await verify();
    expect(ran).toMatchObject({ exit: 6 });
    expect(ran.stdout).toContain(told);
    const fixed = await verify('--repair');
    expect(fixed).toMatchObject({ exit: 0 });
    expect(fixed.stdout).toContain('fixed');
    expect(await verify('--deep')).toMatchObject({ exit: 0 });
    expect(await answer()).toBe('v20.11.1');
  });

  it('tells a change that keeps size and mode only when it hashes, and fixes it', async () => {
    const before = readFileSync(node(), 'utf8');
    rewrite(node(), before.replace('20.11.1', '20.11.9'));
    expect(await verify()).toMatchObject({ exit: 0 });
    const ran = await verify('--deep');
    expect(ran).toMatchObject({ exit: 6 });
    expect(ran.stdout).toContain('bin/node has other content');
    expect(await verify('--deep', '--repair')).toMatchObject({ exit: 0 });
    expect(readFileSync(node(), 'utf8')).toBe(before);
  });

  it('keeps the damaged toolchain where nothing better can be had', async () => {
    rewrite(node(), '#!/bin/sh\necho damaged\n');
    for (const name of readdirSync(join(machine.polyenvHome, 'downloads')))
      rmSync(join(machine.polyenvHome, 'downloads', name));
    const ran = await verify('--repair', '--offline');
    expect(ran.exit).toBe(5);
    expect(existsSync(node())).toBe(true);
    expect(await verify('--repair')).toMatchObject({ exit: 0 });
  });

  it.each([
    ['is empty', (file: string) => force(file, () => rewrite(file, ''))],
    ['is gone', (file: string) => force(file, () => rmSync(file))],
    ['is of the future', (file: string) => force(file, () => rewrite(file, '{"schema":2}'))],
  ])('tells a tree whose receipt %s, and puts it back as the lock says', async (_, damage) => {
    damage(`${tree}.json`);
    const ran = await verify('--all');
    expect(ran).toMatchObject({ exit: 6 });
    expect(ran.stdout).toContain('the record of its files cannot be read');
    expect(await verify('--repair')).toMatchObject({ exit: 0 });
    expect(await answer()).toBe('v20.11.1');
    expect(await verify()).toMatchObject({ exit: 0 });
  });

  it('takes away what no project asks for any more and no receipt describes', async () => {
    force(`${tree}.json`, () => rmSync(`${tree}.json`));
    rmSync(join(cwd, 'polyenv.toml'));
    rmSync(join(cwd, 'polyenv.lock'));
    expect(await verify('--repair')).toMatchObject({ exit: 0 });
    expect(existsSync(tree)).toBe(false);
  });

  it.each([
    ['an edited shim', () => join(machine.shims, 'node'), 'node is not what polyenv wrote'],
    ['an edited launcher', () => join(machine.shims, 'polyenv'), 'polyenv is not what polyenv wrote'],
    ['edited routes', () => routes('route.sh'), 'route.sh'],
    ['an edited environment', () => routes('env.sh'), 'env.sh'],
    ['an unreadable environment', () => routes('env.json'), 'env.json'],
  ])('tells %s, and fixes it', async (_, place, told) => {
    rewrite(place(), `${readFileSync(place(), 'utf8')}\n# and more\n{`);
    const ran = await verify();
    expect(ran).toMatchObject({ exit: 6 });
    expect(ran.stdout).toContain(told);
    expect(await verify('--repair')).toMatchObject({ exit: 0 });
    expect(await answer()).toBe('v20.11.1');
  });

  it('tells a missing shim and a link of the environment that leads elsewhere', async () => {
    rmSync(join(machine.shims, 'npm'));
    rmSync(routes('bin/node'));
    symlinkSync('/bin/true', routes('bin/node'));
    const ran = await verify();
    expect(ran).toMatchObject({ exit: 6 });
    expect(ran.stdout).toContain('npm is missing');
    expect(ran.stdout).toContain('bin/node');
    expect(await verify('--repair')).toMatchObject({ exit: 0 });
  });

  it('says nothing of routes that are only out of date', async () => {
    writeFileSync(join(cwd, 'polyenv.toml'), '# edited\n[runtimes]\nnode = "20"\n');
    expect(await verify()).toMatchObject({ exit: 0 });
  });

  const routes = (name: string): string => join(machine.polyenvHome, `envs${cwd}/.polyenv`, name);
});
