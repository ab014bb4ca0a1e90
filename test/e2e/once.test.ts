import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Machine, newMachine, type Ran } from '../support/cli';
import { serveTinyNode, siteOf, type TinyNode } from '../support/tiny-node';

/** Versions for this once: what the store can answer, it answers. */
let server: TinyNode;
let machine: Machine;
let cwd: string;

beforeAll(async () => {
  server = await serveTinyNode([
    { version: '24.2.0' },
    { version: '22.4.0', lts: 'Jod' },
    { version: '22.1.0', lts: 'Jod' },
    { version: '20.11.1', lts: 'Iron' },
  ]);
  machine = newMachine(siteOf(server));
  cwd = machine.folder('project');
  for (const request of ['node@20', 'node@22.1.0']) {
    const ran = await machine.polyenv(['exec', request, '--', 'node'], { cwd });
    if (ran.exit !== 0) throw new Error(ran.stderr);
  }
  await machine.prepare(['use', 'node@20'], { cwd });
});
afterAll(async () => {
  machine?.remove();
  await server?.close();
});
beforeEach(() => {
  server.asked.length = 0;
});

const exec = (request: string, ...options: readonly string[]): Promise<Ran> =>
  machine.polyenv([...options, 'exec', `node@${request}`, '--', 'node', '--version'], { cwd });
const shim = (request: string): Promise<Ran> =>
  machine.run(['node', '--version'], { cwd, env: { POLYENV_NODE: request } });

describe('what the store can answer is not looked up', () => {
  it.each([
    ['22.1.0', 'v22.1.0'],
    ['22', 'v22.1.0'],
    ['>=20 <22.4', 'v22.1.0'],
    ['lts', 'v22.1.0'],
    ['lts/iron', 'v20.11.1'],
    ['lts/-1', 'v20.11.1'],
  ])('%s is %s, by exec, by a variable, and offline', async (request, version) => {
    const answer = { exit: 0, stdout: `${version}\n`, stderr: '' };
    expect(await exec(request)).toMatchObject(answer);
    expect(await shim(request)).toMatchObject(answer);
    expect(await exec(request, '--offline')).toMatchObject(answer);
    expect(server.asked).toEqual([]);
  });

  it('and what it cannot answer is', async () => {
    expect(await exec('22.4', '--offline')).toMatchObject({ exit: 5, stdout: '' });
    expect(await exec('22.2')).toMatchObject({ exit: 4, stdout: '' });
  });
});

describe('a shim asked for another version', () => {
  it('goes by a route of its own: polyenv is not started again', async () => {
    const launcher = join(machine.polyenvHome, 'bin/polyenv');
    for (const at of [cwd, machine.folder('elsewhere')]) {
      const env = { POLYENV_NODE: '22' };
      const first = await machine.run(['node', '--version'], { cwd: at, env });
      expect(first).toMatchObject({ exit: 0, stdout: 'v22.1.0\n' });
      renameSync(launcher, `${launcher}.away`);
      try {
        expect(await machine.run(['node', '--version'], { cwd: at, env })).toEqual({
          ...first,
          json: expect.anything(),
        });
        expect((await machine.run(['npm'], { cwd: at, env })).stdout).toBe('npm-22.1.0\n');
      } finally {
        renameSync(`${launcher}.away`, launcher);
      }
    }
    expect((await machine.run(['node', '--version'], { cwd })).stdout).toBe('v20.11.1\n');
  });

  it('follows what is installed and removed', async () => {
    const own = newMachine(siteOf(server));
    const shim = async () => (await own.run(['node', '--version'], { env: { POLYENV_NODE: '22' } })).stdout;
    try {
      await own.polyenv(['exec', 'node@22.1.0', '--', 'node']);
      await own.prepare(['reshim']);
      expect([await shim(), await shim()]).toEqual(['v22.1.0\n', 'v22.1.0\n']);
      await own.polyenv(['exec', 'node@22.4.0', '--', 'node']);
      expect([await shim(), await shim()]).toEqual(['v22.4.0\n', 'v22.4.0\n']);
      await own.prepare(['uninstall', 'node@22.4.0', '--yes']);
      expect([await shim(), await shim()]).toEqual(['v22.1.0\n', 'v22.1.0\n']);
    } finally {
      own.remove();
    }
  });

  it('is what exec and shell started, though a start-up file puts the shims first', async () => {
    const nested = `PATH=${machine.shims}:/usr/bin:/bin; cd /; node --version; cd "$1"; npm`;
    const ran = await machine.polyenv(['exec', 'node@22', '--', 'sh', '-c', nested, 'sh', cwd], { cwd });
    expect(ran.stdout).toBe('v22.1.0\nnpm-22.1.0\n');
    writeFileSync(join(machine.home, '.bashrc'), `PATH=${machine.shims}:$PATH\n`);
    writeFileSync(join(machine.home, '.zshrc'), `PATH=${machine.shims}:$PATH\n`);
    for (const shell of ['/bin/bash', '/usr/bin/zsh'].filter((file) => existsSync(file))) {
      const inside = await machine.polyenv(['shell', 'node@22', '--', '-ic', 'node --version'], {
        cwd,
        env: { SHELL: shell },
      });
      expect([shell, inside.stdout]).toEqual([shell, 'v22.1.0\n']);
      const child = await machine.polyenv(['exec', 'node@22', '--', shell, '-ic', 'node --version'], { cwd });
      expect([shell, child.stdout]).toEqual([shell, 'v22.1.0\n']);
    }
  });
});

describe('a request that moves', () => {
  const notes = (): readonly string[] =>
    readdirSync(join(machine.polyenvHome, 'once')).filter((name) => name.endsWith('.json'));

  it('is looked up at most once a day', async () => {
    expect(await exec('latest')).toMatchObject({ exit: 0, stdout: 'v24.2.0\n' });
    expect(server.asked).not.toEqual([]);
    server.asked.length = 0;
    expect(await exec('latest')).toMatchObject({ exit: 0, stdout: 'v24.2.0\n' });
    expect(await shim('latest')).toMatchObject({ exit: 0, stdout: 'v24.2.0\n' });
    expect(server.asked).toEqual([]);
    for (const name of notes()) {
      const file = join(machine.polyenvHome, 'once', name);
      const note = JSON.parse(readFileSync(file, 'utf8'));
      writeFileSync(file, JSON.stringify({ ...note, checked: note.checked - 86_400_001 }));
    }
    expect(await exec('latest')).toMatchObject({ exit: 0, stdout: 'v24.2.0\n' });
  });

  it('is answered by the newest installed one where nothing can be reached, and says so once', async () => {
    const away = newMachine({ ...siteOf(server), POLYENV_HOME: machine.polyenvHome, POLYENV_CACHE_MAX_AGE: '0' });
    const gone = {
      POLYENV_MIRRORS: 'https://nodejs.org/dist=http://127.0.0.1:1/dist',
      npm_config_registry: 'http://127.0.0.1:1/',
      POLYENV_REGISTRY_PYPI: 'http://127.0.0.1:1/simple',
    };
    for (const name of notes()) writeFileSync(join(machine.polyenvHome, 'once', name), 'damaged');
    try {
      const first = await away.polyenv(['exec', 'node@latest', '--', 'node', '--version'], { cwd, env: gone });
      expect(first).toMatchObject({ exit: 0, stdout: 'v24.2.0\n' });
      expect(first.stderr).toContain('node@latest could not be looked up');
      const second = await away.polyenv(['exec', 'node@latest', '--', 'node', '--version'], { cwd, env: gone });
      expect(second).toMatchObject({ exit: 0, stdout: 'v24.2.0\n', stderr: '' });
    } finally {
      away.remove();
    }
  });
});

it('asks a second time for no signature that was not there', async () => {
  const fresh = newMachine({ POLYENV_MIRRORS: server.mirrors });
  try {
    await fresh.polyenv(['resolve', 'node@22']);
    expect(server.asked.filter((path) => path.endsWith('.sig'))).not.toEqual([]);
    server.asked.length = 0;
    const again = await fresh.polyenv(['resolve', 'node@22']);
    expect(again.exit).toBe(0);
    expect(server.asked).toEqual([]);
    expect(await fresh.polyenv(['--offline', 'resolve', 'node@22'])).toMatchObject({ exit: 0 });
  } finally {
    fresh.remove();
  }
});
