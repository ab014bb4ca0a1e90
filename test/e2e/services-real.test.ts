import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Machine, newMachine, type Ran } from '../support/cli';
import { ownConfiguration, takeSettings } from '../support/own-configuration';
import { type Services, servicesOn } from '../support/services';

/** Real servers, from this machine's registries; where those are not reached, skipped with what polyenv said. */
let machine: Machine;
let services: Services;
let absent: string | undefined;

beforeAll(async () => {
  machine = newMachine({ ...ownConfiguration(), POLYENV_VERIFY_SIGNATURES: 'off', POLYENV_NETWORK_RETRIES: '0' });
  takeSettings(machine);
  services = servicesOn(machine);
  const probe = services.project('probe', '[runtimes]\npostgres = "17"\nvalkey = "9"\n');
  const installed = await services.polyenv(probe, 'install');
  if (installed.exit !== 0) absent = installed.stderr;
}, 300_000);

afterAll(() => {
  services?.stopAll();
  machine?.remove();
});

const polyenv = (cwd: string, ...args: readonly string[]) => services.polyenv(cwd, ...args);

function sql(cwd: string, text: string, name = 'db'): Promise<Ran> {
  return machine.polyenv(['connect', name], {
    cwd,
    input: `\\set ON_ERROR_STOP on\n\\pset format unaligned\n\\pset tuples_only on\n${text}\n`,
  });
}

async function value(cwd: string, text: string, name?: string): Promise<string> {
  const ran = await sql(cwd, text, name);
  expect(ran, ran.stderr).toMatchObject({ exit: 0 });
  return ran.stdout.trim().split('\n').at(-1) ?? '';
}

async function started(cwd: string): Promise<{ readonly pid: number; readonly port: number }> {
  const up = await polyenv(cwd, 'up', '--json');
  expect(up, up.stdout + up.stderr).toMatchObject({ exit: 0 });
  const [one] = up.json<{ services: { pid: number; ports: { main: number } }[] }>().services;
  return { pid: one?.pid ?? 0, port: one?.ports.main ?? 0 };
}

const MANIFEST = '[services.db]\nuse = "postgres@17"\ndatabases = ["shop", "shop_test"]\nextensions = ["pg_trgm"]\n';

describe('PostgreSQL', () => {
  it('runs, in UTF-8 and in one order of texts, whatever the caller has set', async (ctx) => {
    ctx.skip(absent !== undefined, absent);
    const cwd = services.project('pg', MANIFEST);
    const env = {
      PGPORT: '1',
      PGHOST: '/nowhere',
      PGDATA: '/nowhere',
      LC_ALL: 'tr_TR',
      TZ: 'Mars',
      LD_LIBRARY_PATH: '/lib',
    };
    const up = await machine.polyenv(['up', '--json'], { cwd, env });
    expect(up, up.stdout + up.stderr).toMatchObject({ exit: 0 });
    expect(await value(cwd, 'show server_encoding')).toBe('UTF8');
    expect(await value(cwd, "select 'Z' < 'a'")).toBe('t');
    expect(await value(cwd, 'show data_checksums')).toBe('on');
    expect(
      await value(cwd, "select string_agg(datname, ',' order by datname) from pg_database where not datistemplate"),
    ).toBe('postgres,shop,shop_test');
    expect(await value(cwd, "select similarity('shop', 'shops') > 0.5")).toBe('t');
    const { pid } = up.json<{ services: { pid: number }[] }>().services[0] as { pid: number };
    const password = new URL((await polyenv(cwd, 'url')).stdout.trim()).password;
    const shown =
      execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' }) +
      readFileSync(`/proc/${pid}/cmdline`, 'utf8') +
      (await polyenv(cwd, 'logs')).stdout;
    expect(shown).not.toContain(password);
    // Another password is refused: other users of this machine reach the port as well.
    const wrong = await machine.polyenv(['exec', '--', 'psql', '-w', '-c', 'select 1'], {
      cwd,
      env: { PGPASSWORD: 'wrong' },
    });
    expect(wrong.exit).not.toBe(0);
    expect(wrong.stderr).toContain('password authentication failed');
  }, 120_000);

  it('comes back after kill -9, also with a busy backend that outlives it', async (ctx) => {
    ctx.skip(absent !== undefined, absent);
    const cwd = services.project('pg', MANIFEST);
    const first = await started(cwd);
    await value(cwd, 'create table if not exists t (a int); insert into t select generate_series(1, 1000); select 1');
    process.kill(first.pid, 'SIGKILL');
    const second = await started(cwd);
    expect(second.pid).not.toBe(first.pid);
    expect(second.port).toBe(first.port);
    expect(Number(await value(cwd, 'select count(*) from t'))).toBeGreaterThanOrEqual(1000);
    // A backend that is at work does not notice at once that its postmaster is gone.
    const busy = sql(cwd, 'select count(*) from generate_series(1, 2000000000) a, generate_series(1, 100) b');
    await new Promise((resume) => setTimeout(resume, 1500));
    process.kill(second.pid, 'SIGKILL');
    const third = await started(cwd);
    expect(third.pid).not.toBe(second.pid);
    await busy;
    expect(Number(await value(cwd, 'select count(*) from t'))).toBeGreaterThanOrEqual(1000);
  }, 120_000);

  it('is known by who it is when its starter was killed, however the clock was set since', async (ctx) => {
    ctx.skip(absent !== undefined, absent);
    const cwd = services.project('pg', MANIFEST);
    const first = await started(cwd);
    const folder = services.folder(cwd, 'db');
    const { server: _, ...unnamed } = JSON.parse(readFileSync(join(folder, 'state.json'), 'utf8'));
    writeFileSync(join(folder, 'state.json'), JSON.stringify(unnamed));
    utimesSync(join(folder, 'data', 'postmaster.pid'), 1e9, 1e9);
    expect(await started(cwd)).toEqual(first);
  }, 60_000);

  it('runs as another user where root has no namespaces, and says what is missing where that user cannot come', async (ctx) => {
    ctx.skip(absent !== undefined, absent);
    ctx.skip(process.getuid?.() !== 0, 'only root has to choose another user');
    const cwd = services.project('as-root', '[services]\ndb = "postgres@17"\n');
    // In a mount namespace of its own `unshare` is a program that always fails, as it does in most containers.
    const refusing = (...args: readonly string[]) =>
      spawnSync(
        '/usr/bin/unshare',
        [
          '-m',
          'sh',
          '-c',
          'mount --bind /bin/false /usr/bin/unshare && exec "$@"',
          'sh',
          process.execPath,
          machine.program,
          ...args,
        ],
        { cwd, env: { ...machine.env, PWD: cwd }, encoding: 'utf8' },
      );
    const probe = spawnSync('/usr/bin/unshare', ['-m', 'mount', '--bind', '/bin/false', '/usr/bin/unshare']);
    ctx.skip(probe.status !== 0, 'no mount namespaces here');
    chmodSync(machine.base, 0o700);
    const closed = refusing('up');
    expect(closed.stderr).toContain('service-root');
    expect(closed.stderr).toContain('POLYENV_HOME=/opt/polyenv');
    chmodSync(machine.base, 0o755);
    const up = refusing('up', '--json');
    expect(up.status, up.stdout + up.stderr).toBe(0);
    const { pid } = (JSON.parse(up.stdout) as { services: { pid: number }[] }).services[0] as { pid: number };
    expect(statSync(`/proc/${pid}`).uid).toBe(65_534);
    const folder = services.folder(cwd, 'db');
    expect(statSync(join(folder, 'data')).uid).toBe(65_534);
    expect(statSync(join(folder, 'state.json')).uid).toBe(0);
    expect(await value(cwd, 'select 40 + 2')).toBe('42');
    expect(refusing('snapshot', 'db', 'kept').status).toBe(0);
    expect(refusing('restore', 'db', 'kept').status).toBe(0);
    expect(refusing('down').status).toBe(0);
  }, 120_000);

  it('keeps what was committed through a snapshot under load, and its files pass its own check', async (ctx) => {
    ctx.skip(absent !== undefined, absent);
    const cwd = services.project('pg', MANIFEST);
    await started(cwd);
    await value(cwd, 'drop table if exists load; create table load (a bigserial primary key, b text); select 1');
    let stop = false;
    const writing = (async () => {
      while (!stop) await sql(cwd, "insert into load (b) select repeat('x', 500) from generate_series(1, 200)");
    })();
    await new Promise((resume) => setTimeout(resume, 1000));
    expect(await polyenv(cwd, 'snapshot', 'db', 'under-load')).toMatchObject({ exit: 0 });
    stop = true;
    await writing;
    expect(await polyenv(cwd, 'restore', 'db', 'under-load')).toMatchObject({ exit: 0 });
    expect(Number(await value(cwd, 'select count(*) % 200 from load'))).toBe(0);
    await value(cwd, 'create extension if not exists amcheck; select 1');
    expect(
      await value(
        cwd,
        "select count(bt_index_check(c.oid::regclass, true)) >= 0 from pg_class c join pg_index i on i.indexrelid = c.oid join pg_am m on m.oid = c.relam where m.amname = 'btree' and c.relname = 'load_pkey'",
      ),
    ).toBe('t');
    expect(await value(cwd, 'select coalesce(sum(checksum_failures), 0) from pg_stat_database')).toBe('0');
  }, 120_000);

  it('gives a dump that another project loads, extensions included', async (ctx) => {
    ctx.skip(absent !== undefined, absent);
    const cwd = services.project('pg', MANIFEST);
    await started(cwd);
    await value(
      cwd,
      "drop table if exists names; create table names (n text); insert into names values ('Jos\u00e9'), ('o''Hara'); create index on names using gin (n gin_trgm_ops); select 1",
    );
    const dump = await polyenv(cwd, 'dump', 'db');
    expect(dump.stdout).toContain('CREATE EXTENSION IF NOT EXISTS pg_trgm');
    const other = services.project('pg-other', '[services]\ndb = "postgres@17"\n');
    await started(other);
    const loaded = await machine.polyenv(['load', 'db'], { cwd: other, input: dump.stdout });
    expect(loaded, loaded.stderr).toMatchObject({ exit: 0 });
    expect(await value(other, "select string_agg(n, '|' order by n) from names")).toBe("Jos\u00e9|o'Hara");
    expect(await machine.polyenv(['load', 'db'], { cwd: other, input: dump.stdout })).toMatchObject({ exit: 2 });
    await polyenv(other, 'down');
  }, 120_000);

  it('is taken from 16 to 17 with its data', async (ctx) => {
    ctx.skip(absent !== undefined, absent);
    const cwd = services.project(
      'pg-upgrade',
      '[runtimes]\npostgres = "16"\n[services.db]\nuse = "postgres"\nextensions = ["pg_trgm"]\n',
    );
    await started(cwd);
    expect(await value(cwd, 'show server_version')).toMatch(/^16\./);
    await value(
      cwd,
      "create table t (a int, b text); insert into t select g, 'x' || g from generate_series(1, 1000) g; create index on t using gin (b gin_trgm_ops); create sequence s start 77; create database \"MyOwn\"; select nextval('s')",
    );
    await polyenv(cwd, 'down');
    writeFileSync(
      join(cwd, 'polyenv.toml'),
      '[runtimes]\npostgres = "17"\n[services.db]\nuse = "postgres"\nextensions = ["pg_trgm"]\n',
    );
    const refused = await polyenv(cwd, 'up');
    expect(refused).toMatchObject({ exit: 1, stderr: expect.stringContaining('polyenv upgrade db') });
    const upgraded = await polyenv(cwd, 'upgrade', 'db');
    expect(upgraded, upgraded.stderr).toMatchObject({ exit: 0 });
    await started(cwd);
    expect(await value(cwd, 'show server_version')).toMatch(/^17\./);
    expect(await value(cwd, "select count(*) || ' ' || nextval('s') from t")).toBe('1000 78');
    expect(await value(cwd, "select count(*) from pg_database where datname = 'MyOwn'")).toBe('1');
    expect(readdirSync(join(services.folder(cwd, 'db'), 'snapshots'))[0]).toMatch(/^before-upgrade-/);
    await polyenv(cwd, 'down');
  }, 240_000);
});

describe('Valkey', () => {
  it('keeps its content over a stop, wants its password, and is spoken to without a client', async (ctx) => {
    ctx.skip(absent !== undefined, absent);
    const cwd = services.project('cache', '[services]\ncache = "redis@9"\n');
    await started(cwd);
    const say = (input: string) => machine.polyenv(['connect'], { cwd, input });
    expect(await say('SET greeting "hello world"\nGET greeting\n')).toMatchObject({
      exit: 0,
      stdout: 'OK\n"hello world"\n',
    });
    expect(await polyenv(cwd, 'restart')).toMatchObject({ exit: 0 });
    expect((await say('GET greeting\n')).stdout).toContain('hello world');
    const url = new URL((await polyenv(cwd, 'url')).stdout.trim());
    const shown = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
    expect(shown).not.toContain(url.password);
    expect((await polyenv(cwd, 'exec', '--', 'sh', '-c', 'echo "$REDIS_URL"')).stdout.trim()).toBe(url.href);
    await polyenv(cwd, 'down');
  }, 60_000);
});
