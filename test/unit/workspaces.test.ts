import { mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Detected, detectIn } from '../../src/app/project/detect';
import { matchesPathGlob, normalPath } from '../../src/domain/formats/path-globs';
import { discard } from '../support/discard';
import { contextFor, RUNTIMES, write } from '../support/pin-project';
import { processorTime } from '../support/processor-time';

let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'polyenv-workspaces-'));
});

afterEach(() => discard(root));

/** Of the folder below `at`, for a person whose home holds it or does not. */
function detected(folder: string, home = root): Detected {
  const directory = join(root, folder);
  mkdirSync(directory, { recursive: true });
  return detectIn(contextFor(home), { directory, runtimes: RUNTIMES });
}

function chosen(folder: string, home = root): readonly string[] {
  const { found, errors } = detected(folder, home);
  const pins = found.filter((pin) => pin.chosen).map(({ tool, file, requests }) => `${tool} ${requests[0]} by ${file}`);
  return [...pins, ...errors.map(({ file, message }) => `${file}: ${message}`)];
}

describe.each([
  ['without .git', undefined],
  ['with .git at the workspace', 'w/.git/HEAD'],
  ['with .git in the member, as a submodule has it', 'w/a/b/.git'],
  ['with .jj', 'w/.jj/x'],
])('a workspace %s', (_, marker) => {
  beforeEach(() => {
    if (marker !== undefined) write(root, { [marker]: '' });
  });

  it.each([
    ['the person has it at home', ''],
    ['it is outside of the home', 'elsewhere'],
  ])('is found by its own rules where %s', (_where, home) => {
    write(root, {
      'w/Cargo.toml': '[workspace]\nmembers = ["a/*"]\n[workspace.package]\nrust-version = "1.80"',
      'w/a/b/Cargo.toml': '[package]\nname = "b"\nrust-version.workspace = true',
      'w/package.json': '{"volta": {"node": "20.11.1"}}',
      'w/a/b/package.json': '{"volta": {"extends": "../../package.json"}}',
      'w/pom.xml':
        '<project><artifactId>p</artifactId><properties><java.version>17</java.version></properties></project>',
      'w/a/pom.xml': '<project><parent><artifactId>p</artifactId></parent><artifactId>a</artifactId></project>',
      'w/a/b/pom.xml':
        '<project><parent><artifactId>a</artifactId></parent><properties><maven.compiler.release>${java.version}</maven.compiler.release></properties></project>',
      'w/pyproject.toml': '[project]\nname = "r"\n[tool.uv.workspace]\nmembers = ["a/*"]',
      'w/.python-version': '3.13',
      'w/a/b/pyproject.toml': '[project]\nname = "b"\nrequires-python = "<3.13"',
    });
    expect(chosen('w/a/b', join(root, home))).toEqual([
      'node 20.11.1 by package.json',
      'rust 1.80 by Cargo.toml',
      'python 3.13 by ../../.python-version',
      'java 17 by pom.xml',
    ]);
  });
});

describe('the workspace of a Cargo package', () => {
  const member = '[package]\nname = "b"\nrust-version.workspace = true';
  const workspace = (version: string, more = '') =>
    `[workspace]\n${more}\n[workspace.package]\nrust-version = "${version}"`;

  it('is the nearest that lists it', () => {
    write(root, {
      'Cargo.toml': workspace('1.70', 'members = ["**"]'),
      'x/Cargo.toml': workspace('1.80', 'members = ["other"]'),
      'x/y/Cargo.toml': member,
      'x/z/Cargo.toml': '[package]\nname = "z"',
    });
    expect(chosen('x/y')).toEqual(['rust 1.70 by Cargo.toml']);
  });

  it('need not list what it depends on by path, and does not have what it excludes', () => {
    write(root, { 'x/Cargo.toml': workspace('1.80'), 'x/y/Cargo.toml': member });
    expect(chosen('x/y')).toEqual(['rust 1.80 by Cargo.toml']);
    write(root, { 'x/Cargo.toml': workspace('1.80', 'exclude = ["./y/"]') });
    expect(chosen('x/y')).toEqual([expect.stringMatching(/^Cargo.toml: .*no workspace above has this package/)]);
  });

  it('may be named', () => {
    write(root, { 'x/Cargo.toml': workspace('1.80'), 'y/Cargo.toml': `${member}\nworkspace = "../x"` });
    expect(chosen('y')).toEqual(['rust 1.80 by Cargo.toml']);
  });

  it('that says no version is named', () => {
    write(root, { 'Cargo.toml': '[workspace]', 'y/Cargo.toml': member });
    expect(chosen('y')).toEqual([
      `Cargo.toml: rust-version comes from the workspace, and ${root}/Cargo.toml says none`,
    ]);
  });

  it('lies no higher than the home folder of the person', () => {
    write(root, { 'Cargo.toml': workspace('1.80'), 'home/y/Cargo.toml': member });
    expect(chosen('home/y', join(root, 'home'))).toEqual([expect.stringContaining('no workspace above')]);
  });
});

describe('the workspace of a Python project', () => {
  const member = '[project]\nname = "b"\nrequires-python = "<3.13"';

  it.each([
    ['members = ["packages/*"]', 'python 3.13 by ../../.python-version'],
    ['members = ["packages/*"]\nexclude = ["packages/b"]', 'python <3.13 by pyproject.toml'],
    ['members = ["apps/*"]', 'python <3.13 by pyproject.toml'],
  ])('with %s', (table, expected) => {
    write(root, {
      'pyproject.toml': `[tool.uv.workspace]\n${table}`,
      '.python-version': '3.13',
      'packages/b/pyproject.toml': member,
    });
    expect(chosen('packages/b')).toEqual([expected]);
  });
});

describe('a workspace of Go', () => {
  const module = 'module x\ngo 1.22\ntoolchain go1.22.5\n';

  function decided(folder: string, env: Readonly<Record<string, string>> = {}) {
    const directory = join(root, folder);
    const { found, errors, warnings } = detectIn(contextFor(root, { env }), { directory, runtimes: RUNTIMES });
    const pin = found.find((one) => one.chosen);
    return { by: pin === undefined ? undefined : `${pin.requests[0]} by ${pin.file}:${pin.line}`, errors, warnings };
  }

  beforeEach(() => {
    write(root, {
      'w/go.work': 'go 1.24.13\nuse (\n\t./a\n)\n',
      'w/a/go.mod': module,
      'w/a/pkg/x.go': '',
      'w/b/go.mod': module,
      'other/go.work': 'go 1.25\ntoolchain go1.25.3\nuse ../w/a\n',
    });
  });

  it('decides below it, as in the go command, whether or not it lists the module', () => {
    for (const [folder, file] of [
      ['w/a', '../go.work'],
      ['w/a/pkg', '../../go.work'],
      ['w/b', '../go.work'],
      ['w', 'go.work'],
    ]) {
      expect(decided(folder as string), folder).toEqual({ by: `1.24.13 by ${file}:1`, errors: [], warnings: [] });
    }
  });

  it('is switched off, or another one, for a call', () => {
    expect(decided('w/a', { GOWORK: 'off' }).by).toBe('1.22.5 by go.mod:3');
    expect(decided('w', { GOWORK: 'off' }).by).toBeUndefined();
    expect(decided('w/a', { GOWORK: 'auto' }).by).toBe('1.24.13 by ../go.work:1');
    expect(decided('w/a', { GOFLAGS: '-mod=mod' }).by).toBe('1.24.13 by ../go.work:1');
    const other = join(root, 'other/go.work');
    expect(decided('w/a', { GOWORK: other }).by).toBe('1.25.3 by ../../other/go.work:2');
    expect(decided('w', { GOWORK: other }).by).toBe('1.25.3 by ../other/go.work:2');
    expect(decided('w/a', { GOWORK: join(root, 'absent') }).by).toBe('1.22.5 by go.mod:3');
    expect(decided('w/a', { GOWORK: 'relative' }).errors).toMatchObject([{ message: 'GOWORK is no absolute path' }]);
  });

  it('is what a pin of a member must answer', () => {
    write(root, { 'w/a/polyenv.toml': '[runtimes]\ngo = "1.23"' });
    expect(decided('w/a')).toEqual({
      by: '1.23 by polyenv.toml:2',
      errors: [],
      warnings: [`${root}/w/a/polyenv.toml:2 asks for go 1.23, and ${root}/w/go.work:1 wants 1.24.13 or newer`],
    });
    write(root, { 'w/a/polyenv.toml': '[runtimes]\ngo = "1.25"' });
    expect(decided('w/a').warnings).toEqual([]);
  });

  it('gives way to the manifest of its own folder, for its members too', () => {
    write(root, { 'w/polyenv.toml': '[runtimes]\ngo = "1.25"', 'w/go.work': 'go 1.24\ntoolchain go1.24.2\nuse ./a\n' });
    expect(decided('w/a').by).toBe('1.25 by ../polyenv.toml:2');
    expect(decided('w').by).toBe('1.25 by polyenv.toml:2');
  });

  it('pins by its toolchain line', () => {
    write(root, { 'w/go.work': 'go 1.24\ntoolchain go1.24.2\nuse ./a\n' });
    expect(decided('w/a').by).toBe('1.24.2 by ../go.work:2');
  });
});

describe('globs of members', () => {
  it.each([
    ['crates/*', 'crates/a', true],
    ['crates/*', 'crates/a/b', false],
    ['crates/**', 'crates/a/b', true],
    ['./crates/*/', 'crates/a', true],
    ['**/a', 'x/y/a', true],
    ['a?c', 'abc', true],
    ['[a-c]x', 'bx', true],
    ['[!a-c]x', 'bx', false],
    ['*', 'x', true],
    ['', 'x', false],
    ['a*b*c', 'aXbYc', true],
  ])('%s and %s: %s', (glob, path, expected) => {
    expect(matchesPathGlob(glob, path)).toBe(expected);
  });

  it('never lead out of the workspace', () => {
    expect(normalPath('../x')).toBeUndefined();
    expect(normalPath('a/../../x')).toBeUndefined();
    expect(normalPath('./a/../b/')).toBe('b');
  });

  it('take no long time', () => {
    const glob = `${'*a'.repeat(500)}b`;
    const used = processorTime();
    expect(matchesPathGlob(glob, 'a'.repeat(2000))).toBe(false);
    expect(used()).toBeLessThan(1000);
  });
});
