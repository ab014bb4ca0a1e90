import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runtime as java } from '../../runtimes/java';
import { runtime as python } from '../../runtimes/python';
import { runtime as rust } from '../../runtimes/rust';
import { removeTree } from '../../src/adapters/fs';
import type { Runtime } from '../../src/domain/runtime';
import { type Installing, installFrom } from '../support/install-from';
import { newPerson, type Person } from '../support/network-fixture';
import { type Published, sha256 } from '../support/published';
import { openUpstreamAt, serveUpstreams } from '../support/upstream-server';

/**
 * Toolchains that this machine has, packed as their upstreams pack them, and installed from a server that has the official
 * layout: what comes out builds and runs programs.
 */
const HOME = process.env.HOME ?? '/';
let person: Person;
beforeAll(() => {
  person = newPerson();
});
afterAll(() => removeTree(person.folder));

const namesIn = (folder: string): readonly string[] => (existsSync(folder) ? readdirSync(folder).sort() : []);

/** A quickly packed archive of some files of a folder, moved below another name. */
function pack(folder: string, as: string, more: readonly string[] = ['.']): Buffer {
  const file = join(person.folder, `${as.replaceAll('/', '_')}.tar.gz`);
  const move = `flags=rS;s,^\\.\\(/\\|$\\),${as}/,`;
  execFileSync('tar', [
    '-I',
    'gzip -1',
    '-chf',
    file,
    '--hard-dereference',
    '-C',
    folder,
    `--transform=${move}`,
    '--owner=0',
    ...more,
  ]);
  return readFileSync(file);
}

async function install(runtime: Runtime, published: Published, ask: Installing['ask']) {
  const server = await serveUpstreams([published]);
  const upstream = openUpstreamAt(server, { person, runtimes: [runtime], verifyKeys: [server.fingerprint] });
  const into = join(person.folder, `${runtime.id}-tree`);
  try {
    const { layout } = await installFrom(upstream, { runtime, ask }, { into, downloads: person.home.downloads });
    return { into, layout };
  } finally {
    await upstream.http.close();
    await server.close();
  }
}

function run(file: string, args: readonly string[], at: { readonly cwd: string; readonly path: string }): string {
  const env = { PATH: `${at.path}:/usr/bin:/bin`, HOME: person.folder, CARGO_HOME: join(person.folder, 'cargo') };
  return execFileSync(file, args, { encoding: 'utf8', env, cwd: at.cwd, stdio: ['ignore', 'pipe', 'pipe'] });
}

function folderWith(name: string, files: Readonly<Record<string, string>>): string {
  const folder = join(person.folder, name);
  mkdirSync(join(folder, 'src'), { recursive: true });
  for (const [file, text] of Object.entries(files)) writeFileSync(join(folder, file), text);
  return folder;
}

test('a rustup toolchain, as components of a channel, builds a crate', async ({ skip }) => {
  const toolchains = join(HOME, '.rustup/toolchains');
  const name = namesIn(toolchains).find((one) => /^\d+\.\d+\.\d+-x86_64-unknown-linux-gnu$/.test(one));
  if (name === undefined) return skip('rustup has no numbered toolchain here');
  const root = join(toolchains, name);
  const [version = '', host = ''] = [name.slice(0, name.indexOf('-')), name.slice(name.indexOf('-') + 1)];
  const DIST = 'https://static.rust-lang.org/dist';
  const files: Record<string, Buffer | string> = {};
  const tables = ['rustc', 'cargo', 'rust-std', 'rustfmt-preview', 'clippy-preview'].map((pkg) => {
    const archive = `${pkg.replace('-preview', '')}-${version}-${host}`;
    const folder = pkg === 'rust-std' ? `rust-std-${host}` : pkg;
    const lines = readFileSync(join(root, `lib/rustlib/manifest-${pkg}-${host}`), 'utf8').split('\n');
    const listed = lines.flatMap((line) => /^(?:file|dir):(.+)$/.exec(line)?.[1] ?? []);
    const content = pack(
      root,
      `${archive}/${folder}`,
      listed.filter((path) => !path.startsWith('share/')).map((path) => `./${path}`),
    );
    const url = `${DIST}/2026-04-16/${archive}.tar.gz`;
    files[url] = content;
    return `[pkg.${pkg}]\nversion = "${version} (0 2026-04-14)"\n[pkg.${pkg}.target.${host}]\navailable = true\nurl = "${url}"\nhash = "${sha256(content)}"\n`;
  });
  const manifest = `${DIST}/channel-rust-${version}.toml`;
  files[manifest] =
    `manifest-version = "2"\ndate = "2026-04-16"\n[pkg.rust]\nversion = "${version} (0 2026-04-14)"\n${tables.join('')}
[renames.clippy]\nto = "clippy-preview"\n[renames.rustfmt]\nto = "rustfmt-preview"\n[profiles]\nminimal = ["rustc", "cargo", "rust-std"]\n`;
  const published: Published = {
    files,
    signatures: { [manifest]: `${manifest}.asc` },
    material: () => 'https://static.rust-lang.org/rust-key.gpg.ascii',
    asks: [],
  };
  const { into, layout } = await install(rust, published, { request: version, source: 'static.rust-lang.org' });
  expect(Object.keys(layout.commands)).toEqual(expect.arrayContaining(['rustc', 'cargo', 'cargo-clippy', 'rustfmt']));
  const crate = folderWith('crate', {
    'Cargo.toml': '[package]\nname = "hello"\nversion = "0.1.0"\nedition = "2021"\n',
    'src/main.rs': 'fn main() {\n    println!("built");\n}\n',
  });
  const path = join(into, 'bin');
  expect(run(join(path, 'cargo'), ['run', '--quiet', '--offline'], { cwd: crate, path })).toBe('built\n');
  run(join(path, 'cargo'), ['clippy', '--quiet', '--offline'], { cwd: crate, path });
  run(join(path, 'cargo'), ['fmt', '--check'], { cwd: crate, path });
}, 300_000);

test('a JDK, as Temurin publishes it, compiles and runs a class', async ({ skip }) => {
  const name = namesIn('/usr/lib/jvm').find((one) => existsSync(`/usr/lib/jvm/${one}/bin/javac`));
  if (name === undefined) return skip('there is no JDK in /usr/lib/jvm');
  const root = `/usr/lib/jvm/${name}`;
  const said = execFileSync('/bin/sh', ['-c', '"$0" -version 2>&1', `${root}/bin/java`], { encoding: 'utf8' });
  const version = java.scheme.version(java.probe.version(said) ?? '') ?? '';
  const feature = Number.parseInt(version, 10);
  if (feature === 8) return skip('Java 8 has another layout of names');
  // A distribution's build can lack the number that Temurin's have.
  const whole = version.includes('+') ? version : `${version}+1`;
  const tag = `jdk-${whole}`;
  const content = pack(root, tag, ['--exclude=./lib/src.zip', '--exclude=./docs', '.']);
  const link = `https://github.com/adoptium/temurin${feature}-binaries/releases/download/${encodeURIComponent(tag)}/OpenJDK${feature}U-jdk_x64_linux_hotspot_${whole.replace('+', '_')}.tar.gz`;
  const API = 'https://api.adoptium.net/v3';
  const available = {
    available_releases: [feature],
    available_lts_releases: [feature],
    most_recent_feature_release: feature,
    most_recent_lts: feature,
  };
  const release = {
    release_name: tag,
    timestamp: '2026-07-21T00:00:00Z',
    binaries: [
      {
        os: 'linux',
        architecture: 'x64',
        image_type: 'jdk',
        package: { link, checksum: sha256(content), size: content.length },
      },
    ],
  };
  const query = 'image_type=jdk&jvm_impl=hotspot&vendor=eclipse&page_size=20&page=0';
  const published: Published = {
    files: {
      [`${API}/info/available_releases`]: JSON.stringify(available),
      [`${API}/assets/feature_releases/${feature}/ga?${query}`]: JSON.stringify([release]),
      [link]: content,
    },
    asks: [],
  };
  const { into, layout } = await install(java, published, { request: 'lts', source: 'api.adoptium.net' });
  expect(layout.variables).toContainEqual({ op: 'set', name: 'JAVA_HOME', value: into });
  const folder = folderWith('classes', {
    'Hello.java': 'class Hello { public static void main(String[] a) { System.out.println("compiled"); } }\n',
  });
  const path = join(into, 'bin');
  run(join(path, 'javac'), ['Hello.java'], { cwd: folder, path });
  expect(run(join(path, 'java'), ['-cp', '.', 'Hello'], { cwd: folder, path })).toBe('compiled\n');
}, 300_000);

test('a CPython, as python-build-standalone packs it, makes a virtual environment', async ({ skip }) => {
  const versions = join(HOME, '.pyenv/versions');
  const version = namesIn(versions).findLast((one) => /^3\.\d+\.\d+$/.test(one));
  if (version === undefined) return skip('pyenv has no Python here');
  const content = pack(join(versions, version), 'python', [
    '--exclude=test',
    '--exclude=__pycache__',
    '--exclude=*.a',
    '.',
  ]);
  const file = `cpython-${version}%2B20260814-x86_64-unknown-linux-gnu-install_only_stripped.tar.gz`;
  const url = `https://github.com/astral-sh/python-build-standalone/releases/download/20260814/${file}`;
  const INDEX = 'https://raw.githubusercontent.com/astral-sh/versions/main/v1/python-build-standalone.ndjson';
  const line = { version: `${version}+20260814`, artifacts: [{ url, sha256: sha256(content) }] };
  const published: Published = { files: { [url]: content, [INDEX]: `${JSON.stringify(line)}\n` }, asks: [] };
  const { into, layout } = await install(python, published, { request: '3', source: 'github.com' });
  expect(Object.keys(layout.commands)).toEqual(expect.arrayContaining(['python', 'python3', 'pip3']));
  const project = folderWith('py', {});
  const path = join(into, 'bin');
  const [command = '', ...args] = layout.overlay?.make ?? [];
  run(join(into, layout.commands[command] ?? ''), [...args, join(project, '.venv')], { cwd: project, path });
  const inside = join(project, '.venv/bin');
  const said = run(join(inside, 'python'), ['-c', 'import sys; print(sys.prefix)'], { cwd: project, path: inside });
  expect(said).toBe(`${join(project, '.venv')}\n`);
  expect(run(join(inside, 'pip'), ['--version'], { cwd: project, path: inside })).toContain(project);
}, 300_000);
