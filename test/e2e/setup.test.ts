import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Machine, newMachine } from '../support/cli';

let machine: Machine;
beforeEach(() => {
  machine = newMachine({}, { fresh: true });
});
afterEach(() => machine.remove());

const setup = (env: Readonly<Record<string, string>>, ...words: readonly string[]) =>
  machine.polyenv(['setup', '--yes', '--no-own-node', ...words], { env });

describe('setup without a known shell', () => {
  it.each([
    ['a shell that polyenv does not know', { SHELL: '/bin/dash' }],
    ['a name that is no shell', { SHELL: 'nologin' }],
  ])('does all but the start-up file, and shows the line: %s', async (_, env) => {
    const ran = await setup(env);
    expect(ran.exit, ran.stderr).toBe(0);
    expect(ran.stdout).toContain(`export PATH='${machine.shims}':"$PATH"`);
    expect(existsSync(join(machine.shims, 'polyenv'))).toBe(true);
    expect(readdirSync(machine.home)).toEqual([]);
    const again = await setup(env, '--json');
    expect(again.json()).toMatchObject({ schema: 1, written: false, line: expect.stringContaining(machine.shims) });
  });

  it('takes the shell of the user entry where SHELL is not set', async () => {
    const entry = readFileSync('/etc/passwd', 'utf8')
      .split('\n')
      .find((line) => line.split(':')[2] === String(process.getuid?.()));
    const ran = await setup({});
    expect(ran.exit, ran.stderr).toBe(0);
    const known = /\/(bash|zsh|fish)$/.exec(entry ?? '')?.[1];
    if (known === undefined) expect(ran.stdout).toContain('your shell is not known');
    else expect(ran.stdout).toContain('wrote ');
  });

  it.each(['', 'relative'])('HOME=%j is no folder: the home of the user entry counts', async (HOME) => {
    const ran = await machine.polyenv(['setup', '--dry-run'], { env: { HOME, SHELL: '/bin/bash' } });
    expect(ran, ran.stderr).toMatchObject({ exit: 0, stdout: expect.stringContaining('would add to /') });
  });

  it('--undo finds the lines in whichever start-up file they are', async () => {
    await setup({}, '--shell', 'zsh');
    expect(readFileSync(join(machine.home, '.zshrc'), 'utf8')).toContain('polyenv');
    const ran = await machine.polyenv(['setup', '--undo'], { env: { SHELL: '/bin/dash' } });
    expect(ran.stdout).toContain('.zshrc');
    expect(existsSync(join(machine.home, '.zshrc'))).toBe(false);
  });
});

describe('self uninstall', () => {
  it('leaves nothing but what it names', async () => {
    await setup({}, '--shell', 'fish');
    await setup({}, '--shell', 'bash');
    await machine.polyenv(['settings', 'set', 'jobs', '2']);
    const dry = await machine.polyenv(['self', 'uninstall', '--dry-run']);
    const [settings, bash, fish] = ['.config/polyenv/settings.json', '.bashrc', '.config/fish/conf.d/polyenv.fish'].map(
      (file) => join(machine.home, file),
    );
    expect(dry.stdout.trim().split('\n').sort()).toEqual(
      [machine.polyenvHome, settings, `polyenv's lines in ${bash}`, `polyenv's lines in ${fish}`]
        .map((one) => `would take away ${one}`)
        .sort(),
    );
    const ran = await machine.polyenv(['self', 'uninstall', '--yes']);
    expect(ran.exit, ran.stderr).toBe(0);
    for (const one of [machine.polyenvHome, settings, bash, fish]) expect(ran.stdout).toContain(`${one}\n`);
    expect(readdirSync(machine.home)).toEqual([]);
    expect(existsSync(machine.polyenvHome)).toBe(false);
    expect(ran.stdout).toContain('polyenv.toml, polyenv.lock, .venv');
  });

  it('takes an authority that cannot be read with the rest', async () => {
    await setup({}, '--shell', 'fish');
    const authority = join(machine.polyenvHome, 'gateway/authority');
    mkdirSync(authority, { recursive: true });
    for (const name of ['root.pem', 'issuer.pem', 'issuer.key']) writeFileSync(join(authority, name), 'nothing\n');
    const ran = await machine.polyenv(['self', 'uninstall', '--yes']);
    expect(ran, ran.stderr).toMatchObject({ exit: 0 });
    expect(readdirSync(machine.home)).toEqual([]);
    expect(existsSync(machine.polyenvHome)).toBe(false);
  });

  it('takes no folder that holds something else', async () => {
    await setup({}, '--shell', 'fish');
    mkdirSync(join(machine.home, '.config/fish/conf.d'), { recursive: true });
    writeFileSync(join(machine.home, '.config/fish/conf.d/mine.fish'), '# mine\n');
    await machine.polyenv(['self', 'uninstall', '--yes']);
    expect(readdirSync(join(machine.home, '.config/fish/conf.d'))).toEqual(['mine.fish']);
  });
});

it('settings list hides passwords, settings get does not', async () => {
  const mirror = 'https://nodejs.org/=https://ada:s3cret@mirror.example/node/?token=abcdef';
  const set = await machine.polyenv(['settings', 'set', 'mirrors', mirror]);
  const npm = await machine.polyenv(['settings', 'set', 'registry.npm', 'https://ada:s3cret@npm.example/']);
  const list = await machine.polyenv(['settings', 'list']);
  const json = await machine.polyenv(['settings', 'list', '--json']);
  for (const ran of [set, npm, list, json]) {
    expect(ran.exit, ran.stderr).toBe(0);
    expect(ran.stdout + ran.stderr).not.toMatch(/s3cret|abcdef/);
  }
  expect(list.stdout).toContain('mirror.example/node/');
  expect((await machine.polyenv(['settings', 'get', 'registry.npm'])).stdout).toBe('https://ada:s3cret@npm.example/\n');
});
