import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
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

async function started(cwd: string): Promise<string> {
  const up = await services.polyenv(cwd, 'up');
  expect(up, up.stderr).toMatchObject({ exit: 0 });
  return (await services.polyenv(cwd, 'url', 'db')).stdout.trim();
}

const polyenv = (cwd: string, ...args: readonly string[]) => services.polyenv(cwd, ...args);

describe('a snapshot', () => {
  it('is taken, listed, restored and removed; what a restore replaces is kept', async () => {
    const cwd = services.project('snap', ONE);
    const url = await started(cwd);
    await ask(url, 'SET a old');
    expect(await polyenv(cwd, 'snapshot', 'db', 'first')).toMatchObject({ exit: 0 });
    await ask(url, 'SET a new');
    const restored = await polyenv(cwd, 'restore', 'db', 'first', '--json');
    expect(restored, restored.stderr).toMatchObject({ exit: 0 });
    const { kept } = restored.json<{ kept: string }>();
    expect(await ask(url, 'GET a')).toBe('old');
    expect(await polyenv(cwd, 'restore', 'db', kept)).toMatchObject({ exit: 0 });
    expect(await ask(url, 'GET a')).toBe('new');
    const list = await polyenv(cwd, 'snapshot', 'db', '--list', '--json');
    const names = list.json<{ snapshots: { name: string }[] }>().snapshots.map(({ name }) => name);
    expect(names).toContain('first');
    expect(names).toContain(kept);
    expect(await polyenv(cwd, 'snapshot', 'db', 'first')).toMatchObject({ exit: 2 });
    expect(await polyenv(cwd, 'snapshot', 'db', '--remove', 'first')).toMatchObject({ exit: 0 });
    expect(await polyenv(cwd, 'restore', 'db', 'frist')).toMatchObject({ exit: 2 });
  }, 60_000);

  it('of a stopped service leaves it stopped', async () => {
    const cwd = services.project('snap-stopped', ONE);
    await started(cwd);
    await polyenv(cwd, 'down');
    expect(await polyenv(cwd, 'snapshot', 'db')).toMatchObject({ exit: 0 });
    expect((await polyenv(cwd, 'ps')).stdout).toContain('stopped');
  }, 60_000);

  it.each(['..', '../x', 'a/b', '.hidden', 'a b', 'x.making', '$(id)', 'a\nb'])(
    'has no name like %j',
    async (name) => {
      const cwd = services.project('snap-names', ONE);
      if (!existsSync(services.folder(cwd, 'db'))) await started(cwd);
      expect((await polyenv(cwd, 'snapshot', 'db', name)).exit).toBe(2);
    },
    60_000,
  );

  it('restored half way is taken back at the next start: never an empty database', async () => {
    const cwd = services.project('half', ONE);
    const url = await started(cwd);
    await ask(url, 'SET a kept');
    await polyenv(cwd, 'down');
    const folder = services.folder(cwd, 'db');
    // As a kill between the two renames leaves it.
    renameSync(join(folder, 'data'), join(folder, 'data.restoring'));
    mkdirSync(join(folder, 'data.copying-0badcafe'));
    const up = await polyenv(cwd, 'up');
    expect(up).toMatchObject({ exit: 0, stderr: expect.stringContaining('was interrupted') });
    expect(await ask(url, 'GET a')).toBe('kept');
    expect(readdirSync(folder).filter((name) => name.startsWith('data.'))).toEqual([]);
    // And after the second one: the new data stand, the old ones are a snapshot.
    await polyenv(cwd, 'down');
    mkdirSync(join(folder, 'data.restoring'));
    writeFileSync(join(folder, 'data.restoring', 'LINE'), '1\n');
    await polyenv(cwd, 'up');
    expect(await ask(url, 'GET a')).toBe('kept');
    expect((await polyenv(cwd, 'snapshot', 'db', '--list')).stdout).toContain('before-restore-');
  }, 60_000);
});

describe('reset', () => {
  it('asks, says how much goes, keeps address and snapshots, and starts what ran', async () => {
    const cwd = services.project('reset', ONE);
    expect(await polyenv(cwd, 'reset')).toMatchObject({
      exit: 0,
      stdout: expect.stringContaining('no data to take away'),
    });
    const never = await polyenv(cwd, 'upgrade', 'db');
    expect(never).toMatchObject({ exit: 1, stderr: expect.stringContaining('never started') });
    const url = await started(cwd);
    await ask(url, 'SET a 1');
    await polyenv(cwd, 'snapshot', 'db', 'kept');
    const unasked = await polyenv(cwd, 'reset', 'db');
    expect(unasked.exit).toBe(2);
    expect(unasked.stderr).toMatch(/\d+(\.\d+)? kB of data of db would be lost/);
    expect(await ask(url, 'GET a')).toBe('1');
    expect(await polyenv(cwd, 'reset', 'db', '--yes')).toMatchObject({ exit: 0 });
    expect(await started(cwd)).toBe(url);
    expect(await ask(url, 'GET a')).toBe('NONE');
    expect(await polyenv(cwd, 'restore', 'db', 'kept')).toMatchObject({ exit: 0 });
    expect(await ask(url, 'GET a')).toBe('1');
    await polyenv(cwd, 'reset', 'db', '--yes', '--snapshots');
    expect((await polyenv(cwd, 'snapshot', 'db', '--list')).stdout).toContain('no snapshot');
  }, 60_000);
});

describe('dump and load', () => {
  it('bring the content from one project to another, plain, packed, and through a file', async () => {
    const [from, to] = [services.project('dump', ONE), services.project('load', ONE)];
    const [source, target] = [await started(from), await started(to)];
    await ask(source, 'SET a 1');
    const dumped = await polyenv(from, 'dump', 'db');
    expect(dumped).toMatchObject({ exit: 0, stdout: '{"a":"1"}\n' });
    const loaded = await machine.polyenv(['load', 'db'], { cwd: to, input: dumped.stdout, program: tiny.program });
    expect(loaded, loaded.stderr).toMatchObject({ exit: 0 });
    expect(await ask(target, 'GET a')).toBe('1');
    const again = await machine.polyenv(['load', 'db'], { cwd: to, input: '{"b":"2"}', program: tiny.program });
    expect(again).toMatchObject({ exit: 2, stderr: expect.stringContaining('is not empty') });
    const file = join(from, 'out.json.gz');
    expect(await polyenv(from, 'dump', 'db', '-o', file)).toMatchObject({ exit: 0 });
    await polyenv(to, 'reset', 'db', '-y');
    expect(await polyenv(to, 'load', 'db', file)).toMatchObject({ exit: 0 });
    expect(await ask(target, 'GET a')).toBe('1');
  }, 60_000);

  it('say what is wrong with what they are given, and leave no half a file', async () => {
    const cwd = services.project('load-bad', ONE);
    await started(cwd);
    const give = (input: string) => machine.polyenv(['load', 'db'], { cwd, input, program: tiny.program });
    expect(await give('nonsense')).toMatchObject({ exit: 1, stderr: expect.stringContaining('no dump of tinydb') });
    expect(await give('')).toMatchObject({ exit: 2, stderr: expect.stringContaining('empty') });
    writeFileSync(join(cwd, 'x.zst'), Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0]));
    expect(await polyenv(cwd, 'load', 'db', 'x.zst')).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('zstd -dc'),
    });
    writeFileSync(join(cwd, 'x.gz'), gzipSync('{"a":"1"}').subarray(0, 20));
    expect((await polyenv(cwd, 'load', 'db', 'x.gz')).exit).not.toBe(0);
    expect(await polyenv(cwd, 'load', 'db', 'missing.sql')).toMatchObject({ exit: 2 });
    expect(await polyenv(cwd, 'dump', 'db', '-o', 'no/such/folder.sql')).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('no/such/folder.sql cannot be written (ENOENT)'),
    });
    await polyenv(cwd, 'down');
    expect(await polyenv(cwd, 'dump', 'db')).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('polyenv up db'),
    });
    expect(readdirSync(cwd).filter((name) => name.includes('polyenv-part'))).toEqual([]);
  }, 60_000);
});

describe('a dump', () => {
  it('that nobody reads to its end is no failure', async () => {
    const cwd = services.project('dump-head', ONE);
    await started(cwd);
    const script = `{ '${process.execPath}' '${tiny.program}' dump db; echo "status $?" >&2; } | true`;
    const ran = await machine.run(['sh', '-c', script], { cwd });
    expect(ran.stderr).toBe('status 0\n');
  }, 60_000);
});

describe('--dry-run', () => {
  it('refuses what the change itself would refuse', async () => {
    const cwd = services.project('dry', ONE);
    const dry = (...args: readonly string[]) => polyenv(cwd, ...args, '--dry-run');
    expect(await dry('snapshot', 'db', 'first')).toMatchObject({ exit: 1, stderr: expect.stringContaining('no data') });
    await started(cwd);
    expect((await dry('snapshot', 'db', 'first')).stdout).toBe('would stop db, copy its data to first and start it\n');
    await polyenv(cwd, 'snapshot', 'db', 'first');
    expect(await dry('snapshot', 'db', 'first')).toMatchObject({ exit: 2 });
    expect(await dry('snapshot', 'db', 'a/b')).toMatchObject({ exit: 2 });
    expect(await dry('snapshot', 'db', '--remove', 'frist')).toMatchObject({ exit: 2 });
    expect((await dry('snapshot', 'db', '--remove', 'first')).stdout).toContain('would take away first (');
    expect(await dry('restore', 'db', 'frist')).toMatchObject({ exit: 2 });
    expect((await dry('restore', 'db')).stdout).toBe('would keep the data of db and put first in their place\n');
    expect(await dry('services', 'adopt', '/nowhere')).toMatchObject({ exit: 2 });
    const other = services.project('dry-other', ONE);
    expect(await polyenv(other, 'services', 'adopt', cwd, '--dry-run')).toMatchObject({ exit: 2 });
    const moved = join(machine.base, 'dry-moved');
    renameSync(cwd, moved);
    expect((await polyenv(moved, 'services', 'adopt', cwd, '--dry-run')).stdout).toBe(`would take over db of ${cwd}\n`);
    expect((await polyenv(moved, 'ps', '--all')).stdout).toContain('(gone)');
    expect(await polyenv(moved, 'services', 'adopt', cwd)).toMatchObject({ exit: 0 });
  }, 60_000);

  it('and the verbs themselves know a slip from what they do', async () => {
    const cwd = services.project('slips', ONE);
    expect((await polyenv(machine.folder('without'), 'services')).stdout).toContain('no services here');
    expect(await polyenv(cwd, 'services', 'adpot')).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('does not know "adpot"'),
    });
    await started(cwd);
    expect(await polyenv(cwd, 'logs', '-n', '0')).toMatchObject({ exit: 2 });
  }, 60_000);
});

describe('adopt', () => {
  it('brings the data of a project to where it was moved, and takes none from one that is there', async () => {
    const old = services.project('old-place', ONE);
    const url = await started(old);
    await ask(url, 'SET a 1');
    const now = join(machine.base, 'new-place');
    renameSync(old, now);
    const adopted = await polyenv(now, 'services', 'adopt', old);
    expect(adopted, adopted.stderr).toMatchObject({ exit: 0 });
    expect(await started(now)).toBe(url);
    expect(await ask(url, 'GET a')).toBe('1');
    expect((await polyenv(now, 'ps', '--all')).stdout).not.toContain('(gone)');

    const other = services.project('other-place', ONE);
    expect(await polyenv(other, 'services', 'adopt', now)).toMatchObject({
      exit: 2,
      stderr: expect.stringContaining('still'),
    });
    expect(await polyenv(other, 'services', 'adopt', '/nowhere')).toMatchObject({ exit: 2 });
    expect(await ask(url, 'GET a')).toBe('1');
  }, 60_000);
});

describe('a task', () => {
  it('starts the services that it needs, sees their variables, and leaves them running', async () => {
    const cwd = services.project(
      'task',
      `${ONE}other = "tinydb@1"\n[tasks]\ntest = { run = 'echo "$TINY_URL"', services = ["db"] }\nbad = { run = "true", services = ["nope"] }\n`,
    );
    await polyenv(cwd, 'trust', '-y');
    const ran = await polyenv(cwd, 'run', 'test');
    expect(ran, ran.stderr).toMatchObject({ exit: 0, stdout: expect.stringMatching(/^tiny:\/\//) });
    const { services: seen } = (await polyenv(cwd, 'ps', '--json')).json<{
      services: { name: string; state: string }[];
    }>();
    expect(seen).toMatchObject([
      { name: 'db', state: 'running' },
      { name: 'other', state: 'new' },
    ]);
    expect(await polyenv(cwd, 'run', 'bad')).toMatchObject({ exit: 2, stderr: expect.stringContaining('nope') });
    expect((await polyenv(cwd, 'run', '--dry-run', 'test')).stdout).toContain('test');
  }, 60_000);
});

describe('databases that the manifest names later', () => {
  it('are made at the next start, and `up` says what the running server lacks', async () => {
    const cwd = services.project('grow', '[services.db]\nuse = "tinydb@1"\ndatabases = ["one"]\n');
    const url = await started(cwd);
    expect(await ask(url, 'DBS')).toBe('one');
    writeFileSync(
      join(cwd, 'polyenv.toml'),
      '[services.db]\nuse = "tinydb@1"\ndatabases = ["one", "two"]\nport = 29998\n',
    );
    const up = await polyenv(cwd, 'up');
    expect(up).toMatchObject({ exit: 0, stderr: expect.stringContaining('no database two') });
    expect(up.stderr).toContain('polyenv restart db');
    expect(await polyenv(cwd, 'restart', 'db')).toMatchObject({ exit: 0 });
    const moved = (await polyenv(cwd, 'url')).stdout.trim();
    expect(moved).toContain(':29998/');
    expect(await ask(moved, 'DBS')).toBe('one,two');
    const said = await polyenv(cwd, 'exec', '--', 'sh', '-c', 'echo "$TINY_PORT"');
    expect(said.stdout.trim()).toBe('29998');
    expect(readFileSync(join(services.folder(cwd, 'db'), 'data', 'LINE'), 'utf8')).toBe('1\n');
  }, 60_000);
});

describe('upgrade of a service', () => {
  it('takes its data to the line that is now asked for, keeps the old ones, and its address stays', async () => {
    const cwd = services.project('upgrade', ONE);
    const url = await started(cwd);
    await ask(url, 'SET a 1');
    writeFileSync(join(cwd, 'polyenv.toml'), '[services]\ndb = "tinydb@2"\n');
    const up = await polyenv(cwd, 'up');
    expect(up).toMatchObject({ exit: 0, stderr: expect.stringContaining('polyenv upgrade db') });
    expect((await polyenv(cwd, 'upgrade', 'db', '--dry-run')).stdout).toContain('would take the data of db from 1.1.0');
    const upgraded = await polyenv(cwd, 'upgrade', 'db', '--json');
    expect(upgraded, upgraded.stdout + upgraded.stderr).toMatchObject({ exit: 0 });
    expect(upgraded.json()).toMatchObject({ services: [{ from: '1.1.0', to: '2.0.0', how: 'data' }] });
    expect(readFileSync(join(cwd, 'polyenv.lock'), 'utf8')).toContain('2.0.0');
    expect(await started(cwd)).toBe(url);
    expect(await ask(url, 'GET a')).toBe('1');
    const folder = services.folder(cwd, 'db');
    expect(readFileSync(join(folder, 'data', 'LINE'), 'utf8')).toBe('2\n');
    expect(readdirSync(folder).filter((name) => name.startsWith('upgrade'))).toEqual([]);
    const [kept] = readdirSync(join(folder, 'snapshots'));
    expect(kept).toMatch(/^before-upgrade-/);
    expect(readFileSync(join(folder, 'snapshots', kept ?? '', 'data', 'LINE'), 'utf8')).toBe('1\n');
    expect(await polyenv(cwd, 'restore', 'db', kept ?? '')).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('tinydb 1'),
    });
    const pid = async () =>
      (await polyenv(cwd, 'ps', '--json')).json<{ services: { pid: number }[] }>().services[0]?.pid;
    const before = await pid();
    expect((await polyenv(cwd, 'upgrade', 'db')).stdout).toContain('of that line already');
    expect(await pid()).toBe(before);
    const pruned = await polyenv(cwd, 'prune');
    expect(pruned.stdout).toContain('kept what an upgrade of db');
    expect(pruned.stdout).not.toContain('adopt');
    await polyenv(cwd, 'prune', '--data', '-y');
    expect(readdirSync(join(folder, 'snapshots'))).toEqual([]);
    expect(await ask(url, 'GET a')).toBe('1');
  }, 90_000);

  it('is taken back by a restore, once the manifest asks for the old line again', async () => {
    const cwd = services.project('downgrade', ONE);
    const url = await started(cwd);
    await ask(url, 'SET a old');
    writeFileSync(join(cwd, 'polyenv.toml'), '[services]\ndb = "tinydb@2"\n');
    await polyenv(cwd, 'upgrade', 'db');
    await started(cwd);
    await ask(url, 'SET a new');
    const [kept = ''] = readdirSync(join(services.folder(cwd, 'db'), 'snapshots'));
    expect(await polyenv(cwd, 'restore', 'db', kept)).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining(`polyenv restore db ${kept}`),
    });
    expect(await ask(url, 'GET a')).toBe('new');
    writeFileSync(join(cwd, 'polyenv.toml'), ONE);
    const restored = await polyenv(cwd, 'restore', 'db', kept);
    expect(restored, restored.stderr).toMatchObject({ exit: 0 });
    expect(await ask(url, 'GET a')).toBe('old');
    expect(await started(cwd)).toBe(url);
    expect((await polyenv(cwd, 'ps')).stdout).toContain('tinydb 1.1.0');
  }, 60_000);

  it('that is killed at any step leaves the old data, or the new ones whole, and one server', async () => {
    const { spawn } = await import('node:child_process');
    for (const after of [150, 350, 550, 750, 950, 1150]) {
      const cwd = services.project(`upgrade-${after}`, ONE);
      const url = await started(cwd);
      await ask(url, 'SET a 1');
      writeFileSync(join(cwd, 'polyenv.toml'), '[services]\ndb = "tinydb@2"\n');
      const child = spawn(process.execPath, [tiny.program, 'upgrade', 'db'], {
        cwd,
        env: { ...machine.env, PWD: cwd },
        stdio: 'ignore',
        detached: true,
      });
      await new Promise((resume) => setTimeout(resume, after));
      if (child.exitCode === null) process.kill(-(child.pid as number), 'SIGKILL');
      const again = await polyenv(cwd, 'upgrade', 'db');
      expect(again, `killed after ${after} ms: ${again.stderr}`).toMatchObject({ exit: 0 });
      expect(await started(cwd)).toBe(url);
      expect(await ask(url, 'GET a'), `killed after ${after} ms`).toBe('1');
      expect(readdirSync(services.folder(cwd, 'db')).filter((name) => /^(upgrade|data\.)/.test(name))).toEqual([]);
      await polyenv(cwd, 'down');
    }
  }, 120_000);
});
