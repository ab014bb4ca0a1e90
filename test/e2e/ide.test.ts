import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, realpathSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type JsonValue, readJsonc } from '../../src/domain/formats/jsonc';
import { type Machine, newMachine, type Ran } from '../support/cli';

let machine: Machine;
let env: Record<string, string | undefined>;
let home: string;

/** Toolchains that say what they are, as a person might have them: linked, so that none is fetched. */
const TOOLCHAINS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'java@21': {
    'bin/java': 'echo \'openjdk version "21.0.5"\' >&2; echo "OpenJDK Runtime Environment (build 21.0.5+11)" >&2',
    'bin/javac': ':',
  },
  'java@17': {
    'bin/java': 'echo \'openjdk version "17.0.9"\' >&2; echo "OpenJDK Runtime Environment (build 17.0.9+9)" >&2',
    'bin/javac': ':',
  },
  'rust@1.88': {
    'bin/rustc': 'echo "rustc 1.88.0 (6b00bc388 2025-06-23)"',
    'bin/cargo': ':',
    'bin/rust-analyzer': ':',
  },
  'rust@1.70': { 'bin/rustc': 'echo "rustc 1.70.0 (90c541806 2023-05-31)"', 'bin/cargo': ':' },
  'go@1.24.0': { 'bin/go': 'echo "go version go1.24.0 linux/amd64"', 'bin/gofmt': ':' },
  'node@22.3.0': { 'bin/node': 'echo v22.3.0', 'bin/npm': ':' },
  'python@3.12': {
    'bin/python3':
      'case "$*" in *venv*) for d; do :; done; mkdir -p "$d/bin"; echo "home = x" >"$d/pyvenv.cfg"; ln -s "$0" "$d/bin/python"; ln -s "$0" "$d/bin/python3" ;; *) echo "Python 3.12.1" ;; esac',
  },
};

beforeAll(async () => {
  machine = newMachine();
  home = join(machine.home, '.local/share/polyenv');
  env = { POLYENV_HOME: undefined };
  for (const [request, files] of Object.entries(TOOLCHAINS)) {
    const folder = machine.folder(`toolchains/${request.replace('@', '-')}`);
    for (const [path, script] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    }
    const linked = await machine.polyenv(['link', request, folder], { env });
    expect(linked, linked.stderr).toMatchObject({ exit: 0 });
  }
});

afterAll(() => machine.remove());

interface Project {
  readonly folder: string;
  polyenv(...args: readonly string[]): Promise<Ran>;
  read(file: string): string;
  settings(): Readonly<Record<string, JsonValue>>;
}

function newProject(name: string, pins: Readonly<Record<string, string>>): Project {
  const folder = machine.folder(name);
  const lines = Object.entries(pins).map(([tool, version]) => `${tool} = "${version}"\n`);
  writeFileSync(join(folder, 'polyenv.toml'), `[runtimes]\n${lines.join('')}`);
  const read = (file: string): string => readFileSync(join(folder, file), 'utf8');
  return {
    folder,
    polyenv: (...args) => machine.polyenv(args, { cwd: folder, env: { ...env, POLYENV_SOURCES_PREFERENCE: 'system' } }),
    read,
    settings: () => readJsonc(read('.vscode/settings.json')) as Readonly<Record<string, JsonValue>>,
  };
}

/** Paths as VS Code makes them of its variables. */
function expanded(text: JsonValue, folder: string): string {
  return String(text)
    .replaceAll('${userHome}', machine.home)
    .replaceAll('${workspaceFolder}', folder)
    .replace(/^~/, machine.home);
}

const ALL = { java: '21', rust: '1.88', go: '1.24.0', node: '22.3.0', python: '3.12' };

describe('polyenv ide vscode', () => {
  it('writes settings whose paths, as VS Code reads them, are the runtimes of the project', async () => {
    const { polyenv, settings, folder } = newProject('every', ALL);
    const ran = await polyenv('ide', 'vscode');
    expect(ran, ran.stderr).toMatchObject({ exit: 0 });
    const made = settings();
    const says = (path: JsonValue, ...args: readonly string[]): string =>
      spawnSync(expanded(path, folder), args, { encoding: 'utf8' }).stdout;
    expect(says(made['python.defaultInterpreterPath'])).toBe('Python 3.12.1\n');
    expect(says(`${String(made['go.goroot'])}/bin/go`)).toBe('go version go1.24.0 linux/amd64\n');
    expect(existsSync(expanded(made['rust-analyzer.server.path'], folder))).toBe(true);
    expect(made['java.configuration.runtimes']).toMatchObject([{ name: 'JavaSE-21', default: true }]);
    const [java] = made['java.configuration.runtimes'] as readonly { readonly path: string }[];
    expect(realpathSync(java?.path ?? '')).toBe(join(machine.base, 'toolchains/java-21'));
    expect(made['java.jdt.ls.java.home']).toBe(java?.path);
    for (const system of ['linux', 'osx']) {
      const { PATH } = made[`terminal.integrated.env.${system}`] as { readonly PATH: string };
      expect(expanded(PATH, folder)).toBe(`${home}/shims:\${env:PATH}`);
    }
  });

  it('changes nothing the second time, and is known by --check to agree until a pin differs', async () => {
    const { folder, polyenv, read } = newProject('twice', { java: '21', rust: '1.88' });
    expect(await polyenv('ide', 'vscode', '--check')).toMatchObject({ exit: 1 });
    expect(existsSync(join(folder, '.vscode'))).toBe(false);
    expect(await polyenv('ide', 'vscode')).toMatchObject({ exit: 0 });
    const first = read('.vscode/settings.json');
    expect(await polyenv('ide', 'vscode')).toMatchObject({ exit: 0, stdout: '.vscode/settings.json agrees already\n' });
    expect(read('.vscode/settings.json')).toBe(first);
    expect(await polyenv('ide', '--check')).toMatchObject({ exit: 0, stdout: 'every file agrees\n' });
    writeFileSync(join(folder, 'polyenv.toml'), '[runtimes]\njava = "17"\nrust = "1.88"\n');
    const differs = await polyenv('ide', '--check');
    expect(differs).toMatchObject({ exit: 1 });
    expect(differs.stdout).toContain('java.configuration.runtimes');
    expect(read('.vscode/settings.json')).toBe(first);
  });

  it('keeps comments, order, and what others have set', async () => {
    const { folder, polyenv, read, settings } = newProject('merged', { java: '21', go: '1.24.0' });
    mkdirSync(join(folder, '.vscode'));
    const before = `{
  // ours
  "editor.tabSize": 4, // wide
  "java.configuration.runtimes": [
    { "name": "JavaSE-1.8", "path": "/opt/java8" } /* old */
  ],
  "terminal.integrated.env.linux": { "A": "1", "PATH": "/mine:\${env:PATH}" },
}
`;
    writeFileSync(join(folder, '.vscode/settings.json'), before);
    expect(await polyenv('ide', 'vscode')).toMatchObject({ exit: 0 });
    const text = read('.vscode/settings.json');
    expect(text.startsWith(before.slice(0, before.indexOf('"java.config')))).toBe(true);
    expect(text).toContain('/* old */');
    const made = settings();
    expect(made['java.configuration.runtimes']).toMatchObject([{ name: 'JavaSE-1.8' }, { name: 'JavaSE-21' }]);
    expect(made['terminal.integrated.env.linux']).toEqual({
      A: '1',
      PATH: '${userHome}/.local/share/polyenv/shims:/mine:${env:PATH}',
    });
    expect(await polyenv('ide', 'vscode', '--check')).toMatchObject({ exit: 0 });
  });

  it('leaves paths of one person out of a file that git shares, and says where they go', async () => {
    const { folder, polyenv, read, settings } = newProject('shared', ALL);
    spawnSync('git', ['init', '-q'], { cwd: folder });
    const ran = await polyenv('ide', 'vscode');
    expect(ran).toMatchObject({ exit: 0 });
    expect(read('.vscode/settings.json')).not.toContain(machine.base);
    expect(settings()).not.toHaveProperty('java.configuration.runtimes');
    expect(ran.stdout).toContain('"java.configuration.runtimes": [{"name":"JavaSE-21"');
    expect(await polyenv('ide', '--check')).toMatchObject({ exit: 0 });
    expect(await polyenv('ide', 'vscode', '--personal')).toMatchObject({ exit: 0 });
    expect(settings()).toHaveProperty('java.configuration.runtimes');
    const ignored = newProject('ignored', { java: '21' });
    spawnSync('git', ['init', '-q'], { cwd: ignored.folder });
    writeFileSync(join(ignored.folder, '.gitignore'), '.vscode\n');
    expect(await ignored.polyenv('ide', 'vscode')).toMatchObject({ exit: 0 });
    expect(ignored.settings()).toHaveProperty('java.configuration.runtimes');
    // What is committed all the same is shared.
    spawnSync('git', ['add', '--force', '.vscode/settings.json'], { cwd: ignored.folder });
    expect((await ignored.polyenv('ide', 'vscode')).stdout).toContain('not written, as git shares the file');
  });

  it('runs nothing that the configuration of a repository names', async () => {
    const { folder, polyenv } = newProject('hostile', { java: '21' });
    spawnSync('git', ['init', '-q'], { cwd: folder });
    const program = join(folder, 'monitor');
    writeFileSync(program, `#!/bin/sh\ntouch '${folder}/pwned'\n`, { mode: 0o755 });
    spawnSync('git', ['config', 'core.fsmonitor', program], { cwd: folder });
    expect(await polyenv('ide', 'vscode')).toMatchObject({ exit: 0 });
    expect(existsSync(join(folder, 'pwned'))).toBe(false);
  });

  it('says only what is true of the toolchain: a server that is there, a Java that the server can run on', async () => {
    const { polyenv, settings } = newProject('older', { java: '17', rust: '1.70' });
    expect(await polyenv('ide', 'vscode')).toMatchObject({ exit: 0 });
    expect(settings()).not.toHaveProperty('java.jdt.ls.java.home');
    expect(settings()).not.toHaveProperty('rust-analyzer.server.path');
    expect(settings()['java.configuration.runtimes']).toMatchObject([{ name: 'JavaSE-17' }]);
  });

  it('names a home of its own by its variable', async () => {
    const { folder } = newProject('elsewhere', { go: '1.24.0' });
    const own = { POLYENV_HOME: machine.folder('own home'), POLYENV_SOURCES_PREFERENCE: 'system' };
    const at = { cwd: folder, env: own };
    await machine.prepare(['link', 'go@1.24.0', join(machine.base, 'toolchains/go-1.24.0')], at);
    expect((await machine.polyenv(['ide', 'vscode', '--print'], at)).stdout).toContain(
      '"go.goroot": "${env:POLYENV_HOME}/envs${workspaceFolder}/.polyenv/go"',
    );
  });

  it('writes nothing with --print, with a broken file, or outside the project', async () => {
    const { folder, polyenv } = newProject('careful', { go: '1.24.0' });
    const printed = await polyenv('ide', '--print');
    expect(printed).toMatchObject({ exit: 0 });
    expect(JSON.parse(printed.stdout)).toHaveProperty(['go.goroot']);
    expect(readdirSync(folder)).not.toContain('.vscode');
    const outside = machine.folder('outside');
    symlinkSync(outside, join(folder, '.vscode'));
    expect(await polyenv('ide', 'vscode')).toMatchObject({ exit: 8 });
    expect(readdirSync(outside)).toEqual([]);
    const broken = newProject('broken', { go: '1.24.0' });
    mkdirSync(join(broken.folder, '.vscode'));
    writeFileSync(join(broken.folder, '.vscode/settings.json'), '{\n  "a": 1\n  "b": 2\n}\n');
    const ran = await broken.polyenv('ide', 'vscode');
    expect(ran).toMatchObject({ exit: 1 });
    expect(ran.stderr).toContain('settings.json:3');
    expect(broken.read('.vscode/settings.json')).toBe('{\n  "a": 1\n  "b": 2\n}\n');
  });
});

describe('polyenv ide idea', () => {
  it('names the SDK in misc.xml, keeps the rest, and says what is entered by hand', async () => {
    const { folder, polyenv, read } = newProject('idea', { java: '21', node: '22.3.0' });
    mkdirSync(join(folder, '.idea'));
    const before = `<?xml version="1.0" encoding="UTF-8"?>
<project version="4">
  <component name="ExternalStorageConfigurationManager" enabled="true" />
  <component name="ProjectRootManager" version="2" languageLevel="JDK_17" project-jdk-name="temurin-17" project-jdk-type="JavaSDK">
    <output url="file://$PROJECT_DIR$/out" />
  </component>
</project>
`;
    writeFileSync(join(folder, '.idea/misc.xml'), before);
    expect(await polyenv('ide', '--check')).toMatchObject({ exit: 1 });
    const ran = await polyenv('ide');
    expect(ran).toMatchObject({ exit: 0 });
    expect(read('.idea/misc.xml')).toBe(before.replace('temurin-17', 'java 21.0.5+11 (polyenv)'));
    expect(ran.stdout).toContain(`Add JDK from disk: ${machine.base}/toolchains/java-21`);
    expect(ran.stdout).toContain(`Node interpreter: ${home}/envs${folder}/.polyenv/node/bin/node`);
    expect(existsSync(join(home, `envs${folder}/.polyenv/node/bin/node`))).toBe(true);
    expect(await polyenv('ide', 'idea', '--check')).toMatchObject({ exit: 0 });
    expect(existsSync(join(folder, '.vscode'))).toBe(false);
  });

  it('makes the file where there is none, and only where a runtime is an SDK there', async () => {
    const { folder, polyenv, read } = newProject('idea-new', { java: '17' });
    expect(await polyenv('ide', 'idea')).toMatchObject({ exit: 0 });
    expect(read('.idea/misc.xml')).toContain('project-jdk-name="java 17.0.9+9 (polyenv)" project-jdk-type="JavaSDK"');
    const other = newProject('idea-node', { node: '22.3.0' });
    expect(await other.polyenv('ide', 'idea')).toMatchObject({ exit: 0 });
    expect(readdirSync(other.folder)).not.toContain('.idea');
    writeFileSync(join(folder, '.idea/misc.xml'), 'not xml');
    expect(await polyenv('ide', 'idea')).toMatchObject({ exit: 1 });
  });
});

it('without a pin, or with nothing installed, says what to do first', async () => {
  const empty = machine.folder('empty');
  expect(await machine.polyenv(['ide'], { cwd: empty, env })).toMatchObject({ exit: 3 });
  const { polyenv } = newProject('absent', { node: '18.0.0' });
  const ran = await polyenv('ide', '--offline');
  expect(ran).toMatchObject({ exit: 1 });
  expect(ran.stderr).toContain('polyenv install');
  expect(await polyenv('ide', 'emacs')).toMatchObject({ exit: 2 });
});
