import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Machine, newMachine } from '../support/cli';
import { realPythons } from '../support/real-pythons';

const MINUTES = 300_000;
const pythons = realPythons();
const newest = pythons.at(-1);
/** Each of them takes seconds: the oldest, one between (setuptools still comes with it), and the newest. */
const spread = [...new Set([pythons[0], pythons.find(({ version }) => /^3\.9\./.test(version)), newest])].filter(
  (one) => one !== undefined,
);
let machine: Machine;

beforeEach(() => {
  machine = newMachine({ POLYENV_SOURCES_PREFERENCE: 'only-system', PIP_DISABLE_PIP_VERSION_CHECK: '1' });
});
afterEach(() => machine.remove());

/** The environment that polyenv makes for a pinned project. */
async function environmentIn(folder: string, { version, root }: (typeof pythons)[number]): Promise<string> {
  const project = machine.folder(folder);
  await machine.prepare(['link', `python@${version}`, root]);
  writeFileSync(join(project, '.python-version'), `${version}\n`);
  const ran = await machine.polyenv(['install'], { cwd: project });
  expect(ran, ran.stderr).toMatchObject({ exit: 0 });
  return join(project, '.venv');
}

/** Paths with their modes, without what Python compiles when it first runs. */
function filesOf(environment: string): readonly string[] {
  const listed = execFileSync('find', ['.', '-name', '__pycache__', '-prune', '-o', '-printf', '%P %y %m\n'], {
    cwd: environment,
    encoding: 'utf8',
  });
  return listed.split('\n').sort();
}

function said(environment: string, args: readonly string[]): string {
  return execFileSync(join(environment, 'bin/python'), args, { cwd: '/', encoding: 'utf8', stdio: 'pipe' });
}

const record = (environment: string): readonly string[] => {
  const site = join(environment, 'lib', readdirSync(join(environment, 'lib'))[0] ?? '', 'site-packages');
  const info = readdirSync(site).find((name) => /^pip-.*\.dist-info$/.test(name)) ?? '';
  return (
    readFileSync(join(site, info, 'RECORD'), 'utf8')
      .split('\n')
      // What stands in a script differs by its path, and so does its digest.
      .filter((line) => !line.includes('.pyc,') && !line.startsWith('../'))
  );
};

describe.skipIf(newest === undefined)('an environment that polyenv makes (needs pyenv Pythons)', () => {
  it.each(spread)(
    'has the files that the venv of $version has',
    async (python) => {
      const ours = await environmentIn('project', python);
      const theirs = join(machine.base, 'theirs/.venv');
      execFileSync(join(python.root, 'bin/python3'), ['-I', '-m', 'venv', theirs]);
      const old = /^3\.6\./.test(python.version);
      // pip before 20.2 did not know the mark yet.
      const mine = filesOf(ours).filter((line) => !(old && /\/REQUESTED /.test(line)));
      expect(mine).toEqual(filesOf(theirs));
      expect(readFileSync(join(ours, 'pyvenv.cfg'), 'utf8').split('\n').slice(0, 3)).toEqual(
        readFileSync(join(theirs, 'pyvenv.cfg'), 'utf8').split('\n').slice(0, 3),
      );
      if (!old) {
        expect(record(ours).filter((line) => !record(theirs).includes(line))).toEqual([]);
        expect(record(ours)).toHaveLength(record(theirs).length);
        const script = readFileSync(join(theirs, 'bin/pip'), 'utf8').replaceAll(theirs, ours);
        expect(readFileSync(join(ours, 'bin/pip'), 'utf8')).toBe(script);
      }
      expect(said(ours, ['-m', 'pip', 'check'])).toContain('No broken requirements');
      expect(execFileSync(join(ours, 'bin/pip'), ['--version'], { encoding: 'utf8' })).toContain(ours);
    },
    MINUTES,
  );

  it(
    'lets pip remove itself without a trace',
    async () => {
      const environment = await environmentIn('project', newest as (typeof pythons)[number]);
      said(environment, ['-m', 'pip', 'list']);
      said(environment, ['-m', 'pip', 'uninstall', '-y', 'pip']);
      expect(filesOf(environment).filter((line) => /pip/.test(line))).toEqual([]);
      said(environment, ['-I', '-m', 'ensurepip', '--default-pip']);
      expect(said(environment, ['-m', 'pip', '--version'])).toContain(environment);
    },
    MINUTES,
  );

  it.each([
    ['with a blank', 'a project of mine'],
    ['longer than a first line may be', `${'long'.repeat(20)}/${'path'.repeat(20)}`],
    ['with both and more', `${'längs '.repeat(20)}/'quoted'`],
  ])(
    'starts its commands below a path %s',
    async (_, folder) => {
      const environment = await environmentIn(folder, newest as (typeof pythons)[number]);
      const theirs = join(machine.base, folder, 'theirs');
      execFileSync(join((newest as (typeof pythons)[number]).root, 'bin/python3'), ['-I', '-m', 'venv', theirs]);
      const script = readFileSync(join(theirs, 'bin/pip'), 'utf8').replaceAll(theirs, environment);
      const first = (text: string): readonly string[] => text.split('\n').slice(0, 4);
      expect(first(readFileSync(join(environment, 'bin/pip'), 'utf8'))).toEqual(first(script));
      expect(execFileSync(join(environment, 'bin/pip'), ['--version'], { encoding: 'utf8' })).toContain(environment);
      const list = await machine.run(['pip', 'list'], { cwd: join(environment, '..') });
      expect(list, list.stderr).toMatchObject({ exit: 0 });
    },
    MINUTES,
  );

  it(
    'makes another inside itself',
    async () => {
      const environment = await environmentIn('project', newest as (typeof pythons)[number]);
      const nested = join(environment, 'nested');
      said(environment, ['-m', 'venv', nested]);
      expect(said(nested, ['-c', 'import pip, sys; print(pip.__file__.startswith(sys.prefix))'])).toBe('True\n');
    },
    MINUTES,
  );

  it(
    'is made the long way where the toolchain carries no wheel that can be unpacked',
    async () => {
      const { version, root } = newest as (typeof pythons)[number];
      const copy = join(machine.base, 'python');
      execFileSync('cp', ['-a', '--reflink=auto', root, copy]);
      const bundled = execFileSync('find', [copy, '-path', '*ensurepip/_bundled'], { encoding: 'utf8' }).trim();
      const wheel = join(bundled, readdirSync(bundled).find((name) => name.endsWith('.whl')) ?? '');
      const bytes = readFileSync(wheel);
      // Python's own reader looks for the archive's start, ours does not.
      writeFileSync(wheel, Buffer.concat([Buffer.from('#!/bin/sh\n'), bytes]));
      const project = machine.folder('project');
      writeFileSync(join(project, '.python-version'), version);
      await machine.prepare(['link', `python@${version}`, copy]);
      const ran = await machine.polyenv(['install'], { cwd: project });
      expect(ran, ran.stderr).toMatchObject({ exit: 0 });
      expect(ran.stderr).toContain('takes longer');
      expect(said(join(project, '.venv'), ['-m', 'pip', '--version'])).toContain(project);
      writeFileSync(wheel, bytes.subarray(0, bytes.length / 2));
      execFileSync('rm', ['-r', join(project, '.venv')]);
      const failed = await machine.polyenv(['install'], { cwd: project });
      expect(failed.exit).toBe(1);
      expect(failed.stderr).toContain('could not be made');
      expect(existsSync(join(project, '.venv'))).toBe(false);
    },
    MINUTES,
  );
});
