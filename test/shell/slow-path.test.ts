import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Machine, newMachine, type Ran, type RunOptions } from '../support/cli';
import { discard } from '../support/discard';
import { serveTinyNode, type TinyNode } from '../support/tiny-node';

let server: TinyNode;
let machine: Machine;
let project: string;
let decoys: string;

beforeAll(async () => {
  server = await serveTinyNode([
    { version: '22.1.0' },
    { version: '20.11.1', lts: 'Iron' },
    { version: '18.19.0', lts: 'Hydrogen' },
  ]);
  machine = newMachine({ POLYENV_MIRRORS: server.mirrors, POLYENV_VERIFY_SIGNATURES: 'off' });
  decoys = machine.folder('decoys');
  writeFileSync(join(decoys, 'node'), '#!/bin/sh\necho decoy\n', { mode: 0o755 });
  project = machine.folder('project');
  const used = await machine.polyenv(['use', 'node@20'], { cwd: project });
  if (used.exit !== 0) throw new Error(used.stderr);
});
afterAll(async () => {
  machine?.remove();
  await server?.close();
});

function node(args: readonly string[], options: RunOptions = {}): Promise<Ran> {
  const PATH = `${machine.shims}:${decoys}:/usr/bin:/bin`;
  return machine.run([join(machine.shims, 'node'), ...args], {
    cwd: project,
    ...options,
    env: { PATH, ...options.env },
  });
}

const ODD = [
  '',
  'a b',
  'x\ny',
  '"',
  "'",
  '$HOME',
  '\\',
  '*',
  '-e',
  '--',
  '--help',
  '--version',
  '--json',
  '-q',
  '-C',
  '/',
  '--offline',
];

describe('what polyenv decides for a shim', () => {
  it('hands on every argument, none of which is taken for its own', async () => {
    const ran = await node(['args', ...ODD], { env: { POLYENV_NODE: '18' } });
    expect(ran.stdout).toBe(`${ODD.length}\n${ODD.map((word) => `[${word}]\n`).join('')}`);
    for (const word of ['--help', '--json', '-q', '--offline', '-C'])
      expect((await node([word], { env: { POLYENV_NODE: '18' } })).stdout).toBe('tiny-node 18.19.0\n');
  });

  it('reads no option of its own from the arguments: the compiled code is used as ever', async () => {
    const code = join(machine.polyenvHome, 'cache/code');
    for (const word of ['-v', '--verbose']) {
      rmSync(code, { recursive: true, force: true });
      await node([word], { env: { POLYENV_NODE: '>=18 <19' } });
      expect(readdirSync(code).length, word).toBeGreaterThan(0);
    }
  });

  it('loads only the near part for what is called all the time', async () => {
    const code = join(machine.polyenvHome, 'cache/code');
    for (const args of [['current'], ['which', 'node'], ['env'], ['exec', '--', 'node', '--version']]) {
      rmSync(code, { recursive: true, force: true });
      // A folder of its own: what other tests compile at the same time is not looked at.
      mkdirSync(code);
      expect(await machine.polyenv(args, { cwd: project })).toMatchObject({ exit: 0 });
      const own = readdirSync(code).filter((name) => name.endsWith(`-${args[0]}.code`));
      expect(new Set(own.map((name) => name.split('-')[0])), args.join(' ')).toEqual(new Set(['near.cjs']));
    }
  });

  it('hands on the status, standard input and closed descriptors', async () => {
    for (const status of [0, 1, 42, 125, 126, 127, 255])
      expect(await node(['exit', String(status)], { env: { POLYENV_NODE: '18' } })).toMatchObject({
        exit: status,
        stderr: '',
      });
    for (const closed of ['<&-', '>&-', '2>&-', '<&- >&- 2>&-']) {
      const ran = await machine.run(['/bin/sh', '-c', `node exit 7 ${closed}; echo $?`], {
        cwd: project,
        env: { POLYENV_NODE: '18' },
      });
      expect([closed, ran.stdout]).toEqual([closed, '7\n']);
    }
  });

  it('is for this once: nothing is written in the project', async () => {
    const before = readdirSync(project).map((name) => [name, readFileSync(join(project, name), 'utf8')]);
    expect((await node([], { env: { POLYENV_NODE: '22' } })).stdout).toBe('tiny-node 22.1.0\n');
    expect((await node([])).stdout).toBe('tiny-node 20.11.1\n');
    expect((await node([], { env: { POLYENV_NODE: 'system' } })).stdout).toBe('decoy\n');
    expect(readdirSync(project).map((name) => [name, readFileSync(join(project, name), 'utf8')])).toEqual(before);
  });

  it.each(['.mise.toml', 'mise/config.toml', '.config/mise.toml', '.config/mise/config.toml'])(
    'finds %s wherever it appears, also in a project',
    async (name) => {
      const cwd = machine.folder(`project/of-${name.replaceAll('/', '-')}/deep`);
      const file = join(cwd, '..', name);
      expect((await node([], { cwd })).stdout).toBe('tiny-node 20.11.1\n');
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, '[tools]\nnode = "22"');
      for (const _ of ['slow', 'compiled']) expect((await node([], { cwd })).stdout).toBe('tiny-node 22.1.0\n');
      rmSync(file);
      expect((await node([], { cwd })).stdout).toBe('tiny-node 20.11.1\n');
    },
  );

  it('takes no settings of the home folder for a project', async () => {
    const file = join(machine.home, '.config/mise/config.toml');
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, '[tools]\nnode = "22"');
    expect((await node([], { cwd: machine.home })).stdout).toBe('decoy\n');
    rmSync(file);
  });

  it("reads mise's file of an environment for calls that name it, and for no other", async () => {
    const cwd = machine.folder('environments');
    writeFileSync(join(cwd, 'mise.toml'), '[tools]\nnode = "22"');
    writeFileSync(join(cwd, 'mise.ci.toml'), '[tools]\nnode = "18"');
    const versions = [{}, { MISE_ENV: 'ci' }, {}, { MISE_ENV: 'other,ci' }, { MISE_ENV: 'other' }].map(
      async (env) => (await node([], { cwd, env })).stdout,
    );
    expect(await Promise.all(versions)).toEqual(
      ['22.1.0', '18.19.0', '22.1.0', '18.19.0', '22.1.0'].map((version) => `tiny-node ${version}\n`),
    );
    const exec = await machine.polyenv(['exec', '--', 'node'], { cwd, env: { MISE_ENV: 'ci' } });
    expect(exec.stdout).toBe('tiny-node 18.19.0\n');
  });

  it("gives way to a variable that the caller set for the call, and takes its own for nobody else's word", async () => {
    const [cwd, elsewhere] = [machine.folder('variables'), machine.folder('variables-elsewhere')];
    await machine.prepare(['use', 'node@20'], { cwd });
    const prefixOf = async (env: Record<string, string>) => {
      const { stdout } = await node(['env'], { cwd, env });
      return /^npm_config_prefix=(.*)$/m.exec(stdout)?.[1] ?? /^NPM_CONFIG_PREFIX=(.*)$/m.exec(stdout)?.[1];
    };
    const own = (await prefixOf({})) ?? '';
    expect(own.startsWith(`${machine.polyenvHome}/homes/`)).toBe(true);
    expect(await prefixOf({ npm_config_prefix: elsewhere })).toBe(elsewhere);
    expect(await prefixOf({ NPM_CONFIG_PREFIX: elsewhere })).toBe(elsewhere);
    expect(await prefixOf({ npm_config_prefix: `${machine.polyenvHome}/homes/other/prefix` })).toBe(own);
    const npm = ['npm', 'install', '-g', 'thing'] as const;
    await machine.run(npm, { cwd, env: { npm_config_prefix: elsewhere } });
    expect(existsSync(join(elsewhere, 'bin/thing'))).toBe(true);
    expect(existsSync(join(own, 'bin/thing'))).toBe(false);
    writeFileSync(join(machine.home, '.profile'), `export npm_config_prefix=${elsewhere}\n`);
    await machine.prepare(['use', 'node@20'], { cwd });
    await machine.prepare(['reshim'], { cwd });
    expect(await prefixOf({ npm_config_prefix: elsewhere })).toBe(own);
    rmSync(join(machine.home, '.profile'));
  });

  it('leaves no trace of what was asked for this once in the routes that it compiles meanwhile', async () => {
    for (const POLYENV_NODE of ['system', '18', '22.1']) {
      discard(join(machine.polyenvHome, 'envs'));
      await node([], { env: { POLYENV_NODE } });
      await machine.prepare(['reshim'], { cwd: project, env: { POLYENV_NODE } });
      await machine.prepare(['install'], { cwd: project, env: { POLYENV_NODE } });
      expect((await node([])).stdout).toBe('tiny-node 20.11.1\n');
    }
  });

  it('is the pinned version or a failure that names it, never another copy', async () => {
    const folder = machine.folder('missing');
    writeFileSync(join(folder, '.nvmrc'), '9.9.9\n');
    const ran = await node([], { cwd: folder });
    expect(ran).toMatchObject({ stdout: '' });
    expect(ran.exit).not.toBe(0);
    expect(ran.stderr).toContain('9.9.9');
    expect(ran.stderr).toContain('.nvmrc');
    const broken = machine.folder('unreadable');
    writeFileSync(join(broken, 'polyenv.toml'), '[runtimes\nnode = ');
    expect(await node([], { cwd: broken })).toMatchObject({ stdout: '', exit: 3 });
    expect((await node([], { cwd: broken, env: { POLYENV_BYPASS: '1' } })).stdout).toBe('decoy\n');
  });

  it('comes back where the toolchain is gone from the store, or the routes are', async () => {
    const which = (await machine.polyenv(['which', 'node'], { cwd: project })).stdout.trim();
    const tree = join(which, '../..');
    spawnSync('/bin/sh', ['-c', 'chmod -R u+w "$1" && rm -r "$1"', 'sh', tree]);
    expect(existsSync(which)).toBe(false);
    expect((await node([])).stdout).toBe('tiny-node 20.11.1\n');
    discard(join(machine.polyenvHome, 'envs'));
    expect((await node([])).stdout).toBe('tiny-node 20.11.1\n');
    expect(existsSync(join(machine.polyenvHome, 'envs', project, '.polyenv/route.sh'))).toBe(true);
  });

  it('is not changed by what acts on a node: only the tool gets that', async () => {
    writeFileSync(
      join(project, 'evil.cjs'),
      `require('fs').writeFileSync(${JSON.stringify(join(machine.base, 'evil'))}, '')`,
    );
    const env = { NODE_OPTIONS: '--require=./evil.cjs', NODE_PATH: '/x', POLYENV_NODE: '18' };
    const { stdout } = await node(['env'], { env });
    expect(stdout).toContain('NODE_OPTIONS=--require=./evil.cjs\n');
    expect(stdout).toContain('NODE_PATH=/x\n');
    expect(existsSync(join(machine.base, 'evil'))).toBe(false);
    rmSync(join(project, 'evil.cjs'));
  });

  it('ends where a wrapper early on PATH asks polyenv for the command that it wraps', async () => {
    const wrap = machine.folder('wrap');
    writeFileSync(join(wrap, 'node'), `#!/bin/sh\nexec "${machine.polyenvHome}/bin/polyenv" exec -- node "$@"\n`, {
      mode: 0o755,
    });
    const PATH = `${wrap}:${machine.shims}:/usr/bin:/bin`;
    expect(await machine.run(['node'], { cwd: project, env: { PATH } })).toMatchObject({
      exit: 0,
      stdout: 'tiny-node 20.11.1\n',
    });
    const outside = await machine.run(['node'], { cwd: '/', env: { PATH } });
    expect(outside).toMatchObject({ stdout: '' });
    expect(outside.exit).not.toBe(0);
  }, 60_000);
});

describe('folders with odd names', () => {
  it.each([
    `a'b"c`,
    '$(touch pwned)',
    '`touch pwned`',
    'a\nb',
    '-n',
    '*',
    'a\\b',
    '\b\r',
    'é日🎉',
    'a:b',
    ' ',
    '#x',
    '{a,b}',
  ])('can be projects, by way of every step: %j', async (name) => {
    const folder = machine.folder(join('odd', name));
    const used = await machine.polyenv(['use', 'node@18'], { cwd: folder });
    expect(used, used.stderr).toMatchObject({ exit: 0 });
    expect(await node([], { cwd: folder })).toMatchObject({ exit: 0, stdout: 'tiny-node 18.19.0\n', stderr: '' });
    writeFileSync(join(folder, '.nvmrc'), '22');
    const below = machine.folder(join('odd', name, 'below'));
    expect((await node([], { cwd: below })).stdout).toBe('tiny-node 18.19.0\n');
    const sh = await machine.run(['/bin/sh', '-c', 'eval "$(cat)"; node'], {
      cwd: folder,
      input: (await machine.polyenv(['env'], { cwd: folder })).stdout,
    });
    expect(sh).toMatchObject({ exit: 0, stdout: 'tiny-node 18.19.0\n' });
    expect(readdirSync(folder).sort()).toEqual(['.nvmrc', 'below', 'polyenv.lock', 'polyenv.toml']);
  });

  it('cannot be projects below a folder named .polyenv', async () => {
    const folder = machine.folder('x/.polyenv/bin');
    const ran = await machine.polyenv(['use', 'node@18'], { cwd: folder });
    expect(ran.exit).not.toBe(0);
    expect(ran.stderr).toContain('.polyenv');
    writeFileSync(join(folder, '.nvmrc'), '18\n');
    const routed = await node([], { cwd: folder });
    expect(routed).toMatchObject({ stdout: '' });
    expect(routed.stderr).toContain('.polyenv');
  });

  it('run or say why, where the path is as long as a path may be', async () => {
    let folder = machine.folder('long');
    while (folder.length < 3_700) folder = join(folder, 'n'.repeat(Math.min(200, 4_000 - folder.length)));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, '.nvmrc'), '18\n');
    expect(await node([], { cwd: folder })).toMatchObject({ stdout: 'tiny-node 18.19.0\n' });
    folder = join(folder, 'm'.repeat(200), 'o'.repeat(4_070 - folder.length - 202));
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, '.nvmrc'), '22\n');
    const ran = await node([], { cwd: folder });
    if (ran.exit === 0) expect(ran.stdout).toBe('tiny-node 22.1.0\n');
    else expect(ran).toMatchObject({ stdout: '', stderr: /^error\[[a-z-]+\] .*(long|path)/ });
  });

  it('are found through a link by the name that the person used', async () => {
    const link = join(machine.base, 'link to project');
    symlinkSync(project, link);
    expect((await node([], { cwd: link })).stdout).toBe('tiny-node 20.11.1\n');
    expect((await node([], { cwd: link })).stdout).toBe('tiny-node 20.11.1\n');
  });

  it('may be gone', async () => {
    const gone = machine.folder('gone');
    const line = `cd "${gone}" && rmdir "${gone}" && node; echo $?`;
    for (const env of [{}, { POLYENV_NODE: '18' }]) {
      const ran = await machine.run(['/bin/sh', '-c', line], {
        cwd: '/',
        env: { PATH: `${machine.shims}:${decoys}:/usr/bin:/bin`, ...env },
      });
      expect(ran.stderr).not.toMatch(/\n\s+at /);
      expect(ran.stdout).toMatch('POLYENV_NODE' in env ? /^tiny-node 18|^[1-9]/ : /^decoy/);
      mkdirSync(gone);
    }
  });

  it('that cannot be written to are projects all the same', async () => {
    const folder = machine.folder('read-only');
    writeFileSync(join(folder, '.nvmrc'), '18\n');
    chmodSync(folder, 0o555);
    expect((await node([], { cwd: folder })).stdout).toBe('tiny-node 18.19.0\n');
    chmodSync(folder, 0o755);
    expect(readdirSync(folder)).toEqual(['.nvmrc']);
  });
});
