import { appendFileSync, chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Machine, newMachine } from '../support/cli';
import { discard } from '../support/discard';
import { serveTinyNode, siteOf, type TinyNode } from '../support/tiny-node';

/** `exec` goes by what the shims go by, as long as that is all there is to say. */
let server: TinyNode;
let machine: Machine;
let cwd: string;

beforeAll(async () => {
  server = await serveTinyNode([
    { version: '24.2.0', lts: 'Krypton' },
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

const polyenv = async (...args: readonly string[]) => {
  const ran = await machine.polyenv(args, { cwd });
  expect(ran, ran.stderr).toMatchObject({ exit: 0 });
  return ran;
};
const answer = async (env: Readonly<Record<string, string>> = {}, command = ['node', '--version']): Promise<string> => {
  const ran = await machine.polyenv(['exec', '--', ...command], { cwd, env });
  expect(ran, ran.stderr).toMatchObject({ exit: 0 });
  return ran.stdout.trim();
};

describe('what follows the words of polyenv', () => {
  it('is the command, the task or the shell, with its own options', async () => {
    await polyenv('use', 'node@20');
    const ran = await machine.polyenv(['exec', 'node', '-v', '--json', '-C', '/nowhere'], { cwd });
    expect(ran).toMatchObject({ exit: 0, stdout: 'tiny-node 20.11.1\n' });
    const shell = await machine.polyenv(['shell', 'node@18', '--', '-c', 'node --version'], {
      cwd,
      env: { SHELL: '/bin/sh' },
    });
    expect(shell.stdout).toBe('v18.19.0\n');
  });
});

describe('of a project whose routes stand', () => {
  beforeEach(async () => {
    for (const version of ['24', '18', '20']) await polyenv('use', `node@${version}`);
    expect(await answer()).toBe('v20.11.1');
  });

  it('is another version once the manifest says so', async () => {
    writeFileSync(join(cwd, 'polyenv.toml'), '[runtimes]\nnode = "18"\n');
    expect(await answer()).toBe('v18.19.0');
  });

  it('is another version once a file appears that has more to say', async () => {
    writeFileSync(join(cwd, 'polyenv.local.toml'), '[runtimes]\nnode = "24"\n');
    expect(await answer()).toBe('v24.2.0');
  });

  it('is what a variable asks for this once', async () => {
    expect(await answer({ POLYENV_NODE: '18' })).toBe('v18.19.0');
    expect(await answer()).toBe('v20.11.1');
  });

  it('has the variables of the environment', async () => {
    const lines = (await answer({}, ['node', 'env'])).split('\n');
    expect(lines).toContain(`POLYENV_ENV=${cwd}`);
    expect(lines.find((line) => line.startsWith('npm_config_prefix='))).toContain(machine.polyenvHome);
  });

  it('is installed again where its folder is gone', async () => {
    const root = (await polyenv('where', 'node')).stdout.trim();
    chmodSync(root, 0o755);
    discard(root);
    rmSync(`${root}.json`, { force: true });
    expect(await answer()).toBe('v20.11.1');
  });

  it('refuses a manifest that broke', async () => {
    appendFileSync(join(cwd, 'polyenv.toml'), 'node = \n');
    const ran = await machine.polyenv(['exec', '--', 'node', '--version'], { cwd });
    expect(ran).toMatchObject({ exit: 3, stdout: '' });
  });
});

describe('of a project that pins less than there is to say', () => {
  beforeEach(async () => {
    const go = machine.folder('go');
    mkdirSync(join(go, 'bin'));
    writeFileSync(join(go, 'VERSION'), 'go1.24.1\n');
    writeFileSync(join(go, 'bin', 'go'), '#!/bin/sh\necho go version go1.24.1 linux/amd64\n', { mode: 0o755 });
    await polyenv('link', 'go@1.24', go);
    await polyenv('use', 'go@1.24');
    expect(await answer({}, ['go', 'version'])).toContain('go1.24.1');
  });

  it("has the person's default beside it", async () => {
    await polyenv('use', '--default', 'node@18');
    expect(await answer()).toBe('v18.19.0');
  });

  it('has what the environment that started it pins', async () => {
    const other = machine.folder('other');
    expect(await machine.polyenv(['use', 'node@20'], { cwd: other })).toMatchObject({ exit: 0 });
    expect(await answer({ POLYENV_ENV: other })).toBe('v20.11.1');
  });
});
