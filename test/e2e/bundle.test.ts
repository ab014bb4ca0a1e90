import { copyFileSync, existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Machine, newMachine } from '../support/cli';
import { serveTinyNode, siteOf, type TinyNode } from '../support/tiny-node';

let server: TinyNode;
let here: Machine;
let there: Machine;
let cwd: string;

beforeEach(async () => {
  server = await serveTinyNode([{ version: '20.11.1', lts: 'Iron' }]);
  here = newMachine(siteOf(server));
  there = newMachine({ POLYENV_NETWORK_RETRIES: '0' });
  cwd = here.folder('project');
  expect(await here.polyenv(['use', 'node@20'], { cwd })).toMatchObject({ exit: 0 });
});
afterEach(async () => {
  here.remove();
  there.remove();
  await server.close();
});

const archives = (): readonly string[] => server.asked.filter((path) => path.endsWith('.tar.gz'));

/** The project as a colleague has it who has no network. */
function clone(): string {
  const folder = there.folder('clone');
  for (const name of ['polyenv.toml', 'polyenv.lock']) copyFileSync(join(cwd, name), join(folder, name));
  return folder;
}

describe('bundle', () => {
  it('carries a project to a machine without a network', async () => {
    const made = await here.polyenv(['bundle', 'create', '-o', 'tools.tar'], { cwd });
    expect(made).toMatchObject({ exit: 0 });
    expect(made.stdout).toContain('wrote');
    const folder = clone();
    const before = await there.polyenv(['install', '--frozen', '--offline'], { cwd: folder });
    expect(before.exit).toBe(5);
    expect(before.stderr).toContain('polyenv bundle install');
    const taken = await there.polyenv(['bundle', 'install', join(cwd, 'tools.tar')], { cwd: folder });
    expect(taken).toMatchObject({ exit: 0 });
    expect(await there.polyenv(['install', '--frozen', '--offline'], { cwd: folder })).toMatchObject({ exit: 0 });
    expect((await there.run(['node', '--version'], { cwd: folder })).stdout).toBe('v20.11.1\n');
  });

  it('holds every platform that is asked for, and fetches none of them twice', async () => {
    const ask = ['bundle', 'create', '--platform', 'darwin-arm64', '--platform', 'linux-x64', '--json'];
    const made = (await here.polyenv(ask, { cwd })).json<{ archives: { platform: string }[]; bytes: number }>();
    expect(made.archives.map(({ platform }) => platform).toSorted()).toEqual(['darwin-arm64', 'linux-x64']);
    const fetched = archives().length;
    rmSync(join(cwd, 'polyenv-bundle.tar'));
    expect(await here.polyenv([...ask, '--offline'], { cwd })).toMatchObject({ exit: 0 });
    expect(archives()).toHaveLength(fetched);
    expect(existsSync(join(cwd, 'polyenv-bundle.tar'))).toBe(true);
  });

  it('says what a lock does not have for a platform', async () => {
    const made = await here.polyenv(['bundle', 'create', '--platform', 'windows-arm64', '--platform', 'linux-x64'], {
      cwd,
    });
    expect(made.exit).toBe(0);
    expect(made.stderr).toContain('for windows-arm64');
    const none = await here.polyenv(['bundle', 'create', '--platform', 'windows-arm64'], { cwd });
    expect(none.exit).toBe(7);
  });

  it('is not believed: a changed bundle is refused, and nothing can be installed from it', async () => {
    await here.polyenv(['bundle', 'create', '-o', 'tools.tar'], { cwd });
    const bytes = readFileSync(join(cwd, 'tools.tar'));
    bytes[bytes.length - 1200] = (bytes[bytes.length - 1200] ?? 0) ^ 1;
    writeFileSync(join(there.base, 'changed.tar'), bytes);
    const taken = await there.polyenv(['bundle', 'install', 'changed.tar']);
    expect(taken.exit).toBe(6);
    expect(taken.stderr).toContain('not what was promised');
    expect((await there.polyenv(['install', '--frozen', '--offline'], { cwd: clone() })).exit).toBe(5);
  });

  it('does not fetch what a lock names that its source would not', async () => {
    const path = join(cwd, 'polyenv.lock');
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll('https://nodejs.org/dist/', 'https://evil.test/dist/'));
    const asked = server.asked.length;
    const made = await here.polyenv(['bundle', 'create'], { cwd });
    expect(made.exit).toBe(8);
    expect(server.asked).toHaveLength(asked);
  });

  it('takes locks by name, and says when there is none', async () => {
    const made = await here.polyenv(['bundle', 'create', join(cwd, 'polyenv.lock')], { cwd: here.base });
    expect(made).toMatchObject({ exit: 0 });
    expect(await here.polyenv(['bundle', 'create', 'none.lock'])).toMatchObject({ exit: 7 });
    expect(await here.polyenv(['bundle', 'install', 'none.tar'])).toMatchObject({ exit: 2 });
    expect(await here.polyenv(['bundle', 'install'])).toMatchObject({ exit: 2 });
  });
});
