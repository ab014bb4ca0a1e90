import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Machine, newMachine, type Ran } from '../support/cli';
import { ownConfiguration, takeSettings } from '../support/own-configuration';
import { withRealToolchains } from '../support/real-toolchains';

/** Two projects whose runtimes contradict each other, at the same time, with the real tools. */
let machine: Machine;
beforeAll(() => {
  machine = newMachine({ ...ownConfiguration(), POLYENV_NETWORK_RETRIES: '0', CI: '1' });
  takeSettings(machine);
});
afterAll(() => machine.remove());

const SECONDS = 300_000;

interface Side {
  readonly pins: readonly string[];
  readonly files: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
}

/** Both projects with their pins, or why this machine cannot have them. */
async function twoProjects(name: string, sides: readonly [Side, Side]): Promise<readonly [string, string] | string> {
  const folders: string[] = [];
  for (const [index, { pins, files, env = {} }] of sides.entries()) {
    const folder = machine.folder(`${name}-${index + 1}`);
    for (const [file, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, file)), { recursive: true });
      writeFileSync(join(folder, file), text);
    }
    const used = await withRealToolchains(machine, () => machine.polyenv(['use', ...pins], { cwd: folder, env }));
    if (used.exit !== 0) return `${pins.join(' ')}: ${used.stderr.split('\n')[0]}`;
    folders.push(folder);
  }
  return folders as unknown as readonly [string, string];
}

/** The same line of shell in both, at the same time. */
async function inBoth(folders: readonly [string, string], script: string): Promise<readonly [Ran, Ran]> {
  const [first, second] = folders.map((cwd) => machine.run(['/bin/sh', '-c', script], { cwd })) as [
    Promise<Ran>,
    Promise<Ran>,
  ];
  return [await first, await second];
}

test(
  'two Nodes, each with a native addon of its own version',
  async ({ skip }) => {
    const side = (node: string, addon: string): Side => ({
      pins: [`node@${node}`],
      files: { 'package.json': JSON.stringify({ private: true, dependencies: { '@node-rs/crc32': addon } }) },
    });
    const folders = await twoProjects('node', [side('20.11.1', '1.9.2'), side('22', '1.10.0')]);
    if (typeof folders === 'string') return skip(folders);
    const installed = await inBoth(folders, 'npm install --no-audit --no-fund --no-package-lock');
    const failed = installed.find(({ exit }) => exit !== 0);
    if (failed !== undefined && /ENOTFOUND|ECONNREFUSED|E404|E403/.test(failed.stderr)) return skip('no npm registry');
    expect(installed.map(({ exit }) => exit)).toEqual([0, 0]);
    const [first, second] = await inBoth(
      folders,
      `node -p 'process.version.split(".")[0] + " " + require("@node-rs/crc32/package.json").version + " " + require("@node-rs/crc32").crc32("polyenv")'`,
    );
    expect(first.stdout.trim()).toMatch(/^v20 1\.9\.2 \d+$/);
    expect(second.stdout.trim()).toMatch(/^v22 1\.10\.0 \d+$/);
    expect(first.stdout.split(' ')[2]).toBe(second.stdout.split(' ')[2]);
  },
  SECONDS,
);

test(
  'two Gos; one whose go.mod asks for more than the pin fails with the reason and downloads nothing',
  async ({ skip }) => {
    // Without fmt, half as much of the standard library is compiled into the empty caches.
    const main =
      'package main\n\nimport (\n\t"runtime"\n\t"syscall"\n)\n\nfunc main() { syscall.Write(1, []byte("built by " + runtime.Version() + "\\n")) }\n';
    const side = (pin: string, needs: string): Side => ({
      pins: [`go@${pin}`],
      files: { 'go.mod': `module example.org/hello\n\ngo ${needs}\n`, 'main.go': main },
    });
    const folders = await twoProjects('go', [side('1.24.0', '1.24'), side('1.23.0', '1.24.0\n\ntoolchain go1.24.5')]);
    if (typeof folders === 'string') return skip(folders);
    const [first, second] = await inBoth(folders, 'go run .');
    expect(first).toMatchObject({ exit: 0, stdout: 'built by go1.24.0\n' });
    expect(second.exit).not.toBe(0);
    expect(second.stderr).toMatch(/go\.mod requires go >= 1\.24\.0 \(running go 1\.23\.0; GOTOOLCHAIN=local\)/);
    expect(existsSync(join(machine.home, 'go/pkg/mod/golang.org'))).toBe(false);
    const said = await machine.polyenv(['doctor'], { cwd: folders[1] });
    expect(said.stdout + said.stderr).toMatch(/go\.mod/);
  },
  SECONDS,
);

test(
  'two Rusts with different components',
  async ({ skip }) => {
    const toolchains = join(machine.env.RUSTUP_HOME ?? '/nonexistent', 'toolchains');
    const names = existsSync(toolchains) ? readdirSync(toolchains) : [];
    const numbered = names.find((name) => /^\d+\.\d+\.\d+-/.test(name))?.split('-')[0];
    if (numbered === undefined || !names.some((name) => name.startsWith('nightly-'))) {
      return skip('rustup has no numbered toolchain and nightly here');
    }
    // Linked, as rustup has them: the official site is another test's.
    const env = { POLYENV_SOURCES_PREFERENCE: 'only-system' };
    const files = {
      'Cargo.toml': '[package]\nname = "hello"\nversion = "0.1.0"\nedition = "2021"\n',
      'src/main.rs': 'fn main() {\n    println!("hello");\n}\n',
    };
    const folders = await twoProjects('rust', [
      { pins: [`rust@${numbered}`], files, env },
      { pins: ['rust@nightly'], files, env },
    ]);
    if (typeof folders === 'string') return skip(folders);
    const [first, second] = await inBoth(folders, 'cargo run --quiet --offline && rustc --version');
    expect(first.stdout).toMatch(new RegExp(`^hello\nrustc ${numbered?.replaceAll('.', '\\.')} `));
    expect(second.stdout).toMatch(/^hello\nrustc .*-nightly /);
  },
  SECONDS,
);

/** A wheel, which is a zip file, by Python's own means. */
function wheel(folder: string, version: string): string {
  const name = `twofold-${version}-py3-none-any.whl`;
  const script = `
import sys, zipfile
folder, version, name = sys.argv[1:]
info = f'twofold-{version}.dist-info'
with zipfile.ZipFile(f'{folder}/{name}', 'w') as z:
    z.writestr('twofold.py', f'VERSION = "{version}"\\n')
    z.writestr(f'{info}/METADATA', f'Metadata-Version: 2.1\\nName: twofold\\nVersion: {version}\\n')
    z.writestr(f'{info}/WHEEL', 'Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n')
    z.writestr(f'{info}/RECORD', '')
`;
  execFileSync('python3', ['-I', '-c', script, folder, version, name]);
  return join(folder, name);
}

test(
  'two Pythons with the same package in two versions',
  async ({ skip }) => {
    const versions = join(machine.env.PYENV_ROOT ?? '/nonexistent', 'versions');
    const lines = (existsSync(versions) ? readdirSync(versions) : [])
      .filter((name) => /^3\.(?:9|\d\d)\.\d+$/.test(name))
      .slice(-2);
    const [one, two] = lines;
    if (one === undefined || two === undefined) return skip('pyenv has no two Pythons here');
    const folders = await twoProjects('python', [
      { pins: [`python@${one}`], files: {} },
      { pins: [`python@${two}`], files: {} },
    ]);
    if (typeof folders === 'string') return skip(folders);
    const wheels = [wheel(machine.folder('wheels'), '1.0'), wheel(machine.folder('wheels'), '2.0')];
    const installs = folders.map((cwd, index) =>
      machine.run(['pip', 'install', '--no-index', '--disable-pip-version-check', wheels[index] ?? ''], { cwd }),
    );
    for (const { exit, stderr } of await Promise.all(installs)) expect({ exit, stderr }).toMatchObject({ exit: 0 });
    const script = `python -c 'import sys, twofold; print(sys.version.split()[0], twofold.VERSION, sys.prefix)'`;
    const [first, second] = await inBoth(folders, script);
    expect(first.stdout.trim()).toBe(`${one} 1.0 ${join(folders[0], '.venv')}`);
    expect(second.stdout.trim()).toBe(`${two} 2.0 ${join(folders[1], '.venv')}`);
  },
  SECONDS,
);

test(
  'two JDKs, Maven compiling for each',
  async ({ skip }) => {
    const features = [
      ...new Set(
        (existsSync('/usr/lib/jvm') ? readdirSync('/usr/lib/jvm') : []).flatMap((name) => {
          const feature = /(?:^|-)(\d{2})(?:-|$)/.exec(name)?.[1];
          return feature !== undefined && existsSync(`/usr/lib/jvm/${name}/bin/javac`) ? [feature] : [];
        }),
      ),
    ].sort();
    const [one, two] = [features[0], features.at(-1)];
    if (one === undefined || two === undefined || one === two) return skip('there are no two JDKs in /usr/lib/jvm');
    const side = (feature: string): Side => ({
      pins: [`java@${feature}`, 'maven@3.9'],
      files: {
        'pom.xml': `<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>org.example</groupId><artifactId>hello</artifactId><version>1</version><properties><maven.compiler.release>${feature}</maven.compiler.release><project.build.sourceEncoding>UTF-8</project.build.sourceEncoding></properties></project>`,
        'src/main/java/Hello.java':
          'class Hello { public static void main(String[] a) { System.out.println(System.getProperty("java.specification.version")); } }\n',
      },
    });
    const folders = await twoProjects('java', [side(one), side(two)]);
    if (typeof folders === 'string') return skip(folders);
    const built = await inBoth(folders, 'mvn -B -q compile && java -cp target/classes Hello');
    if (built.some(({ stdout }) => /Could not transfer|Unknown host|could not be resolved/.test(stdout))) {
      return skip('no Maven repository is reached');
    }
    expect(built.map(({ stdout }) => stdout.trim())).toEqual([one, two]);
    // The major version of a class file: https://docs.oracle.com/javase/specs/jvms/se25/html/jvms-4.html#jvms-4.1
    const majors = folders.map((folder) => readFileSync(join(folder, 'target/classes/Hello.class')).readUInt16BE(6));
    expect(majors).toEqual([Number(one) + 44, Number(two) + 44]);
  },
  SECONDS,
);
