import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Machine, newMachine, type Ran } from '../support/cli';
import { ownConfiguration } from '../support/own-configuration';
import { withRealToolchains } from '../support/real-toolchains';

/**
 * Repositories as people have them, none of which knows polyenv: cloned, `polyenv install`, then their own build or test.
 * Toolchains are those that this machine has, imported from whoever keeps them, and those of its package registries; a
 * repository for which neither has one is skipped, saying why.
 */
let machine: Machine;

/** Versions of each runtime that this machine has, newest first. */
let here: Readonly<Record<string, readonly string[]>> = {};

const real = process.env;

beforeAll(async () => {
  // pip compiles whatever it installs, and few of Django's files are run here.
  machine = newMachine({ ...ownConfiguration(), POLYENV_NETWORK_RETRIES: '0', CI: '1', PIP_NO_COMPILE: '1' });
  const { managers } = (await machine.polyenv(['import', '--json'])).json<{
    managers: { manager: string; tool: string; toolchains: { version: string }[] }[];
  }>();
  const versions: Record<string, string[]> = {};
  for (const { tool, toolchains } of managers) {
    versions[tool] = [...(versions[tool] ?? []), ...toolchains.map(({ version }) => version)];
  }
  here = versions;
  for (const name of new Set(
    managers.filter(({ toolchains }) => toolchains.length > 0).map(({ manager }) => manager),
  )) {
    expect(await machine.polyenv(['import', name])).toMatchObject({ exit: 0 });
  }
}, 60_000);
afterAll(() => machine.remove());

type Files = Readonly<Record<string, string>>;

/** A clone of a repository that holds the files. */
function clone(name: string, files: Files): string {
  const origin = machine.folder(`origins/${name}`);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(origin, path)), { recursive: true });
    writeFileSync(join(origin, path), text);
  }
  const git = (cwd: string, ...args: readonly string[]): void => {
    const own = ['-c', 'user.name=t', '-c', 'user.email=t@example.org', '-c', 'init.defaultBranch=main'];
    execFileSync('git', [...own, ...args], { cwd, stdio: 'pipe', env: { PATH: real.PATH, HOME: machine.home } });
  };
  git(origin, 'init', '-q');
  git(origin, 'add', '-A');
  git(origin, 'commit', '-q', '-m', 'begin');
  const folder = join(machine.base, name);
  git(machine.base, 'clone', '-q', origin, folder);
  return folder;
}

type Skip = (why: string) => void;

/** `polyenv install`; skips where what it needs is neither here nor reached. */
async function install(cwd: string, skip: Skip, more: readonly string[] = []): Promise<Ran> {
  const ran = await withRealToolchains(machine, () => machine.polyenv(['install', ...more], { cwd }));
  if (ran.exit === 5 || (ran.exit === 4 && ran.stderr.includes('version-not-found')))
    skip(ran.stderr.split('\n')[0] ?? '');
  expect(ran).toMatchObject({ exit: 0 });
  return ran;
}

async function succeed(command: readonly [string, ...string[]], cwd: string, skip?: Skip): Promise<string> {
  const ran = await machine.run(command, { cwd });
  if (skip !== undefined && ran.exit !== 0 && UNREACHED.test(ran.stdout + ran.stderr)) {
    skip(`${command.join(' ')} reaches no registry`);
  }
  expect({ command, ...ran }).toMatchObject({ exit: 0 });
  return ran.stdout;
}

const UNREACHED =
  /ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ETIMEDOUT|Temporary failure|NewConnectionError|Unknown host|Could not transfer/;

/** The newest version here that passes, or a skip that says what is missing. */
function have(tool: string, passes: (version: string) => boolean, skip: Skip): string {
  const found = (here[tool] ?? []).find(passes);
  if (found === undefined) skip(`no ${tool} of this machine fits: ${(here[tool] ?? []).join(', ') || 'none'}`);
  return found ?? '';
}

const minor = (version: string): string => version.split('.').slice(0, 2).join('.');
const released = (version: string): boolean => /^\d+\.\d+\.\d+$/.test(version);
const pythonFits = (version: string): boolean => /^3\.1[0-3]\.\d+$/.test(version);
const javaFits = (version: string): boolean => Number(version.split('.')[0]) >= 17;

const NODE = '20.11.1';
const GO = '1.24.0';

const goModule = (version: string): Files => ({
  'go.mod': `module example.org/gate\n\ngo 1.22\n\ntoolchain go${version}\n`,
  'main.go':
    'package main\n\nimport "fmt"\n\nfunc word() string { return "gate" }\n\nfunc main() { fmt.Println(word()) }\n',
  'main_test.go':
    'package main\n\nimport "testing"\n\nfunc TestWord(t *testing.T) {\n\tif word() != "gate" {\n\t\tt.Fatal(word())\n\t}\n}\n',
});

const cargoWorkspace = (version: string): Files => ({
  'rust-toolchain.toml': `[toolchain]\nchannel = "${version}"\n`,
  'Cargo.toml': '[workspace]\nmembers = ["engine"]\nresolver = "2"\n',
  'Cargo.lock': 'version = 3\n\n[[package]]\nname = "engine"\nversion = "0.1.0"\n',
  'engine/Cargo.toml': '[package]\nname = "engine"\nversion = "0.1.0"\nedition = "2021"\nrust-version = "1.70"\n',
  'engine/src/lib.rs':
    'pub fn word() -> &\'static str {\n    "engine"\n}\n\n#[test]\nfn says_it() {\n    assert_eq!(word(), "engine");\n}\n',
});

const mavenProject = (feature: string): Files => ({
  '.java-version': `${feature}\n`,
  'pom.xml': `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>org.example</groupId>
  <artifactId>ledger</artifactId>
  <version>1.0</version>
  <properties>
    <maven.compiler.release>17</maven.compiler.release>
    <project.build.sourceEncoding>UTF-8</project.build.sourceEncoding>
  </properties>
  <build>
    <plugins>
      <plugin><artifactId>maven-compiler-plugin</artifactId><version>3.13.0</version></plugin>
    </plugins>
  </build>
</project>
`,
  'src/main/java/org/example/Ledger.java':
    'package org.example;\n\npublic class Ledger {\n  public static void main(String[] args) {\n    System.out.println("ledger " + Runtime.version().feature());\n  }\n}\n',
});

const script = (version: string): Files => ({
  'package.json': `{ "name": "app", "private": true, "scripts": { "test": "node test.js" } }\n`,
  'test.js': `require('node:assert').equal(process.version, 'v${version}');\n`,
});

describe('a clone, polyenv install, and the project’s own command', () => {
  it('of a Vite app with .nvmrc and packageManager', { timeout: 90_000 }, async ({ skip }) => {
    const cwd = clone('vite', {
      '.nvmrc': `v${NODE}\n`,
      'package.json': `{
  "name": "shop",
  "private": true,
  "type": "module",
  "packageManager": "npm@10.2.4",
  "scripts": { "build": "vite build" },
  "devDependencies": { "vite": "5.4.11" }
}
`,
      'index.html': '<!doctype html>\n<script type="module" src="/src/main.js"></script>\n',
      'src/main.js': 'document.title = "shop";\n',
    });
    await install(cwd, skip);
    expect(await succeed(['npm', '--version'], cwd)).toBe('10.2.4\n');
    await succeed(['npm', 'install', '--no-audit', '--no-fund', '--no-package-lock'], cwd, skip);
    expect(await succeed(['npm', 'run', 'build'], cwd)).toContain('built in');
    expect(existsSync(join(cwd, 'dist/index.html'))).toBe(true);
    expect(existsSync(join(cwd, 'polyenv.toml'))).toBe(false);
  });

  it('of a Django site with pyproject.toml and .python-version', { timeout: 90_000 }, async ({ skip }) => {
    const version = have('python', pythonFits, skip);
    const cwd = clone('django', {
      '.python-version': `${minor(version)}\n`,
      'pyproject.toml':
        '[project]\nname = "site"\nversion = "1"\nrequires-python = ">=3.10"\ndependencies = ["django==5.1.4"]\n',
      'requirements.txt': 'django==5.1.4\n',
      'settings.py': 'SECRET_KEY = "x"\nINSTALLED_APPS = []\nDATABASES = {}\n',
      'manage.py':
        'import os, sys\nos.environ["DJANGO_SETTINGS_MODULE"] = "settings"\nfrom django.core.management import execute_from_command_line\nexecute_from_command_line(sys.argv)\n',
      'tests.py':
        'from django.test import SimpleTestCase\n\nclass Sum(SimpleTestCase):\n    def test_sum(self):\n        self.assertEqual(1 + 1, 2)\n',
    });
    await install(cwd, skip);
    await succeed(['pip', 'install', '-q', '-r', 'requirements.txt'], cwd, skip);
    const ran = await machine.run(['python', 'manage.py', 'test'], { cwd });
    expect(ran).toMatchObject({ exit: 0 });
    expect(ran.stderr).toContain('Ran 1 test');
    expect(await succeed(['python', '-c', 'import sys; print(sys.prefix)'], cwd)).toBe(`${cwd}/.venv\n`);
  });

  it('of a Cargo workspace with rust-toolchain.toml', { timeout: 60_000 }, async ({ skip }) => {
    const version = have('rust', released, skip);
    const cwd = clone('cargo', cargoWorkspace(version));
    await install(cwd, skip);
    expect(await succeed(['cargo', 'test', '--offline', '--locked'], cwd)).toContain('1 passed');
    expect(await succeed(['rustc', '--version'], join(cwd, 'engine'))).toContain(version);
  });

  it('of a Go module with a toolchain line', { timeout: 90_000 }, async ({ skip }) => {
    const cwd = clone('go', goModule(GO));
    await install(cwd, skip);
    expect(await succeed(['go', 'test', './...'], cwd)).toContain('ok');
    expect(await succeed(['go', 'version'], cwd)).toContain(`go${GO} `);
  });

  it('of a Maven project', { timeout: 90_000 }, async ({ skip }) => {
    const feature = have('java', javaFits, skip).split('.')[0] ?? '';
    const cwd = clone('maven', mavenProject(feature));
    await install(cwd, skip);
    expect(await succeed(['java', '-version'], cwd)).toBe('');
    const maven = await machine.run(['sh', '-c', 'mvn --version'], { cwd });
    if (maven.exit !== 0) skip('this machine has no mvn');
    expect(maven.stdout).toContain(`Java version: ${feature}.`);
    await succeed(['mvn', '-q', '-B', 'compile'], cwd, skip);
    expect(await succeed(['java', '-cp', 'target/classes', 'org.example.Ledger'], cwd)).toBe(`ledger ${feature}\n`);
  });

  it('of a Gradle project', { timeout: 90_000 }, async ({ skip }) => {
    const feature = have('java', javaFits, skip).split('.')[0] ?? '';
    const cwd = clone('gradle', {
      'build.gradle.kts': `plugins { java }\n\njava { toolchain { languageVersion = JavaLanguageVersion.of(${feature}) } }\n`,
      'settings.gradle.kts': 'rootProject.name = "books"\n',
      'src/main/java/Books.java':
        'public class Books {\n  public static void main(String[] args) {\n    System.out.println("books " + Runtime.version().feature());\n  }\n}\n',
    });
    await install(cwd, skip);
    const compiled = await succeed(['java', 'src/main/java/Books.java'], cwd);
    expect(compiled).toBe(`books ${feature}\n`);
    const gradle = await machine.run(['sh', '-c', 'gradle --version'], { cwd });
    if (gradle.exit !== 0) skip('the JDK answers; this machine has no gradle to build with');
    await succeed(['gradle', '--no-daemon', '-q', 'classes'], cwd, skip);
  });

  it('of a monorepo with all five', { timeout: 90_000 }, async ({ skip }) => {
    const rust = have('rust', released, skip);
    const python = have('python', pythonFits, skip);
    const feature = have('java', javaFits, skip).split('.')[0] ?? '';
    const below = (folder: string, files: Files): Files =>
      Object.fromEntries(Object.entries(files).map(([name, text]) => [`${folder}/${name}`, text]));
    const cwd = clone('mono', {
      '.tool-versions': `nodejs ${NODE}\n`,
      'package.json': '{ "name": "mono", "private": true, "workspaces": ["web"] }\n',
      ...below('web', script(NODE)),
      ...below('gate', goModule(GO)),
      ...below('engine', cargoWorkspace(rust)),
      ...below('ledger', mavenProject(feature)),
      'pipeline/.python-version': `${minor(python)}\n`,
      'pipeline/test_sum.py':
        'import unittest\n\nclass Sum(unittest.TestCase):\n    def test_sum(self):\n        self.assertEqual(1 + 1, 2)\n',
    });
    const ran = await install(cwd, skip, ['--all']);
    expect(ran.stdout).toContain('5 ready');
    await succeed(['npm', 'test'], join(cwd, 'web'));
    await succeed(['go', 'test', './...'], join(cwd, 'gate'));
    await succeed(['cargo', 'test', '-q', '--offline'], join(cwd, 'engine'));
    await succeed(['python', '-m', 'unittest', '-q'], join(cwd, 'pipeline'));
    await succeed(['javac', '-d', 'out', 'src/main/java/org/example/Ledger.java'], join(cwd, 'ledger'));
    expect(await succeed(['node', '--version'], join(cwd, 'gate'))).toBe(`v${NODE}\n`);
  });

  it('of a project of asdf', { timeout: 60_000 }, async ({ skip }) => {
    const python = have('python', pythonFits, skip);
    const cwd = clone('asdf', { '.tool-versions': `nodejs ${NODE}\npython ${python}\n`, ...script(NODE) });
    await install(cwd, skip);
    await succeed(['npm', 'test'], cwd);
    expect(await succeed(['python', '--version'], cwd)).toBe(`Python ${python}\n`);
  });

  it('of a project of mise', { timeout: 60_000 }, async ({ skip }) => {
    const cwd = clone('mise', {
      'mise.toml': `[tools]\nnode = "${NODE}"\ngo = { version = "${GO}" }\n\n[tasks.test]\nrun = "npm test"\n`,
      ...script(NODE),
      ...goModule(GO),
    });
    await install(cwd, skip);
    await succeed(['npm', 'test'], cwd);
    await succeed(['go', 'test', './...'], cwd);
  });

  it('of a project of Volta', { timeout: 60_000 }, async ({ skip }) => {
    const cwd = clone('volta', {
      ...script(NODE),
      'package.json': `{ "name": "app", "private": true, "scripts": { "test": "node test.js" }, "volta": { "node": "${NODE}" } }\n`,
    });
    await install(cwd, skip);
    await succeed(['npm', 'test'], cwd);
  });
});
