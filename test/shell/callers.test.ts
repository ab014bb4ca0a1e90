import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { zip } from '../support/archives';
import { type Machine, newMachine, type Ran, type RunOptions } from '../support/cli';

/** What this machine has, by runtime: the root of a real toolchain and its version. */
const FOUND = { node: findNode(), go: findGo(), rust: findRust(), python: findPython() };
type Tool = keyof typeof FOUND;

interface Found {
  readonly root: string;
  readonly version: string;
}

let machine: Machine;
let project: string;
let outside: string;
/** The next programs on PATH after the shims, which say that they are the wrong ones. */
let decoys: string;

beforeAll(async () => {
  machine = newMachine();
  decoys = machine.folder('decoys');
  for (const name of ['node', 'npm', 'python', 'python3', 'pip', 'go', 'cargo', 'rustc'])
    program(join(decoys, name), 'echo decoy; exit 66');
  outside = machine.folder('outside');
  project = machine.folder('project');
  await use('node', project);
}, 60_000);
afterAll(() => machine?.remove());

describe.skipIf(FOUND.node === undefined)('a real node is reached from', () => {
  const real = (): string => realpathSync(join(FOUND.node?.root ?? '', 'bin/node'));
  const print = 'console.log(require("fs").realpathSync(process.execPath))';

  it('a script that names it in its first line, wherever the script lies', async () => {
    const script = join(outside, 'script');
    writeFileSync(script, `#!/usr/bin/env node\n${print}\nconsole.log(process.argv.slice(2))\n`, { mode: 0o755 });
    expect(await sh(`"${script}" 'a b' --version`)).toMatchObject({
      exit: 0,
      stdout: `${real()}\n[ 'a b', '--version' ]\n`,
    });
    expect((await sh(`"${script}"`, { cwd: outside })).stdout).toBe('decoy\n');
  });

  it('make, and a make that it starts', async () => {
    writeFileSync(
      join(project, 'Makefile'),
      `all:\n\t@node -e '${print}'\n\t@cd sub && node -e '${print}'\n\t@$(MAKE) -s -C sub\n`,
    );
    mkdirSync(join(project, 'sub'), { recursive: true });
    writeFileSync(join(project, 'sub/Makefile'), `all:\n\t@node -e '${print}'\n`);
    expect(await sh('make -s')).toMatchObject({ exit: 0, stdout: `${real()}\n`.repeat(3) });
  });

  it('npm run, with what npm sets, and from within it ten deep', async () => {
    const folder = join(project, 'package');
    mkdirSync(folder);
    const scripts = {
      where: 'node where.js',
      nest: 'node nest.js',
      away: `cd / && node -p process.env.npm_lifecycle_event`,
    };
    writeFileSync(join(folder, 'package.json'), JSON.stringify({ name: 'p', version: '1.0.0', scripts }));
    writeFileSync(
      join(folder, 'where.js'),
      `${print};console.log(process.env.npm_package_name, process.env.npm_execpath !== undefined)`,
    );
    writeFileSync(
      join(folder, 'nest.js'),
      `const depth = Number(process.env.DEPTH ?? 0);
      if (depth === 10) { ${print} } else require('child_process').execSync('npm run -s nest', { stdio: 'inherit', env: { ...process.env, DEPTH: depth + 1 } })`,
    );
    expect(await sh('npm run -s where', { cwd: folder })).toMatchObject({ exit: 0, stdout: `${real()}\np true\n` });
    expect(await sh('npm run -s away', { cwd: folder })).toMatchObject({ exit: 0, stdout: 'away\n' });
    expect(await sh('npm run -s nest', { cwd: folder })).toMatchObject({ exit: 0, stdout: `${real()}\n` });
  });

  it('many processes at once', async () => {
    const ran = await sh(`seq 40 | xargs -n1 -P8 node -e '${print}' | sort | uniq -c | tr -s ' '`);
    expect(ran).toMatchObject({ exit: 0, stdout: ` 40 ${real()}\n` });
  });

  it('an empty environment, by the absolute path of the shim, as cron starts it', async () => {
    const node = join(machine.shims, 'node');
    expect(await sh(`env -i "${node}" -e '${print}'`)).toMatchObject({ exit: 0, stdout: `${real()}\n` });
    expect(await sh(`env -i "${join(machine.shims, 'npm')}" --version`)).toMatchObject({
      exit: 0,
      stdout: /^\d+\.\d+/,
    });
    const crontab = `cd "${project}" && exec "${node}" -e '${print}'`;
    const ran = await machine.run(['/usr/bin/env', '-i', 'HOME=/', 'SHELL=/bin/sh', '/bin/sh', '-c', crontab], {
      cwd: '/',
    });
    expect(ran).toMatchObject({ exit: 0, stdout: `${real()}\n` });
  });

  it('a PATH of nothing but the shims, as an editor may have it', async () => {
    const options = { cwd: project, env: { PATH: machine.shims } };
    expect(await machine.run([join(machine.shims, 'node'), '-e', print], options)).toMatchObject({
      exit: 0,
      stdout: `${real()}\n`,
    });
    const child = `require('child_process').execFileSync('node', ['-e', ${JSON.stringify(print)}], { stdio: 'inherit' })`;
    expect(await machine.run(['/bin/sh', '-c', 'exec node -e "$1"', 'sh', child], options)).toMatchObject({
      exit: 0,
      stdout: `${real()}\n`,
    });
  });

  it('a program started elsewhere by one of the project', async () => {
    const away = `require('child_process').execFileSync('node', ['-e', ${JSON.stringify(print)}], { cwd: '/', stdio: 'inherit' })`;
    expect((await machine.run([join(machine.shims, 'node'), '-e', away], { cwd: project })).stdout).toBe(`${real()}\n`);
  });

  it('sudo -E', async ({ skip }) => {
    if (!works('sudo', '-n', 'true')) return skip('there is no sudo here that asks for nothing');
    expect((await sh(`sudo -n -E "${machine.shims}/node" -e '${print}'`)).stdout).toBe(`${real()}\n`);
  });

  it('bash -lc, as a login over the network starts it', async () => {
    writeFileSync(join(machine.home, '.profile'), `PATH="${machine.shims}:$PATH"\n`);
    expect((await sh(`PRINT='${print}' bash -lc 'node -e "$PRINT"'`)).stdout).toBe(`${real()}\n`);
  });

  it('find -exec, env, nice, time, timeout and a subshell', async () => {
    for (const before of ['find . -maxdepth 0 -exec', 'env A=b', 'nice', 'timeout 20', 'setsid -w', 'nohup'])
      expect(
        (await sh(`${before} node -e '${print}' ${before.startsWith('find') ? '\\;' : ''} 2>/dev/null </dev/null`))
          .stdout,
      ).toBe(`${real()}\n`);
    expect((await sh(`(node -e '${print}'); echo "$(node -e '${print}')"`)).stdout).toBe(`${real()}\n`.repeat(2));
  });

  it.skipIf(FOUND.rust === undefined)(
    'the build script of a crate, and of a dependency that ships a toolchain file of its own',
    async () => {
      const folder = machine.folder('crates');
      await use('node', folder);
      await use('rust', folder);
      const home = join(machine.home, '.cargo');
      const dependency = join(home, 'registry/src/index/dep-1.0.0');
      const build = (text: string) =>
        `fn main() { let out = std::process::Command::new("node").args(["-p", "1+1"]).output().unwrap(); println!("cargo:warning=${text} {}", String::from_utf8_lossy(&out.stdout).trim()); }`;
      crate(dependency, {
        name: 'dep',
        files: { 'src/lib.rs': '', 'build.rs': build('dep'), 'rust-toolchain': '1.0.0\n', '.nvmrc': '4\n' },
      });
      crate(folder, {
        name: 'app',
        files: { 'src/main.rs': 'fn main() { println!("built") }', 'build.rs': build('app') },
        more: `[dependencies]\ndep = { path = ${JSON.stringify(dependency)} }\n[workspace]\n`,
      });
      const ran = await sh('cargo run --offline', { cwd: folder });
      expect(ran, ran.stderr).toMatchObject({ exit: 0, stdout: 'built\n' });
      expect(ran.stderr).toContain('app 2');
      expect(await sh('cargo build --offline -vv', { cwd: dependency, env: { POLYENV_ENV: folder } })).toMatchObject({
        exit: 0,
        stderr: /dep 2/,
      });
    },
    90_000,
  );
});

/** Each installs a command `hello` into the project by the ecosystem's own command, from a local folder and offline. */
const INSTALLS: readonly {
  readonly tool: Tool;
  readonly install: string;
  readonly prepare: (folder: string) => void;
}[] = [
  {
    tool: 'node',
    install: 'npm install -g --offline --no-audit --no-fund ./hello',
    prepare: (folder) => {
      files(join(folder, 'hello'), {
        'package.json': JSON.stringify({ name: 'hello', version: '1.0.0', bin: { hello: 'hello.js' } }),
        'hello.js': '#!/usr/bin/env node\nconsole.log("hello from here")\n',
      });
    },
  },
  {
    tool: 'python',
    install: 'pip install --no-index --disable-pip-version-check --no-cache-dir ./hello-1.0-py3-none-any.whl',
    prepare: (folder) => writeFileSync(join(folder, 'hello-1.0-py3-none-any.whl'), wheel()),
  },
  {
    tool: 'go',
    install: 'go install ./hello',
    prepare: (folder) => {
      files(folder, { 'go.mod': 'module example.org/app\n\ngo 1.21\n' });
      files(join(folder, 'hello'), { 'main.go': 'package main\n\nfunc main() { println("hello from here") }\n' });
    },
  },
  {
    tool: 'rust',
    install: 'cargo install --offline --path ./hello',
    prepare: (folder) =>
      crate(join(folder, 'hello'), {
        name: 'hello',
        files: { 'src/main.rs': 'fn main() { println!("hello from here") }' },
        more: '[workspace]\n',
      }),
  },
];

describe.each(INSTALLS)('a command that $tool installs', ({ tool, install, prepare }) => {
  it.skipIf(FOUND[tool] === undefined)(
    'is there at once in the project, and nowhere else',
    async () => {
      const folder = machine.folder(`with ${tool}`);
      await use(tool, folder);
      prepare(folder);
      expect((await sh('hello', { cwd: folder })).exit).toBe(127);
      // In one shell, which may remember where it found what.
      const ran = await sh(`${install} >&2 && hello && cd / && cd - >/dev/null && hello`, { cwd: folder });
      expect(ran, ran.stderr).toMatchObject({ exit: 0 });
      const said = ran.stdout + ran.stderr;
      expect(said.match(/hello from here/g)).toHaveLength(2);
      mkdirSync(join(folder, 'below'), { recursive: true });
      expect(await hello(join(folder, 'below'))).toContain('hello from here');

      const away = await sh('hello', { cwd: outside });
      expect(away).toMatchObject({ exit: 127, stdout: '' });
      expect(away.stderr).toContain('hello');
      program(join(machine.folder('more'), 'hello'), 'echo the other hello');
      const PATH = `${machine.shims}:${join(machine.base, 'more')}:/usr/bin:/bin`;
      expect(await sh('hello', { cwd: outside, env: { PATH } })).toMatchObject({
        exit: 0,
        stdout: 'the other hello\n',
      });
      expect((await sh('hello', { cwd: project, env: { PATH } })).stdout).toBe('the other hello\n');
      expect(readdirSync(machine.home).filter((name) => ['.npm-global', 'go', '.local'].includes(name))).toEqual([]);
      expect(existsSync(join(machine.home, '.cargo/bin/hello'))).toBe(false);
    },
    120_000,
  );

  const hello = async (cwd: string): Promise<string> => {
    const ran = await sh('hello', { cwd });
    return ran.stdout + ran.stderr;
  };
});

/** A line of sh with the shims first on PATH and the wrong programs after them. */
function sh(line: string, options: RunOptions = {}): Promise<Ran> {
  const PATH = `${machine.shims}:${decoys}:/usr/bin:/bin`;
  return machine.run(['/bin/sh', '-c', line], { cwd: project, ...options, env: { PATH, ...options.env } });
}

async function use(tool: Tool, cwd: string): Promise<void> {
  const found = FOUND[tool];
  if (found === undefined) return;
  const request = `${tool}@${found.version}`;
  for (const args of [
    ['link', request, found.root],
    ['use', request, '--offline'],
  ]) {
    const ran = await machine.polyenv(args, { cwd });
    if (ran.exit !== 0) throw new Error(`polyenv ${args.join(' ')}: ${ran.stderr}`);
  }
}

function program(file: string, text: string): void {
  writeFileSync(file, `#!/bin/sh\n${text}\n`, { mode: 0o755 });
}

function files(folder: string, all: Readonly<Record<string, string>>): void {
  for (const [name, text] of Object.entries(all)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

function crate(
  folder: string,
  of: { readonly name: string; readonly files: Readonly<Record<string, string>>; readonly more?: string },
): void {
  const table = `[package]\nname = "${of.name}"\nversion = "1.0.0"\nedition = "2021"\n${of.more ?? ''}`;
  files(folder, { 'Cargo.toml': table, ...of.files });
}

/** The smallest wheel with a command: https://packaging.python.org/en/latest/specifications/binary-distribution-format/ */
function wheel(): Buffer {
  const info = 'hello-1.0.dist-info';
  return zip([
    { name: 'hello.py', content: 'def main():\n    print("hello from here")\n' },
    { name: `${info}/METADATA`, content: 'Metadata-Version: 2.1\nName: hello\nVersion: 1.0\n' },
    {
      name: `${info}/WHEEL`,
      content: 'Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n',
    },
    { name: `${info}/entry_points.txt`, content: '[console_scripts]\nhello = hello:main\n' },
    {
      name: `${info}/RECORD`,
      content: `hello.py,,\n${info}/METADATA,,\n${info}/WHEEL,,\n${info}/entry_points.txt,,\n${info}/RECORD,,\n`,
    },
  ]);
}

function works(file: string, ...args: readonly string[]): boolean {
  return answer(file, ...args) !== undefined;
}

function answer(file: string, ...args: readonly string[]): string | undefined {
  try {
    return execFileSync(file, args, { encoding: 'utf8', cwd: '/', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
}

function findNode(): Found | undefined {
  const root = dirname(dirname(realpathSync(process.execPath)));
  return existsSync(join(root, 'bin/npm')) ? { root, version: process.versions.node } : undefined;
}

function findGo(): Found | undefined {
  const [root, version] = answer('go', 'env', 'GOROOT', 'GOVERSION')?.split('\n') ?? [];
  return root && version ? { root, version: version.replace('go', '') } : undefined;
}

function findRust(): Found | undefined {
  const root = answer('rustc', '--print', 'sysroot');
  const version = /^cargo (\d+\.\d+\.\d+) /.exec((root && answer(join(root, 'bin/cargo'), '--version')) ?? '')?.[1];
  return root && version ? { root, version } : undefined;
}

function findPython(): Found | undefined {
  const ask = 'import sys, ensurepip, platform; print(sys.base_prefix); print(platform.python_version())';
  const [root, version] = answer('python3', '-c', ask)?.split('\n') ?? [];
  return root && version ? { root, version } : undefined;
}
