import { copyFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Machine, newMachine, type Ran } from '../support/cli';
import { type RegistryServer, type Reply, serveRegistry } from '../support/registry-server';
import { serveTinyNode, siteOf, type TinyNode } from '../support/tiny-node';

const REPOSITORY = 'team/tools';

let site: TinyNode;
let registry: RegistryServer;
let author: Machine;
let project: string;
let archive: Buffer;
const machines: Machine[] = [];

beforeEach(async () => {
  site = await serveTinyNode([{ version: '20.11.1', lts: 'Iron' }]);
  site.instead.set('/dist/v20.11.1/node-v20.11.1-linux-x64.tar.gz', (body) => {
    archive = body;
    return body;
  });
  registry = await serveRegistry();
  author = newMachine(siteOf(site));
  machines.push(author);
  project = author.folder('project');
  expect(await author.polyenv(['use', 'node@20'], { cwd: project })).toMatchObject({ exit: 0 });
  site.asked.length = 0;
});
afterEach(async () => {
  for (const machine of machines.splice(0)) machine.remove();
  await registry.close();
  await site.close();
});

/** A colleague with a clone, whose store is the registry. */
function colleague(env: Readonly<Record<string, string>> = {}): { install(...words: string[]): Promise<Ran> } {
  const store = { POLYENV_STORE: `${registry.origin}/${REPOSITORY}` };
  const machine = newMachine({ ...siteOf(site), ...store, ...env });
  machines.push(machine);
  const cwd = machine.folder('clone');
  for (const name of ['polyenv.toml', 'polyenv.lock']) copyFileSync(join(project, name), join(cwd, name));
  return { install: (...words) => machine.polyenv(['install', '--frozen', ...words], { cwd }) };
}

const warnings = ({ stderr }: Ran): number => stderr.split('\n').filter((line) => line.startsWith('warning')).length;

describe('installing from the store of a team', () => {
  it('costs one request an archive, and the official site none', async () => {
    registry.put(REPOSITORY, archive);
    expect(await colleague().install()).toMatchObject({ exit: 0 });
    expect(registry.asked.map(({ method, path }) => [method, path.split('/')[4]])).toEqual([['GET', 'blobs']]);
    expect(site.asked).toEqual([]);
  });

  it('asks the official site for what is not there, and says so once', async () => {
    const done = await colleague().install();
    expect(done).toMatchObject({ exit: 0 });
    expect(done.stderr).toContain('does not have node 20.11.1 for linux-x64');
    expect(done.stderr).toContain(`polyenv push ${registry.origin}/${REPOSITORY}`);
    expect(warnings(done)).toBe(1);
    expect(site.asked).toHaveLength(1);
  });

  it('asks the official site only where the store comes after it, and the store where that is away', async () => {
    registry.put(REPOSITORY, archive);
    const env = { POLYENV_STORE_MODE: 'fallback' };
    expect(await colleague(env).install()).toMatchObject({ exit: 0 });
    expect(registry.asked).toEqual([]);
    await site.close();
    expect(await colleague(env).install()).toMatchObject({ exit: 0 });
    expect(registry.asked).toHaveLength(1);
    site = await serveTinyNode([{ version: '20.11.1', lts: 'Iron' }]);
  });

  it('asks nobody else where it is the only one', async () => {
    const env = { POLYENV_STORE_MODE: 'only' };
    const lacking = await colleague(env).install();
    expect(lacking.exit).toBe(5);
    expect(lacking.stderr).toContain('does not have node 20.11.1 for linux-x64');
    registry.put(REPOSITORY, archive);
    expect(await colleague(env).install()).toMatchObject({ exit: 0 });
    expect(site.asked).toEqual([]);
  });

  it('asks nobody at all when the network is switched off', async () => {
    registry.put(REPOSITORY, archive);
    expect((await colleague().install('--offline')).exit).toBe(5);
    expect(registry.asked).toEqual([]);
  });

  const flipped = (): Buffer => {
    const bytes = Buffer.from(archive);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    return bytes;
  };
  const wrong: Readonly<Record<string, () => Reply>> = {
    'other bytes of that length': () => ({ status: 200, body: Buffer.alloc(archive.length, 'x') }),
    'one bit flipped': () => ({ status: 200, body: flipped() }),
    'half of it, again and again': () => ({ status: 200, body: archive, cutAfter: 100 }),
    'another length': () => ({ status: 200, body: 'short' }),
    'bytes without an end': () => ({ status: 200, body: archive, endless: true }),
    'a page to sign in': () => ({ status: 200, body: '<!DOCTYPE html><title>Sign in</title>' }),
    'a refusal': () => ({ status: 403 }),
    'a wish for a login': () => ({ status: 401, headers: { 'www-authenticate': 'Basic realm="x"' } }),
    'its own failure': () => ({ status: 503 }),
    'an hour to wait': () => ({ status: 429, headers: { 'retry-after': '3600' } }),
    'a redirect to itself': () => ({ status: 307, headers: { location: '/v2/again' } }),
    'a redirect to another host in plain http': () => ({ status: 307, headers: { location: 'http://a.example/x' } }),
  };
  it.each(Object.entries(wrong))(
    'a store that answers %s is told once, and the official site is used',
    async (_, reply) => {
      registry.put(REPOSITORY, archive);
      registry.instead = () => reply();
      const done = await colleague().install();
      expect(done).toMatchObject({ exit: 0 });
      expect(warnings(done)).toBe(1);
      expect(done.stderr).toContain(`the store ${registry.origin}/${REPOSITORY}`);
      expect(site.asked).toHaveLength(1);
    },
  );

  it('wrong bytes end in exit 6 where nobody else may be asked', async () => {
    registry.put(REPOSITORY, archive);
    registry.instead = () => ({ status: 200, body: flipped() });
    const done = await colleague({ POLYENV_STORE_MODE: 'only' }).install();
    expect(done.exit).toBe(6);
    expect(done.stderr).toContain('not what was promised');
  });

  it('a store that is dead is told once, and not waited for again', async () => {
    await registry.close();
    const done = await colleague().install();
    expect(done).toMatchObject({ exit: 0 });
    expect(warnings(done)).toBe(1);
    registry = await serveRegistry();
  });

  it('a download that broke goes on by range, whatever the registry calls its version', async () => {
    registry.put(REPOSITORY, archive);
    let cut = 0;
    registry.instead = () =>
      cut++ === 0 ? { status: 200, headers: { etag: '"of-the-storage"' }, body: archive, cutAfter: 200 } : undefined;
    expect(await colleague().install()).toMatchObject({ exit: 0 });
    expect(registry.asked.map(({ headers }) => headers.range)).toEqual([undefined, 'bytes=200-']);
    expect(site.asked).toEqual([]);
  });

  it('is refused in words where the setting is no repository', async () => {
    const done = await colleague({ POLYENV_STORE: 'tools/Team' }).install();
    expect(done.exit).toBe(3);
    expect(done.stderr).toContain('HOST/REPOSITORY');
    expect(readFileSync(join(project, 'polyenv.lock'), 'utf8')).not.toContain(registry.origin);
  });
});
