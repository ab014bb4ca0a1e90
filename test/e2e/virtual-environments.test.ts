import { execFileSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Machine, newMachine, type Ran, type RunOptions } from '../support/cli';
import { discard } from '../support/discard';
import { linkTinyPython } from '../support/tiny-python';

let machine: Machine;
let project: string;

beforeEach(async () => {
  machine = newMachine({ POLYENV_SOURCES_PREFERENCE: 'only-system' });
  for (const version of ['3.12.1', '3.12.4', '3.13.0']) await linkTinyPython(machine, version);
  project = machine.folder('project');
});
afterEach(() => machine.remove());

const pin = (version: string, file = '.python-version'): void =>
  writeFileSync(join(project, file), file.endsWith('.toml') ? `[runtimes]\npython = "${version}"\n` : `${version}\n`);
const python = (options: RunOptions = {}): Promise<Ran> => machine.run(['python', '-V'], { cwd: project, ...options });
const installed = (folder = join(project, '.venv')): readonly string[] =>
  readdirSync(join(folder, 'lib'))
    .flatMap((line) => readdirSync(join(folder, 'lib', line, 'site-packages')))
    .sort();

/** A pinned project whose `.venv` was made by `pip install`. */
async function withPackages(version: string): Promise<void> {
  pin(version);
  const ran = await machine.run(['pip', 'install', 'six==1.16.0'], { cwd: project });
  expect(ran, ran.stderr).toMatchObject({ exit: 0 });
  expect(installed()).toEqual(['six-1.16.0.dist-info']);
}

/** The error names the folder, its version, who decided, and a command that helps. */
function expectRefused(ran: Ran, what: RegExp): void {
  expect(ran.exit, ran.stdout + ran.stderr).toBe(1);
  expect(ran.stdout).toBe('');
  expect(ran.stderr).toContain('error[overlay-refused]');
  expect(ran.stderr).toContain(join(project, '.venv'));
  expect(ran.stderr).toMatch(what);
  expect(ran.stderr).toContain('polyenv install');
}

describe('the decided version wins over a .venv', () => {
  it('of another version, whichever file decides', async () => {
    await withPackages('3.12.1');
    pin('3.13.0');
    expectRefused(await python(), /3\.12\.1[\s\S]*3\.13\.0[\s\S]*\.python-version:1/);
    mkdirSync(join(project, 'sub'));
    expectRefused(await python({ cwd: join(project, 'sub') }), /3\.13\.0/);
    pin('3.12.1');
    expect(await python()).toMatchObject({ stdout: 'Python 3.12.1\n' });
    pin('3.13.0', 'polyenv.local.toml');
    expectRefused(await python(), /polyenv\.local\.toml:2/);
  });

  it('in every report as in the shim', async () => {
    await withPackages('3.12.1');
    pin('3.13.0');
    for (const args of [['which', '--why', 'python'], ['current'], ['exec', '--', 'python', '-V']]) {
      const ran = await machine.polyenv(args, { cwd: project });
      expect(ran.exit, args.join(' ')).toBe(1);
      expect(ran.stderr, args.join(' ')).toContain('overlay-refused');
    }
    const doctor = await machine.polyenv(['doctor'], { cwd: project });
    expect(doctor.stdout).toMatch(/\.venv.*3\.12\.1[\s\S]*polyenv install/);
    // A program that looks for python on PATH finds the shim, not the toolchain behind the folder.
    const made = await machine.polyenv(['exec', '--', 'sh', '-c', 'python -V'], { cwd: project });
    expect(made.stdout).toBe('');
    expect(made.exit).not.toBe(0);
  });

  it('for one call, and the .venv stays as it is, byte for byte', async () => {
    await withPackages('3.12.1');
    const bytes = (): string =>
      execFileSync('sh', ['-c', 'find .venv -type f -exec cksum {} + | sort; find .venv | sort'], {
        cwd: project,
        encoding: 'utf8',
      });
    const before = bytes();
    const env = { POLYENV_PYTHON: '3.13.0' };
    expect(await python({ env })).toMatchObject({ stdout: 'Python 3.13.0\n', exit: 0 });
    const exec = await machine.polyenv(['exec', 'python@3.13.0', '--', 'python', '-V'], { cwd: project });
    expect(exec).toMatchObject({ stdout: 'Python 3.13.0\n', exit: 0 });
    const there = await machine.polyenv(['-C', project, 'exec', 'python@3.13.0', '--', 'python', '-V']);
    expect(there).toMatchObject({ stdout: 'Python 3.13.0\n', exit: 0 });
    const pip = await machine.run(['pip', 'install', 'idna==3.10'], { cwd: project, env });
    expect(pip, pip.stderr).toMatchObject({ exit: 0 });
    expect(bytes()).toBe(before);
    const prefix = await machine.run(['python', '-c', 'prefix'], { cwd: project, env });
    expect(prefix.stdout).toContain(machine.polyenvHome);
    expect(installed(prefix.stdout.trim())).toEqual(['idna-3.10.dist-info']);
  });
});

describe('a .venv is used', () => {
  it('whoever made it, if the decided Python made it', async () => {
    pin('3.12.1');
    const root = join(machine.base, 'pythons/3.12.1');
    execFileSync(join(root, 'bin/python3'), ['-m', 'venv', join(project, '.venv')]);
    const prefix = await machine.run(['python', '-c', 'prefix'], { cwd: project });
    expect(prefix).toMatchObject({ stdout: `${join(project, '.venv')}\n`, exit: 0 });
    const pip = await machine.run(['pip', 'install', 'six==1.16.0'], { cwd: project });
    expect(pip, pip.stderr).toMatchObject({ exit: 0 });
    expect(installed()).toEqual(['six-1.16.0.dist-info']);
  });

  it('made where somebody came by a link, also once the link is gone', async () => {
    pin('3.12.1');
    const link = join(machine.base, 'link');
    symlinkSync(project, link);
    const install = ['pip', 'install', 'six==1.16.0'] as const;
    expect(await machine.run(install, { cwd: link })).toMatchObject({ exit: 0 });
    rmSync(link);
    expect(await machine.run(install, { cwd: project })).toMatchObject({ exit: 0, stderr: '' });
    expect(readFileSync(join(project, '.venv/bin/tool'), 'utf8')).toBe(`#!${project}/.venv/bin/python\n`);
  });

  it('made by hand after the routes were compiled', async () => {
    pin('3.12.1');
    expect(await python()).toMatchObject({ exit: 0 });
    execFileSync(join(machine.base, 'pythons/3.12.1/bin/python3'), ['-m', 'venv', join(project, '.venv')]);
    const prefix = await machine.run(['python', '-c', 'prefix'], { cwd: project });
    expect(prefix.stdout).toBe(`${join(project, '.venv')}\n`);
    discard(join(project, '.venv'));
    execFileSync(join(machine.base, 'pythons/3.13.0/bin/python3'), ['-m', 'venv', join(project, '.venv')]);
    expectRefused(await python(), /3\.13\.0/);
  });
});

describe('what is no usable .venv is an error, never another copy', () => {
  it.each([
    ['an empty folder', () => mkdirSync(join(project, '.venv'))],
    ['a plain file', () => writeFileSync(join(project, '.venv'), 'name\n')],
    [
      'a link to another project’s',
      () => {
        const other = machine.folder('other');
        execFileSync(join(machine.base, 'pythons/3.12.1/bin/python3'), ['-m', 'venv', join(other, '.venv')]);
        symlinkSync(join(other, '.venv'), join(project, '.venv'));
      },
    ],
    [
      'one whose interpreter is gone',
      () => {
        execFileSync(join(machine.base, 'pythons/3.12.1/bin/python3'), ['-m', 'venv', join(project, '.venv')]);
        for (const name of ['python', 'python3', 'python3.12']) {
          discard(join(project, '.venv/bin', name));
          symlinkSync('/nowhere/python', join(project, '.venv/bin', name));
        }
      },
    ],
    [
      'one with an interpreter of its own',
      () => {
        execFileSync(join(machine.base, 'pythons/3.12.1/bin/python3'), ['-m', 'venv', join(project, '.venv')]);
        discard(join(project, '.venv/bin/python'));
        cpSync(join(machine.base, 'pythons/3.12.1/bin/python3'), join(project, '.venv/bin/python'));
      },
    ],
  ])('%s', async (_, make) => {
    pin('3.12.1');
    make();
    expectRefused(await python(), /\.python-version:1/);
    const pip = await machine.run(['pip', 'install', 'six==1.16.0'], { cwd: project });
    expect(pip.exit).not.toBe(0);
    expect(pip.stderr).toContain('overlay-refused');
  });

  it.each([
    ['moved', (from: string, to: string) => renameSync(from, to)],
    ['copied', (from: string, to: string) => cpSync(from, to, { recursive: true, verbatimSymlinks: true })],
  ])('a project that was %s', async (_, move) => {
    await withPackages('3.12.1');
    const other = join(machine.base, 'elsewhere');
    move(project, other);
    project = other;
    expectRefused(await python(), /was made for .*project\/\.venv/);
    const ran = await machine.polyenv(['install'], { cwd: other });
    expect(ran, ran.stderr).toMatchObject({ exit: 0 });
    expect(await python()).toMatchObject({ stdout: 'Python 3.12.1\n' });
    expect(installed()).toContain('six-1.16.0.dist-info');
  });
});

describe('polyenv install', () => {
  it('makes it anew with its packages, and names the list of them', async () => {
    await withPackages('3.12.1');
    pin('3.13.0');
    const ran = await machine.polyenv(['install'], { cwd: project });
    expect(ran, ran.stderr).toMatchObject({ exit: 0 });
    const list = /listed in (\S+)/.exec(ran.stderr)?.[1] ?? '';
    expect(readFileSync(list, 'utf8')).toBe('six==1.16.0\n');
    expect(await python()).toMatchObject({ stdout: 'Python 3.13.0\n' });
    expect(installed()).toEqual(['six-1.16.0.dist-info']);
    expect(readdirSync(project).sort()).toEqual(['.python-version', '.venv']);
  });

  it('keeps the old folder where the packages cannot be installed', async () => {
    await withPackages('3.12.1');
    pin('3.13.0');
    writeFileSync(join(project, 'offline'), '');
    const ran = await machine.polyenv(['install'], { cwd: project });
    expect(ran.stderr).toMatch(/could not be installed for 3\.13\.0[\s\S]*kept as \.venv-3\.12\.1-/);
    const kept = readdirSync(project).find((name) => name.startsWith('.venv-')) ?? '';
    expect(installed(join(project, kept))).toEqual(['six-1.16.0.dist-info']);
  });

  it('leaves the old one as it was if a new one cannot be made', async () => {
    await withPackages('3.12.1');
    pin('3.13.0');
    expectRefused(await python(), /3\.13\.0/);
    const broken = join(machine.base, 'pythons/3.13.0/bin/python3');
    writeFileSync(broken, readFileSync(broken, 'utf8').replace('mkdir -p "$dir/bin"', 'exit 9; mkdir -p "$dir/bin"'));
    const ran = await machine.polyenv(['install'], { cwd: project });
    expect(ran.exit).toBe(1);
    expect(ran.stderr).toContain('could not be made');
    expect(installed()).toEqual(['six-1.16.0.dist-info']);
    expect(existsSync(join(project, '.venv/bin/pip'))).toBe(true);
  });

  it('leaves nothing where the disk is full, and says that it is', async () => {
    pin('3.13.0');
    const full = join(machine.base, 'pythons/3.13.0/bin/python3');
    const text = readFileSync(full, 'utf8');
    const said = "OSError: [Errno 28] No space left on device: '/x'";
    writeFileSync(full, text.replace("printf 'home", `echo "${said}" >&2; exit 1; printf 'home`));
    const ran = await machine.run(['pip', 'install', 'six==1.16.0'], { cwd: project });
    expect(ran, ran.stderr).toMatchObject({ exit: 1, stderr: expect.stringContaining('error[disk-full]') });
    expect(ran.stderr).toContain(`no space (or no inode) is left for ${join(project, '.venv')}`);
    expect(ran.stderr).toContain('polyenv size');
    expect(readdirSync(project)).toEqual(['.python-version']);
    writeFileSync(full, text);
    await withPackages('3.13.0');
  });

  it('joins its own to a new patch of the same line, and the packages stay', async () => {
    await withPackages('3.12.1');
    pin('3.12.4');
    expectRefused(await python(), /3\.12\.1/);
    const ran = await machine.polyenv(['install'], { cwd: project });
    expect(ran, ran.stderr).toMatchObject({ exit: 0 });
    expect(ran.stderr).toContain('now uses python 3.12.4');
    expect(await python()).toMatchObject({ stdout: 'Python 3.12.4\n' });
    expect(installed()).toEqual(['six-1.16.0.dist-info']);
  });
});
