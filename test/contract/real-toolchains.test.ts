import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runtime as java } from '../../runtimes/java';
import { runtime as python } from '../../runtimes/python';
import { runtime as rust } from '../../runtimes/rust';
import { removeTree } from '../../src/adapters/files/fs';
import type { Runtime } from '../../src/domain/runtime/runtime';
import { type Installing, installFrom } from '../support/install-from';
import { newPerson, type Person } from '../support/network-fixture';
import type { Published } from '../support/published';
import { publishJava, publishPython, publishRust } from '../support/real-published';
import { openUpstreamAt, serveUpstreams } from '../support/upstream-server';

/**
 * Toolchains that this machine has, packed as their upstreams pack them, and installed from a server that has the official
 * layout: what comes out builds and runs programs.
 */
let person: Person;
beforeAll(() => {
  person = newPerson();
});
afterAll(() => removeTree(person.folder));

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
  const found = publishRust(person.folder);
  if ('absent' in found) return skip(found.absent);
  const { into, layout } = await install(rust, found.published, {
    request: found.request,
    source: 'static.rust-lang.org',
  });
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
  const found = publishJava(person.folder);
  if ('absent' in found) return skip(found.absent);
  const { into, layout } = await install(java, found.published, { request: found.request, source: 'api.adoptium.net' });
  expect(layout.variables).toContainEqual({ op: 'set', name: 'JAVA_HOME', value: into });
  const folder = folderWith('classes', {
    'Hello.java': 'class Hello { public static void main(String[] a) { System.out.println("compiled"); } }\n',
  });
  const path = join(into, 'bin');
  run(join(path, 'javac'), ['Hello.java'], { cwd: folder, path });
  expect(run(join(path, 'java'), ['-cp', '.', 'Hello'], { cwd: folder, path })).toBe('compiled\n');
}, 300_000);

test('a CPython, as python-build-standalone packs it, makes a virtual environment', async ({ skip }) => {
  const found = publishPython(person.folder);
  if ('absent' in found) return skip(found.absent);
  const { into, layout } = await install(python, found.published, { request: found.request, source: 'github.com' });
  expect(Object.keys(layout.commands)).toEqual(expect.arrayContaining(['python', 'python3', 'pip3']));
  const project = folderWith('py', {});
  const path = join(into, 'bin');
  const [command = '', ...args] = layout.overlay?.make ?? [];
  run(join(into, layout.commands[command] ?? ''), [...args, join(project, '.venv')], { cwd: project, path });
  const inside = join(project, '.venv/bin');
  run(join(inside, 'python'), layout.overlay?.seeds?.otherwise ?? [], { cwd: project, path: inside });
  const said = run(join(inside, 'python'), ['-c', 'import sys; print(sys.prefix)'], { cwd: project, path: inside });
  expect(said).toBe(`${join(project, '.venv')}\n`);
  expect(run(join(inside, 'pip'), ['--version'], { cwd: project, path: inside })).toContain(project);
}, 300_000);
