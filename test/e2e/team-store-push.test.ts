import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Machine, newMachine, type Ran } from '../support/cli';
import { type RegistryHabits, type RegistryServer, serveRegistry } from '../support/registry-server';
import { serveTinyNode, siteOf, type TinyNode } from '../support/tiny-node';

const LOGIN = { user: 'ci', password: 's3cret-of-ci' };

let site: TinyNode;
let author: Machine;
let project: string;
const registries: RegistryServer[] = [];
const machines: Machine[] = [];

beforeEach(async () => {
  site = await serveTinyNode([{ version: '20.11.1', lts: 'Iron' }]);
  author = newMachine(siteOf(site));
  machines.push(author);
  project = author.folder('project');
  expect(await author.polyenv(['use', 'node@20'], { cwd: project })).toMatchObject({ exit: 0 });
  site.asked.length = 0;
});
afterEach(async () => {
  for (const machine of machines.splice(0)) machine.remove();
  for (const registry of registries.splice(0)) await registry.close();
  await site.close();
});

async function serve(habits: RegistryHabits = {}): Promise<{ registry: RegistryServer; reference: string }> {
  const registry = await serveRegistry(habits);
  registries.push(registry);
  return { registry, reference: `${registry.origin}/team/tools` };
}

const push = (reference: string, ...words: string[]): Promise<Ran> =>
  author.polyenv(['push', reference, ...words], { cwd: project });

/** A colleague who reaches nothing but the store. */
async function install(reference: string, env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  const machine = newMachine({
    POLYENV_NETWORK_RETRIES: '0',
    POLYENV_STORE: reference,
    POLYENV_STORE_MODE: 'only',
    ...env,
  });
  machines.push(machine);
  const cwd = machine.folder('clone');
  for (const name of ['polyenv.toml', 'polyenv.lock']) copyFileSync(join(project, name), join(cwd, name));
  const done = await machine.polyenv(['install', '--frozen'], { cwd });
  if (done.exit === 0) expect((await machine.run(['node', '--version'], { cwd })).stdout).toBe('v20.11.1\n');
  return done;
}

const tagsOf = ({ manifests }: RegistryServer): readonly string[] =>
  [...manifests.keys()].filter((key) => !key.includes('@sha256:')).map((key) => key.split('@')[1] ?? '');

describe('push', () => {
  it('sends every platform, and whoever has the store needs nothing else', async () => {
    const { registry, reference } = await serve();
    const done = await push(reference);
    expect(done).toMatchObject({ exit: 0 });
    expect(tagsOf(registry).filter((tag) => tag.startsWith('node-20.11.1-'))).toHaveLength(4);
    expect(tagsOf(registry).filter((tag) => tag.startsWith('lock-'))).toHaveLength(1);
    expect(tagsOf(registry).filter((tag) => /^node-20\.11\.1\.[0-9a-f]{12}$/.test(tag))).toHaveLength(1);
    expect(done.stdout).toContain('polyenv.lock is there as a whole');
    expect(await install(reference)).toMatchObject({ exit: 0 });
  });

  it('of what is there costs one request a tag, and writes nothing', async () => {
    const { registry, reference } = await serve();
    await push(reference);
    const before = new Map(registry.manifests);
    registry.asked.length = 0;
    const fetched = site.asked.length;
    expect(await push(reference)).toMatchObject({ exit: 0 });
    expect(registry.writes()).toBe(0);
    expect(registry.asked.map(({ method }) => method)).toEqual(Array(tagsOf(registry).length).fill('HEAD'));
    expect(registry.manifests).toEqual(before);
    expect(site.asked).toHaveLength(fetched);
  });

  it('says with --dry-run what it would send, and sends nothing', async () => {
    const { registry, reference } = await serve();
    const done = await push(reference, '--dry-run');
    expect(done.stdout).toContain('would send 4 of 4');
    expect(done.stdout).toMatch(/would send 4 of 4 to \S+ \([1-9][\d.]* (?:B|kB)\)/);
    expect(registry.writes()).toBe(0);
    await push(reference, '--platform', 'darwin-arm64');
    expect((await push(reference, '--dry-run')).stdout).toContain('would send 3 of 4');
  });

  it('of one platform after the other, and of the lock at last, ends in the same store', async () => {
    const { registry, reference } = await serve();
    for (const platform of ['linux-x64', 'linux-arm64', 'darwin-x64']) {
      const done = await push(reference, '--platform', platform);
      expect(done.stdout).toContain('not there yet');
      expect(tagsOf(registry).some((tag) => tag.startsWith('lock-'))).toBe(false);
    }
    expect((await push(reference, '--platform', 'darwin-arm64')).stdout).toContain('is there as a whole');
    const whole = await serve();
    await push(whole.reference);
    expect([...registry.manifests].toSorted()).toEqual([...whole.registry.manifests].toSorted());
  });

  it('mounts what another repository of the registry has', async () => {
    const { registry, reference } = await serve();
    await push(reference);
    registry.asked.length = 0;
    const done = await author.polyenv(['push', `${registry.origin}/other/tools`, '--from', reference, '--json'], {
      cwd: project,
    });
    expect(done.json<{ sent: number }>().sent).toBe(0);
    expect(registry.asked.filter(({ path }) => path.includes('mount=')).length).toBe(4);
    expect(await install(`${registry.origin}/other/tools`)).toMatchObject({ exit: 0 });
  });

  it('of every project below sends each toolchain once', async () => {
    const { registry, reference } = await serve();
    for (const name of ['a', 'b']) {
      const folder = author.folder(`mono/${name}`);
      for (const file of ['polyenv.toml', 'polyenv.lock']) copyFileSync(join(project, file), join(folder, file));
    }
    const cwd = join(author.base, 'mono');
    expect(await author.polyenv(['push', reference, '--all'], { cwd })).toMatchObject({ exit: 0 });
    expect(tagsOf(registry).filter((tag) => tag.startsWith('lock-'))).toHaveLength(1);
    expect(registry.asked.filter(({ method, path }) => method === 'PUT' && path.includes('/blobs/'))).toHaveLength(5);
  });

  it.each([
    ['no HEAD', { lacks: ['head'] }],
    ['no mounting', { lacks: ['mount'] }],
    ['tags that never move', { immutableTags: true }],
    ['images only', { refusesConfig: 'empty' }],
    ['a password', { login: LOGIN }],
    ['tokens', { login: LOGIN, scheme: 'bearer' }],
    ['tokens that run out', { login: LOGIN, scheme: 'bearer', tokenUses: 5 }],
  ] satisfies [string, RegistryHabits][])('works with a registry that has %s, twice', async (_, habits) => {
    const { registry, reference } = await serve(habits);
    const auth = Buffer.from(`${LOGIN.user}:${LOGIN.password}`).toString('base64');
    const config = join(author.base, 'auth.json');
    writeFileSync(config, JSON.stringify({ auths: { [registry.host]: { auth } } }));
    author.env.REGISTRY_AUTH_FILE = config;
    for (let round = 0; round < 2; round += 1) {
      const done = await push(reference);
      expect(done).toMatchObject({ exit: 0 });
      expect(done.stdout + done.stderr).not.toContain(LOGIN.password);
    }
    expect(await install(reference, { REGISTRY_AUTH_FILE: config })).toMatchObject({ exit: 0 });
  });

  it('a registry that takes no manifest of ours says so before anything of size is sent', async () => {
    const { registry, reference } = await serve({ refusesConfig: 'all' });
    const done = await push(reference);
    expect(done.exit).toBe(5);
    expect(done.stderr).toContain('unknown config type');
    expect(site.asked).toEqual([]);
    expect(Math.max(...[...registry.blobs.values()].map(({ length }) => length))).toBeLessThan(1000);
  });

  it('fifty at once all succeed, and leave one content', async () => {
    const { registry, reference } = await serve({ immutableTags: true });
    const people = Array.from({ length: 10 }, () => newMachine(author.env));
    const runs = Array.from({ length: 50 }, (_, index) => {
      const { polyenvHome } = people[index % 10] as Machine;
      return author.polyenv(['push', reference], { cwd: project, env: { POLYENV_HOME: polyenvHome } });
    });
    machines.push(...people);
    for (const done of await Promise.all(runs)) expect(done).toMatchObject({ exit: 0 });
    expect(tagsOf(registry)).toHaveLength(6);
    expect(await install(reference)).toMatchObject({ exit: 0 });
  }, 180_000);

  it('broken off goes on: what was sent is not sent again', async () => {
    const { registry, reference } = await serve();
    let taken = 0;
    registry.instead = ({ method, path }) =>
      method === 'PUT' && path.includes('/blobs/') && ++taken > 2 ? { status: 507 } : undefined;
    const full = await push(reference);
    expect(full.exit).toBe(5);
    expect(full.stderr).toContain('507');
    expect(tagsOf(registry)).toEqual([]);
    const had = registry.blobs.size;
    expect(had).toBe(2);
    registry.instead = () => undefined;
    registry.asked.length = 0;
    expect(await push(reference)).toMatchObject({ exit: 0 });
    expect(registry.asked.filter(({ method, path }) => method === 'PUT' && path.includes('/blobs/'))).toHaveLength(3);
  });

  it('leaves out what the person keeps out of stores', async () => {
    const { registry, reference } = await serve();
    author.env.POLYENV_STORE_LEAVE_OUT = 'node';
    const done = await push(reference);
    expect(done.exit).toBe(7);
    expect(registry.writes()).toBe(0);
  });

  it('says what is wrong with the command line, and with a lock that is not its own', async () => {
    const { registry, reference } = await serve();
    expect(await author.polyenv(['push'], { cwd: project })).toMatchObject({ exit: 2 });
    expect((await push(`${reference}:latest`)).stderr).toContain('must not name a tag');
    expect(await author.polyenv(['push', reference], { cwd: author.folder('empty') })).toMatchObject({ exit: 7 });
    const path = join(project, 'polyenv.lock');
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll('https://nodejs.org/dist/', 'https://evil.test/dist/'));
    expect(await push(reference)).toMatchObject({ exit: 8 });
    expect(registry.asked).toEqual([]);
  });
});
