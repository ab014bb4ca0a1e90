import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Machine, newMachine } from '../support/cli';
import { discard } from '../support/discard';
import { ask, processesOf, type Services, servicesOn } from '../support/services';
import { buildTinyService, type TinyService } from '../support/tiny-service';

let tiny: TinyService;
let machine: Machine;
let services: Services;

beforeAll(async () => {
  tiny = await buildTinyService();
  machine = newMachine({ POLYENV_MIRRORS: tiny.mirrors, POLYENV_VERIFY_SIGNATURES: 'off' });
  services = servicesOn(machine, tiny.program);
}, 120_000);

afterEach(() => services.stopAll());

afterAll(() => {
  machine?.remove();
  tiny?.close();
});

const ONE = '[services]\ndb = "tinydb@1"\n';

interface Up {
  readonly services: readonly {
    readonly action: string;
    readonly pid: number;
    readonly ports: { readonly main: number };
  }[];
}

async function started(cwd: string): Promise<Up['services'][number] & { readonly url: string }> {
  const up = await services.polyenv(cwd, 'up', '--json');
  expect(up, up.stdout + up.stderr).toMatchObject({ exit: 0 });
  const url = (await services.polyenv(cwd, 'url')).stdout.trim();
  return { ...(up.json<Up>().services[0] as Up['services'][number]), url };
}

function serversOf(cwd: string): readonly number[] {
  return processesOf(machine.polyenvHome).filter((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      return words.includes('\0serve\0') && words.includes(`${cwd}/`) && !words.includes('/bin/sh\0-c');
    } catch {
      return false;
    }
  });
}

const stateOf = (cwd: string) => join(services.folder(cwd, 'db'), 'state.json');
const read = (cwd: string) => JSON.parse(readFileSync(stateOf(cwd), 'utf8'));

describe('a server', () => {
  it('is one, however many start it at once', async () => {
    const cwd = services.project('at-once', ONE);
    const ups = await Promise.all(Array.from({ length: 8 }, () => services.polyenv(cwd, 'up', '--json')));
    for (const up of ups) expect(up, up.stdout + up.stderr).toMatchObject({ exit: 0 });
    expect(ups.filter((up) => up.json<Up>().services[0]?.action === 'started')).toHaveLength(1);
    expect(serversOf(cwd)).toHaveLength(1);
  }, 90_000);

  it('that was killed is shown as exited, and comes back with its data', async () => {
    const cwd = services.project('killed', ONE);
    const first = await started(cwd);
    await ask(first.url, 'SET a 1');
    process.kill(first.pid, 'SIGKILL');
    await gone(first.pid);
    const { services: seen } = (await services.polyenv(cwd, 'ps', '--json')).json<{ services: { state: string }[] }>();
    expect(seen).toMatchObject([{ state: 'exited', said: expect.arrayContaining(['ready']) }]);
    const second = await started(cwd);
    expect(second.action).toBe('started');
    expect(await ask(second.url, 'GET a')).toBe('1');
  }, 60_000);

  it('that leaves a busy child behind comes back all the same; a stranger in its folder is left alone', async () => {
    const cwd = services.project('child', ONE);
    const first = await started(cwd);
    const child = Number((await ask(first.url, 'CHILD')).split(' ')[1]);
    const stranger = spawn('/bin/sleep', ['60'], { cwd: join(services.folder(cwd, 'db'), 'data'), stdio: 'ignore' });
    process.kill(first.pid, 'SIGKILL');
    const second = await started(cwd);
    expect(second.action).toBe('started');
    expect(existsRunning(child)).toBe(false);
    expect(existsRunning(stranger.pid as number)).toBe(true);
    stranger.kill('SIGKILL');
  }, 60_000);

  it('whose starter was killed at any step is one, known, and stopped like any other', async () => {
    for (const after of [60, 110, 160, 210, 260, 320, 400, 500]) {
      const cwd = services.project(`starter-${after}`, ONE);
      const child = spawn(process.execPath, [tiny.program, 'up'], {
        cwd,
        env: { ...machine.env, PWD: cwd },
        stdio: 'ignore',
        detached: true,
      });
      await new Promise((resume) => setTimeout(resume, after));
      if (child.exitCode === null) process.kill(-(child.pid as number), 'SIGKILL');
      await new Promise((resume) => setTimeout(resume, 50));
      const up = await started(cwd);
      expect(serversOf(cwd), `killed after ${after} ms`).toHaveLength(1);
      expect(await ask(up.url, 'SET a 1')).toBe('OK');
      const left = readdirSync(services.folder(cwd, 'db')).filter((name) => name.startsWith('data.'));
      expect(left, `killed after ${after} ms`).toEqual([]);
      expect(await services.polyenv(cwd, 'down')).toMatchObject({ exit: 0 });
      expect(serversOf(cwd)).toHaveLength(0);
    }
  }, 120_000);

  it('that its state does not name yet is adopted, and shown and stopped before that', async () => {
    const cwd = services.project('adopted', ONE);
    const first = await started(cwd);
    const { server: _, ...unnamed } = read(cwd);
    writeFileSync(stateOf(cwd), JSON.stringify(unnamed));
    expect((await services.polyenv(cwd, 'ps', '--json')).json()).toMatchObject({
      services: [{ state: 'running', pid: first.pid }],
    });
    expect(await started(cwd)).toMatchObject({ action: 'running', pid: first.pid });
    writeFileSync(stateOf(cwd), JSON.stringify(unnamed));
    expect(await services.polyenv(cwd, 'stop', 'db')).toMatchObject({ exit: 0 });
    expect(serversOf(cwd)).toHaveLength(0);
  }, 60_000);

  it('is never taken for a stranger who has its number: that one is neither adopted nor signalled', async () => {
    const cwd = services.project('stranger', ONE);
    const first = await started(cwd);
    process.kill(first.pid, 'SIGKILL');
    await gone(first.pid);
    const stranger = spawn('/bin/sleep', ['60'], { stdio: 'ignore' });
    const folder = services.folder(cwd, 'db');
    const state = read(cwd);
    writeFileSync(stateOf(cwd), JSON.stringify({ ...state, server: { ...state.server, pid: stranger.pid } }));
    writeFileSync(join(folder, 'pid'), `${stranger.pid}\n`);
    writeFileSync(join(folder, 'data', 'tinydb.pid'), `${stranger.pid}\nready\n`);
    // Somebody holds the data's lock, so that nothing but the program tells them apart.
    const holder = spawn('/bin/sh', ['-c', 'exec flock -n "$1" sleep 60', 'x', join(folder, 'running')], {
      stdio: 'ignore',
      detached: true,
    });
    await new Promise((resume) => setTimeout(resume, 300));
    expect((await services.polyenv(cwd, 'ps', '--json')).json()).toMatchObject({ services: [{ state: 'exited' }] });
    expect(await services.polyenv(cwd, 'down')).toMatchObject({ exit: 0 });
    expect(existsRunning(stranger.pid as number)).toBe(true);
    const refused = await services.polyenv(cwd, 'up');
    expect(refused).toMatchObject({ exit: 9, stderr: expect.stringContaining('in use by') });
    process.kill(-(holder.pid as number), 'SIGKILL');
    await new Promise((resume) => setTimeout(resume, 100));
    expect(await started(cwd)).toMatchObject({ action: 'started' });
    expect(existsRunning(stranger.pid as number)).toBe(true);
    stranger.kill('SIGKILL');
  }, 60_000);

  it('of an earlier boot is dead, and of another container is not started twice', async () => {
    const cwd = services.project('boot', ONE);
    const first = await started(cwd);
    const state = read(cwd);
    process.kill(first.pid, 'SIGKILL');
    await gone(first.pid);
    writeFileSync(stateOf(cwd), JSON.stringify({ ...state, server: { ...state.server, boot: 'earlier' } }));
    const second = await started(cwd);
    expect(second.action).toBe('started');
    // As seen from a container that shares the home: the same boot, other process ids, and the data are held.
    const now = read(cwd);
    writeFileSync(stateOf(cwd), JSON.stringify({ ...now, server: { ...now.server, namespace: 'pid:[1]' } }));
    writeFileSync(join(services.folder(cwd, 'db'), 'pid'), '');
    for (const verb of ['up', 'down']) {
      expect(await services.polyenv(cwd, verb)).toMatchObject({
        exit: 9,
        stderr: expect.stringContaining('in use by'),
      });
    }
    expect(serversOf(cwd)).toHaveLength(1);
  }, 60_000);

  it('of a home that was copied while it ran is not the copy’s own: neither shown, stopped nor started beside it', async () => {
    const cwd = services.project('copied', ONE);
    const first = await started(cwd);
    await ask(first.url, 'SET a 1');
    const copy = join(machine.base, 'copied-home');
    execFileSync('cp', ['-a', machine.polyenvHome, copy]);
    const inCopy = (...args: readonly string[]) =>
      machine.polyenv(args, { cwd, env: { POLYENV_HOME: copy }, program: tiny.program });
    expect((await inCopy('ps', '--json')).json()).toMatchObject({ services: [{ state: 'exited' }] });
    expect(await inCopy('up')).toMatchObject({ exit: 1, stderr: expect.stringContaining(`(pid ${first.pid})`) });
    expect(await inCopy('down', '--all')).toMatchObject({ exit: 0 });
    expect(existsRunning(first.pid)).toBe(true);
    await services.polyenv(cwd, 'down');
    // What was copied is whole: the copy has its own server on its own data.
    expect(await inCopy('up')).toMatchObject({ exit: 0 });
    expect(await ask(first.url, 'GET a')).toBe('1');
    expect(await inCopy('down')).toMatchObject({ exit: 0 });
    discard(copy);
  }, 60_000);

  it('that does not end when it is asked to is not killed unless that is said', async () => {
    const cwd = services.project('stuck', ONE);
    const first = await started(cwd);
    await ask(first.url, 'STUCK');
    const asked = await services.polyenv(cwd, 'stop', 'db');
    expect(asked).toMatchObject({ exit: 1, stderr: expect.stringContaining('--force') });
    expect(existsRunning(first.pid)).toBe(true);
    expect(await services.polyenv(cwd, 'stop', 'db', '--force')).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining('killed'),
    });
    expect(existsRunning(first.pid)).toBe(false);
    expect(await started(cwd)).toMatchObject({ action: 'started' });
  }, 60_000);

  it('whose port is taken names who has it, and is not moved', async () => {
    const cwd = services.project('port', ONE);
    const first = await started(cwd);
    await services.polyenv(cwd, 'down');
    for (const host of ['127.0.0.1', '0.0.0.0']) {
      const other = createServer();
      await new Promise<void>((resolve) => other.listen(first.ports.main, host, resolve));
      const refused = await services.polyenv(cwd, 'up');
      expect(refused.exit).toBe(1);
      expect(refused.stderr).toContain(`port ${first.ports.main}`);
      expect(refused.stderr).toContain(`pid ${process.pid}`);
      expect(refused.stderr).toContain('polyenv.toml:2');
      await new Promise((resolve) => other.close(resolve));
    }
    expect(await started(cwd)).toMatchObject({ action: 'started', ports: first.ports });
  }, 60_000);

  it('whose fixed port another server of its user holds is refused with the line, and that server is left alone', async () => {
    const foreign = await foreignServer();
    const cwd = services.project('fixed-port', fixedPort(foreign.port));
    const refused = await services.polyenv(cwd, 'up');
    expect(refused).toMatchObject({ exit: 1, stdout: '' });
    expect(refused.stderr).toContain(`port ${foreign.port} of db (tinydb) is taken by`);
    expect(refused.stderr).toContain(`(pid ${foreign.pid})`);
    expect(refused.stderr).toContain(`${cwd}/polyenv.toml:1`);
    expect((await services.polyenv(cwd, 'down')).exit).toBe(0);
    expect((await services.polyenv(cwd, 'stop', 'db', '--force')).exit).toBe(0);
    expect(await foreign.signals()).toBe('');
    // Of several that fail, each is told with its line.
    writeFileSync(join(cwd, 'polyenv.toml'), `${fixedPort(foreign.port)}\n[services.other]\nuse = "tinydb@7"\n`);
    expect((await services.polyenv(cwd, 'up')).stderr.match(/polyenv\.toml:\d/g)?.toSorted()).toEqual([
      'polyenv.toml:1',
      'polyenv.toml:5',
    ]);
    foreign.end();
    writeFileSync(join(cwd, 'polyenv.toml'), fixedPort(foreign.port));
    expect(await started(cwd)).toMatchObject({ action: 'started', ports: { main: foreign.port } });
  }, 60_000);

  it("whose fixed port another user's server holds is refused with the line, and that server is left alone (as root)", async ({
    skip,
  }) => {
    if (process.getuid?.() !== 0) skip('needs root, who can start a server as somebody else');
    const foreign = await foreignServer(NOBODY);
    const cwd = services.project('foreign-port', fixedPort(foreign.port));
    const refused = await services.polyenv(cwd, 'up');
    expect(refused.exit).toBe(1);
    expect(refused.stderr).toContain(`port ${foreign.port} of db (tinydb) is taken by`);
    expect(refused.stderr).toContain(`(pid ${foreign.pid})`);
    expect(refused.stderr).toContain(`${cwd}/polyenv.toml:1`);
    expect((await services.polyenv(cwd, 'stop', 'db', '--force')).exit).toBe(0);
    expect(await foreign.signals()).toBe('');
    foreign.end();
  }, 60_000);

  it("whose fixed port root's server holds is refused for a user, who is told whose that is (as root)", async ({
    skip,
  }) => {
    if (process.getuid?.() !== 0) skip('needs root, who can be somebody else');
    const foreign = await foreignServer();
    const cwd = services.project('user-port', fixedPort(foreign.port));
    const home = machine.folder('home-of-nobody');
    for (const path of [cwd, home]) chownSync(path, NOBODY, NOBODY);
    chmodSync(machine.base, 0o755);
    chmodSync(dirname(dirname(tiny.program)), 0o755);
    const refused = await asNobody(cwd, home, 'up');
    expect(refused.stderr).toContain(`port ${foreign.port} of db (tinydb) is taken by a process of user 0`);
    expect(refused.stderr).toContain(`${cwd}/polyenv.toml:1`);
    expect(refused.exit).toBe(1);
    expect((await asNobody(cwd, home, 'stop', 'db', '--force')).exit).toBe(0);
    expect(await foreign.signals()).toBe('');
    foreign.end();
  }, 60_000);
});

const NOBODY = 65_534;

function fixedPort(port: number): string {
  return `[services.db]\nuse = "tinydb@1"\nport = ${port}\n`;
}

/** A server that is nothing of polyenv's, and says which signals it was sent. */
async function foreignServer(uid?: number) {
  const script = `
    for (const name of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT']) process.on(name, () => console.log(name));
    const server = require('node:net').createServer((socket) => socket.end('mine'));
    server.listen(0, '127.0.0.1', () => console.log(server.address().port));`;
  const child = spawn(process.execPath, ['-e', script], {
    cwd: '/',
    stdio: ['ignore', 'pipe', 'inherit'],
    ...(uid !== undefined && { uid, gid: uid }),
  });
  let heard = '';
  child.stdout.on('data', (chunk) => {
    heard += chunk;
  });
  for (let round = 0; round < 200 && !heard.includes('\n'); round += 1)
    await new Promise((resume) => setTimeout(resume, 50));
  const port = Number(heard.trim());
  return {
    port,
    pid: child.pid as number,
    /** What it was sent; it must answer as before. */
    signals: async (): Promise<string> => {
      const answer = await new Promise<string>((resolve, reject) => {
        connect(port, '127.0.0.1')
          .once('data', (chunk) => resolve(chunk.toString()))
          .once('error', reject);
      });
      expect(answer).toBe('mine');
      return heard.trim().split('\n').slice(1).join(' ');
    },
    end: () => child.kill('SIGKILL'),
  };
}

async function asNobody(cwd: string, home: string, ...args: readonly string[]) {
  const child = spawn(process.execPath, [tiny.program, ...args], {
    cwd,
    env: { ...machine.env, HOME: home, POLYENV_HOME: join(home, 'polyenv'), PWD: cwd },
    stdio: ['ignore', 'pipe', 'pipe'],
    uid: NOBODY,
    gid: NOBODY,
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const exit = await new Promise<number | null>((resolve) => child.once('close', resolve));
  return { exit, stdout, stderr };
}

describe('data', () => {
  it('of another line are refused before a server is started, and stay as they were', async () => {
    const cwd = services.project('line', ONE);
    const first = await started(cwd);
    writeFileSync(join(cwd, 'polyenv.toml'), '[services]\ndb = "tinydb@2"\n');
    // What runs is not stopped for one that could not start.
    expect(await services.polyenv(cwd, 'restart')).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('polyenv upgrade db'),
    });
    expect(await ask(first.url, 'DBS')).toBe('app');
    await services.polyenv(cwd, 'down');
    const refused = await services.polyenv(cwd, 'up');
    expect(refused).toMatchObject({ exit: 1, stderr: expect.stringContaining('polyenv upgrade db') });
    expect(refused.stderr).not.toContain('ended before it was ready');
    writeFileSync(join(cwd, 'polyenv.toml'), ONE);
    expect(await started(cwd)).toMatchObject({ action: 'started' });
  }, 60_000);

  it.skipIf(process.getuid?.() !== 0)(
    'of another user are refused, with what to do (as root only)',
    async () => {
      const cwd = services.project('owner', ONE);
      await started(cwd);
      await services.polyenv(cwd, 'down');
      const data = join(services.folder(cwd, 'db'), 'data');
      chownSync(data, 12_345, 12_345);
      const refused = await services.polyenv(cwd, 'up');
      expect(refused).toMatchObject({ exit: 1, stderr: expect.stringContaining('chown -R 0') });
      expect(statSync(data).uid).toBe(12_345);
      chownSync(data, 0, 0);
    },
    60_000,
  );

  it('of another kind of machine, and of another kind of server, are refused', async () => {
    const cwd = services.project('machine', ONE);
    await started(cwd);
    await services.polyenv(cwd, 'down');
    const state = read(cwd);
    writeFileSync(stateOf(cwd), JSON.stringify({ ...state, platform: 'darwin-arm64' }));
    expect(await services.polyenv(cwd, 'up')).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('darwin-arm64'),
    });
    writeFileSync(stateOf(cwd), JSON.stringify({ ...state, kind: 'otherdb' }));
    expect(await services.polyenv(cwd, 'up')).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('was otherdb'),
    });
    writeFileSync(stateOf(cwd), JSON.stringify(state));
    expect(await started(cwd)).toMatchObject({ action: 'started' });
  }, 60_000);

  it('of a damaged state get no new password: it is an error', async () => {
    const cwd = services.project('damaged', ONE);
    await started(cwd);
    const text = readFileSync(stateOf(cwd), 'utf8');
    for (const damage of ['', '{', text.replace('"format": 1', '"format": 9')]) {
      writeFileSync(stateOf(cwd), damage);
      expect(await services.polyenv(cwd, 'up')).toMatchObject({
        exit: 3,
        stderr: expect.stringContaining('state.json'),
      });
    }
    writeFileSync(stateOf(cwd), text);
    expect(await started(cwd)).toMatchObject({ action: 'running' });
  }, 60_000);

  it('of a project that was moved are not passed over for empty ones', async () => {
    const cwd = services.project('moved-from', ONE);
    const first = await started(cwd);
    await ask(first.url, 'SET a 1');
    const to = join(machine.base, 'moved-to');
    rmSync(to, { recursive: true, force: true });
    renameSync(cwd, to);
    const refused = await services.polyenv(to, 'up');
    expect(refused).toMatchObject({ exit: 1, stderr: expect.stringContaining(`polyenv services adopt ${cwd}`) });
    expect((await services.polyenv(to, 'ps', '--all')).stdout).toContain(`${cwd} (gone)`);
    expect((await services.polyenv(to, 'ps')).stdout).toContain(`polyenv services adopt ${cwd}`);
    mkdirSync(cwd);
    renameSync(to, join(machine.base, 'elsewhere'));
  }, 60_000);

  it('are one for a project that is reached by two paths', async () => {
    const { symlinkSync } = await import('node:fs');
    const cwd = services.project('real', ONE);
    const link = join(machine.base, 'link');
    symlinkSync(cwd, link);
    const first = await started(cwd);
    expect(await started(link)).toMatchObject({ action: 'running', pid: first.pid, url: first.url });
  }, 60_000);
});

function existsRunning(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return false;
  const text = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return !/^[ZX]/.test(text.slice(text.lastIndexOf(')') + 2));
}

async function gone(pid: number): Promise<void> {
  for (let round = 0; round < 200 && existsRunning(pid); round += 1)
    await new Promise((resume) => setTimeout(resume, 20));
}
