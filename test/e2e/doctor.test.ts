import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Machine, newMachine } from '../support/cli';
import { serveTinyNode, siteOf, type TinyNode } from '../support/tiny-node';

interface Found {
  readonly kind: string;
  readonly level: string;
  readonly message: string;
  readonly where?: string;
  readonly hint: string;
  readonly fixable: boolean;
}

let server: TinyNode;
let machine: Machine;
let cwd: string;

/** One with support for long, and one whose end has come. */
const [ALIVE, DEAD] = ['24.1.0', '18.1.0'];

beforeAll(async () => {
  server = await serveTinyNode([
    { version: '24.2.0', lts: 'Krypton' },
    { version: ALIVE, lts: 'Krypton' },
    { version: DEAD, lts: 'Hydrogen' },
  ]);
});
afterAll(() => server.close());

beforeEach(async () => {
  machine = newMachine(siteOf(server));
  cwd = machine.folder('project');
  const used = await machine.polyenv(['use', `node@${ALIVE}`], { cwd });
  expect(used, used.stderr).toMatchObject({ exit: 0 });
});
afterEach(() => machine.remove());

const write = (name: string, text: string): void => {
  mkdirSync(dirname(join(cwd, name)), { recursive: true });
  writeFileSync(join(cwd, name), text);
};

const doctor = (args: readonly string[] = [], env: Readonly<Record<string, string>> = {}) =>
  machine.polyenv(['doctor', '--json', '--exit-code', ...args], {
    cwd,
    env: { PATH: `${machine.shims}:${machine.env.PATH}`, ...env },
  });

const found = async (args: readonly string[] = [], env = {}): Promise<readonly Found[]> =>
  (await doctor(args, env)).json<{ findings: readonly Found[] }>().findings;

it('finds nothing where all is well, and says so', async () => {
  const ran = await doctor();
  expect(ran, ran.stdout + ran.stderr).toMatchObject({ exit: 0, stderr: '' });
  expect(ran.json()).toMatchObject({ schema: 1, findings: [], fixed: [] });
});

/** File, what it says, the line that is told, what it says once it is fixed. */
const MENTIONS: readonly (readonly [string, string, number, string])[] = [
  ['Dockerfile', 'ARG V=18\nFROM node:${V}-alpine\n', 2, 'ARG V=24\nFROM node:${V}-alpine\n'],
  [
    '.github/workflows/ci.yml',
    'jobs:\n  a:\n    steps:\n      - uses: actions/setup-node@v4\n        with:\n          node-version: 22\n',
    6,
    'jobs:\n  a:\n    steps:\n      - uses: actions/setup-node@v4\n        with:\n          node-version: [22, 24]\n',
  ],
  ['.gitlab-ci.yml', 'image: node:24.2.0\n', 1, `image: node:${ALIVE}\n`],
  ['api/compose.yaml', 'services:\n  a:\n    image: node:18\n', 3, 'services:\n  a:\n    image: node\n'],
  ['.circleci/config.yml', 'jobs:\n  a:\n    docker:\n      - image: cimg/node:18.1\n', 4, 'jobs: {}\n'],
  [
    '.devcontainer/devcontainer.json',
    '{\n  // ours\n  "image": "node:18"\n}\n',
    3,
    '{ "features": { "ghcr.io/devcontainers/features/node:1": { "version": "24" } } }',
  ],
];

describe('a file that names another version', () => {
  it.each(MENTIONS)('%s: %j', async (file, text, line, fixed) => {
    write(file, text);
    expect(await found()).toMatchObject([
      { kind: 'mention', level: 'warning', where: `${join(cwd, file)}:${line}`, fixable: false },
    ]);
    expect((await found())[0]?.message).toContain(`${join(cwd, 'polyenv.toml')}:2 chose node ${ALIVE}`);
    write(file, fixed);
    expect(await found()).toEqual([]);
  });

  it('is judged by its own folder, and is no dependency, link to elsewhere, or binary', async () => {
    write('old/polyenv.toml', '[runtimes]\nnode = "24.2"\n');
    write('old/Dockerfile', 'FROM node:24.2\n');
    write('node_modules/x/Dockerfile', 'FROM node:18\n');
    write('b/Dockerfile', 'FROM node:18\n\0');
    write('c/Dockerfile', `FROM node:18\n${'#'.repeat(1024 * 1024)}`);
    writeFileSync(join(machine.base, 'Dockerfile'), 'FROM node:18\n');
    symlinkSync(join(machine.base, 'Dockerfile'), join(cwd, 'Dockerfile'));
    expect(await found()).toEqual([]);
    rmSync(join(cwd, 'Dockerfile'));
    write('Dockerfile', 'FROM node:18\n');
    expect(await found()).toMatchObject([{ kind: 'mention' }]);
  });
});

describe('drift', () => {
  it('of the manifest from the lock, which --fix brings up to date', async () => {
    write('polyenv.toml', '[runtimes]\nnode = "24.2.0"\n');
    const before = await found();
    expect(before).toMatchObject([
      { kind: 'not-locked', level: 'warning', fixable: true, hint: 'polyenv lock' },
      { kind: 'not-installed', level: 'warning', hint: 'polyenv install' },
    ]);
    const manifest = readFileSync(join(cwd, 'polyenv.toml'));
    const fixed = await doctor(['--fix']);
    expect(fixed.json()).toMatchObject({ fixed: ['not-locked'] });
    expect(readFileSync(join(cwd, 'polyenv.toml'))).toEqual(manifest);
    expect((await found()).map(({ kind }) => kind)).toEqual(['not-installed']);
    await machine.prepare(['install'], { cwd });
    expect(await found()).toEqual([]);
  });

  it('of the lock from what it is a lock for', async () => {
    const lock = join(cwd, 'polyenv.lock');
    const text = readFileSync(lock, 'utf8');
    write('polyenv.toml', '[runtimes]\nnode = "24"\n');
    await machine.prepare(['lock'], { cwd });
    await machine.prepare(['install'], { cwd });
    expect(await found()).toEqual([]);
    const other = readFileSync(lock, 'utf8').replaceAll('24.2.0', DEAD);
    writeFileSync(lock, other);
    expect(await found()).toContainEqual(
      expect.objectContaining({ kind: 'lock-outdated', level: 'error', where: lock }),
    );
    writeFileSync(lock, text);
    write('polyenv.toml', `[runtimes]\nnode = "${ALIVE}"\n`);
    expect(await found()).toEqual([]);
  });

  it('of a lock that holds what nobody asks for, which is no failure', async () => {
    const lock = join(cwd, 'polyenv.lock');
    const text = readFileSync(lock, 'utf8');
    const entry = text.slice(text.indexOf('[[runtimes.node]]'));
    writeFileSync(lock, `${text}\n${entry.replaceAll('runtimes.node', 'runtimes.zig')}`);
    const ran = await doctor();
    expect(ran, ran.stdout).toMatchObject({ exit: 0 });
    expect(ran.json()).toMatchObject({ findings: [{ kind: 'lock-extra', level: 'note', where: lock, fixable: true }] });
    expect((await doctor(['--fix'])).json()).toMatchObject({ fixed: ['lock-extra'] });
    expect(readFileSync(lock, 'utf8')).toBe(text);
  });

  it('of version files beside it', async () => {
    write('.nvmrc', '18\n');
    expect(await found()).toMatchObject([{ kind: 'disagreement', hint: 'polyenv sync' }]);
    await machine.prepare(['sync'], { cwd });
    expect(await found()).toEqual([]);
  });

  it('of floors, with both places, in doctor and in install', async () => {
    write('package.json', '{\n  "engines": { "node": ">=24.2" }\n}\n');
    const [floor] = await found();
    expect(floor).toMatchObject({ kind: 'floor', level: 'warning' });
    expect(floor?.message).toContain('package.json:2');
    expect(floor?.message).toContain('polyenv.toml:2');
    const installed = await machine.polyenv(['install'], { cwd });
    expect(installed.stdout + installed.stderr).toContain('package.json:2');
    write('package.json', '{ "engines": { "node": ">=24" } }\n');
    expect(await found()).toEqual([]);
  });

  it('of a lock that cannot be read, which hides nothing else', async () => {
    writeFileSync(join(cwd, 'polyenv.lock'), 'version = [\n');
    write('Dockerfile', 'FROM node:18\n');
    expect((await found()).map(({ kind }) => kind)).toContain('unreadable');
  });
});

describe('this machine', () => {
  it('has another program in front, or no shims on PATH', async () => {
    const folder = machine.folder('.nvm/versions/node/v18/bin');
    writeFileSync(join(folder, 'node'), '#!/bin/sh\n', { mode: 0o755 });
    const PATH = `${folder}:${machine.shims}:${machine.env.PATH}`;
    expect(await found([], { PATH })).toMatchObject([{ kind: 'in-front', message: expect.stringContaining('nvm') }]);
    expect(await found([], { PATH: machine.env.PATH as string })).toMatchObject([{ kind: 'no-shims-on-path' }]);
  });

  it('has shims and routes that are not what polyenv wrote, which --fix writes anew', async () => {
    writeFileSync(join(machine.shims, 'npm'), '#!/bin/sh\n');
    expect(await found()).toMatchObject([{ kind: 'stale-shim', fixable: true }]);
    const fixed = await doctor(['--fix']);
    expect(fixed).toMatchObject({ exit: 0 });
    expect(fixed.json()).toMatchObject({ fixed: ['stale-shim'] });
    expect(await found()).toEqual([]);

    const environment = join(machine.polyenvHome, 'envs', cwd, '.polyenv');
    writeFileSync(join(environment, 'env.sh'), 'stale\n');
    expect(await found()).toMatchObject([{ kind: 'stale-environment', fixable: true }]);
    expect((await doctor(['--fix', '--dry-run'])).json()).toMatchObject({ fixed: [] });
    expect(await doctor(['--fix'])).toMatchObject({ exit: 0 });
    expect(await found()).toEqual([]);
  });

  it('holds what a killed install left, which --fix takes away', async () => {
    const [key = ''] = readdirSync(join(machine.polyenvHome, 'store')).filter((name) => !name.endsWith('.json'));
    const left = join(machine.polyenvHome, 'tmp', `${key.slice(0, -12)}${'0'.repeat(12)}`);
    mkdirSync(left, { recursive: true });
    const ran = await doctor();
    expect(ran).toMatchObject({ exit: 0 });
    expect(ran.json()).toMatchObject({ findings: [{ kind: 'leftover', level: 'note', where: left }] });
    expect((await doctor(['--fix'])).json()).toMatchObject({ fixed: ['leftover'] });
    expect(existsSync(left)).toBe(false);
    expect(await found()).toEqual([]);
  });
});

describe('what is chosen', () => {
  it('has no support any more: the date, the line, and the next one, without the network', async () => {
    await machine.prepare(['use', `node@${DEAD}`], { cwd });
    const [end] = await found(['--offline']);
    expect(end).toMatchObject({
      kind: 'end-of-life',
      level: 'warning',
      where: expect.stringContaining('polyenv.toml'),
    });
    expect(end?.message).toMatch(/Node\.js 18 has had no support since 2025-04-30; the next line to go to is \d+/);
    expect(end?.hint).toMatch(/^polyenv use node@\d+$/);
    await machine.prepare(['use', `node@${ALIVE}`], { cwd });
    expect(await found()).toEqual([]);
  });

  it('is not what built the native addons of the project', async () => {
    const gypi = (abi: number) => `# made\n{ "variables": { "node_module_version": ${abi} } }\n`;
    write('node_modules/@a/b/build/config.gypi', gypi(108));
    expect(await found()).toMatchObject([
      {
        kind: 'other-build',
        message: `node_modules/@a/b was made by Node.js 18, and ${ALIVE} is chosen`,
        hint: 'npm rebuild',
      },
    ]);
    write('node_modules/@a/b/build/config.gypi', gypi(137));
    expect(await found()).toEqual([]);
  });
});

it('says in words what it found, and exits as it is asked to', async () => {
  write('Dockerfile', 'FROM node:18\n');
  const plain = await machine.polyenv(['doctor'], { cwd });
  expect(plain).toMatchObject({ exit: 0 });
  expect(plain.stdout).toMatch(/^warning {2}.*node:18.*\n {2}at {3}.*Dockerfile:1\n {2}try {2}/m);
  expect(await doctor()).toMatchObject({ exit: 10 });
});
