import { linkSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Machine, newMachine } from '../support/cli';
import { discard } from '../support/discard';
import { serveTinyNode, siteOf, type TinyNode } from '../support/tiny-node';

let server: TinyNode;
let machine: Machine;
let cwd: string;

beforeAll(async () => {
  server = await serveTinyNode([
    { version: '24.2.0', lts: 'Krypton', filler: 200_000 },
    { version: '20.11.1', lts: 'Iron' },
    { version: '18.19.0', lts: 'Hydrogen' },
  ]);
});
afterAll(() => server.close());

beforeEach(() => {
  machine = newMachine(siteOf(server));
  cwd = machine.folder('project');
});
afterEach(() => machine.remove());

const json = async <T = Record<string, unknown>>(...args: readonly string[]): Promise<T> => {
  const ran = await machine.polyenv([...args, '--json'], { cwd });
  expect(ran, ran.stderr).toMatchObject({ exit: 0 });
  return ran.json<T>();
};

describe('info', () => {
  it('tells what this folder uses, what proves it, where it is, and who asks for it', async () => {
    await machine.prepare(['use', 'node@18'], { cwd });
    writeFileSync(join(cwd, '.nvmrc'), '20\n');
    const found = await json<{ installed: { root: string; bytes: number } }>('info', 'node');
    expect(found).toMatchObject({
      schema: 1,
      tool: 'node',
      request: '18',
      version: '18.19.0',
      source: 'nodejs.org',
      platform: expect.stringMatching(/-/),
      proof: expect.stringMatching(/nodejs\.org/),
      firstUse: true,
      parts: [
        { at: expect.stringContaining('https://nodejs.org/dist/v18.19.0/'), digest: expect.stringMatching(/^sha256/) },
      ],
      installed: { commands: expect.arrayContaining(['node', 'npm']), since: expect.stringMatching(/^\d{4}-/) },
      lifecycle: { line: '18', lts: true, end: '2025-04-30', ended: true },
      notes: 'https://nodejs.org/en/blog/release/v18.19.0',
      usedBy: [cwd],
    });
    expect(found.installed.bytes).toBeGreaterThan(0);
    expect(found).toHaveProperty('requestedBy', [`${cwd}/polyenv.toml:2`, `${cwd}/.nvmrc:1 (20)`]);
    const text = (await machine.polyenv(['info', 'node'], { cwd })).stdout;
    expect(text).toContain('trusted at first use');
    expect(text).toContain('ended 2025-04-30');
  });

  it('of a request tells what is installed, else what the source offers', async () => {
    await machine.prepare(['use', 'node@20'], { cwd });
    const elsewhere = machine.folder('elsewhere');
    const ask = async (request: string) =>
      (await machine.polyenv(['info', request, '--json'], { cwd: elsewhere })).json();
    expect(await ask('node@20')).toMatchObject({ version: '20.11.1', requestedBy: [], usedBy: [cwd] });
    expect(await ask('node@lts/iron')).toMatchObject({ installed: { root: expect.stringContaining('20.11.1') } });
    const offered = await ask('node@24');
    expect(offered).toMatchObject({ version: '24.2.0', source: 'nodejs.org', parts: [] });
    expect(offered).not.toHaveProperty('installed');
    expect(offered).not.toHaveProperty('proof');
  });

  it('tells a linked one as linked, and does not count what is around it', async () => {
    const root = machine.folder('own-node');
    mkdirSync(join(root, 'bin'));
    writeFileSync(join(root, 'bin', 'node'), '#!/bin/sh\necho v20.5.0\n', { mode: 0o755 });
    expect(await machine.polyenv(['link', 'node@20.5.0', root], { cwd })).toMatchObject({ exit: 0 });
    const found = await json<{ installed: object }>('info', 'node@20.5.0');
    expect(found).toMatchObject({ proof: 'linked, not verified', firstUse: false, installed: { root } });
    expect(found.installed).not.toHaveProperty('bytes');
  });

  it('says what is nearest to a name that is none, and that nothing answers what does not exist', async () => {
    expect((await machine.polyenv(['info', 'pyhton'], { cwd })).stderr).toContain('try  polyenv info python');
    const none = await machine.polyenv(['info', 'node@99'], { cwd });
    expect(none).toMatchObject({ exit: 4, stderr: expect.stringContaining('polyenv ls-remote node') });
  });
});

interface Sizes {
  readonly total: number;
  readonly other: number;
  readonly downloads: number;
  readonly cache: number;
  readonly orphans: number;
  readonly toolchains: readonly { version: string; bytes: number; usedBy: readonly string[] }[];
  readonly environments: readonly { folder: string; homes: number }[];
}

describe('size', () => {
  it('tells of each toolchain what it takes and who uses it, the largest first', async () => {
    const other = machine.folder('other');
    await machine.prepare(['use', 'node@18'], { cwd });
    await machine.prepare(['use', 'node@18'], { cwd: other });
    await machine.prepare(['use', 'node@24'], { cwd: other });
    const { toolchains, environments, total, ...sizes } = await json<Sizes>('size');
    expect(toolchains).toMatchObject([
      { version: '24.2.0', usedBy: [other] },
      { version: '18.19.0', usedBy: [cwd] },
    ]);
    expect(toolchains[0]?.bytes).toBeGreaterThan(200_000);
    expect(toolchains[1]?.bytes).toBeLessThan(100_000);
    expect(environments.map(({ folder }) => folder).toSorted()).toEqual([other, cwd].toSorted());
    const counted = [...toolchains, ...(environments as unknown as readonly { bytes: number }[])];
    const parts = Object.values(sizes).filter((value) => typeof value === 'number' && value > 1);
    const sum = [...counted.map(({ bytes }) => bytes), ...parts].reduce((all, one) => all + one, 0);
    expect(sum).toBe(total);
    // The same figure everywhere.
    const listed = await json<{ toolchains: readonly { version: string; bytes: number }[] }>('ls');
    for (const { version, bytes } of toolchains)
      expect(listed.toolchains.find((one) => one.version === version)?.bytes).toBe(bytes);
    const text = (await machine.polyenv(['size'], { cwd })).stdout;
    expect(text).toMatch(/^node 18\.19\.0 .*used by .*project$/m);
    expect(text).toMatch(/^in all +\d/m);
  });

  it('counts a file with several names once, half a download as one, and what a project installed as its own', async () => {
    await machine.prepare(['use', 'node@18'], { cwd });
    const before = await json<Sizes>('size');
    const content = Buffer.alloc(1_000_000, 1);
    const downloads = join(machine.polyenvHome, 'downloads');
    mkdirSync(downloads, { recursive: true });
    writeFileSync(join(downloads, 'one.part'), content);
    linkSync(join(downloads, 'one.part'), join(downloads, 'two.part'));
    const halves = await json<Sizes>('size');
    expect(halves.downloads).toBeGreaterThanOrEqual(1_000_000);
    expect(halves.downloads).toBeLessThan(2_000_000);
    // polyenv's own compiled code may be kept meanwhile.
    expect(halves.total - before.total - (halves.cache - before.cache)).toBeLessThan(2_000_000);
    const home = join(machine.polyenvHome, 'homes', cwd, '.polyenv', 'node');
    mkdirSync(home, { recursive: true });
    writeFileSync(join(home, 'installed'), content);
    expect((await json<Sizes>('size')).environments[0]?.homes).toBeGreaterThanOrEqual(1_000_000);
    discard(join(machine.polyenvHome, 'envs'));
    expect((await json<Sizes>('size')).orphans).toBeGreaterThanOrEqual(1_000_000);
  });

  it('of a machine where nothing is installed says so', async () => {
    expect(await json('size')).toMatchObject({ toolchains: [], total: 0 });
  });
});

describe('ls-remote', () => {
  it('marks long-term lines, ends of life, and what is installed', async () => {
    await machine.prepare(['use', 'node@18'], { cwd });
    const ran = await machine.polyenv(['ls-remote', 'node'], { cwd });
    expect(ran.stdout).toMatch(/^24\.2\.0 +2026-01-01 +lts krypton$/m);
    expect(ran.stdout).toMatch(/^18\.19\.0 +2026-01-01 +lts hydrogen +end of life 2025-04-30 +installed$/m);
    const { releases } = await json<{ releases: readonly object[] }>('ls-remote', 'node', '18');
    expect(releases).toMatchObject([
      { version: '18.19.0', lts: 'hydrogen', endOfLife: '2025-04-30', ended: true, installed: true },
    ]);
  });
});
