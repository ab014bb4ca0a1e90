import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Machine, newMachine } from '../support/cli';
import { ask, type Services, servicesOn } from '../support/services';
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

describe('a service', () => {
  it('is made, started, found by commands, and stopped; its data stay', async () => {
    const cwd = services.project('whole', ONE);
    const up = await services.polyenv(cwd, 'up', '--json');
    expect(up, up.stderr).toMatchObject({ exit: 0 });
    const [started] = up.json<{ services: { action: string; ports: { main: number }; pid: number }[] }>().services;
    expect(started).toMatchObject({ action: 'started' });
    expect(await services.polyenv(cwd, 'up', '-q')).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining('runs already'),
    });

    const url = (await services.polyenv(cwd, 'url', 'db')).stdout.trim();
    expect(url).toMatch(/^tiny:\/\/tiny:[A-Za-z0-9]{32}@127\.0\.0\.1:2\d{4}\/app$/);
    expect(await ask(url, 'SET color blue')).toBe('OK');
    const shown = await services.polyenv(cwd, 'exec', '--', 'sh', '-c', 'echo "$TINY_URL"');
    expect(shown.stdout.trim()).toBe(url);

    const ps = await services.polyenv(cwd, 'ps', '--json');
    expect(ps.json()).toMatchObject({
      services: [{ name: 'db', kind: 'tinydb', state: 'running', declared: true, gone: false }],
    });
    expect((await services.polyenv(cwd, 'logs', 'db')).stdout).toContain('ready');

    expect(await services.polyenv(cwd, 'down')).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining('stopped in'),
    });
    expect((await services.polyenv(cwd, 'ps')).stdout).toContain('stopped');
    expect(await services.polyenv(cwd, 'up')).toMatchObject({ exit: 0 });
    expect((await services.polyenv(cwd, 'url', 'db')).stdout.trim()).toBe(url);
    expect(await ask(url, 'GET color')).toBe('blue');
  }, 60_000);

  it('hands its server nothing of the caller, and shows its password nowhere but where it is asked for', async () => {
    const cwd = services.project('quiet', ONE);
    const env = {
      PGPORT: '1',
      LD_LIBRARY_PATH: '/nonexistent',
      LC_ALL: 'xx_XX',
      TZ: 'Mars',
      NODE_OPTIONS: '--no-warnings',
      DATABASE_URL: 'x',
    };
    const up = await machine.polyenv(['up', '--json'], { cwd, env, program: tiny.program });
    expect(up, up.stderr).toMatchObject({ exit: 0 });
    expect((await services.polyenv(cwd, 'logs')).stdout).toContain('env HOME LC_ALL PATH PWD TMPDIR TZ\n');
    const password = new URL((await services.polyenv(cwd, 'url')).stdout.trim()).password;
    expect(await ask((await services.polyenv(cwd, 'url')).stdout.trim(), `SAY ${password}`)).toBe('OK');
    const { pid } = up.json<{ services: { pid: number }[] }>().services[0] as { pid: number };
    const everything = [
      up.stdout,
      up.stderr,
      readFileSync(`/proc/${pid}/cmdline`, 'utf8'),
      ...(await Promise.all(
        [
          ['ps', '--json'],
          ['ps', '--all', '--json'],
          ['logs'],
          ['logs', '--json'],
          ['status'],
          ['doctor'],
          ['ls', '--json'],
        ].map(async (args) => (await services.polyenv(cwd, ...args)).stdout),
      )),
    ].join('\n');
    expect(everything).not.toContain(password);
    const folder = services.folder(cwd, 'db');
    for (const file of ['state.json', 'secrets/password', 'log', '../exports.json']) {
      expect(statSync(join(folder, file)).mode & 0o077, file).toBe(0);
    }
    const env0 = join(machine.polyenvHome, 'envs', cwd, '.polyenv');
    await services.polyenv(cwd, 'install');
    for (const file of readdirSync(env0).filter((name) => /\.(sh|fish|json)$/.test(name))) {
      expect(statSync(join(env0, file)).mode & 0o077, file).toBe(0);
    }
  }, 60_000);

  it('gives way to what the caller set for a call, and not to what polyenv itself set', async () => {
    const cwd = services.project('caller', ONE);
    await services.polyenv(cwd, 'up');
    const url = (await services.polyenv(cwd, 'url')).stdout.trim();
    const say = ['exec', '--', 'sh', '-c', 'echo "$TINY_URL"'];
    const mine = await machine.polyenv(say, { cwd, env: { TINY_URL: 'mine' }, program: tiny.program });
    expect(mine.stdout.trim()).toBe('mine');
    const nested = await machine.polyenv(say, {
      cwd,
      env: { TINY_URL: 'other', POLYENV_OFFERED: '|TINY_URL=other|' },
      program: tiny.program,
    });
    expect(nested.stdout.trim()).toBe(url);
    const routed = await machine.run(
      [
        'sh',
        '-c',
        'eval "$(cat "$1")"; echo "$TINY_URL"',
        'x',
        join(machine.polyenvHome, 'envs', cwd, '.polyenv/env.sh'),
      ],
      { cwd, env: { TINY_URL: 'mine' } },
    );
    expect(routed.stdout.trim()).toBe('mine');
  }, 60_000);

  it('is pinned in polyenv.lock by `up`, which --frozen then keeps to', async () => {
    const cwd = services.project(
      'pinned',
      `${ONE}other = "tinydb@2"\n[tasks]\nlook = { run = "true", services = ["db"] }\n`,
    );
    const lock = join(cwd, 'polyenv.lock');
    expect(await services.polyenv(cwd, 'up', 'db', '--frozen')).toMatchObject({
      exit: 7,
      stderr: expect.stringContaining('lock-missing'),
    });
    expect(await services.polyenv(cwd, 'up', 'db')).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining(`wrote ${lock}`),
      stderr: expect.not.stringContaining('lacks'),
    });
    const first = readFileSync(lock, 'utf8');
    expect(first).toContain('1.1.0');
    expect(first).not.toContain('2.0.0');
    expect(await services.polyenv(cwd, 'up', '--frozen')).toMatchObject({
      exit: 7,
      stderr: expect.stringContaining('tinydb is locked for'),
    });
    expect((await services.polyenv(cwd, 'up', '--json')).json()).toMatchObject({ wrote: [lock] });
    const both = readFileSync(lock, 'utf8');
    expect(both).toContain('1.1.0');
    expect(both).toContain('2.0.0');
    expect(await services.polyenv(cwd, 'up', '--frozen')).toMatchObject({ exit: 0 });
    expect((await services.polyenv(cwd, 'up', '--json')).json()).toMatchObject({ wrote: [] });
    expect(readFileSync(lock, 'utf8')).toBe(both);
    expect((await services.polyenv(cwd, 'lock', '--check')).exit).toBe(0);
  }, 60_000);

  it('that cannot be had leaves no lock behind', async () => {
    const offline = newMachine({ POLYENV_MIRRORS: 'https://tinydb.test=http://127.0.0.1:9' });
    try {
      const cwd = servicesOn(offline, tiny.program).project('unreachable', ONE);
      const up = await offline.polyenv(['up'], { cwd, program: tiny.program });
      expect(up.exit, up.stderr).not.toBe(0);
      expect(readdirSync(cwd)).toEqual(['polyenv.toml']);
    } finally {
      offline.remove();
    }
  }, 60_000);

  it('of two projects is two, with two ports and two passwords', async () => {
    const [a, b] = [services.project('twin-a', ONE), services.project('twin-b', ONE)];
    await Promise.all([services.polyenv(a, 'up'), services.polyenv(b, 'up')]);
    const [first, second] = await Promise.all(
      [a, b].map(async (cwd) => (await services.polyenv(cwd, 'url')).stdout.trim()),
    );
    expect(new URL(first as string).port).not.toBe(new URL(second as string).port);
    expect(new URL(first as string).password).not.toBe(new URL(second as string).password);
    await ask(first as string, 'SET x 1');
    expect(await ask(second as string, 'GET x')).toBe('NONE');
  }, 60_000);

  it('is seen from the folders below, unless one has its own of that name', async () => {
    const cwd = services.project('nested', ONE);
    const below = machine.folder('nested/sub');
    const own = machine.folder('nested/own');
    writeFileSync(join(own, 'polyenv.toml'), '[services]\ndb = "tinydb@2"\n');
    await services.polyenv(below, 'up');
    expect((await services.polyenv(cwd, 'ps', '--json')).json()).toMatchObject({ services: [{ state: 'running' }] });
    await services.polyenv(own, 'up');
    const { services: seen } = (await services.polyenv(own, 'ps', '--json')).json<{
      services: { project: string; version: string; declared: boolean }[];
    }>();
    expect(seen.find(({ project }) => project === own)).toMatchObject({ version: '2.0.0' });
  }, 60_000);

  it('says which names there are, and what is wrong in the manifest, with file and line', async () => {
    const cwd = services.project('wrong', ONE);
    expect(await services.polyenv(cwd, 'up', 'bd')).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('polyenv up db'),
    });
    const bad = services.project('bad', '[services]\n"$(touch x)" = "tinydb"\n');
    const refused = await services.polyenv(bad, 'up');
    expect(refused.exit).toBe(3);
    expect(refused.stderr).toContain('polyenv.toml:2');
    const none = machine.folder('none');
    expect(await services.polyenv(none, 'up')).toMatchObject({ exit: 2 });
  }, 60_000);
});
