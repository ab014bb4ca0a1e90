import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Machine, newMachine, type Ran } from '../support/cli';
import { serveTinyNode, siteOf, type TinyNode } from '../support/tiny-node';

/** Outside of projects: a default is an environment like a project's, and what has no pin passes through. */
let server: TinyNode;
let machine: Machine;
let outside: string;

beforeAll(async () => {
  server = await serveTinyNode([{ version: '22.1.0' }, { version: '20.11.1', lts: 'Iron' }]);
});
afterAll(() => server.close());
beforeEach(() => {
  machine = newMachine(siteOf(server));
  outside = machine.folder('outside');
});
afterEach(() => machine.remove());

const polyenv = async (...args: readonly string[]): Promise<Ran> => {
  const ran = await machine.polyenv(args, { cwd: outside });
  expect(ran, ran.stderr).toMatchObject({ exit: 0 });
  return ran;
};
/** By the shims alone, with a program that is the wrong one behind them. */
const node = async (env: Readonly<Record<string, string>> = {}, cwd = outside): Promise<string> => {
  script('decoys/node', 'echo decoy');
  const PATH = `${machine.shims}:${join(machine.base, 'decoys')}:/usr/bin:/bin`;
  const ran = await machine.run(['node', '--version'], { cwd, env: { PATH, ...env } });
  return `${ran.stdout.trim()}${ran.exit === 0 ? '' : ran.stderr}`;
};
function script(path: string, text: string): string {
  const file = join(machine.base, path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, `#!/bin/sh\n${text}\n`);
  chmodSync(file, 0o755);
  return file;
}

describe('a default', () => {
  it('is followed at the next call, however it is changed', async () => {
    await polyenv('reshim');
    expect(await node()).toBe('decoy');
    const settings = join(machine.home, '.config/polyenv/settings.json');
    mkdirSync(join(settings, '..'), { recursive: true });
    writeFileSync(settings, '{ "defaults": { "node": "22" } }');
    expect(await node()).toBe('v22.1.0');
    await polyenv('settings', 'set', 'defaults.node', '20');
    expect(await node()).toBe('v20.11.1');
    expect(await node({ POLYENV_DEFAULTS: 'node=22' })).toBe('v22.1.0');
    expect(await node()).toBe('v20.11.1');
    await polyenv('use', '--default', 'node@22');
    expect(await node()).toBe('v22.1.0');
    await polyenv('settings', 'unset', 'defaults.node');
    expect(await node()).toBe('decoy');
    rmSync(settings, { force: true });
    expect(await node()).toBe('decoy');
  });

  it('that cannot be read is an error, never another copy', async () => {
    await polyenv('use', '--default', 'node@22');
    writeFileSync(join(machine.home, '.config/polyenv/settings.json'), '{ "defaults": { "node": "no-version!" } }');
    expect(await node()).toContain('defaults.node');
    expect(await node({ POLYENV_BYPASS: '1' })).toBe('decoy');
  });

  it('stays when others go: prune, uninstall, verify and size know it', async () => {
    await polyenv('use', '--default', 'node@22');
    await polyenv('exec', 'node@20', '--', 'node');
    expect((await polyenv('prune', '--yes')).stdout + (await polyenv('ls')).stdout).not.toMatch(/20\.11\.1 .*unused/);
    expect(await node()).toBe('v22.1.0');
    const refused = await machine.polyenv(['uninstall', 'node@22'], { cwd: outside });
    expect(refused.stderr).toContain('is your default');
    expect(refused.exit).not.toBe(0);
    await polyenv('verify');
    expect((await polyenv('size', '--json')).json<{ environments: unknown[] }>().environments).toHaveLength(1);
    expect((await polyenv('which', '--why', 'node')).stdout).toContain('defaults.node');
    // Damaged routes are found, and made anew.
    const route = join(machine.polyenvHome, 'state/default/route.sh');
    writeFileSync(route, `${readFileSync(route, 'utf8')}exit 3\n`);
    expect((await machine.polyenv(['verify', '--all'], { cwd: outside })).exit).not.toBe(0);
    await polyenv('verify', '--all', '--repair');
    expect(await node()).toBe('v22.1.0');
  });

  it('installs commands into homes of its own, and they are found', async () => {
    await polyenv('use', '--default', 'node@22');
    const ran = await machine.run(['npm', 'install', '-g', 'tool-of-mine'], { cwd: outside });
    expect(ran, ran.stderr).toMatchObject({ exit: 0 });
    expect((await machine.run(['tool-of-mine'], { cwd: '/' })).stdout).toBe('installed-tool-of-mine\n');
    await polyenv('reshim');
    expect((await machine.run(['tool-of-mine'], { cwd: '/' })).stdout).toBe('installed-tool-of-mine\n');
  });

  it('has the npm that was installed for it, and no other folder has', async () => {
    await polyenv('use', '--default', 'node@22');
    const project = machine.folder('own-npm');
    await machine.prepare(['use', 'node@20'], { cwd: project });
    expect((await machine.run(['npm'], { cwd: project })).stdout).toBe('npm-20.11.1\n');
    const ran = await machine.run(['npm', 'install', '-g', 'npm'], { cwd: project });
    expect(ran, ran.stderr).toMatchObject({ exit: 0 });
    expect((await machine.run(['npm'], { cwd: project })).stdout).toBe('installed-npm\n');
    expect((await machine.polyenv(['exec', '--', 'npm'], { cwd: project })).stdout).toBe('installed-npm\n');
    expect((await machine.run(['npm'], { cwd: outside })).stdout).toBe('npm-22.1.0\n');
  });

  it('gives way to a project, and is there again outside', async () => {
    await polyenv('use', '--default', 'node@22');
    const project = machine.folder('project');
    writeFileSync(join(project, '.nvmrc'), '20\n');
    expect(await node({}, project)).toBe('v20.11.1');
    expect(await node()).toBe('v22.1.0');
  });
});

describe('setup', () => {
  it('is not needed again after an update of polyenv: its shims are made anew', async () => {
    await polyenv('reshim');
    rmSync(join(machine.shims, 'javac'));
    writeFileSync(join(machine.polyenvHome, 'state/shims.version'), '0.0.1\n');
    await polyenv('current');
    expect(existsSync(join(machine.shims, 'javac'))).toBe(true);
    expect(readFileSync(join(machine.polyenvHome, 'state/shims.version'), 'utf8')).not.toBe('0.0.1\n');
  });

  it('makes the first project of a kind work at once', async () => {
    await polyenv('setup', '--yes', '--shell', 'bash', '--no-own-node');
    for (const name of ['node', 'npm', 'python', 'python3', 'pip', 'go', 'cargo', 'rustc', 'java', 'javac'])
      expect([name, existsSync(join(machine.shims, name))]).toEqual([name, true]);
    writeFileSync(join(outside, '.nvmrc'), '22\n');
    expect(await node()).toBe('v22.1.0');
    const none = await machine.run(['javac'], { cwd: outside, env: { PATH: `${machine.shims}:/nowhere` } });
    expect(none).toMatchObject({ exit: 127, stdout: '' });
    expect(none.stderr).toContain('polyenv use java');
  });

  it('keeps the home that it was given, for shims and for polyenv itself', async () => {
    const ran = await polyenv('setup', '--yes', '--shell', 'bash', '--no-own-node');
    expect(ran.stdout).toContain(`export POLYENV_HOME=${machine.polyenvHome}`);
    writeFileSync(join(outside, '.nvmrc'), '22\n');
    const bare = { ...siteOf(server), HOME: machine.home, PATH: `${machine.shims}:/usr/bin:/bin`, PWD: outside };
    const clean = (command: string) =>
      machine.run(['/usr/bin/env', '-i', ...Object.entries(bare).map(([k, v]) => `${k}=${v}`), 'sh', '-c', command], {
        cwd: outside,
      });
    expect((await clean('node --version')).stdout).toBe('v22.1.0\n');
    expect((await clean('polyenv where')).stdout + (await clean('polyenv exec -- node --version')).stdout).toContain(
      '22.1.0',
    );
    expect((await clean('node env')).stdout).not.toContain('POLYENV_SAVED');
    expect(existsSync(join(machine.home, '.local/share/polyenv'))).toBe(false);
    // A person who names another home means that one; a shim is always its own home's.
    const other = machine.folder('other');
    expect((await clean(`POLYENV_HOME=${other} polyenv settings get locks.timeout`)).exit).toBeLessThan(3);
    expect((await clean(`cd / && POLYENV_HOME=${other} POLYENV_NODE='>=20 <21' node --version`)).stdout).toBe(
      'v20.11.1\n',
    );
    expect(existsSync(join(other, 'store'))).toBe(false);
  });
});

describe("another manager's stand-in that falls back to the system's", () => {
  /** As pyenv, asdf and nodenv do: the next one on PATH that is not of the own folder. */
  const standIn = (folder: string): string => {
    script(
      `${folder}/node`,
      `echo "through ${folder}" >&2
rest= IFS=:
for entry in $PATH; do [ "$entry" = "$(dirname "$0")" ] || rest=$rest:$entry; done
PATH=\${rest#:} exec node "$@"`,
    );
    return join(machine.base, folder);
  };

  it.each(['.pyenv/shims', '.asdf/shims', '.nodenv/shims', '.volta/bin', '.cargo/bin', 'mise/shims'])(
    'comes out at the real program: %s',
    async (folder) => {
      await polyenv('reshim');
      const other = standIn(folder);
      const real = join(script('real/node', 'echo real'), '..');
      for (const order of [
        [machine.shims, other, real],
        [other, machine.shims, real],
        [other, machine.shims, real, other],
      ])
        for (const bypass of ['', '1']) {
          const env = { PATH: [...order, '/usr/bin', '/bin'].join(':'), POLYENV_BYPASS: bypass };
          expect([order, await machine.run(['node'], { cwd: outside, env })]).toMatchObject([
            order,
            { exit: 0, stdout: 'real\n' },
          ]);
        }
    },
  );

  it('answers where it has something of its own to say', async () => {
    await polyenv('reshim');
    script('.pyenv/shims/node', 'echo of-pyenv');
    const env = { PATH: `${machine.shims}:${join(machine.base, '.pyenv/shims')}:/usr/bin:/bin` };
    expect((await machine.run(['node'], { cwd: outside, env })).stdout).toBe('of-pyenv\n');
  });

  it('ends with a message where there is no real one', async () => {
    await polyenv('reshim');
    const env = { PATH: `${machine.shims}:${standIn('.asdf/shims')}:/bin` };
    const none = { ...env, PATH: env.PATH.replace('/bin', '/bin') };
    const ran = await machine.run(['node'], {
      cwd: outside,
      env: existsSync('/bin/node') ? { PATH: env.PATH.replace(/:\/bin$/, '') } : none,
    });
    expect(ran.exit).not.toBe(0);
    expect(ran.stderr.split('\n').length).toBeLessThan(40);
  });
});
