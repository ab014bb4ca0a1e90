import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Machine, newMachine, type Ran } from '../support/cli';
import { type RegistryServer, serveRegistry } from '../support/registry-server';
import { serveTinyNode, siteOf, type TinyNode } from '../support/tiny-node';

let site: TinyNode;
let registry: RegistryServer;
let author: Machine;
let old: string;
let project: string;

beforeEach(async () => {
  site = await serveTinyNode([{ version: '22.3.0' }, { version: '20.11.1', lts: 'Iron' }]);
  registry = await serveRegistry();
  author = newMachine({ ...siteOf(site), POLYENV_STORE: `${registry.origin}/team/tools` });
  old = author.folder('work/old');
  project = author.folder('work/project');
  expect(await author.polyenv(['use', 'node@20'], { cwd: old })).toMatchObject({ exit: 0 });
  expect(await author.polyenv(['use', 'node@22'], { cwd: project })).toMatchObject({ exit: 0 });
});
afterEach(async () => {
  author.remove();
  await registry.close();
  await site.close();
});

const run = (words: readonly string[], cwd = project): Promise<Ran> => author.polyenv(words, { cwd });
const tags = (): readonly string[] =>
  [...registry.manifests.keys()].filter((key) => !key.includes('@sha256:')).map((key) => key.split('@')[1] ?? '');

describe('store status', () => {
  it('says of every platform whether it is there, asking for the archives themselves', async () => {
    const none = await run(['store', 'status', '--exit-code']);
    expect(none.exit).toBe(10);
    expect(none.stdout).toContain('4 of 4 are not there');
    expect(none.stdout).toContain('polyenv push');
    await run(['push', '--platform', 'linux-x64']);
    const one = (await run(['store', 'status', '--json'])).json<{
      toolchains: { platform: string; there: number }[];
    }>();
    expect(one.toolchains.filter(({ there }) => there === 1).map(({ platform }) => platform)).toEqual(['linux-x64']);
    const pushed = await run(['push']);
    expect(pushed.stderr).not.toContain('warning');
    const all = await run(['store', 'status', '--exit-code']);
    expect(all).toMatchObject({ exit: 0 });
    expect(all.stdout).toContain('can be copied as');
    // The index of the lock still stands; an archive is gone.
    const [archive = ''] = [...registry.blobs].filter(([, { length }]) => length > 400).map(([digest]) => digest);
    registry.blobs.delete(archive);
    expect((await run(['store', 'status', '--exit-code'])).exit).toBe(10);
    expect(registry.asked.filter(({ path }) => path.includes('/tags/'))).toEqual([]);
  });

  it('says what is wrong: no store, no lock', async () => {
    expect(
      await author.polyenv(['store', 'status'], { cwd: project, env: { POLYENV_STORE: undefined } }),
    ).toMatchObject({ exit: 2 });
    expect(await run(['store', 'status'], author.folder('empty'))).toMatchObject({ exit: 7 });
    expect(await run(['store', 'dance'])).toMatchObject({ exit: 2 });
  });
});

describe('store prune', () => {
  beforeEach(async () => {
    await run(['push'], old);
    await run(['push']);
  });

  it('takes away what no lock names, after a yes, and nothing else', async () => {
    // Somebody else's tag, and one more of ours on a manifest that is kept.
    const kept = tags().find((tag) => tag.startsWith('node-22.3.0-linux-x64')) ?? '';
    const manifest = registry.manifests.get(`team/tools@${kept}`);
    if (manifest === undefined) throw new Error('not pushed');
    registry.manifests.set('team/tools@latest', manifest);
    registry.manifests.set('team/tools@node-9.9.9-linux-x64.0123456789ab', manifest);
    const before = tags();
    const lock = join(project, 'polyenv.lock');
    const dry = await run(['store', 'prune', lock, '--dry-run']);
    expect(dry.stdout).toContain('node-20.11.1-linux-x64');
    expect(dry.stdout).not.toContain('22.3.0');
    expect((await run(['store', 'prune', lock])).exit).toBe(2);
    expect(tags()).toEqual(before);
    expect(await run(['store', 'prune', lock, '--yes'])).toMatchObject({ exit: 0 });
    const gone = before.filter((tag) => !tags().includes(tag));
    expect(gone).toHaveLength(6);
    for (const tag of gone) expect(tag).toMatch(/^node-20\.11\.1|^lock-/);
    expect(await run(['store', 'status', '--exit-code'])).toMatchObject({ exit: 0 });
    expect((await run(['store', 'prune', lock, '--yes'])).stdout).toContain('name everything');
  });

  it('keeps what any of the locks names', async () => {
    const before = tags();
    const locks = [old, project].map((folder) => join(folder, 'polyenv.lock'));
    expect(await run(['store', 'prune', ...locks, '--yes'])).toMatchObject({ exit: 0 });
    expect(await run(['store', 'prune', '--all', '--yes'], join(author.base, 'work'))).toMatchObject({ exit: 0 });
    expect(tags()).toEqual(before);
  });

  it('does nothing without a lock that says what to keep', async () => {
    const before = tags();
    expect((await run(['store', 'prune', '--yes'])).exit).toBe(7);
    expect(tags()).toEqual(before);
  });

  it('says what to ask for where a registry takes nothing away', async () => {
    const strict = await serveRegistry({ lacks: ['delete'] });
    const env = { POLYENV_STORE: `${strict.origin}/team/tools` };
    await author.polyenv(['push'], { cwd: old, env });
    copyFileSync(join(project, 'polyenv.lock'), join(author.base, 'keep.lock'));
    const done = await author.polyenv(['store', 'prune', join(author.base, 'keep.lock'), '--yes'], {
      cwd: project,
      env,
    });
    await strict.close();
    expect(done.exit).toBe(5);
    expect(done.stderr).toContain('deletion');
  });
});
