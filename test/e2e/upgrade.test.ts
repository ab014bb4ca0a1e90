import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Machine, newMachine } from '../support/cli';
import { serveTinyNode, type TinyNode } from '../support/tiny-node';

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
  machine = newMachine({
    POLYENV_MIRRORS: server.mirrors,
    POLYENV_VERIFY_SIGNATURES: 'off',
    POLYENV_NETWORK_RETRIES: '0',
  });
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
    await machine.polyenv(['use', 'node@24'], { cwd: newest });
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
    expect((await machine.polyenv(['outdated', 'noed'], { cwd })).stderr).toContain('did you mean node?');
    expect(await machine.polyenv(['outdated', 'go'], { cwd })).toMatchObject({ exit: 3 });
  });
});
