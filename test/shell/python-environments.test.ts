import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { quoteSh } from '../../src/domain/words/shell-quote';
import { type Machine, newMachine, type Ran } from '../support/cli';
import { discard } from '../support/discard';
import { linkTinyPython } from '../support/tiny-python';

interface Dialect {
  readonly name: string;
  readonly start: readonly [string, ...string[]];
  /** Activates; `tick` is a prompt. */
  readonly prelude: string;
}

const DIALECTS: readonly Dialect[] = [
  {
    name: 'bash',
    start: ['bash', '--norc', '--noprofile'],
    prelude:
      'tick() { local i; for i in "${PROMPT_COMMAND[@]}"; do eval "$i"; done; }\neval "$(polyenv activate bash)"\n',
  },
  {
    name: 'zsh',
    start: ['zsh', '-f'],
    prelude: 'tick() { local f; for f in "${precmd_functions[@]}"; do $f; done; }\neval "$(polyenv activate zsh)"\n',
  },
  {
    name: 'fish',
    start: ['fish', '--no-config'],
    prelude: 'function tick; emit fish_prompt; end\npolyenv activate fish | source\n',
  },
];

let machine: Machine;
let count = 0;

beforeAll(async () => {
  machine = newMachine({ POLYENV_SOURCES_PREFERENCE: 'only-system' });
  for (const version of ['3.12.1', '3.13.0']) await linkTinyPython(machine, version);
  const program = machine.folder('program');
  writeFileSync(join(program, 'polyenv'), `#!/bin/sh\nexec ${process.execPath} ${machine.program} "$@"\n`, {
    mode: 0o755,
  });
  machine.env.PATH = `${program}:${machine.env.PATH}`;
});
afterAll(() => machine.remove());

const pin = (folder: string, version: string): void => writeFileSync(join(folder, '.python-version'), `${version}\n`);

/** A pinned project whose `.venv` holds a package. */
async function projectOn(version: string): Promise<string> {
  const folder = machine.folder(`project-${count++}`);
  pin(folder, version);
  const ran = await machine.run(['pip', 'install', 'six==1.16.0'], { cwd: folder });
  expect(ran, ran.stderr).toMatchObject({ exit: 0 });
  return folder;
}

/** What the files of a folder hold, byte for byte. */
function bytesOf(folder: string): string {
  const script = 'find . -type f -exec cksum {} + | sort; find . | sort';
  return execFileSync('sh', ['-c', script], { cwd: folder, encoding: 'utf8' });
}

function inShell({ start, prelude }: Dialect, lines: readonly string[]): Promise<Ran> {
  return machine.run([...start, '-c', `${prelude}${lines.join('\n')}\n`]);
}

describe.each(DIALECTS.filter(({ start }) => existsSync(`/usr/bin/${start[0]}`) || existsSync(`/bin/${start[0]}`)))(
  'in an activated $name',
  (shell) => {
    it('a .venv is on while it belongs to the decided version, and off as soon as it does not', async () => {
      const project = await projectOn('3.12.1');
      const say = 'echo "[$VIRTUAL_ENV]"';
      const ran = await inShell(shell, [
        `cd ${quoteSh(project)}`,
        ...['tick', say, 'python -V'],
        ...['echo 3.13.0 >.python-version', 'tick', say, 'python -V'],
        ...['echo 3.12.1 >.python-version', 'tick', say, 'python -V'],
        ...['cd /', 'tick', say],
      ]);
      const on = `[${join(project, '.venv')}]\nPython 3.12.1\n`;
      expect(ran.stdout, ran.stderr).toBe(`${on}[]\n${on}[]\n`);
      expect(ran.stderr).toMatch(/\.venv was made by 3\.12\.1[\s\S]*3\.13\.0[\s\S]*polyenv install/);
    });

    it('a version for one call neither uses nor touches it', async () => {
      const project = await projectOn('3.12.1');
      const before = bytesOf(project);
      const ran = await inShell(shell, [
        `cd ${quoteSh(project)}`,
        'tick',
        'env POLYENV_PYTHON=3.13.0 python -V',
        'env POLYENV_PYTHON=3.13.0 pip install idna==3.10',
        'polyenv exec python@3.13.0 -- python -V',
        'polyenv exec python@3.13.0 -- pip install idna==3.10',
      ]);
      expect(ran.stdout, ran.stderr).toBe('Python 3.13.0\nPython 3.13.0\n');
      expect(ran.exit).toBe(0);
      expect(bytesOf(project)).toBe(before);
    });

    it('one that was made in the shell is on at the next prompt', async () => {
      const project = machine.folder(`project-${count++}`);
      pin(project, '3.12.1');
      const ran = await inShell(shell, [
        `cd ${quoteSh(project)}`,
        ...['tick', 'echo "[$VIRTUAL_ENV]"', 'python -m venv .venv', 'tick', 'echo "[$VIRTUAL_ENV]"', 'python -V'],
        ...['rm -r .venv', 'tick', 'echo "[$VIRTUAL_ENV]"', 'python -V'],
      ]);
      expect(ran.stdout, ran.stderr).toBe(`[]\n[${join(project, '.venv')}]\nPython 3.12.1\n[]\nPython 3.12.1\n`);
    });
  },
);

describe('a folder within the project', () => {
  it('without a pin has the .venv of the one that decides, from everywhere', async () => {
    const project = await projectOn('3.12.1');
    const sub = join(project, 'a/b');
    mkdirSync(sub, { recursive: true });
    const prefix = `${join(project, '.venv')}\n`;
    expect(await machine.run(['python', '-c', 'prefix'], { cwd: sub })).toMatchObject({ stdout: prefix });
    const there = await machine.polyenv(['-C', sub, 'exec', '--', 'python', '-c', 'prefix']);
    expect(there).toMatchObject({ stdout: prefix, exit: 0 });
    expect(await machine.run(['pip', 'install', 'idna==3.10'], { cwd: sub })).toMatchObject({ exit: 0 });
    expect(readdirSync(sub)).toEqual([]);
    const other = await machine.polyenv(['-C', sub, 'exec', 'python@3.13.0', '--', 'python', '-V']);
    expect(other).toMatchObject({ stdout: 'Python 3.13.0\n', exit: 0 });
    pin(project, '3.13.0');
    for (const cwd of [sub, project]) {
      const refused = await machine.run(['python', '-V'], { cwd });
      expect(refused).toMatchObject({ exit: 1, stdout: '' });
      expect(refused.stderr).toMatch(/3\.12\.1[\s\S]*\.python-version:1[\s\S]*polyenv install/);
    }
  });

  it('with a pin has one of its own', async () => {
    const project = await projectOn('3.12.1');
    const before = bytesOf(join(project, '.venv'));
    const sub = join(project, 'service');
    mkdirSync(sub);
    pin(sub, '3.13.0');
    expect(await machine.run(['python', '-V'], { cwd: sub })).toMatchObject({ stdout: 'Python 3.13.0\n' });
    expect(await machine.run(['pip', 'install', 'idna==3.10'], { cwd: sub })).toMatchObject({ exit: 0 });
    expect(await machine.run(['python', '-c', 'prefix'], { cwd: sub })).toMatchObject({
      stdout: `${join(sub, '.venv')}\n`,
    });
    expect(bytesOf(join(project, '.venv'))).toBe(before);
    expect(await machine.run(['python', '-V'], { cwd: project })).toMatchObject({ stdout: 'Python 3.12.1\n' });
  });
});

it('another branch with another pin is seen at once, and going back too', async () => {
  const project = await projectOn('3.12.1');
  const git = (...args: readonly string[]): void => {
    const own = ['-c', 'user.email=a@example.org', '-c', 'user.name=a', '-c', 'init.defaultBranch=main'];
    execFileSync('git', [...own, ...args], { cwd: project, stdio: 'ignore' });
  };
  writeFileSync(join(project, '.gitignore'), '.venv\n');
  git('init');
  git('add', '-A');
  git('commit', '-m', 'old');
  git('checkout', '-b', 'next');
  pin(project, '3.13.0');
  git('commit', '-am', 'new');
  expect(await machine.run(['python', '-V'], { cwd: project })).toMatchObject({ exit: 1, stdout: '' });
  git('checkout', 'main');
  expect(await machine.run(['python', '-V'], { cwd: project })).toMatchObject({ stdout: 'Python 3.12.1\n' });
  git('checkout', 'next');
  expect(await machine.polyenv(['install'], { cwd: project })).toMatchObject({ exit: 0 });
  expect(await machine.run(['python', '-V'], { cwd: project })).toMatchObject({ stdout: 'Python 3.13.0\n' });
  git('checkout', 'main');
  expect(await machine.run(['python', '-V'], { cwd: project })).toMatchObject({ exit: 1, stdout: '' });
});

it('one that another tool made in the number of a folder of ours is not taken for ours', async () => {
  const project = await projectOn('3.12.1');
  for (let round = 0; round < 5; round += 1) {
    discard(join(project, '.venv'));
    mkdirSync(join(project, '.venv/bin'), { recursive: true });
    writeFileSync(join(project, '.venv/pyvenv.cfg'), 'home = /nowhere\nversion_info = 3.12.9\n');
    const ran = await machine.run(['pip', 'install', 'idna==3.10'], { cwd: project });
    expect(ran.exit).toBe(1);
    expect(ran.stderr).toContain('overlay-refused');
  }
});

it('a project that moved away and one that came in its place are told apart', async () => {
  const project = await projectOn('3.12.1');
  const other = await projectOn('3.12.1');
  renameSync(project, `${project}-away`);
  cpSync(other, project, { recursive: true, verbatimSymlinks: true });
  const ran = await machine.run(['python', '-V'], { cwd: project });
  expect(ran).toMatchObject({ exit: 1, stdout: '' });
  expect(ran.stderr).toContain(`was made for ${join(other, '.venv')}`);
});
