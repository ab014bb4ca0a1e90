import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Machine, newMachine, type Ran, type RunOptions } from '../support/cli';
import { serveTinyNode, siteOf } from '../support/tiny-node';
import { linkTinyPython } from '../support/tiny-python';

let machine: Machine;
let project: string;

beforeEach(async () => {
  machine = newMachine({ POLYENV_SOURCES_PREFERENCE: 'only-system' });
  for (const version of ['3.12.1', '3.13.0']) await linkTinyPython(machine, version);
  project = machine.folder('project');
});
afterEach(() => machine.remove());

const run = (command: readonly [string, ...string[]], options: RunOptions = {}): Promise<Ran> =>
  machine.run(command, { cwd: project, ...options });

describe('two versions in one file', () => {
  it.each([
    ['.python-version', '3.12.1\n3.13.0\n'],
    ['.python-versions', '3.12.1\n3.13.0\n'],
    ['.tool-versions', 'python 3.12.1 3.13.0\n'],
    ['mise.toml', '[tools]\npython = ["3.12.1", "3.13.0"]\n'],
    ['.mise.toml', '[tools]\npython = ["3.12", { version = "3.13" }]\n'],
  ])('%s: the first decides, and the second is reached by its own name', async (file, text) => {
    writeFileSync(join(project, file), text);
    expect(await run(['python', '-V'])).toMatchObject({ stdout: 'Python 3.12.1\n', exit: 0 });
    expect(await run(['python3', '-V'])).toMatchObject({ stdout: 'Python 3.12.1\n' });
    expect(await run(['python3.12', '-V'])).toMatchObject({ stdout: 'Python 3.12.1\n' });
    expect(await run(['python3.13', '-V'])).toMatchObject({ stdout: 'Python 3.13.0\n' });
    const exec = await machine.polyenv(['exec', '--', 'python3.13', '-V'], { cwd: project });
    expect(exec).toMatchObject({ stdout: 'Python 3.13.0\n', exit: 0 });
    const sub = machine.folder('project/sub');
    expect(await run(['python3.13', '-V'], { cwd: sub })).toMatchObject({ stdout: 'Python 3.13.0\n' });
    expect((await machine.polyenv(['prune', '--dry-run'], { cwd: project })).stdout).not.toMatch(/python/);
    const which = await machine.polyenv(['which', 'python3.13'], { cwd: project });
    expect(which.stdout).toContain(join(machine.base, 'pythons/3.13.0'));
    const why = await machine.polyenv(['which', '--why', 'python3.13'], { cwd: project });
    expect(why.stdout).toContain('python 3.13.0 answers');
    expect(why.stdout).not.toContain('3.12.1');
  });

  it('the second’s environment never answers for the first', async () => {
    writeFileSync(join(project, '.python-version'), '3.12.1\n3.13.0\n');
    const other = await run(['python3.13', '-m', 'pip', 'install', 'idna==3.10']);
    expect(other, other.stderr).toMatchObject({ exit: 0 });
    expect(await run(['python', '-V'])).toMatchObject({ stdout: 'Python 3.12.1\n' });
    for (const words of [
      ['exec', '--', 'python', '-V'],
      ['exec', '--', 'sh', '-c', 'python -V'],
    ])
      expect(await machine.polyenv(words, { cwd: project })).toMatchObject({ stdout: 'Python 3.12.1\n' });
    expect((await run(['python3.13', '-c', 'prefix'])).stdout).toContain(join(machine.polyenvHome, 'homes'));
  });

  it('each installs into an environment of its own', async () => {
    writeFileSync(join(project, '.python-version'), '3.12.1\n3.13.0\n');
    expect(await run(['pip', 'install', 'six==1.16.0'])).toMatchObject({ exit: 0 });
    const other = await run(['python3.13', '-m', 'pip', 'install', 'idna==3.10']);
    expect(other, other.stderr).toMatchObject({ exit: 0 });
    expect(await run(['python', '-c', 'prefix'])).toMatchObject({ stdout: `${join(project, '.venv')}\n` });
    const prefix = (await run(['python3.13', '-c', 'prefix'])).stdout.trim();
    expect(prefix).toContain(join(machine.polyenvHome, 'homes'));
    expect(await run(['python', '-V'])).toMatchObject({ stdout: 'Python 3.12.1\n' });
  });

  it('stands in activated shells behind the first', async () => {
    writeFileSync(join(project, '.python-version'), '3.12.1\n3.13.0\n');
    await run(['python', '-V']);
    const env = await machine.polyenv(['exec', '--', 'sh', '-c', 'python -V; python3.13 -V; python3 -V'], {
      cwd: project,
    });
    expect(env.stdout).toBe('Python 3.12.1\nPython 3.13.0\nPython 3.12.1\n');
  });

  it('a second that cannot be read or is not there is said, and the first still runs', async () => {
    writeFileSync(join(project, '.python-version'), '3.12.1\n3.99.0\n');
    expect(await run(['python', '-V'], { env: { POLYENV_INSTALL_MISSING: 'false' } })).toMatchObject({
      stdout: 'Python 3.12.1\n',
    });
    expect(await run(['python', '-V'])).toMatchObject({ stdout: 'Python 3.12.1\n', exit: 0 });
    const further = await run(['python3.13', '-V']);
    expect(further).toMatchObject({ stdout: '' });
    expect(further.stderr).toContain('3.99.0');
    const ran = await machine.polyenv(['install'], { cwd: project });
    expect(ran.stderr + ran.stdout).toContain('3.99.0');
    expect(ran.exit).not.toBe(0);
    writeFileSync(join(project, '.python-version'), '3.12.1\n{{ x }}\n');
    const told = await machine.polyenv(['install'], { cwd: project });
    expect(told.stderr).toContain('"{{" is no version request');
    expect(await run(['python', '-V'])).toMatchObject({ stdout: 'Python 3.12.1\n' });
  });
});

it('both are installed, and no variable is the second’s', async () => {
  const server = await serveTinyNode([
    { version: '20.11.1', lts: 'Iron' },
    { version: '22.1.0', lts: 'Jod' },
  ]);
  const [fresh, colleague] = [newMachine(siteOf(server)), newMachine(siteOf(server))];
  try {
    const cwd = fresh.folder('project');
    writeFileSync(join(cwd, '.tool-versions'), 'nodejs 20.11.1 22.1.0\n');
    const ran = await fresh.polyenv(['install'], { cwd });
    expect(ran, ran.stderr).toMatchObject({ exit: 0 });
    expect((await fresh.polyenv(['ls'], { cwd })).stdout).toMatch(/20\.11\.1[\s\S]*22\.1\.0|22\.1\.0[\s\S]*20\.11\.1/);
    expect((await fresh.run(['node', '--version'], { cwd })).stdout).toBe('v20.11.1\n');
    expect((await fresh.polyenv(['prune', '--dry-run', '--json'], { cwd })).stdout).not.toContain('"node"');
    // A manifest beside it has a lock, which holds both; a colleague gets both by it, and an upgrade of the first keeps the second.
    writeFileSync(join(cwd, 'polyenv.toml'), '[runtimes]\n');
    for (const words of [['lock'], ['upgrade', 'node'], ['lock', '--check']])
      expect(await fresh.polyenv(words, { cwd }), words.join(' ')).toMatchObject({ exit: 0 });
    const lock = readFileSync(join(cwd, 'polyenv.lock'), 'utf8');
    for (const version of ['20.11.1', '22.1.0']) expect(lock).toContain(`version = "${version}"`);
    const frozen = await colleague.polyenv(['install', '--frozen'], { cwd });
    expect(frozen, frozen.stderr).toMatchObject({ exit: 0 });
    expect((await colleague.polyenv(['ls', '--json'], { cwd })).stdout).toMatch(
      /20\.11\.1[\s\S]*22\.1\.0|22\.1\.0[\s\S]*20\.11\.1/,
    );
  } finally {
    fresh.remove();
    colleague.remove();
    await server.close();
  }
});

it('a further version is the one that the lock names, whatever else the store has, and one said twice is one', async () => {
  const server = await serveTinyNode(['20.11.1', '22.1.0', '22.2.0'].map((version) => ({ version })));
  const own = newMachine(siteOf(server));
  try {
    const cwd = own.folder('project');
    const file = join(cwd, '.tool-versions');
    const lock = join(cwd, 'polyenv.lock');
    const done = async (...words: readonly string[]): Promise<Ran> => {
      const ran = await own.polyenv(words, { cwd });
      expect(ran, `${words.join(' ')}: ${ran.stderr}`).toMatchObject({ exit: 0 });
      return ran;
    };
    writeFileSync(join(cwd, 'polyenv.toml'), '[runtimes]\n');
    writeFileSync(file, 'nodejs 20.11.1 20.11.1 22.1.0\n');
    await done('lock');
    expect(readFileSync(lock, 'utf8').match(/^version = "20\.11\.1"/gm)).toHaveLength(1);
    // Locked for `22` when 22.1.0 was the newest.
    writeFileSync(lock, readFileSync(lock, 'utf8').replace('request = "22.1.0"', 'request = "22"'));
    writeFileSync(file, 'nodejs 20.11.1 22\n');
    await done('exec', 'node@22.2.0', '--', 'true');
    expect((await done('ls', '--json')).stdout).not.toContain('22.1.0');
    await done('exec', '--', 'true');
    expect((await done('ls', '--json')).stdout).toContain('22.1.0');
  } finally {
    own.remove();
    await server.close();
  }
});
