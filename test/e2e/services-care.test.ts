import { chmodSync, existsSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
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
}, 120_000);

afterAll(() => tiny?.close());

/** Each on a home of its own: what is taken away there is counted. */
function onNewMachine(): void {
  machine = newMachine({ POLYENV_MIRRORS: tiny.mirrors, POLYENV_VERIFY_SIGNATURES: 'off' });
  services = servicesOn(machine, tiny.program);
}

afterEach(() => {
  services.stopAll();
  machine.remove();
});

const ONE = '[services]\ndb = "tinydb@1"\n';
const polyenv = (cwd: string, ...args: readonly string[]) => services.polyenv(cwd, ...args);

async function started(cwd: string): Promise<string> {
  const up = await polyenv(cwd, 'up');
  expect(up, up.stderr).toMatchObject({ exit: 0 });
  return (await polyenv(cwd, 'url', 'db')).stdout.trim();
}

const toolchains = () =>
  readdirSync(join(machine.polyenvHome, 'store')).filter((name) => /^tinydb-[^/]*[0-9a-f]$/.test(name));

describe('what takes things away', () => {
  it('prune takes no data unasked, and no toolchain from below a server or its data', async () => {
    onNewMachine();
    const cwd = services.project('shop', ONE);
    const url = await started(cwd);
    await ask(url, 'SET a 1');
    rmSync(join(machine.polyenvHome, 'envs'), { recursive: true, force: true });
    expect(await polyenv(cwd, 'prune')).toMatchObject({ exit: 0 });
    expect(toolchains()).toHaveLength(1);
    await polyenv(cwd, 'down');
    expect(await polyenv(cwd, 'prune', '-y')).toMatchObject({ exit: 0 });
    expect(toolchains()).toHaveLength(1);
    expect(await ask(await started(cwd), 'GET a')).toBe('1');

    // Of a project that is gone, running: nothing goes, even when it is asked for.
    const gone = join(machine.base, 'elsewhere');
    renameSync(cwd, gone);
    const kept = await polyenv(machine.base, 'prune', '--data', '-y');
    expect(kept).toMatchObject({ exit: 0 });
    expect(existsSync(join(services.folder(cwd, 'db'), 'data'))).toBe(true);
    expect(await ask(url, 'GET a')).toBe('1');
    expect(await polyenv(machine.base, 'down', '--all')).toMatchObject({ exit: 0 });

    const listed = await polyenv(machine.base, 'prune', '-y');
    expect(listed.stdout).toMatch(/kept data of db of .*shop, which is gone \(\d/);
    expect(existsSync(join(services.folder(cwd, 'db'), 'data'))).toBe(true);
    const unasked = await polyenv(machine.base, 'prune', '--data');
    expect(unasked.stdout).toContain('kept data of db');
    expect((await polyenv(machine.base, 'prune', '--data', '--dry-run')).stdout).toContain(
      'would take away data of db',
    );
    const taken = await polyenv(machine.base, 'prune', '--data', '--yes');
    expect(taken.stdout).toContain('took away data of db');
    expect(existsSync(services.folder(cwd, 'db'))).toBe(false);
    expect(await polyenv(machine.base, 'ps', '--all')).toMatchObject({
      stdout: expect.stringContaining('no services'),
    });
  }, 90_000);

  it('uninstall refuses what a server runs on, even by force, and what data need unless by force', async () => {
    onNewMachine();
    const cwd = services.project('shop', ONE);
    await started(cwd);
    rmSync(join(machine.polyenvHome, 'envs'), { recursive: true, force: true });
    for (const args of [['tinydb@1'], ['--force', 'tinydb@1']]) {
      expect(await polyenv(cwd, 'uninstall', ...args)).toMatchObject({
        exit: 1,
        stderr: expect.stringContaining('stop db'),
      });
    }
    await polyenv(cwd, 'down');
    rmSync(join(machine.polyenvHome, 'envs'), { recursive: true, force: true });
    expect(await polyenv(cwd, 'uninstall', 'tinydb@1')).toMatchObject({
      exit: 1,
      stderr: expect.stringContaining('has data of'),
    });
    expect(await polyenv(cwd, 'uninstall', '--force', 'tinydb@1')).toMatchObject({ exit: 0 });
    expect(toolchains()).toHaveLength(0);
    await started(cwd);
  }, 60_000);

  it('self uninstall says what data would go, and needs to be told so', async () => {
    onNewMachine();
    const cwd = services.project('shop', ONE);
    const url = await started(cwd);
    const refused = await polyenv(cwd, 'self', 'uninstall', '-y');
    expect(refused).toMatchObject({ exit: 1, stderr: expect.stringContaining('self uninstall --data') });
    expect(refused.stderr).toContain('db of');
    expect(await ask(url, 'GET a')).toBe('NONE');
    expect(await polyenv(cwd, 'self', 'uninstall', '--data', '-y')).toMatchObject({ exit: 0 });
    await expect(ask(url, 'GET a')).rejects.toThrow();
    expect(existsSync(machine.polyenvHome)).toBe(false);
  }, 60_000);
});

describe('what looks', () => {
  it('size counts data, doctor sees servers that ended, data that are nobody’s and passwords that others may read', async () => {
    onNewMachine();
    const cwd = services.project('shop', ONE);
    await started(cwd);
    const size = await polyenv(cwd, 'size', '--json');
    expect(size.json()).toMatchObject({
      services: [{ name: 'db', kind: 'tinydb', project: cwd, gone: false, running: true }],
    });
    services.stopAll();
    const exited = await polyenv(cwd, 'doctor');
    expect(exited.stdout + exited.stderr).toContain('db (tinydb) ended by itself');
    chmodSync(join(services.folder(cwd, 'db'), 'state.json'), 0o644);
    const open = await polyenv(cwd, 'doctor');
    expect(open.stdout + open.stderr).toContain('others may read the password of db');
    chmodSync(join(services.folder(cwd, 'db'), 'state.json'), 0o600);
    renameSync(cwd, join(machine.base, 'moved'));
    const gone = await polyenv(join(machine.base, 'moved'), 'doctor');
    expect(gone.stdout + gone.stderr).toContain(`polyenv services adopt ${cwd}`);
  }, 60_000);
});

describe('two versions of one kind', () => {
  it('are locked side by side, installed by `install`, and stay through use, lock and upgrade', async () => {
    onNewMachine();
    const cwd = services.project('two', '[runtimes]\ntinydb = "2"\n[services]\ndb = "tinydb"\nold = "tinydb@1.0"\n');
    const { readFileSync } = await import('node:fs');
    const locked = () =>
      [...readFileSync(join(cwd, 'polyenv.lock'), 'utf8').matchAll(/^version = "(\S+)"/gm)].map(
        ([, version]) => version,
      );
    expect(await polyenv(cwd, 'install')).toMatchObject({ exit: 0 });
    expect(locked().toSorted()).toEqual(['1.0.0', '2.0.0']);
    expect(toolchains()).toHaveLength(2);
    const up = await polyenv(cwd, 'up', '--json');
    expect(up, up.stderr).toMatchObject({ exit: 0 });
    expect(up.json()).toMatchObject({
      services: [
        { name: 'db', version: '2.0.0' },
        { name: 'old', version: '1.0.0' },
      ],
    });
    expect(up.stderr).not.toContain('lacks');
    const env = await polyenv(cwd, 'exec', '--', 'sh', '-c', 'echo "$TINY_URL $OLD_TINY_URL"');
    expect(env.stdout).toMatch(/^tiny:\S+ tiny:\S+\n$/);
    expect(await polyenv(cwd, 'use', 'tinydb@2.0.0')).toMatchObject({ exit: 0 });
    expect(locked().toSorted()).toEqual(['1.0.0', '2.0.0']);
    for (const verb of ['lock', 'upgrade']) {
      expect(await polyenv(cwd, verb)).toMatchObject({ exit: 0 });
      expect(locked().toSorted(), verb).toEqual(['1.0.0', '2.0.0']);
    }
    expect(await polyenv(cwd, 'install', '--frozen')).toMatchObject({ exit: 0 });
    const verified = await polyenv(cwd, 'verify', '--json');
    expect(
      verified
        .json<{ toolchains: { version: string }[] }>()
        .toolchains.map(({ version }) => version)
        .sort(),
    ).toEqual(['1.0.0', '2.0.0']);
    const { root } = (await polyenv(cwd, 'where', 'tinydb@1.0', '--json')).json<{ root: string }>();
    chmodSync(root, 0o755);
    chmodSync(join(root, 'tinydb.cjs'), 0o644);
    writeFileSync(join(root, 'tinydb.cjs'), '// something else\n');
    expect(await polyenv(cwd, 'verify')).toMatchObject({
      exit: 6,
      stdout: expect.stringContaining('tinydb 1.0.0: tinydb.cjs has another size'),
    });
    writeFileSync(join(cwd, 'polyenv.toml'), '[services]\nold = "tinydb@1.0"\n');
    expect(await polyenv(cwd, 'lock')).toMatchObject({ exit: 0 });
    expect(locked()).toEqual(['1.0.0']);
  }, 90_000);
});
