import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Machine, newMachine } from '../support/cli';
import { serveTinyNode, siteOf, type TinyNode } from '../support/tiny-node';

let server: TinyNode;
let machine: Machine;

beforeAll(async () => {
  server = await serveTinyNode([{ version: '22.1.0' }, { version: '20.11.1', lts: 'Iron' }]);
});
afterAll(() => server.close());

beforeEach(() => {
  machine = newMachine(siteOf(server));
});
afterEach(() => machine.remove());

const project = (files: Readonly<Record<string, string>>): string => {
  const cwd = machine.folder('project');
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, name)), { recursive: true });
    writeFileSync(join(cwd, name), text);
  }
  return cwd;
};

/** File, what it says, what the manifest pins, what it says then. */
const CASES: readonly (readonly [string, string, string, string])[] = [
  [
    'mise.toml',
    '[tools]\nnode = { postinstall = "20", version = "20" }\n',
    'node = "20.11.1"',
    '[tools]\nnode = { postinstall = "20", version = "20.11.1" }\n',
  ],
  [
    'package.json',
    '{"devEngines":{"runtime":{"name":"node","version":"20.0.0"}},"volta":{"node":"20.0.0"},"x":"20.0.0"}',
    'node = "20.11.1"',
    '{"devEngines":{"runtime":{"name":"node","version":"20.11.1"}},"volta":{"node":"20.11.1"},"x":"20.0.0"}',
  ],
  ['.nvmrc', '# 20 here\n20 # 20\n', 'node = "20.11.1"', '# 20 here\n20.11.1 # 20\n'],
  ['.tool-versions', 'nodejs20 20\nnodejs 20 # 20\n', 'node = "20.11.1"', 'nodejs20 20\nnodejs 20.11.1 # 20\n'],
  ['.nvmrc', 'v20.11.0\n', 'node = "22"', 'v22\n'],
  [
    '.nvmrc',
    '\ufeff# ours\r\n20 # LTS 20\r\nkey=20\r\n',
    'node = "22.1.0"',
    '\ufeff# ours\r\n22.1.0 # LTS 20\r\nkey=20\r\n',
  ],
  ['.nvmrc', '18', 'node = "lts/iron"', 'lts/iron'],
  ['.nvmrc', '18', 'node = "lts"', 'lts/*'],
  ['.node-version', '20.11.0', 'node = "22.1.0"', '22.1.0'],
  [
    'package.json',
    '{"engines":{"node":"20.11.0"},"volta":{"node":"20.11.0","npm":"9.0.0"}}',
    'node = "22.1.0"',
    '{"engines":{"node":"20.11.0"},"volta":{"node":"22.1.0","npm":"9.0.0"}}',
  ],
  [
    'package.json',
    '{\r\n\t"devEngines": { "runtime": { "name": "node", "version": "20.11.0" } }\r\n}',
    'node = "22.1.0"',
    '{\r\n\t"devEngines": { "runtime": { "name": "node", "version": "22.1.0" } }\r\n}',
  ],
  ['rust-toolchain', 'stable\n', 'rust = "1.88"', '1.88\n'],
  [
    'rust-toolchain.toml',
    '[toolchain] # 1.80\nchannel = "1.80.0" # was "1.80.0"\ncomponents = ["clippy"]',
    'rust = "1.88.0"',
    '[toolchain] # 1.80\nchannel = "1.88.0" # was "1.80.0"\ncomponents = ["clippy"]',
  ],
  [
    'rust-toolchain.toml',
    "[toolchain]\nchannel = 'nightly-2025-06-01'\n",
    'rust = "1.88"',
    "[toolchain]\nchannel = '1.88'\n",
  ],
  [
    'go.mod',
    'module x\n\ngo 1.22\n\ntoolchain go1.22.3 // why\n',
    'go = "1.24.1"',
    'module x\n\ngo 1.22\n\ntoolchain go1.24.1 // why\n',
  ],
  ['.go-version', '1.22.3\n', 'go = "1.24.1"', '1.24.1\n'],
  ['.python-version', '3.11.4\n3.10.2\n', 'python = "3.12.1"', '3.12.1\n3.10.2\n'],
  ['.python-version', '3.12\n', 'python = "3.13t"', '3.13t\n'],
  ['runtime.txt', 'python-3.11.4\n', 'python = "3.12.1"', 'python-3.12.1\n'],
  [
    'Pipfile',
    '[packages]\nx = "3.11"\n[requires]\npython_version = "3.11"\n',
    'python = "3.12.1"',
    '[packages]\nx = "3.11"\n[requires]\npython_version = "3.12"\n',
  ],
  ['.java-version', 'temurin64-17.0.9\n', 'java = "21"', 'temurin64-21\n'],
  ['.java-version', '17', 'java = "temurin-21"', '21'],
  ['.sdkmanrc', '# sdk\njava=17.0.9-tem\ngradle=8.5\n', 'java = "21.0.5"', '# sdk\njava=21.0.5-tem\ngradle=8.5\n'],
  ['.sdkmanrc', 'java=17.0.9-zulu\n', 'java = "21.0.5+11"', 'java=21.0.5-tem\n'],
  [
    '.tool-versions',
    'nodejs 20.11.0  18.1.0 # 20.11.0\nruby 20.11.0\n',
    'node = "22.1.0"',
    'nodejs 22.1.0  18.1.0 # 20.11.0\nruby 20.11.0\n',
  ],
  ['.tool-versions', 'java temurin-17.0.9+9\n', 'java = "21.0.5+11"', 'java temurin-21.0.5+11\n'],
  [
    'mise.toml',
    '[tools]\nnode = { postinstall = "20", version = "20" }\npython = "20"\n',
    'node = "22"',
    '[tools]\nnode = { postinstall = "20", version = "22" }\npython = "20"\n',
  ],
  [
    'mise.toml',
    "[env]\nnode = '20'\n[tools]\ngo = ['20', '1.22']\nnode = ['20', '18']\n",
    'node = "22"',
    "[env]\nnode = '20'\n[tools]\ngo = ['20', '1.22']\nnode = ['22', '18']\n",
  ],
];

/** File, what it says and stays, what the manifest pins. */
const AGREEING: readonly (readonly [string, string, string])[] = [
  ['.nvmrc', 'v20.11.0', 'node = "20"'],
  ['.nvmrc', 'lts/*', 'node = "lts"'],
  ['Pipfile', '[requires]\npython_version = "3.12"\n', 'python = "3.12.1"'],
  ['.sdkmanrc', 'java=21.0.5-tem\n', 'java = "21.0.5+11"'],
  ['go.mod', 'module x\n\ngo 1.22\n', 'go = "1.24.1"'],
  ['package.json', '{"engines":{"node":">=18"}}', 'node = "22"'],
  ['.tool-versions', 'ruby 3.3.0\n', 'node = "22"'],
  ['package.json', '{"devEngines":{"runtime":{"name":"node","version":">=22.0.0 <23"}}}', 'node = "22.1.0"'],
];

/** File, what it says and stays, what the manifest pins, why nobody but a person can change it. */
const REFUSED: readonly (readonly [string, string, string, string])[] = [
  ['package.json', '{"devEngines":{"runtime":{"name":"node","version":"^20"}}}', 'node = "22.1.0"', 'it is a range'],
  ['package.json', '{"volta":{"node":"20.11.0"}}', 'node = "22"', 'polyenv lock'],
  ['go.mod', 'module x\n\ngo 1.23\n\ntoolchain go1.23.4\n', 'go = "1.22.1"', 'go.mod'],
  ['.nvmrc', '', 'node = "22"', 'names no version'],
];

describe('sync', () => {
  it.each(CASES)('%s: %j for %s', async (file, before, pin, after) => {
    const cwd = project({ 'polyenv.toml': `[runtimes]\n${pin}\n`, [file]: before });
    const check = await machine.polyenv(['sync', '--check'], { cwd });
    expect(check).toMatchObject({ exit: 10 });
    expect(readFileSync(join(cwd, file), 'utf8')).toBe(before);
    const ran = await machine.polyenv(['sync'], { cwd });
    expect(ran).toMatchObject({ exit: 0, stderr: '' });
    expect(readFileSync(join(cwd, file), 'utf8')).toBe(after);
    expect(await machine.polyenv(['sync', '--check'], { cwd })).toMatchObject({ exit: 0 });
  });

  it.each(AGREEING)('%s: %j agrees with %s', async (file, text, pin) => {
    const cwd = project({ 'polyenv.toml': `[runtimes]\n${pin}\n`, [file]: text });
    expect(await machine.polyenv(['sync', '--check'], { cwd })).toMatchObject({ exit: 0 });
    expect(await machine.polyenv(['sync'], { cwd })).toMatchObject({ exit: 0 });
    expect(readFileSync(join(cwd, file), 'utf8')).toBe(text);
  });

  it.each(REFUSED)('%s: %j is not written for %s', async (file, text, pin, why) => {
    const cwd = project({ 'polyenv.toml': `[runtimes]\n${pin}\n`, [file]: text });
    const ran = await machine.polyenv(['sync'], { cwd });
    expect(ran.exit).toBe(3);
    expect(ran.stderr).toContain('error[pin-edit-refused]');
    expect(ran.stderr).toContain(why);
    expect(readFileSync(join(cwd, file), 'utf8')).toBe(text);
    expect((await machine.polyenv(['sync', '--check'], { cwd })).exit).toBe(10);
  });

  it('writes what the lock resolved where a format knows single releases only', async () => {
    const cwd = project({ 'package.json': '{ "volta": { "node": "18.0.0" } }\n', '.nvmrc': 'v18.0.0\n' });
    await machine.prepare(['use', 'node@20'], { cwd });
    const ran = await machine.polyenv(['sync', '--json'], { cwd });
    expect(ran.json<{ wrote: string[] }>().wrote.sort()).toEqual([join(cwd, '.nvmrc'), join(cwd, 'package.json')]);
    expect(readFileSync(join(cwd, 'package.json'), 'utf8')).toBe('{ "volta": { "node": "20.11.1" } }\n');
    expect(readFileSync(join(cwd, '.nvmrc'), 'utf8')).toBe('v20\n');
  });

  it('writes several runtimes into one file', async () => {
    const cwd = project({
      'polyenv.toml': '[runtimes]\nnode = "22.1.0"\ngo = "1.24.1"\n',
      '.tool-versions': 'golang 1.22.3\nnodejs 20.11.0\n',
    });
    expect(await machine.polyenv(['sync'], { cwd })).toMatchObject({ exit: 0 });
    expect(readFileSync(join(cwd, '.tool-versions'), 'utf8')).toBe('golang 1.24.1\nnodejs 22.1.0\n');
  });

  it('writes nothing with --dry-run, and nothing that only polyenv.local.toml asks for', async () => {
    const cwd = project({ 'polyenv.toml': '[runtimes]\nnode = "22"\n', '.nvmrc': '20\n' });
    expect((await machine.polyenv(['sync', '-n'], { cwd })).stdout).toContain('.nvmrc:1');
    expect(readFileSync(join(cwd, '.nvmrc'), 'utf8')).toBe('20\n');
    writeFileSync(join(cwd, 'polyenv.local.toml'), '[runtimes]\nnode = "18"\n');
    await machine.prepare(['sync'], { cwd });
    expect(readFileSync(join(cwd, '.nvmrc'), 'utf8')).toBe('22\n');
  });

  it('leaves alone what a link leads to outside of the repository', async () => {
    const cwd = project({ 'polyenv.toml': '[runtimes]\nnode = "22"\n', '.git/HEAD': '' });
    writeFileSync(join(machine.home, 'mine'), '20\n');
    symlinkSync(join(machine.home, 'mine'), join(cwd, '.nvmrc'));
    const ran = await machine.polyenv(['sync'], { cwd });
    expect(ran).toMatchObject({ exit: 3 });
    expect(ran.stderr).toContain('outside of this repository');
    expect(readFileSync(join(machine.home, 'mine'), 'utf8')).toBe('20\n');
  });

  it('says how to begin where there is no manifest', async () => {
    const ran = await machine.polyenv(['sync'], { cwd: project({ '.nvmrc': '20\n' }) });
    expect(ran.exit).toBe(3);
    expect(ran.stderr).toContain('polyenv init');
  });
});
