import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Machine, newMachine } from '../support/cli';
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
const polyenv = (cwd: string, ...args: readonly string[]) => services.polyenv(cwd, ...args);

async function started(cwd: string): Promise<string> {
  const up = await polyenv(cwd, 'up');
  expect(up, up.stderr).toMatchObject({ exit: 0 });
  return (await polyenv(cwd, 'url', 'db')).stdout.trim();
}

/** A line of sh in a terminal of its own, which closes when `script` ends. */
function inTerminal(line: string, cwd: string) {
  const terminal = spawn('script', ['-qec', line, '/dev/null'], {
    cwd,
    env: { ...machine.env, PWD: cwd, SHELL: '/bin/sh' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let said = '';
  terminal.stdout.on('data', (chunk) => {
    said += chunk;
  });
  return { terminal, shown: () => said };
}

describe('a terminal', () => {
  it('that is closed, or a Ctrl-C, after `up` and in `logs -f`, does not reach the server', async (ctx) => {
    const cwd = services.project('terminal', ONE);
    const command = `${process.execPath} ${tiny.program} up`;
    const { terminal, shown } = inTerminal(command, cwd);
    const closed = await new Promise<string>((resolve) => {
      terminal.once('error', ({ message }) => resolve(message));
      terminal.once('close', () => resolve(''));
    });
    ctx.skip(closed !== '', closed);
    expect(shown()).toContain('started in');
    const logs = spawn(process.execPath, [tiny.program, 'logs', '-f'], {
      cwd,
      env: { ...machine.env, PWD: cwd },
      stdio: 'pipe',
    });
    let heard = '';
    logs.stdout.on('data', (chunk) => {
      heard += chunk;
    });
    const ended = new Promise<number | null>((resolve) => logs.once('exit', resolve));
    for (let round = 0; round < 100 && !heard.includes('ready'); round += 1)
      await new Promise((resume) => setTimeout(resume, 50));
    await ask((await polyenv(cwd, 'url')).stdout.trim(), 'SAY later');
    for (let round = 0; round < 100 && !heard.includes('later'); round += 1)
      await new Promise((resume) => setTimeout(resume, 50));
    logs.kill('SIGINT');
    await ended;
    expect(heard).toMatch(/ready\nlater\n/);
    const url = (await polyenv(cwd, 'url')).stdout.trim();
    expect(await ask(url, 'SET a 1')).toBe('OK');
  }, 60_000);

  it('that goes away ends `logs -f` as it ends any program, without an abort', async (ctx) => {
    const cwd = services.project('hang-up', ONE);
    await started(cwd);
    const status = join(machine.base, 'status');
    // The shell is told of it, hands it on, and lives to say how `logs` ended.
    const logs = `${process.execPath} ${tiny.program} logs -f`;
    const command = `trap 'kill -HUP $p' HUP; ${logs} & p=$!; wait $p; wait $p; echo $? >${status}`;
    const { terminal, shown } = inTerminal(command, cwd);
    const absent = await Promise.race([
      new Promise<string>((resolve) => terminal.once('error', ({ message }) => resolve(message))),
      until(() => shown().includes('ready')),
    ]);
    ctx.skip(typeof absent === 'string', String(absent));
    terminal.kill('SIGKILL');
    await until(() => existsSync(status) && readFileSync(status, 'utf8') !== '');
    // 128 and the number of SIGHUP; an abort would be 134.
    expect(readFileSync(status, 'utf8')).toBe('129\n');
  }, 60_000);

  it.each(['SIGINT', 'SIGTERM'] as const)(
    '%s while data are made is an interruption, not a failure, and leaves nothing',
    async (signal) => {
      const cwd = services.project(`slow-${signal}`, '[services.db]\nuse = "tinydb@1"\ndatabases = ["slow_init"]\n');
      const folder = services.folder(cwd, 'db');
      const child = spawn(process.execPath, [tiny.program, 'up'], {
        cwd,
        env: { ...machine.env, PWD: cwd },
        stdio: ['ignore', 'ignore', 'pipe'],
      });
      let said = '';
      child.stderr.on('data', (chunk) => {
        said += chunk;
      });
      const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
      await until(() => attempts(folder).some((name) => existsSync(join(folder, name, 'LINE'))));
      child.kill(signal);
      expect(await ended).toBe(130);
      expect(said).toContain('error[interrupted] making its data was interrupted for db (tinydb)');
      expect(attempts(folder)).toEqual([]);
    },
    60_000,
  );

  it('Ctrl-C in `up` leaves a server that is known, or none', async () => {
    for (const after of [100, 200, 300, 400]) {
      const cwd = services.project(`interrupted-${after}`, ONE);
      const child = spawn(process.execPath, [tiny.program, 'up'], {
        cwd,
        env: { ...machine.env, PWD: cwd },
        stdio: 'ignore',
        detached: true,
      });
      await new Promise((resume) => setTimeout(resume, after));
      if (child.exitCode === null) process.kill(-(child.pid as number), 'SIGINT');
      await new Promise((resume) => setTimeout(resume, 100));
      const url = await started(cwd);
      expect(await ask(url, 'GET a')).toBe('NONE');
      expect(await polyenv(cwd, 'down')).toMatchObject({ exit: 0 });
    }
  }, 60_000);
});

describe('a checkout', () => {
  it('of one repository beside another, as a work tree, has data of its own', async () => {
    const cwd = services.project('repository', ONE);
    const git = (...args: readonly string[]) =>
      execFileSync('git', ['-c', 'user.name=x', '-c', 'user.email=x@example.test', ...args], { cwd, stdio: 'ignore' });
    git('init', '-q');
    git('add', '-A');
    git('commit', '-qm', 'x');
    const tree = join(machine.base, 'tree');
    git('worktree', 'add', '-q', tree);
    const [one, two] = [await started(cwd), await started(tree)];
    await ask(one, 'SET a 1');
    expect(await ask(two, 'GET a')).toBe('NONE');
  }, 60_000);

  it('in a path with blanks, quotes and letters of other scripts works like any other', async () => {
    const cwd = services.project("it's a \u0448op $(x)", ONE);
    const url = await started(cwd);
    expect((await polyenv(cwd, 'exec', '--', 'sh', '-c', 'echo "$TINY_URL"')).stdout.trim()).toBe(url);
    expect(await polyenv(cwd, 'snapshot', 'db', 'x')).toMatchObject({ exit: 0 });
    expect(await polyenv(cwd, 'restore', 'db')).toMatchObject({ exit: 0 });
  }, 60_000);

  it('that is deleted while its server runs is shown by `ps --all`, and stopped by `down --all`', async () => {
    const cwd = services.project('deleted', ONE);
    await started(cwd);
    rmSync(cwd, { recursive: true });
    expect((await polyenv(machine.base, 'ps', '--all')).stdout).toContain('deleted (gone)');
    expect(await polyenv(machine.base, 'down', '--all')).toMatchObject({ exit: 0 });
    expect(processesOf(services.folder(cwd, 'db'))).toEqual([]);
  }, 60_000);
});

describe('a full disk', () => {
  it('lets servers be stopped, leaves no half data, and is told as such', async (ctx) => {
    const disk = machine.folder('small');
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'tmpfs', disk]);
    ctx.skip(mounted.status !== 0, 'only who may mount can fill a disk');
    const home = join(disk, 'home');
    const small = (cwd: string, ...args: readonly string[]) =>
      machine.polyenv(args, { cwd, program: tiny.program, env: { POLYENV_HOME: home } });
    try {
      const [one, two] = [services.project('full-one', ONE), services.project('full-two', ONE)];
      expect(await small(one, 'up')).toMatchObject({ exit: 0 });
      spawnSync('dd', ['if=/dev/zero', `of=${join(disk, 'filler')}`, 'bs=64k'], { stdio: 'ignore' });
      spawnSync('dd', ['if=/dev/zero', `of=${join(disk, 'filler2')}`, 'bs=1k'], { stdio: 'ignore' });
      const refused = await small(two, 'up');
      expect(refused.exit).not.toBe(0);
      expect(refused.stderr).toMatch(/disk-full|no space/);
      const stopped = await small(one, 'down');
      expect(stopped, stopped.stderr).toMatchObject({ exit: 0, stdout: expect.stringContaining('stopped') });
      expect(processesOf(home)).toEqual([]);
      rmSync(join(disk, 'filler'));
      expect(await small(one, 'up')).toMatchObject({ exit: 0 });
      expect(await small(two, 'up')).toMatchObject({ exit: 0 });
      const left = readdirSync(join(home, 'services', two, '.polyenv', 'db')).filter((name) =>
        name.startsWith('data.'),
      );
      expect(left).toEqual([]);
      await small(one, 'down', '--all');
    } finally {
      for (const pid of processesOf(home)) spawnSync('kill', ['-9', String(pid)]);
      spawnSync('umount', ['-l', disk]);
    }
  }, 60_000);
});

describe('a home', () => {
  it.skipIf(process.getuid?.() !== 0)(
    'that only root may enter serves root',
    async () => {
      const home = join(machine.base, 'closed');
      mkdirSync(home, { mode: 0o700 });
      const cwd = services.project('closed-project', ONE);
      const env = { POLYENV_HOME: join(home, 'home'), XDG_RUNTIME_DIR: undefined };
      const up = await machine.polyenv(['up'], { cwd, env, program: tiny.program });
      expect(up, up.stderr).toMatchObject({ exit: 0 });
      expect(await machine.polyenv(['down'], { cwd, env, program: tiny.program })).toMatchObject({ exit: 0 });
    },
    60_000,
  );

  it('whose lock of a service was left by a killed polyenv is not waited for', async () => {
    const cwd = services.project('stale-lock', ONE);
    await started(cwd);
    await polyenv(cwd, 'down');
    const locks = join(machine.polyenvHome, 'locks');
    mkdirSync(locks, { recursive: true });
    writeFileSync(
      join(locks, 'ports.lock'),
      JSON.stringify({
        token: 'a'.repeat(32),
        pid: 1_999_999,
        started: '1',
        boot: '',
        namespace: '',
        hostname: 'x',
        uid: 0,
        purpose: 'x',
      }),
    );
    expect(existsSync(join(locks, 'ports.lock'))).toBe(true);
    await started(cwd);
  }, 60_000);
});

function attempts(folder: string): readonly string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.startsWith('data.initialising-')) : [];
}

async function until(holds: () => boolean): Promise<void> {
  for (let round = 0; round < 400 && !holds(); round += 1) await new Promise((resume) => setTimeout(resume, 50));
}
