import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Machine, newMachine } from '../support/cli';
import { serveTinyNode, siteOf, type TinyNode } from '../support/tiny-node';

let server: TinyNode;
let machine: Machine;

beforeAll(async () => {
  server = await serveTinyNode([
    { version: '24.2.0', lts: 'Krypton' },
    { version: '22.1.0', lts: 'Jod' },
    { version: '20.11.1', lts: 'Iron' },
    { version: '20.10.1', lts: 'Iron' },
    { version: '20.10.0', lts: 'Iron' },
    { version: '18.19.0', lts: 'Hydrogen' },
  ]);
});
afterAll(() => server.close());

beforeEach(() => {
  server.asked.length = 0;
  server.instead.clear();
  machine = newMachine(siteOf(server));
});
afterEach(() => machine.remove());

/** A project that is locked to an older release, as if the newer ones had not been there then. */
async function project(pin: string, locked: string): Promise<string> {
  const cwd = machine.folder('project');
  expect(await machine.polyenv(['use', `node@${locked}`], { cwd })).toMatchObject({ exit: 0 });
  for (const name of ['polyenv.toml', 'polyenv.lock']) {
    const text = read(cwd, name);
    writeFileSync(
      join(cwd, name),
      text.replaceAll(`"${locked}"`, (found, at: number) =>
        name === 'polyenv.toml' || text.slice(0, at).endsWith('request = ') ? JSON.stringify(pin) : found,
      ),
    );
  }
  return cwd;
}

const read = (cwd: string, name: string): string => readFileSync(join(cwd, name), 'utf8');

describe('outdated', () => {
  it('tells what is locked, what the request allows, what is latest, and until when the line lives', async () => {
    const cwd = await project('20', '20.10.0');
    const ran = await machine.polyenv(['outdated', '--json'], { cwd });
    expect(ran).toMatchObject({ exit: 0 });
    expect(ran.json()).toMatchObject({
      schema: 1,
      outdated: true,
      tools: [
        {
          tool: 'node',
          request: '20',
          from: { kind: 'file', file: join(cwd, 'polyenv.toml'), line: 2 },
          current: '20.10.0',
          wanted: '20.11.1',
          latest: '24.2.0',
          endOfLife: '2026-04-30',
          notes: 'https://nodejs.org/en/blog/release/v24.2.0',
        },
      ],
    });
    const table = await machine.polyenv(['outdated'], { cwd });
    expect(table.stdout).toMatch(/^node +20\.10\.0 +20\.11\.1 +24\.2\.0 +2026-04-30 +https:/m);
  });

  it('writes nothing, and exits 10 only where that is asked for and something is newer', async () => {
    const cwd = await project('20', '20.10.0');
    const before = [read(cwd, 'polyenv.toml'), read(cwd, 'polyenv.lock')];
    expect(await machine.polyenv(['outdated', '--exit-code'], { cwd })).toMatchObject({ exit: 10 });
    expect([read(cwd, 'polyenv.toml'), read(cwd, 'polyenv.lock')]).toEqual(before);
    const newest = machine.folder('newest');
    await machine.prepare(['use', 'node@24'], { cwd: newest });
    expect(await machine.polyenv(['outdated', '--exit-code'], { cwd: newest })).toMatchObject({ exit: 0 });
  });

  it('lets the rows of other runtimes stand where one has no source that answers', async () => {
    const cwd = await project('20', '20.10.0');
    writeFileSync(join(cwd, 'polyenv.toml'), `${read(cwd, 'polyenv.toml')}go = "1.24"\n`);
    const env = { POLYENV_SOURCES_ALLOWED: 'nodejs.org' };
    const ran = await machine.polyenv(['outdated', '--json'], { cwd, env });
    expect(ran).toMatchObject({ exit: 0 });
    const { tools } = ran.json<{ tools: readonly { tool: string; wanted?: string; error?: { code: string } }[] }>();
    expect(tools.find(({ tool }) => tool === 'node')?.wanted).toBe('20.11.1');
    expect(tools.find(({ tool }) => tool === 'go')?.error?.code).toBe('source-refused');
  });

  it('fails as resolving does where no source can be reached, and offline tells how old the index is', async () => {
    const cwd = await project('20', '20.10.0');
    const known = await machine.polyenv(['outdated', '--offline'], { cwd });
    expect(known).toMatchObject({ exit: 0 });
    expect(known.stderr).toMatch(/offline: what is known of .* is \d+ minutes? old/);
    const fresh = newMachine({
      POLYENV_MIRRORS: 'https://nodejs.org=http://127.0.0.1:9',
      POLYENV_NETWORK_RETRIES: '0',
    });
    try {
      const ran = await fresh.polyenv(['outdated', '--offline'], { cwd });
      expect(ran).toMatchObject({ exit: 5, stdout: '' });
      expect(ran.stderr).toContain('error[offline]');
    } finally {
      fresh.remove();
    }
  });

  it('holds back what is younger than the minimum age', async () => {
    const cwd = await project('20', '20.10.0');
    const env = { POLYENV_RELEASE_MINIMUM_AGE: '3650' };
    const ran = await machine.polyenv(['outdated', '--json'], { cwd, env });
    expect(ran.json<{ tools: readonly object[] }>().tools[0]).not.toHaveProperty('wanted');
  });

  it('says of a name that is none which it might be, and of a tool that nothing pins that nothing does', async () => {
    const cwd = await project('20', '20.10.0');
    expect((await machine.polyenv(['outdated', 'noed'], { cwd })).stderr).toContain('polyenv outdated node');
    expect(await machine.polyenv(['outdated', 'go'], { cwd })).toMatchObject({ exit: 3 });
  });
});

describe('upgrade', () => {
  const answer = async (cwd: string): Promise<string> =>
    (await machine.run(['node', '--version'], { cwd })).stdout.trim();
  const frozen = async (cwd: string): Promise<void> =>
    expect(await machine.polyenv(['install', '--frozen'], { cwd })).toMatchObject({ exit: 0 });

  it('takes the newest that the pin allows: the lock is renewed, the manifest stays', async () => {
    const cwd = await project('20', '20.10.0');
    const manifest = read(cwd, 'polyenv.toml');
    const ran = await machine.polyenv(['upgrade'], { cwd });
    expect(ran, ran.stderr).toMatchObject({ exit: 0 });
    expect(ran.stdout).toMatch(/^node +20\.10\.0 +-> +20\.11\.1/);
    expect(read(cwd, 'polyenv.toml')).toBe(manifest);
    expect(read(cwd, 'polyenv.lock')).toContain('"20.11.1"');
    expect(read(cwd, 'polyenv.lock')).not.toContain('20.10.0');
    expect(await answer(cwd)).toBe('v20.11.1');
    await frozen(cwd);
    expect((await machine.polyenv(['upgrade'], { cwd })).stdout).toContain('nothing to upgrade');
  });

  it.each([
    ['20', '24', '24.2.0'],
    ['20.10', '24.2', '24.2.0'],
    ['20.10.0', '24.2.0', '24.2.0'],
    ['v20.x', 'v24.x', '24.2.0'],
    ['^20.10.0', '^24.2.0', '24.2.0'],
    ['~20.10', '~24.2', '24.2.0'],
    ['lts/iron', 'lts/krypton', '24.2.0'],
    ['lts', 'lts', '24.2.0'],
    ['>=18', '>=18', '24.2.0'],
    ['latest', 'latest', '24.2.0'],
  ])('--latest writes %s as %s', async (pin, pinned, version) => {
    const cwd = await project(pin, '20.10.0');
    const before = `# ours\n[runtimes]\n  node   = '${pin}'   # as in production\n\n[env]\nA = "1"\n`;
    writeFileSync(join(cwd, 'polyenv.toml'), before);
    const ran = await machine.polyenv(['upgrade', '--latest'], { cwd });
    expect(ran, ran.stderr).toMatchObject({ exit: 0 });
    const unchanged = pin === pinned;
    expect(read(cwd, 'polyenv.toml')).toBe(unchanged ? before : before.replace(`'${pin}'`, JSON.stringify(pinned)));
    expect(read(cwd, 'polyenv.lock')).toContain(`version = "${version}"`);
    expect(await answer(cwd)).toBe(`v${version}`);
    await frozen(cwd);
  });

  it('--latest leaves a range that no single number makes newer, and says what to do', async () => {
    const cwd = await project('>=18 <22', '20.10.0');
    const before = [read(cwd, 'polyenv.toml'), read(cwd, 'polyenv.lock')];
    const ran = await machine.polyenv(['upgrade', '--latest'], { cwd });
    expect(ran).toMatchObject({ exit: 0 });
    expect(ran.stdout).toContain('polyenv use node@24.2.0');
    expect([read(cwd, 'polyenv.toml'), read(cwd, 'polyenv.lock')]).toEqual(before);
  });

  it.each([
    ['20', '20'],
    ['20.10.0', '20.10.1'],
    ['lts/iron', 'lts/iron'],
    ['latest', 'latest'],
  ])('--patch of %s stays on the minor version', async (pin, pinned) => {
    const cwd = await project(pin, '20.10.0');
    const ran = await machine.polyenv(['upgrade', '--patch', 'node'], { cwd });
    expect(ran, ran.stderr).toMatchObject({ exit: 0 });
    expect(read(cwd, 'polyenv.toml')).toContain(`node = "${pinned}"`);
    expect(await answer(cwd)).toBe('v20.10.1');
    await frozen(cwd);
    expect((await machine.polyenv(['upgrade', '--patch'], { cwd })).stdout).toContain('nothing to upgrade');
  });

  it('keeps the options of a pin, and all else of its table', async () => {
    const cwd = await project('20', '20.10.0');
    writeFileSync(join(cwd, 'polyenv.toml'), '[runtimes.node] # a table\nversion = "20" # the version\n');
    expect(await machine.polyenv(['upgrade', '--latest'], { cwd })).toMatchObject({ exit: 0 });
    expect(read(cwd, 'polyenv.toml')).toBe('[runtimes.node] # a table\nversion = "24" # the version\n');
  });

  it('changes nothing where the new version cannot be had', async () => {
    const cwd = await project('20', '20.10.0');
    const before = [read(cwd, 'polyenv.toml'), read(cwd, 'polyenv.lock')];
    server.instead.set('/dist/v24.2.0/node-v24.2.0-linux-x64.tar.gz', () => Buffer.from('something else'));
    const ran = await machine.polyenv(['upgrade', '--latest'], { cwd });
    expect(ran).toMatchObject({ exit: 6, stderr: expect.stringContaining('error[digest-mismatch]') });
    expect([read(cwd, 'polyenv.toml'), read(cwd, 'polyenv.lock')]).toEqual(before);
    expect(await answer(cwd)).toBe('v20.10.0');
  });

  it('-n says what it would do and writes nothing, --no-install downloads nothing', async () => {
    const cwd = await project('20', '20.10.0');
    const before = [read(cwd, 'polyenv.toml'), read(cwd, 'polyenv.lock')];
    const dry = await machine.polyenv(['upgrade', '-n', '--latest', '--json'], { cwd });
    expect(dry.json()).toMatchObject({
      schema: 1,
      dryRun: true,
      changed: false,
      tools: [{ tool: 'node', before: '20.10.0', after: '24.2.0', request: '20', newRequest: '24' }],
    });
    expect([read(cwd, 'polyenv.toml'), read(cwd, 'polyenv.lock')]).toEqual(before);
    server.asked.length = 0;
    expect(await machine.polyenv(['upgrade', '--no-install'], { cwd })).toMatchObject({ exit: 0 });
    expect(server.asked.filter((path) => path.endsWith('.tar.gz'))).toEqual([]);
    expect(read(cwd, 'polyenv.lock')).toContain('version = "20.11.1"');
    await frozen(cwd);
  });

  it('never goes back: what a source no longer lists stays as it is locked', async () => {
    const cwd = await project('20', '20.10.1');
    const before = read(cwd, 'polyenv.lock');
    server.instead.set('/dist/index.json', (body) => {
      const all = JSON.parse(body.toString()) as readonly { version: string }[];
      return Buffer.from(JSON.stringify(all.filter(({ version }) => !/^v20\.1(1\.|0\.1)/.test(version))));
    });
    const ran = await machine.polyenv(['upgrade'], { cwd, env: { POLYENV_CACHE_MAX_AGE: '0' } });
    expect(ran, ran.stderr).toMatchObject({ exit: 0 });
    expect(ran.stdout).toContain('nothing newer than 20.10.1');
    expect(read(cwd, 'polyenv.lock')).toBe(before);
  });

  it('of a pin that lives in a version file renews its lock, and leaves the file to the person', async () => {
    const cwd = machine.folder('nvm');
    writeFileSync(join(cwd, '.nvmrc'), '20.10.0\n');
    expect(await machine.polyenv(['install'], { cwd })).toMatchObject({ exit: 0 });
    const latest = await machine.polyenv(['upgrade', '--latest'], { cwd });
    expect(latest).toMatchObject({ exit: 0 });
    expect(latest.stdout).toContain(`${join(cwd, '.nvmrc')}:1 pins 20.10.0: polyenv use node@24.2.0`);
    expect(read(cwd, '.nvmrc')).toBe('20.10.0\n');
    server.instead.set('/dist/index.json', (body) => {
      const all = JSON.parse(body.toString()) as readonly { version: string }[];
      return Buffer.from(JSON.stringify(all.filter(({ version }) => version === 'v20.10.0')));
    });
    writeFileSync(join(cwd, '.nvmrc'), '20\n');
    const env = { POLYENV_CACHE_MAX_AGE: '0' };
    expect(await machine.polyenv(['install'], { cwd, env })).toMatchObject({ exit: 0 });
    server.instead.clear();
    expect(await answer(cwd)).toBe('v20.10.0');
    const renewed = await machine.polyenv(['upgrade'], { cwd, env });
    expect(renewed.stdout).toMatch(/20\.10\.0 +-> +20\.11\.1/);
    expect(await answer(cwd)).toBe('v20.11.1');
  });

  it('upgrades the others where one is linked and its sources cannot be reached, and fails where none else is', async () => {
    const cwd = await project('20', '20.10.0');
    const root = machine.folder('own-go');
    mkdirSync(join(root, 'bin'));
    writeFileSync(join(root, 'bin', 'go'), '#!/bin/sh\necho go version go1.24.1 linux/amd64\n', { mode: 0o755 });
    expect(await machine.polyenv(['link', 'go@1.24', root], { cwd })).toMatchObject({ exit: 0 });
    expect(await machine.polyenv(['use', 'go@1.24', '--linked'], { cwd })).toMatchObject({ exit: 0 });
    const env = {
      POLYENV_MIRRORS: `${server.mirrors} https://go.dev=http://127.0.0.1:9`,
      GOPROXY: 'http://127.0.0.1:9',
    };
    const alone = await machine.polyenv(['upgrade', '--latest', 'go'], { cwd, env });
    expect(alone, alone.stderr).toMatchObject({ exit: 5, stdout: expect.stringContaining(`linked from ${root}`) });
    const ran = await machine.polyenv(['upgrade', '--latest'], { cwd, env });
    expect(ran, ran.stderr).toMatchObject({ exit: 0 });
    expect(read(cwd, 'polyenv.toml')).toBe('[runtimes]\nnode = "24"\ngo = "1.24"\n');
  });

  it('keeps the trust of the manifest that it edits, and grants none', async () => {
    const cwd = await project('20', '20.10.0');
    const text = `${read(cwd, 'polyenv.toml')}[env]\nGREETING = "hello"\n`;
    writeFileSync(join(cwd, 'polyenv.toml'), text);
    const greeting = async () => (await machine.run(['node', 'env'], { cwd })).stdout.includes('GREETING=hello');
    await machine.polyenv(['upgrade', '--latest'], { cwd });
    expect(await greeting()).toBe(false);
    writeFileSync(join(cwd, 'polyenv.toml'), text);
    expect(await machine.polyenv(['trust', '-y'], { cwd })).toMatchObject({ exit: 0 });
    await machine.polyenv(['upgrade', '--latest'], { cwd });
    expect(read(cwd, 'polyenv.toml')).toContain('"24"');
    expect(await greeting()).toBe(true);
  });
});
