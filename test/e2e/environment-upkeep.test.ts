import { execFileSync, spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Machine, newMachine, type Ran, type RunOptions } from '../support/cli';
import { discard } from '../support/discard';
import { realPythons } from '../support/real-pythons';
import { linkTinyPython } from '../support/tiny-python';

let machine: Machine;
let project: string;

beforeEach(async () => {
  machine = newMachine({ POLYENV_SOURCES_PREFERENCE: 'only-system', PIP_NO_INDEX: '1' });
  for (const version of ['3.12.1', '3.13.0']) await linkTinyPython(machine, version);
  project = machine.folder('project');
});
afterEach(() => machine.remove());

const pin = (version: string): void => writeFileSync(join(project, '.python-version'), `${version}\n`);
const polyenv = (...args: string[]): Promise<Ran> => machine.polyenv(args, { cwd: project });
const run = (command: readonly [string, ...string[]], options: RunOptions = {}): Promise<Ran> =>
  machine.run(command, { cwd: project, ...options });
const installed = (folder = join(project, '.venv')): readonly string[] =>
  readdirSync(join(folder, 'lib'))
    .flatMap((line) => readdirSync(join(folder, 'lib', line, 'site-packages')))
    .sort();

async function install(...packages: string[]): Promise<void> {
  const ran = await run(['pip', 'install', ...packages]);
  expect(ran, ran.stderr).toMatchObject({ exit: 0 });
}

/** A maker that stops in the middle until it is killed. */
function hang(version: string): () => void {
  const file = join(machine.base, 'pythons', version, 'bin/python3');
  const before = readFileSync(file, 'utf8');
  const stop = `touch "$dir/../hanging"; while [ -e "${machine.base}/hold" ]; do sleep 0.1; done; ln -sf`;
  writeFileSync(file, before.replace('do ln -sf', `do ${stop}`));
  writeFileSync(join(machine.base, 'hold'), '');
  return () => {
    writeFileSync(file, before);
    discard(join(machine.base, 'hold'));
  };
}

async function killedInTheMiddle(args: readonly string[]): Promise<void> {
  const child = spawn(process.execPath, [machine.program, ...args], {
    cwd: project,
    env: { ...machine.env, PWD: project },
    stdio: 'ignore',
  });
  const ended = new Promise((done) => child.once('exit', done));
  for (let wait = 0; wait < 200 && !existsSync(join(project, 'hanging')); wait += 1)
    await new Promise((done) => setTimeout(done, 50));
  expect(existsSync(join(project, 'hanging'))).toBe(true);
  child.kill('SIGKILL');
  await ended;
  discard(join(project, 'hanging'));
}

describe('a making that was killed', () => {
  it('leaves nothing that is taken for a .venv', async () => {
    pin('3.12.1');
    const release = hang('3.12.1');
    await killedInTheMiddle(['install']);
    release();
    expect(await run(['python', '-V'])).toMatchObject({ stdout: 'Python 3.12.1\n', exit: 0 });
    await install('six==1.16.0');
    expect(installed()).toEqual(['six-1.16.0.dist-info']);
  });

  it('loses no package of the one before', async () => {
    pin('3.12.1');
    await install('six==1.16.0');
    pin('3.13.0');
    const release = hang('3.13.0');
    await killedInTheMiddle(['install']);
    release();
    const python = await run(['python', '-V']);
    expect(python.exit).toBe(1);
    expect(python.stderr).toMatch(/being made anew[\s\S]*\.venv-3\.12\.1-[\s\S]*polyenv install/);
    expect((await run(['pip', 'install', 'idna==3.10'])).exit).toBe(1);
    const ran = await polyenv('install');
    expect(ran, ran.stderr).toMatchObject({ exit: 0 });
    expect(await run(['python', '-V'])).toMatchObject({ stdout: 'Python 3.13.0\n' });
    expect(installed()).toContain('six-1.16.0.dist-info');
    // The killed one's child may have gone on for a moment.
    expect(readdirSync(project).filter((name) => name.startsWith('.venv'))).toEqual(['.venv']);
  });

  it('takes nothing from one that somebody made meanwhile', async () => {
    pin('3.12.1');
    const release = hang('3.12.1');
    await killedInTheMiddle(['install']);
    release();
    discard(join(project, '.venv'));
    const python = join(machine.base, 'pythons/3.12.1/bin/python3');
    execFileSync(python, ['-m', 'venv', join(project, '.venv')]);
    execFileSync(join(project, '.venv/bin/python'), ['-m', 'pip', 'install', 'six==1.16.0']);
    const ran = await polyenv('install');
    expect(ran, ran.stderr).toMatchObject({ exit: 0 });
    expect(installed()).toEqual(['six-1.16.0.dist-info']);
  });
});

it('install --keep leaves it as it is, and names the command that keeps it', async () => {
  pin('3.12.1');
  await install('six==1.16.0');
  pin('3.13.0');
  const ran = await polyenv('install', '--keep');
  expect(ran, ran.stderr).toMatchObject({ exit: 0 });
  expect(ran.stderr).toMatch(/was made by 3\.12\.1[\s\S]*stays as it is[\s\S]*polyenv use python@3\.12\.1/);
  expect(installed()).toEqual(['six-1.16.0.dist-info']);
  expect((await run(['python', '-V'])).exit).toBe(1);
  expect(await polyenv('use', 'python@3.12.1')).toMatchObject({ exit: 0 });
  expect(await run(['python', '-V'])).toMatchObject({ stdout: 'Python 3.12.1\n' });
  expect(installed()).toEqual(['six-1.16.0.dist-info']);
  const fresh = machine.folder('fresh');
  writeFileSync(join(fresh, '.python-version'), '3.12.1\n');
  expect(await machine.polyenv(['install', '--keep'], { cwd: fresh })).toMatchObject({ exit: 0 });
  expect(existsSync(join(fresh, '.venv/pyvenv.cfg'))).toBe(true);
});

it('two that make the same .venv at once make one', async () => {
  pin('3.12.1');
  const both = await Promise.all([run(['pip', 'install', 'six==1.16.0']), run(['pip', 'install', 'idna==3.10'])]);
  for (const ran of both) expect(ran, ran.stderr).toMatchObject({ exit: 0 });
  expect(installed()).toEqual(['idna-3.10.dist-info', 'six-1.16.0.dist-info']);
});

describe('prune', () => {
  it('and uninstall keep a Python without which a known .venv does not start', async () => {
    pin('3.12.1');
    await install('six==1.16.0');
    pin('3.13.0');
    await run(['python', '-V']);
    const unused = async (): Promise<string> => (await machine.polyenv(['prune', '--dry-run', '--json'])).stdout;
    expect(await unused()).not.toContain('3.12.1');
    const refused = await polyenv('uninstall', 'python@3.12.1');
    expect(refused.exit).toBe(1);
    expect(refused.stderr).toContain(join(project, '.venv'));
    // Made for this once, in polyenv's home.
    const env = { POLYENV_PYTHON: '3.12.1' };
    expect(await run(['pip', 'install', 'idna==3.10'], { env })).toMatchObject({ exit: 0 });
    discard(join(project, '.venv'));
    expect(await unused()).not.toContain('3.12.1');
    discard(project);
    expect(await unused()).toContain('3.12.1');
    expect(await unused()).toContain('3.13.0');
  });
});

const real = realPythons().find(({ version }) => /^3\.1[01]\./.test(version));
describe.skipIf(real === undefined)(
  'a .venv without pip, as uv makes them (needs a Python 3.10 or 3.11 of pyenv)',
  () => {
    it('gets one when something is to be installed, and is no reason to call another', async () => {
      const { version = '', root = '' } = real ?? {};
      await machine.prepare(['link', `python@${version}`, root]);
      pin(version);
      execFileSync(join(root, 'bin/python3'), ['-m', 'venv', '--without-pip', join(project, '.venv')]);
      const list = await run(['pip', 'list']);
      expect(list).toMatchObject({ exit: 1, stdout: '' });
      expect(list.stderr).toMatch(/\.venv has no pip[\s\S]*python -I -m ensurepip/);
      expect(await run(['python', '-c', 'import sys; print(sys.prefix)'])).toMatchObject({
        stdout: `${join(project, '.venv')}\n`,
      });
      const broken = await run(['pip', 'install', 'no-such-package-here']);
      expect(broken.stderr).toContain('has no pip: adding it');
      expect(await run(['pip', '--version'])).toMatchObject({
        exit: 0,
        stdout: expect.stringContaining(join(project, '.venv')),
      });
    }, 120_000);

    it('whose pip has another of its names', async () => {
      const { version = '', root = '' } = real ?? {};
      await machine.prepare(['link', `python@${version}`, root]);
      pin(version);
      expect(await polyenv('install')).toMatchObject({ exit: 0 });
      discard(join(project, '.venv/bin/pip'));
      const line = version.split('.').slice(0, 2).join('.');
      discard(join(project, `.venv/bin/python${line}`));
      const pip = await run(['pip', '--version']);
      expect(pip, pip.stderr).toMatchObject({ stdout: expect.stringContaining(project) });
      expect(await run([`python${line}`, '-c', 'import sys; print(sys.prefix)'])).toMatchObject({
        stdout: `${join(project, '.venv')}\n`,
      });
    }, 120_000);
  },
);
