import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Machine, newMachine } from '../support/cli';

let machine: Machine;

beforeEach(() => {
  machine = newMachine();
});
afterEach(() => machine.remove());

const repository = (files: Readonly<Record<string, string>>): string => {
  const cwd = machine.folder('repository');
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, name)), { recursive: true });
    writeFileSync(join(cwd, name), text);
  }
  return cwd;
};

const manifest = (cwd: string): string => readFileSync(join(cwd, 'polyenv.toml'), 'utf8');

interface Proposed {
  readonly pins: readonly {
    readonly tool: string;
    readonly request: string;
    readonly file: string;
    readonly line: number;
  }[];
  readonly notes: readonly string[];
}

/** Repositories with pins, and the manifests that say the same. */
const PINNED: readonly (readonly [string, Readonly<Record<string, string>>, string])[] = [
  ['nvm', { '.nvmrc': '# ours\nv20.11.0\n', 'package.json': '{}' }, 'node = "20.11.0"'],
  ['an alias of nvm', { '.nvmrc': 'lts/iron\n' }, 'node = "lts/iron"'],
  ['Volta', { 'package.json': '{"volta":{"node":"20.11.0"}}' }, 'node = "20.11.0"'],
  [
    'rustup',
    {
      'rust-toolchain.toml': '[toolchain]\nchannel = "1.88.0"\ncomponents = ["clippy"]\n',
      'Cargo.toml': '[package]\nname="x"\n',
    },
    'rust = { version = "1.88.0", components = ["clippy"] }',
  ],
  ['pyenv', { '.python-version': '3.12.1\n', 'pyproject.toml': '[project]\nname = "x"\n' }, 'python = "3.12.1"'],
  ['go', { 'go.mod': 'module x\n\ngo 1.22\n\ntoolchain go1.22.3\n' }, 'go = "1.22.3"'],
  ['SDKMAN', { '.sdkmanrc': 'java=21.0.5-tem\n' }, 'java = "temurin-21.0.5"'],
  ['asdf', { '.tool-versions': 'nodejs 20.11.0\npython 3.12.1\n' }, 'node = "20.11.0"\npython = "3.12.1"'],
  ['mise', { 'mise.toml': '[tools]\ngo = "1.22"\nnode = "20"\n' }, 'go = "1.22"\nnode = "20"'],
  ['two files that agree', { '.nvmrc': '20\n', '.node-version': '20.11.0\n' }, 'node = "20"'],
];

describe('init', () => {
  it.each(PINNED)('says what %s says, and sync finds nothing to do', async (_, files, pins) => {
    const cwd = repository(files);
    const ran = await machine.polyenv(['init', '--yes'], { cwd });
    expect(ran).toMatchObject({ exit: 0 });
    expect(ran.stdout).toContain('polyenv install');
    expect(manifest(cwd)).toBe(`[runtimes]\n${pins}\n`);
    expect(await machine.polyenv(['sync', '--check'], { cwd })).toMatchObject({ exit: 0 });
    for (const [name, text] of Object.entries(files)) expect(readFileSync(join(cwd, name), 'utf8')).toBe(text);
  });

  it('gives file and line for each pin', async () => {
    const cwd = repository({ '.nvmrc': '# ours\n20\n', 'go.mod': 'module x\n\ngo 1.22\ntoolchain go1.22.3\n' });
    const { pins } = (await machine.polyenv(['init', '--yes', '--json'], { cwd })).json<Proposed>();
    expect(pins).toMatchObject([
      { tool: 'go', request: '1.22.3', file: 'go.mod', line: 4 },
      { tool: 'node', request: '20', file: '.nvmrc', line: 2 },
    ]);
  });

  it('proposes a line with support where a file only wants at least one', async () => {
    const cwd = repository({
      'package.json': '{\n  "engines": { "node": ">=14 <23" }\n}',
      'pyproject.toml': '[project]\nname = "x"\nrequires-python = ">=3.12"\n',
      'pom.xml': '<project><properties><maven.compiler.release>17</maven.compiler.release></properties></project>',
    });
    const { pins } = (await machine.polyenv(['init', '--yes', '--json'], { cwd })).json<Proposed>();
    expect(pins.map(({ tool }) => tool)).toEqual(['java', 'node', 'python']);
    const of = (tool: string): string => pins.find((pin) => pin.tool === tool)?.request ?? '';
    expect(of('java')).toBe('17');
    expect(['20', '22']).toContain(of('node'));
    expect(Number(of('python').split('.')[1])).toBeGreaterThanOrEqual(12);
    expect(await machine.polyenv(['sync', '--check'], { cwd })).toMatchObject({ exit: 0 });
  });

  it('knows a runtime by lock files and sources, below the folder too, and not by those of dependencies', async () => {
    const cwd = repository({
      'web/package-lock.json': '{}',
      'api/uv.lock': 'version = 1\nrequires-python = ">=3.11, <3.13"\n',
      'web/node_modules/x/Cargo.toml': '[package]\nname = "x"\n',
      'api/.venv/lib/x.go': 'package x\n',
    });
    const { pins } = (await machine.polyenv(['init', '--json', '-n'], { cwd })).json<Proposed>();
    expect(pins.map(({ tool, file, line }) => [tool, file, line])).toEqual([
      ['node', 'web/package-lock.json', 1],
      ['python', 'api/uv.lock', 2],
    ]);
    expect(pins[1]?.request).toBe('3.12');
    expect(existsSync(join(cwd, 'polyenv.toml'))).toBe(false);
  });

  it('leaves what a folder below pins to that folder, and says so', async () => {
    const cwd = repository({ '.nvmrc': '22\n', 'old/.nvmrc': '18\n' });
    const ran = await machine.polyenv(['init', '--yes'], { cwd });
    expect(manifest(cwd)).toBe('[runtimes]\nnode = "22"\n');
    expect(ran.stderr).toContain('old/.nvmrc pins node for its own folder');
  });

  it('proposes nothing for folders that all see to it themselves', async () => {
    const cwd = repository({ 'web/package.json': '{"volta":{"node":"20.11.0"}}', 'web/src/package-lock.json': '{}' });
    const ran = await machine.polyenv(['init', '--yes'], { cwd });
    expect(ran.exit).toBe(3);
    expect(existsSync(join(cwd, 'polyenv.toml'))).toBe(false);
  });

  it('gives components without a channel a line of releases', async () => {
    const cwd = repository({ 'rust-toolchain.toml': '[toolchain]\ncomponents = ["rustfmt"]\n' });
    await machine.prepare(['init', '--yes'], { cwd });
    expect(manifest(cwd)).toMatch(/^\[runtimes\]\nrust = \{ version = "1\.\d+", components = \["rustfmt"\] \}\n$/);
    expect(await machine.polyenv(['sync', '--check'], { cwd })).toMatchObject({ exit: 0 });
  });

  it('points at the line that cannot be honoured', async () => {
    const ran = await machine.polyenv(['init', '--yes'], { cwd: repository({ '.sdkmanrc': 'java=newest\n' }) });
    expect(ran.exit).toBe(3);
    expect(ran.stderr).toContain('.sdkmanrc:1');
  });

  it('tells of files that disagree, as sync will', async () => {
    const cwd = repository({ '.nvmrc': '22\n', '.node-version': '18.19.0\n' });
    const ran = await machine.polyenv(['init', '--yes'], { cwd });
    expect(manifest(cwd)).toBe('[runtimes]\nnode = "22"\n');
    expect(ran.stderr).toContain('.node-version:1');
    expect((await machine.polyenv(['sync', '--check'], { cwd })).exit).toBe(10);
  });

  it('writes nothing where nobody can be asked, and says how', async () => {
    const cwd = repository({ '.nvmrc': '20\n' });
    const ran = await machine.polyenv(['init'], { cwd });
    expect(ran.exit).toBe(2);
    expect(ran.stdout).toContain('.nvmrc:1');
    expect(ran.stdout).toContain('node = "20"');
    expect(ran.stderr).toContain('polyenv init --yes');
    expect(existsSync(join(cwd, 'polyenv.toml'))).toBe(false);
  });

  it('never touches a manifest that is there', async () => {
    const cwd = repository({ '.nvmrc': '20\n', 'polyenv.toml': '# mine\n' });
    const ran = await machine.polyenv(['init', '--yes'], { cwd });
    expect(ran.exit).toBe(3);
    expect(ran.stderr).toContain('error[manifest-exists]');
    expect(manifest(cwd)).toBe('# mine\n');
  });

  it('does not make one person’s own versions everybody’s', async () => {
    const cwd = repository({ '.nvmrc': '20\n', 'polyenv.local.toml': '[runtimes]\nnode = "18"\ngo = "1.22"\n' });
    await machine.prepare(['init', '--yes'], { cwd });
    expect(manifest(cwd)).toBe('[runtimes]\nnode = "20"\n');
  });

  it('says how to begin where nothing tells anything', async () => {
    const ran = await machine.polyenv(['init', '--yes'], { cwd: repository({ 'README.md': 'x' }) });
    expect(ran.exit).toBe(3);
    expect(ran.stderr).toContain('polyenv use');
  });
});
