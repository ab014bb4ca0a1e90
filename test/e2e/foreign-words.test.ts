import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { joinVersions } from '../../src/app/project/requests';
import { type Machine, newMachine } from '../support/cli';
import { serveTinyNode, siteOf, type TinyNode } from '../support/tiny-node';

/** What people type who know other managers: it works, or the answer is the command that does. */
let server: TinyNode;
let machine: Machine;
beforeAll(async () => {
  server = await serveTinyNode([
    { version: '24.2.0', lts: 'Krypton' },
    { version: '20.11.1', lts: 'Iron' },
  ]);
  machine = newMachine(siteOf(server));
});
afterAll(async () => {
  machine.remove();
  await server.close();
});

describe('words that mean the same here', () => {
  it.each([
    ['use node 20', ['use', 'node', '20']],
    ['add node@20', ['add', 'node@20']],
    ['pin node=20', ['pin', 'node=20']],
    ['local nodejs 20', ['local', 'nodejs', '20']],
  ])('polyenv %s pins', async (_, words) => {
    const cwd = machine.folder(words.join('-'));
    const ran = await machine.polyenv([...words, '--json'], { cwd });
    expect(ran.json(), ran.stderr).toMatchObject({ created: true, tools: [{ tool: 'node', version: '20.11.1' }] });
    expect(existsSync(join(cwd, 'polyenv.toml'))).toBe(true);
  });

  it('install node@20 fills the store, pins nothing, and says what pins', async () => {
    const cwd = machine.folder('only');
    const ran = await machine.polyenv(['install', 'node@24'], { cwd });
    expect(ran.exit, ran.stderr).toBe(0);
    expect(ran.stdout).toContain('node 24.2.0');
    expect(ran.stdout).toContain('to pin here: polyenv use node@24');
    for (const file of ['polyenv.toml', 'polyenv.lock']) expect(existsSync(join(cwd, file))).toBe(false);
    expect((await machine.polyenv(['ls', '--json'])).stdout).toContain('"24.2.0"');
    const frozen = await machine.polyenv(['install', '--frozen', 'node@24'], { cwd });
    expect(frozen).toMatchObject({ exit: 2, stderr: expect.stringContaining('try  polyenv install --frozen') });
  });

  it.each([
    ['list', ['list', '--json'], 'toolchains'],
    ['versions', ['versions', '--json'], 'toolchains'],
    ['list-remote node', ['list-remote', 'node', '--json'], 'releases'],
    ['global node@20', ['global', 'node@20', '--dry-run', '--json'], 'defaults'],
  ])('polyenv %s', async (_, words, key) => {
    const ran = await machine.polyenv(words);
    expect(ran.exit, ran.stderr).toBe(0);
    expect(ran.json()).toHaveProperty(key);
  });

  it('polyenv global says that a line has no support any more, and what takes its place', async () => {
    const ran = await machine.polyenv(['global', 'node@20']);
    expect(ran.stderr).toMatch(
      /Node\.js 20 has had no support since 2026-04-30.*\n +try +polyenv use --default node@\d+/,
    );
  });

  it('polyenv update upgrades', async () => {
    const cwd = machine.folder('updated');
    await machine.prepare(['use', 'node@20'], { cwd });
    const ran = await machine.polyenv(['update', '--latest', '--yes'], { cwd });
    expect(ran.exit, ran.stderr).toBe(0);
    expect((await machine.run(['node', '--version'], { cwd })).stdout).toBe('v24.2.0\n');
    expect((await machine.polyenv(['node', '--version'], { cwd })).stdout).toBe('v24.2.0\n');
  });
});

describe('words of others are answered with the command', () => {
  it.each([
    ['nvm use 20', 'polyenv use node@20'],
    ['nvm install --lts', 'polyenv install node@lts'],
    ['nvm alias default 20', 'polyenv use --default node@20'],
    ['fnm default 20', 'polyenv use --default node@20'],
    ['n 20', 'polyenv use node@20'],
    ['pyenv global 3.12', 'polyenv use --default python@3.12'],
    ['pyenv local 3.12.1', 'polyenv use python@3.12.1'],
    ['uv python install 3.12', 'polyenv install python@3.12'],
    ['rustup default stable', 'polyenv use --default rust@stable'],
    ['rustup toolchain install 1.88', 'polyenv install rust@1.88'],
    ['sdk use java 17.0.9-tem', 'polyenv use java@17.0.9-tem'],
    ['asdf local nodejs 20.1.0', 'polyenv use node@20.1.0'],
    ['mise use go 1.24', 'polyenv use go@1.24'],
    ['goenv versions', 'polyenv ls'],
    ['node 20', 'polyenv use node@20'],
    ['node@20', 'polyenv use node@20'],
    ['node install 20', 'polyenv install node@20'],
    ['java', 'polyenv current java'],
    ['python script.py', 'polyenv exec -- python3 script.py'],
    ['use pyton@3', 'polyenv use python@3'],
    ['-C /tmp install nodd', 'polyenv -C /tmp install node'],
    ['import nmv', 'polyenv import nvm'],
    ['new node-expres shop', 'polyenv new node-express shop'],
    ['use', 'polyenv use node@20 go@1.24'],
  ])('polyenv %s', async (words, hint) => {
    const ran = await machine.polyenv(words.split(' '));
    expect(ran).toMatchObject({ exit: 2, stderr: expect.stringContaining(`\n  try  ${hint}\n`) });
  });

  it('a version that nobody released names three that exist', async () => {
    const ran = await machine.polyenv(['use', 'node@22'], { cwd: machine.folder('typo') });
    expect(ran).toMatchObject({ exit: 4, stderr: expect.stringContaining('nearest: 24.2.0, 20.11.1') });
    const word = await machine.polyenv(['use', 'node@lst'], { cwd: machine.folder('typo') });
    expect(word).toMatchObject({ exit: 4, stderr: expect.stringContaining('nearest: lts') });
    const letter = await machine.polyenv(['use', 'node@2O'], { cwd: machine.folder('typo') });
    expect(letter).toMatchObject({ exit: 2, stderr: expect.stringContaining('try  polyenv use node@20\n') });
  });
});

it.each([
  [
    ['node', '20', 'go', '1.24'],
    ['node@20', 'go@1.24'],
  ],
  [
    ['node', 'go'],
    ['node', 'go'],
  ],
  [
    ['python', '>=3.11', 'rust', 'stable'],
    ['python@>=3.11', 'rust@stable'],
  ],
  [
    ['node=20', 'node==20', 'node:20'],
    ['node@20', 'node@20', 'node@20'],
  ],
  [['python>=3.11,<3.13'], ['python@>=3.11,<3.13']],
  [
    ['node@=20', 'node@^20', 'java@temurin-21'],
    ['node@=20', 'node@^20', 'java@temurin-21'],
  ],
  [['20'], ['20']],
])('%j is %j', (typed, read) => {
  expect(joinVersions(typed)).toEqual(read);
});

describe('--json for what is no command', () => {
  it.each([
    [['--version'], 'version'],
    [['version'], 'version'],
    [['help'], 'commands'],
    [['help', 'use'], 'options'],
    [['use', '--help'], 'options'],
    [['help', 'lock-stale'], 'meaning'],
    [['nonsense'], 'error'],
    [['use'], 'error'],
    [['help', 'nonsense'], 'error'],
    [['nvm', 'use', '20'], 'error'],
    [['use', '--nonsense'], 'error'],
  ])('%j prints one object', async (words, key) => {
    const ran = await machine.polyenv([...words, '--json']);
    expect(ran.json()).toMatchObject({ schema: 1 });
    expect(ran.json()).toHaveProperty(key);
    expect(ran.stdout.trim().split('\n')).toHaveLength(1);
  });
});
