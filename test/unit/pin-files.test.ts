import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { DOCUMENT_LIMIT, openDocument } from '../../src/adapters/documents/documents';
import { type Detected, detectIn } from '../../src/app/project/detect';
import { miseToml } from '../../src/domain/pins/files/mise-toml';
import { packageManagerPin, readPackageManager } from '../../src/domain/pins/files/package-manager';
import { toolVersions } from '../../src/domain/pins/files/tool-versions';
import type { Document, Pin, PinFile, PinReading } from '../../src/domain/runtime/runtime';
import { PolyenvError } from '../../src/domain/words/errors';
import * as kit from '../../src/kit';
import { discard } from '../support/discard';
import { contextFor, RUNTIMES, write } from '../support/pin-project';
import { processorTime } from '../support/processor-time';
import { fc } from '../support/seed';

let root = '';

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'polyenv-pins-'));
});

afterEach(() => discard(root));

function open(file: string, content: string | Uint8Array, others: Readonly<Record<string, string>> = {}): Document {
  write(root, { [file]: content, ...others });
  return openDocument({ path: join(root, file), boundary: () => root }) as Document;
}

function read(pinFile: PinFile, content: string, others: Readonly<Record<string, string>> = {}): PinReading {
  return pinFile.read(open(pinFile.file, content, others));
}

function requests(
  pinFile: PinFile,
  content: string,
  others: Readonly<Record<string, string>> = {},
): readonly string[][] {
  return read(pinFile, content, others).pins.map((pin) => [...pin.requests]);
}

/** `LINE: message` of the error. */
function refusal(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (!(error instanceof PolyenvError)) throw error;
    expect(error.code).toBe('pin-file-invalid');
    expect(error.where?.file.startsWith(root)).toBe(true);
    return `${error.where?.line}: ${error.message}`;
  }
  throw new Error('accepted');
}

describe('.nvmrc', () => {
  it.each([
    ['v20\n\n# note\n', '20'],
    ['21.2 # inline\n', '21.2'],
    ['  lts/*  \r\n', 'lts/*'],
    ['\ufefflts/iron', 'lts/iron'],
    ['node\nnpm=10\nyarn = 4\n', 'node'],
    ['>=18.2 <20', '>=18.2 <20'],
    ['=22.18.0', '=22.18.0'],
  ])('%j is %s', (content, request) => {
    expect(requests(kit.nvmrc, content).map(([text]) => text?.replace(/^v(?=\d)/, ''))).toEqual([[request]].flat());
  });

  it.each([
    ['', /^1: .*names no version/],
    ['# only\n', /^1: .*names no version/],
    ['20\n\n22\n', /^3: .*two versions/],
    ['node=foo\n20', /^1: .*reserved/],
    ['20\nnode = iojs # x', /^2: .*reserved/],
    ['20\na=1\na=2', /^3: .*twice/],
  ])('%j is refused', (content, message) => {
    expect(refusal(() => read(kit.nvmrc, content))).toMatch(message);
  });
});

describe('files of one version', () => {
  it.each([
    [kit.nodeVersion, 'v16.0.0\n', 'v16.0.0'],
    [kit.goVersionFile, '# go\n1.22\n', '1.22'],
    [kit.javaVersion, 'openjdk64-17.0.10', '17.0.10'],
    [kit.javaVersion, 'temurin64-17.0.10\n', 'temurin-17.0.10'],
    [kit.javaVersion, 'temurin-21', 'temurin-21'],
    [kit.runtimeTxt, 'python-3.12.4\n', '3.12.4'],
    [kit.runtimeTxt, '3.8', '3.8'],
  ])('%# reads', (pinFile, content, request) => {
    expect(requests(pinFile, content)).toEqual([[request]]);
  });

  it('says so of an empty one and of a second line', () => {
    expect(read(kit.nodeVersion, '\n')).toMatchObject({ pins: [], warnings: [{ text: /names no version/ }] });
    expect(read(kit.nodeVersion, '20\n22').warnings).toMatchObject([{ line: 2 }]);
    expect(refusal(() => read(kit.runtimeTxt, 'python-3.12.4\nmore'))).toMatch(/^2: /);
  });
});

describe('.python-version', () => {
  it('takes the first word of each line, by any line end', () => {
    expect(requests(kit.pythonVersion, '3.13/envs/app\r# 3.12\n3.11 two\r\n 3.9 \r\n')).toEqual([
      ['3.13', '3.11', '3.9'],
    ]);
    expect(requests(kit.pythonVersions, '# a\n3.12 # b\n3.11')).toEqual([['3.12', '3.11']]);
    expect(read(kit.pythonVersion, '\n\n3.3.5').pins[0]?.line).toBe(3);
  });
});

describe('package.json', () => {
  it.each<[string, readonly Partial<Pin>[]]>([
    ['{}', []],
    ['{"engines": {"node": ">=18"}}', [{ strength: 'floor', requests: ['>=18'] }]],
    ['{"engines": {"node": "*"}}', []],
    ['{"engines": ["node >= 4"]}', []],
    ['{"devEngines": {"runtime": {"name": "NODE", "version": "22"}}}', [{ strength: 'pin', requests: ['22'] }]],
    [
      '{"devEngines": {"runtime": [{"name": "bun", "version": "1"}, {"name": "node", "version": "^22"}]}}',
      [{ requests: ['^22'] }],
    ],
    ['{"devEngines": {"runtime": {"name": "node"}}}', []],
    [
      '{\n"engines": {"node": "18"},\n"devEngines": {"runtime": {"name": "node",\n"version": "20"}},\n"volta": {"node": "22.1.0"}}',
      [
        { requests: ['22.1.0'], line: 5 },
        { requests: ['20'], line: 4 },
        { requests: ['18'], line: 2, strength: 'floor' },
      ],
    ],
  ])('%s', (content, pins) => {
    expect(read(kit.packageJsonNode, content).pins).toMatchObject(pins);
  });

  it.each([
    ['{\n"name": "x",\n}', /^3: it is not JSON/],
    ['[]', /^1: .*object/],
    ['{\n"volta": {\n"node": 20}}', /^3: volta.node must be a text/],
    ['{"devEngines": {\n"runtime": "node"}}', /^2: /],
    ['{"volta": {\n"extends": "../../../etc/passwd"}}', /^2: .*no such JSON file/],
    ['{"volta": {"extends": "package.json"}}', /^1: .*circle/],
    [`{"a": ${'['.repeat(500)}${']'.repeat(500)}}`, /^1: .*too deep/],
    ['{"a": 1} 2', /^1: .*after the end/],
    ['{"a": 01}', /^1: /],
    ['{"a": "\n"}', /^1: .*does not end/],
  ])('%j is refused', (content, message) => {
    expect(refusal(() => read(kit.packageJsonNode, content))).toMatch(message);
  });

  it('follows what Volta extends, its own word first', () => {
    const others = {
      'a/base.json': '{"volta": {"node": "18.0.0", "extends": "../top.json"}}',
      'top.json': '{"volta": {"node": "16.0.0", "yarn": "1.2.0"}}',
    };
    expect(requests(kit.packageJsonNode, '{"volta": {"extends": "./a/base.json"}}', others)).toEqual([['18.0.0']]);
    expect(requests(kit.packageJsonNode, '{"volta": {"extends": "./a/base.json", "node": "20.0.0"}}', others)).toEqual([
      ['20.0.0'],
    ]);
    const managers = readPackageManager(open('package.json', '{"volta": {"extends": "./a/base.json"}}', others));
    expect(managers.pins).toMatchObject([{ name: 'yarn', version: '1.2.0', field: 'volta' }]);
  });

  it('follows no more than a few', () => {
    const chain = Array.from({ length: 40 }, (_, index) => [
      `c${index}.json`,
      `{"volta": {"extends": "./c${index + 1}.json"}}`,
    ]);
    const others = Object.fromEntries(chain) as Record<string, string>;
    expect(refusal(() => read(kit.packageJsonNode, '{"volta": {"extends": "./c0.json"}}', others))).toMatch(
      /more than 16/,
    );
  });

  it('does not follow a link out of the repository', () => {
    const outside = mkdtempSync(join(tmpdir(), 'polyenv-outside-'));
    writeFileSync(join(outside, 'v.json'), '{"volta": {"node": "18.0.0"}}');
    symlinkSync(join(outside, 'v.json'), join(root, 'v.json'));
    expect(refusal(() => read(kit.packageJsonNode, '{"volta": {"extends": "./v.json"}}'))).toMatch(/no such JSON file/);
    discard(outside);
  });
});

describe('rust-toolchain', () => {
  it('reads a channel, or the table of the newer file', () => {
    expect(requests(kit.rustToolchain, 'nightly-2020-07-10\n')).toEqual([['nightly-2020-07-10']]);
    expect(requests(kit.rustToolchain, '[toolchain]\nchannel = "1.81.0"\n')).toEqual([['1.81.0']]);
    expect(
      read(
        kit.rustToolchainToml,
        '[toolchain]\nchannel = "1.85.0"\nprofile = "minimal"\ncomponents = [" rustfmt ", "clippy", "clippy"]\ntargets = []',
      ),
    ).toEqual({
      pins: [
        {
          strength: 'pin',
          requests: ['1.85.0'],
          line: 2,
          options: { components: ['clippy', 'rustfmt'], profile: ['minimal'], targets: [] },
        },
      ],
    });
    expect(requests(kit.rustToolchainToml, '[toolchain]\ncomponents = ["rustfmt"]')).toEqual([[]]);
  });

  it('warns where both stand', () => {
    const { warnings } = read(kit.rustToolchain, 'stable', { 'rust-toolchain.toml': '[toolchain]' });
    expect(warnings?.[0]?.text).toContain('rust-toolchain wins over rust-toolchain.toml');
  });

  it.each<[PinFile, string, RegExp]>([
    [kit.rustToolchain, '   ', /^1: .*empty/],
    [kit.rustToolchain, '', /^1: .*empty/],
    [kit.rustToolchain, 'nightly-x86_64-unknown-linux-gnu', /^1: .*host/],
    [kit.rustToolchain, 'my-own', /^1: /],
    [kit.rustToolchainToml, 'stable', /^1: /],
    [kit.rustToolchainToml, '\n[toolchain]\n', /^2: .*says nothing/],
    [kit.rustToolchainToml, '', /^1: .*missing/],
    [kit.rustToolchainToml, '[toolchain]\nchannel = 1', /^2: .*text/],
    [kit.rustToolchainToml, '[toolchain]\npath = "../x"', /^2: .*relative/],
    [kit.rustToolchainToml, '[toolchain]\npath = "/opt/x"', /^2: .*not taken/],
    [kit.rustToolchainToml, '[toolchain]\nchannel = "stable"\npath = "/opt/x"', /^3: .*exclude/],
    [kit.rustToolchainToml, '[toolchain]\npath = "e"\ntargets = ["d"]', /^2: .*exclude/],
    [kit.rustToolchainToml, '[toolchain]\nchannel = "stable"\nprofile = "huge"', /^3: .*profile/],
    [kit.rustToolchainToml, '[toolchain]\nchannel = "stable"\ncomponents = ["a b"]', /^3: .*cannot hold/],
    [kit.rustToolchainToml, '[toolchain]\nchannel = "stable"\ncomponents = "clippy"', /^3: .*list/],
  ])('%# is refused', (pinFile, content, message) => {
    expect(refusal(() => read(pinFile, content))).toMatch(message);
  });
});

describe('Cargo.toml', () => {
  it("is a floor, its own or the workspace's", () => {
    const floor = { strength: 'floor', requests: ['1.70'], atLeast: true };
    expect(read(kit.cargoRustVersion, '[package]\nrust-version = "1.70"').pins).toEqual([{ ...floor, line: 2 }]);
    expect(read(kit.cargoRustVersion, '[workspace.package]\nrust-version = "1.70"').pins).toEqual([
      { ...floor, line: 2 },
    ]);
    write(root, {
      'Cargo.toml': '[workspace]\n[workspace.package]\nrust-version = "1.70"',
      'a/b/Cargo.toml': '[package]\nname = "b"\nrust-version.workspace = true',
    });
    const member = openDocument({ path: join(root, 'a/b/Cargo.toml'), boundary: () => root }) as Document;
    expect(kit.cargoRustVersion.read(member).pins).toEqual([{ ...floor, line: 3 }]);
    expect(read(kit.cargoRustVersion, '[package]\nname = "x"').pins).toEqual([]);
    expect(refusal(() => read(kit.cargoRustVersion, '[package]\nrust-version = ">=1.70"'))).toMatch(
      /^2: .*bare version/,
    );
    expect(refusal(() => read(kit.cargoRustVersion, '[package]\nrust-version.workspace = true'))).toMatch(
      /^2: .*workspace/,
    );
  });
});

describe('go.mod and go.work', () => {
  const floor = (request: string) => ({ strength: 'floor', requests: [request], atLeast: true }) as const;
  const pin = (request: string) => ({ strength: 'pin', requests: [request] }) as const;

  it.each<[string, readonly Partial<Pin>[]]>([
    ['module m\ngo 1.22\ntoolchain go1.22.5\n', [pin('1.22.5'), floor('1.22')]],
    ['toolchain   go1.20.3   // tidy\n', [pin('1.20.3')]],
    ['go 1.22\ntoolchain default\n', [floor('1.22')]],
    ['go 1.21\ntoolchain go1.21rc1\n', [pin('1.21rc1'), floor('1.21')]],
    ['go 1.21.0\ntoolchain go1.21rc1\n', [floor('1.21.0')]],
    ['go 1.19\ntoolchain go1.18', [floor('1.19')]],
    ['go 1\n', []],
    ['require (\n\tgo 9.9\n)\ngo "1.20"\n', [floor('1.20')]],
    ['// go 1.2\nmodule go\n', []],
  ])('%j', (content, pins) => {
    for (const pinFile of [kit.goMod, kit.goWork]) expect(read(pinFile, content).pins).toMatchObject(pins);
  });

  it.each([
    ['go 1.22\ngo 1.23', /^2: .*twice/],
    ['toolchain ../../x', /^1: .*no toolchain/],
    ['toolchain go1.22.3-own', /^1: .*somebody's own/],
    ['go 1.22 1.23', /^1: .*one version/],
    ['module m\ngo latest', /^2: .*no version/],
  ])('%j is refused', (content, message) => {
    expect(refusal(() => read(kit.goMod, content))).toMatch(message);
  });
});

describe('Python projects', () => {
  it.each<[PinFile, string, readonly Partial<Pin>[]]>([
    [kit.pyproject, '', []],
    [kit.pyproject, '[project]\nrequires-python = ">=3.11"', [{ strength: 'floor', requests: ['>=3.11'], line: 2 }]],
    [
      kit.pyproject,
      '[tool.poetry.dependencies]\npython = "^3.11"',
      [{ strength: 'floor', requests: ['^3.11'], line: 2 }],
    ],
    [kit.pyproject, '[tool.poetry.dependencies]\npython = { version = "3.12" }', [{ requests: ['3.12'] }]],
    [kit.pyproject, '[tool.poetry.dependencies]\npython = "*"', []],
    [kit.pipfile, '[requires]\npython_version = "3.11"', [{ strength: 'pin', requests: ['3.11'], line: 2 }]],
    [
      kit.pipfile,
      '[requires]\npython_version = "3.11"\npython_full_version = "3.11.4"',
      [{ requests: ['3.11.4'], line: 3 }],
    ],
    [kit.pipfile, '[packages]\nx = "*"', []],
  ])('%#', (pinFile, content, pins) => {
    expect(read(pinFile, content).pins).toMatchObject(pins);
  });

  it('refuses what is no text', () => {
    expect(refusal(() => read(kit.pyproject, '[project]\nrequires-python = 3'))).toMatch(/^2: /);
    expect(refusal(() => read(kit.pipfile, 'requires = 3'))).toMatch(/^1: requires must be a table/);
  });
});

describe('Java projects', () => {
  const pom = (body: string): string =>
    `<?xml version="1.0"?>\n<!-- x -->\n<project xmlns="http://maven.apache.org/POM/4.0.0">\n${body}\n</project>\n`;

  it.each<[PinFile, string, readonly string[]]>([
    [
      kit.pomXml,
      pom(
        '<properties><java.version>17</java.version>\n<maven.compiler.release>21</maven.compiler.release></properties>',
      ),
      ['21'],
    ],
    [kit.pomXml, pom('<properties><java.version>1.8</java.version></properties>'), ['8']],
    [
      kit.pomXml,
      pom('<properties><a>17</a><maven.compiler.release>${a}</maven.compiler.release></properties>'),
      ['17'],
    ],
    [
      kit.pomXml,
      pom(
        '<properties><maven.compiler.release>${revision}</maven.compiler.release><java.version>11</java.version></properties>',
      ),
      ['11'],
    ],
    [
      kit.pomXml,
      pom(
        '<build><plugins><plugin><artifactId>maven-compiler-plugin</artifactId><configuration><release><![CDATA[21]]></release></configuration></plugin></plugins></build>',
      ),
      ['21'],
    ],
    [kit.pomXml, pom(''), []],
    [kit.gradleBuild, 'java { toolchain { languageVersion = JavaLanguageVersion.of(17) } }', ['17']],
    [kit.gradleBuildKotlin, 'kotlin {\n  jvmToolchain(21)\n}', ['21']],
    [kit.gradleBuildKotlin, 'java {\n toolchain.languageVersion.set(JavaLanguageVersion.of("11"))\n}', ['11']],
    [kit.gradleBuild, "sourceCompatibility = '1.8'", ['8']],
    [kit.gradleBuild, 'sourceCompatibility = JavaVersion.VERSION_17', ['17']],
    [kit.gradleBuild, '// jvmToolchain(8)\n/* jvmToolchain(9) */ def u = "http://x" \njvmToolchain(21)', ['21']],
    [kit.gradleBuild, 'languageVersion = JavaLanguageVersion.of(libs.versions.java.get())', []],
    [kit.sdkmanrc, '#java=8-tem\njava = 17.0.9-tem\njava=21-tem', ['17.0.9-tem']],
    [kit.sdkmanrc, 'gradle=8.5', []],
  ])('%#', (pinFile, content, texts) => {
    expect(requests(pinFile, content).flat()).toEqual(texts);
  });

  it('takes properties from parents beside it', () => {
    write(root, {
      'pom.xml': pom('<artifactId>top</artifactId><properties><java.version>21</java.version></properties>'),
      'm/pom.xml': pom('<parent>\n<artifactId>top</artifactId></parent>'),
      'n/pom.xml': pom('<parent><artifactId>other</artifactId></parent>'),
      'o/pom.xml': pom(
        '<artifactId>o</artifactId><parent><artifactId>o</artifactId><relativePath>pom.xml</relativePath></parent>',
      ),
      'q/pom.xml': pom('<properties><java.version>${b}</java.version><b>${java.version}</b></properties>'),
    });
    const readIn = (folder: string) =>
      kit.pomXml.read(openDocument({ path: join(root, folder, 'pom.xml'), boundary: () => root }) as Document).pins;
    expect(readIn('m')).toMatchObject([{ requests: ['21'], line: 4, strength: 'floor', atLeast: true }]);
    expect(readIn('n')).toEqual([]);
    expect(readIn('o')).toEqual([]);
    expect(readIn('q')).toEqual([]);
  });

  it.each([
    ['<!DOCTYPE x [<!ENTITY a "b">]><project/>', /^1: .*DOCTYPE/],
    ['<project>\n<a></b></project>', /^2: .*closes/],
    ['<project>\n<a>&evil;</a></project>', /^2: .*entity/],
    ['<project>\n<a>', /^2: .*not closed/],
    ['<project/><project/>', /^1: .*second/],
    ['plain', /^1: .*outside/],
    ['<other/>', /^1: .*<project>/],
    [`${'<a>'.repeat(300)}`, /^1: .*deep/],
    [pom('<properties><java.version>../../x</java.version></properties>'), /^4: .*no release/],
  ])('%j is refused', (content, message) => {
    expect(refusal(() => read(kit.pomXml, content))).toMatch(message);
  });
});

describe('files of other managers', () => {
  const asdf = toolVersions(['node', 'nodejs']);
  const mise = miseToml(['node', 'nodejs']);

  it.each<[PinFile, string, readonly string[]]>([
    [asdf, 'ruby 2.3.4\nnodejs 12.3.4 system # x\nnodejs 14', ['12.3.4', 'system']],
    [asdf, '  node:   20  ', ['20']],
    [asdf, 'nodejs-x 20\n#node 18', []],
    [mise, '[tools]\nnode = "22.12"', ['22.12']],
    [mise, '[tools]\n"core:node" = { version = "22" }', ['22']],
    [mise, '[tools]\nnode = { postinstall = "x" }', []],
    [mise, '[tools]\nnodejs = ["18", { prefix = "20" }, "ref:master"]', ['18', 'prefix:20', 'ref:master']],
    [mise, '[tools]\nnode = { path = "./x" }', ['path:./x']],
    [mise, '[env]\nA = "b"', []],
  ])('%#', (pinFile, content, texts) => {
    expect(requests(pinFile, content).flat()).toEqual(texts);
  });

  it.each<[PinFile, string, RegExp]>([
    [asdf, '\nnodejs', /^2: .*without a version/],
    [mise, '[tools]\nnode = 20', /^2: .*quotes/],
    [mise, '[tools]\nnode = [{ os = "linux" }]', /^2: .*without a version/],
    [mise, '[tools]\nnode = []', /^2: .*no version/],
    [mise, '[tools]\nnode = { version = "20", prefix = "22" }', /^2: .*version and prefix/],
    [mise, '[tools]\nnode = { version = 20 }', /^2: .*quotes/],
    [mise, '[tools]\nnode = true', /^2: .*quotes/],
    [mise, '[tools]\nnode = "20"\nnodejs = "22"', /^3: .*same tool/],
    [mise, 'tools = 3', /^1: .*table/],
    [mise, '[tools\n', /^1: /],
  ])('%# is refused', (pinFile, content, message) => {
    expect(refusal(() => read(pinFile, content))).toMatch(message);
  });
});

describe('packageManager', () => {
  const of = (content: string) => readPackageManager(open('package.json', content));

  it.each([
    ['{"packageManager": "pnpm@9.1.0"}', { name: 'pnpm', version: '9.1.0', field: 'packageManager', line: 1 }],
    [
      '{\n"packageManager": "yarn@2.0.0-rc.30+sha1.4f04"}',
      { name: 'yarn', version: '2.0.0-rc.30', checksum: 'sha1:4f04', line: 2 },
    ],
    [
      '{"devEngines": {"packageManager": {"name": "yarn", "version": "4.1.0+sha512.abcdef"}}}',
      { version: '4.1.0', checksum: 'sha512:abcdef', field: 'devEngines.packageManager' },
    ],
    ['{"packageManager": "bun@1.2.0"}', { name: 'bun', version: '1.2.0' }],
    ['{"volta": {"npm": "10.1.0"}, "packageManager": "npm@11.0.0"}', { name: 'npm', version: '11.0.0' }],
  ])('%s', (content, pin) => {
    expect(of(content).pins).toMatchObject([pin]);
  });

  it('says nothing where nothing is said', () => {
    expect(of('{}')).toEqual({ pins: [], warnings: [] });
    expect(of('{"volta": {"node": "20.0.0", "npm": "bundled"}}').pins).toEqual([]);
  });

  it.each([
    ['{"packageManager": "yarn"}', /without a version/],
    ['{"packageManager": "yarn@"}', /without a version/],
    ['{"packageManager": "yarn@stable"}', /whole version/],
    ['{"packageManager": "yarn@1.x"}', /whole version/],
    ['{"packageManager": "yarn@https://example.org/x.tgz"}', /URL/],
    ['{"packageManager": "evil@1.0.0"}', /only npm/],
    ['{"packageManager": 3}', /text/],
    ['{"packageManager": "yarn@1.0.0+md5.00"}', /hash/],
    ['{"packageManager": "../../x@1.0.0"}', /only npm/],
    ['{"devEngines": {"packageManager": {"name": "pnpm", "version": "10.x"}}}', /whole version/],
    ['{"packageManager": "yarn@1.0.0", "devEngines": {"packageManager": {"name": "pnpm"}}}', /is not the "pnpm"/],
    [
      '{"packageManager": "pnpm@9.0.0", "devEngines": {"packageManager": {"name": "pnpm", "version": "^10"}}}',
      /is not in/,
    ],
  ])('%s is refused', (content, message) => {
    expect(refusal(() => of(content))).toMatch(message);
  });

  it('takes a range of npm, which npm reads by itself, for no pin', () => {
    const pins = (content: string) => packageManagerPin('npm').read(open('package.json', content));
    const wanted = (version: string) => JSON.stringify({ devEngines: { packageManager: { name: 'npm', version } } });
    expect(pins(wanted('>=10'))).toEqual({ pins: [] });
    expect(pins('{"devEngines": {"packageManager": {"name": "npm"}}}')).toEqual({ pins: [] });
    expect(pins(wanted('10.8.2')).pins).toMatchObject([{ requests: ['10.8.2'], strength: 'pin' }]);
    expect(pins('{\n"packageManager": "npm@10"}')).toMatchObject({
      pins: [],
      warnings: [{ line: 2, text: expect.stringContaining('whole version') }],
    });
  });

  it('warns of what corepack warns of', () => {
    const list = of('{"packageManager": "yarn@1.22.4", "devEngines": {"packageManager": [{"name": "pnpm"}]}}');
    expect(list).toMatchObject({ pins: [{ version: '1.22.4' }], warnings: [{ text: /a list/ }] });
    const mild = of(
      '{"packageManager": "yarn@1.0.0", "devEngines": {"packageManager": {"name": "pnpm", "onFail": "warn"}}}',
    );
    expect(mild.warnings).toHaveLength(1);
    const quiet = of(
      '{"packageManager": "yarn@1.0.0", "devEngines": {"packageManager": {"name": "pnpm", "onFail": "ignore"}}}',
    );
    expect(quiet.warnings).toEqual([]);
  });
});

const FILES: readonly (readonly [string, string, (version: string) => string])[] = [
  ['node', '.nvmrc', (version) => version],
  ['node', '.node-version', (version) => version],
  ['node', 'package.json', (version) => JSON.stringify({ devEngines: { runtime: { name: 'node', version } } })],
  ['node', 'package.json', (version) => JSON.stringify({ volta: { node: version } })],
  ['node', 'package.json', (version) => JSON.stringify({ engines: { node: version } })],
  ['rust', 'rust-toolchain', (version) => version],
  ['rust', 'rust-toolchain.toml', (version) => `[toolchain]\nchannel = ${JSON.stringify(version)}`],
  ['rust', 'Cargo.toml', (version) => `[package]\nrust-version = ${JSON.stringify(version)}`],
  ['python', '.python-version', (version) => version],
  ['python', '.python-versions', (version) => version],
  ['python', 'pyproject.toml', (version) => `[project]\nrequires-python = ${JSON.stringify(version)}`],
  ['python', 'Pipfile', (version) => `[requires]\npython_version = ${JSON.stringify(version)}`],
  ['python', 'runtime.txt', (version) => `python-${version}`],
  ['python', 'runtime.txt', (version) => version],
  ['go', 'go.mod', (version) => `toolchain ${version}`],
  ['go', 'go.mod', (version) => `toolchain go1.22${version}`],
  ['go', 'go.work', (version) => `go ${version}`],
  ['go', '.go-version', (version) => version],
  ['java', '.java-version', (version) => version],
  ['java', '.sdkmanrc', (version) => `java=${version}`],
  [
    'java',
    'pom.xml',
    (version) =>
      `<project><properties><java.version>${version.replaceAll('&', '&amp;').replaceAll('<', '&lt;')}</java.version></properties></project>`,
  ],
  ['node', '.tool-versions', (version) => `nodejs ${version}`],
  ['go', '.tool-versions', (version) => `golang ${version}`],
  ['node', 'mise.toml', (version) => `[tools]\nnode = ${JSON.stringify(version)}`],
  ['python', 'mise.toml', (version) => `[tools]\npython = [${JSON.stringify(version)}]`],
  ['node', 'polyenv.toml', (version) => `[runtimes]\nnode = ${JSON.stringify(version)}`],
];

const HOSTILE = [
  '../../x',
  '/tmp/evil',
  '..',
  'a/b',
  '%2e%2e',
  '$(id)',
  '`id`',
  '1.0;id',
  '--version',
  '-rf',
  '1.0$(id)',
  '20\u001b]0;x\u0007',
  '2\u202e0',
  '1'.repeat(100_000),
  `1${'.1'.repeat(50_000)}`,
  '||'.repeat(50_000),
  '^'.repeat(100_000),
  "{{ exec(command='id') }}",
];

describe('hostile versions', () => {
  it.each(FILES)('%s in %s are errors that name file and line, fast', (tool, file, render) => {
    for (const version of HOSTILE) {
      write(root, { [file]: render(version) });
      const used = processorTime();
      const { errors, found } = detectHere();
      expect(used()).toBeLessThan(1000);
      expect(
        found.filter((pin) => pin.tool === tool && pin.chosen),
        version.slice(0, 20),
      ).toEqual([]);
      expect(
        errors.map((error) => error.file),
        version.slice(0, 20),
      ).toEqual([file]);
      expect(errors[0]?.line).toBeGreaterThan(0);
      expect(errors[0]?.message).not.toMatch(/[\u0000-\u001f\u202e]/);
      expect((errors[0]?.message.length ?? 0) < 600).toBe(true);
    }
  });

  it('refuses what is no text, and what is too large', () => {
    const names = [...new Set(FILES.map(([, file]) => file))];
    for (const file of names) {
      for (const bytes of [
        Buffer.from([0x32, 0x0a, 0x00]),
        Buffer.from([0x32, 0x0a, 0xff, 0xfe]),
        Buffer.alloc(DOCUMENT_LIMIT + 1, 0x20),
      ]) {
        write(root, { [file]: bytes });
        const { errors } = detectHere();
        expect(
          errors.map((error) => error.file),
          file,
        ).toEqual([file]);
        expect(errors[0]?.message).toMatch(/UTF-8|larger/);
        expect(errors[0]?.line).toBe(bytes.length > 10 ? 1 : 2);
      }
      rmSync(join(root, file));
    }
  });

  it('never crashes on any bytes, nor takes long', () => {
    const names = [...new Set(FILES.map(([, file]) => file))];
    const pieces = fc.constantFrom(
      '[',
      ']',
      '{',
      '}',
      '"',
      "'",
      '=',
      '#',
      '\n',
      '\r',
      '<',
      '>',
      '&',
      '/',
      '20',
      'go ',
      'toolchain',
      'node',
      '\\u',
      '<a>',
      '<!--',
      '-->',
      '(',
      ')',
      '.',
      ',',
      ':',
      '[tools]',
      '\t',
    );
    const content = fc.oneof(
      fc.uint8Array({ maxLength: 200 }),
      fc.array(pieces, { maxLength: 80 }).map((list) => Buffer.from(list.join(''))),
      fc
        .constantFrom(...FILES)
        .chain(([, , render]) => fc.string({ maxLength: 40 }).map((text) => Buffer.from(render(text)))),
    );
    fc.assert(
      fc.property(fc.constantFrom(...names), content, (file, bytes) => {
        write(root, { [file]: bytes });
        const used = processorTime();
        detectHere();
        expect(used()).toBeLessThan(1000);
        rmSync(join(root, file));
      }),
      { numRuns: 1500 },
    );
  });

  it.each([
    ['package.json', `{"a": ${'['.repeat(300_000)}`],
    ['package.json', `{"a": "${'x'.repeat(900_000)}`],
    ['package.json', `{"a": "${'x'.repeat(900_000)}"}`],
    ['pom.xml', `<project ${' '.repeat(900_000)}`],
    ['pom.xml', `<project>${'<!--'.repeat(200_000)}`],
    ['pom.xml', `<project>${'<a/>'.repeat(200_000)}</project>`],
    ['pom.xml', `<project>${'&amp;'.repeat(180_000)}</project>`],
    ['build.gradle', `languageVersion${' '.repeat(900_000)}`],
    ['build.gradle', `"${'\\'.repeat(900_000)}`],
    ['build.gradle', '/*'.repeat(400_000)],
    ['build.gradle', 'jvmToolchain('.repeat(70_000)],
    ['go.mod', 'go ('.repeat(200_000)],
    ['.tool-versions', 'nodejs '.repeat(140_000)],
    ['.nvmrc', '=\n'.repeat(400_000)],
    ['.sdkmanrc', `java${' '.repeat(900_000)}x`],
    ['.sdkmanrc', `${'java'.repeat(200_000)}`],
  ])('reads a mean %s within a second (%#)', (file, content) => {
    write(root, { [file]: content });
    const used = processorTime();
    detectHere();
    expect(used()).toBeLessThan(1000);
  });
});

function detectHere(folder = root): Detected {
  return detectIn(contextFor(root), { directory: folder, runtimes: RUNTIMES });
}

interface Expect {
  readonly kind: 'request' | 'requests' | 'none' | 'error' | 'error-or-unresolvable';
  readonly request?: string | null;
  readonly requests?: readonly string[];
  readonly vendor?: string | null;
  readonly components?: readonly string[];
  readonly targets?: readonly string[];
  readonly profile?: string;
  readonly checksum?: string;
  readonly warning?: boolean;
}

interface Case {
  readonly id: string;
  readonly tool: string;
  readonly file: string;
  readonly content: string;
  readonly cwd?: string;
  readonly other_files?: Readonly<Record<string, string>>;
  readonly expect: Expect;
  readonly alternatives?: readonly { readonly expect: Expect }[];
  readonly tier: 'must' | 'owner' | 'choice';
}

const shared = fileURLToPath(new URL('../../../shared/conformance/version-files.json', import.meta.url));

describe.skipIf(!existsSync(shared))('the shared cases of pin files (skipped where ../shared is absent)', () => {
  const cases = existsSync(shared) ? (JSON.parse(readFileSync(shared, 'utf8')) as readonly Case[]) : [];

  function outcome(one: Case): { readonly got: string; readonly misses: boolean } {
    const folder = one.cwd === undefined ? root : join(root, one.cwd);
    mkdirSync(folder, { recursive: true });
    write(folder, { [one.file]: one.content, ...one.other_files });
    const { found, errors, warnings } = detectHere(folder);
    const mine = found.filter((pin) => pin.tool === one.tool);
    const pin = mine.find((other) => other.chosen) ?? mine.find((other) => other.requests.length === 0);
    const answer = { pin, errors, warnings };
    const allowed = [one.expect, ...(one.alternatives ?? []).map((other) => other.expect)];
    return { got: JSON.stringify(answer), misses: !allowed.some((wanted) => fits(one, wanted, answer)) };
  }

  function fits(
    one: Case,
    wanted: Expect,
    {
      pin,
      errors,
      warnings,
    }: {
      readonly pin: Detected['found'][number] | undefined;
      readonly errors: Detected['errors'];
      readonly warnings: readonly string[];
    },
  ): boolean {
    const bare = (text: string) => text.replace(/^[vV](?=\d)/, '').replace(one.tool === 'go' ? /^go(?=\d)/ : /^$/, '');
    if (wanted.kind === 'error' || wanted.kind === 'error-or-unresolvable') {
      return (
        pin === undefined && errors.some((error) => error.file === one.file || error.file in (one.other_files ?? {}))
      );
    }
    if (errors.length > 0) return false;
    if (wanted.kind === 'none') return pin === undefined;
    if (pin === undefined) return false;
    const texts =
      wanted.kind === 'requests' ? (wanted.requests ?? []) : wanted.request === null ? [] : [wanted.request ?? ''];
    const given = wanted.kind === 'requests' ? pin.requests : pin.requests.slice(0, 1);
    const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b);
    return (
      same(given.map(bare), texts.map(bare)) &&
      (wanted.vendor === undefined || (pin.vendor ?? null) === wanted.vendor) &&
      (['components', 'targets', 'profile', 'checksum'] as const).every(
        (key) => wanted[key] === undefined || same(pin[key], wanted[key]),
      ) &&
      (wanted.warning !== true || warnings.length > 0)
    );
  }

  it.each(['must', 'owner', 'choice'] as const)('holds every %s', (tier) => {
    const ours = cases.filter((one) => one.tier === tier);
    const misses: string[] = [];
    for (const one of ours) {
      discard(root);
      mkdirSync(root);
      const { got, misses: missed } = outcome(one);
      if (missed)
        misses.push(`${one.id}: ${JSON.stringify(one.content)} wants ${JSON.stringify(one.expect)}, got ${got}`);
    }
    expect(ours.length).toBeGreaterThan(10);
    expect(misses).toEqual([]);
  });
});

it('explains each decision with its place and its rule', () => {
  write(root, { 'a/.nvmrc': '20', 'a/package.json': '{"engines": {"node": ">=18"}}', 'go.mod': 'module x\ngo 1.24\n' });
  const found = detectIn(contextFor(root, { env: { POLYENV_PYTHON: '3.12' }, defaults: { java: '21' } }), {
    directory: join(root, 'a'),
    runtimes: RUNTIMES,
  });
  expect(found.decisions).toEqual([
    {
      tool: 'node',
      request: '20',
      by: 'file',
      from: join(root, 'a/.nvmrc'),
      line: 1,
      rule: 'the nearest folder that pins',
      folder: join(root, 'a'),
      once: false,
    },
    expect.objectContaining({ tool: 'python', by: 'variable', from: 'POLYENV_PYTHON', once: true }),
    expect.objectContaining({
      tool: 'go',
      from: join(root, 'go.mod'),
      line: 2,
      rule: 'a floor, and nothing pins',
      request: '>=1.24',
    }),
    expect.objectContaining({ tool: 'java', by: 'setting', from: 'defaults.java' }),
  ]);
});

it('names every file relative to the folder asked for', () => {
  write(root, { 'a/.nvmrc': '20', 'polyenv.toml': '[runtimes]\ngo = "1.24"' });
  const { found } = detectHere(join(root, 'a'));
  expect(found.map((pin) => [pin.tool, pin.file])).toEqual(
    expect.arrayContaining([
      ['node', '.nvmrc'],
      ['go', '../polyenv.toml'],
    ]),
  );
});
