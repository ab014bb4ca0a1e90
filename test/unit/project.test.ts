import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadRuntimes } from '../../src/app/base/registry';
import { detectIn } from '../../src/app/project/detect';
import { findProjectOf, type Project } from '../../src/app/project/project';
import type { RuntimeRequest } from '../../src/app/project/requests';
import type { Origin } from '../../src/domain/words/sourced';
import { discard } from '../support/discard';
import { contextFor, RUNTIMES, write } from '../support/pin-project';

let home = '';

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'polyenv-project-'));
});

afterEach(() => discard(home));

interface Setting {
  readonly env?: Readonly<Record<string, string>>;
  readonly defaults?: Readonly<Record<string, string>>;
  readonly requests?: readonly RuntimeRequest[];
}

function find(folder: string, { requests = [], ...more }: Setting = {}): Project {
  const path = join(home, folder);
  mkdirSync(path, { recursive: true });
  return findProjectOf(contextFor(home, more), { folder: path, requests, runtimes: RUNTIMES });
}

function nameOf(origin: Origin): string {
  if (origin.kind === 'file') return `${origin.file.slice(home.length + 1)}:${origin.line}`;
  return origin.kind === 'variable' || origin.kind === 'setting' ? origin.name : origin.kind;
}

/** `tool request by origin`, for each decision. */
function decided(project: Project): readonly string[] {
  return project.decisions.map(({ tool, request, from }) => `${tool} ${request.text} by ${nameOf(from)}`);
}

function below(paths: readonly string[]): readonly string[] {
  return paths.map((path) => path.slice(home.length + 1)).sort();
}

describe('the walk', () => {
  it('decides each runtime by the nearest folder that pins it', () => {
    write(home, {
      'p/polyenv.toml': '[runtimes]\nnode = "20"\nrust = { version = "1.88", components = ["clippy"] }\n',
      'p/a/.nvmrc': '18\n',
      'p/a/b/x': '',
    });
    const project = find('p/a/b');
    expect(decided(project)).toEqual(['node 18 by p/a/.nvmrc:1', 'rust 1.88 by p/polyenv.toml:3']);
    expect(project.decisions[1]?.request.options).toEqual({ components: ['clippy'] });
    expect(project.decisions.map(({ folder }) => folder)).toEqual([join(home, 'p/a'), join(home, 'p')]);
    expect(project.directory).toBe(join(home, 'p/a'));
    expect(project.manifest?.path).toBe(join(home, 'p/polyenv.toml'));
    expect(project.errors).toEqual([]);
  });

  it('keeps the order of one folder', () => {
    const files = {
      'mise.toml': '[tools]\nnode = "14"',
      '.tool-versions': 'nodejs 15',
      'package.json': '{"volta": {"node": "16.0.0"}}',
      '.node-version': '17',
      '.nvmrc': '18',
      'polyenv.toml': '[runtimes]\nnode = "19"',
      'polyenv.local.toml': '[runtimes]\nnodejs = "20"',
    };
    const seen = Object.entries(files).map(([file, content]) => {
      write(home, { [`p/${file}`]: content });
      return nameOf(find('p').decisions[0]?.from as Origin);
    });
    expect(seen).toEqual(Object.keys(files).map((file) => expect.stringContaining(`p/${file}:`)));
    const project = find('p');
    expect(project.disagreements).toHaveLength(6);
    expect(project.disagreements[0]).toContain('p/polyenv.toml:2 asks for node 19, and');
    expect(project.decisions[0]?.alternatives).toHaveLength(6);
    expect(project.manifests.map(({ path }) => path)).toEqual([
      join(home, 'p/polyenv.local.toml'),
      join(home, 'p/polyenv.toml'),
    ]);
  });

  it("stops at root = true, at the person's home, which it still reads, and at the root", () => {
    write(home, {
      '.nvmrc': '16',
      '.go-version': '1.20',
      'p/polyenv.toml': 'root = true\n[runtimes]\nnode = "20"\n',
      'p/a/x': '',
      'q/x': '',
    });
    expect(decided(find('p/a'))).toEqual(['node 20 by p/polyenv.toml:3']);
    expect(decided(find('q'))).toEqual(['node 16 by .nvmrc:1', 'go 1.20 by .go-version:1']);
    write(home, { 'inner/q/x': '' });
    const inner = findProjectOf(contextFor(join(home, 'inner')), { folder: join(home, 'inner/q'), runtimes: RUNTIMES });
    expect(inner.decisions).toEqual([]);
    expect(inner.directory).toBe(join(home, 'inner/q'));
    const outside = findProjectOf(contextFor('/nowhere'), { folder: '/', runtimes: RUNTIMES });
    expect(outside.directory).toBe('/');
  });

  it('lets a floor decide only where nothing pins, however far', () => {
    write(home, {
      'p/.nvmrc': '18',
      'p/a/package.json': '{"engines": {"node": ">=20"}}',
      'q/package.json': '{"engines": {"node": ">=20"}}',
    });
    expect(decided(find('p/a'))).toEqual(['node 18 by p/.nvmrc:1']);
    expect(find('p/a').floors).toMatchObject([
      { tool: 'node', file: join(home, 'p/a/package.json'), request: { text: '>=20' } },
    ]);
    expect(decided(find('q'))).toEqual(['node >=20 by q/package.json:1']);
  });

  it('does not reach into a Python project that contradicts it', () => {
    write(home, { '.python-version': '3.10', 'p/pyproject.toml': '[project]\nrequires-python = ">=3.11"' });
    expect(decided(find('p'))).toEqual(['python >=3.11 by p/pyproject.toml:2']);
    write(home, { 'pyproject.toml': '[tool.uv.workspace]\nmembers = ["p"]' });
    mkdirSync(join(home, '.git'));
    expect(decided(find('p'))).toEqual(['python 3.10 by .python-version:1']);
  });

  it('walks the path as it was given, through a link too', () => {
    write(home, { 'real/.nvmrc': '20', 'real/sub/x': '' });
    symlinkSync(join(home, 'real'), join(home, 'link'));
    expect(find('link/sub').directory).toBe(join(home, 'link'));
    expect(decided(find('link/sub'))).toEqual(['node 20 by link/.nvmrc:1']);
  });
});

describe('dependency folders', () => {
  it.each([
    'node_modules/x',
    '.venv/lib/python3/site-packages/y',
    'lib/site-packages/z',
    'node_modules/a/node_modules/b',
  ])('never decide: %s', (folder) => {
    write(home, { 'p/.nvmrc': '20', [`p/${folder}/.nvmrc`]: '10', [`p/${folder}/rust-toolchain`]: 'nightly' });
    expect(decided(find(`p/${folder}`))).toEqual(['node 20 by p/.nvmrc:1']);
  });

  it.each<[string, Readonly<Record<string, string>>]>([
    ['.cargo/registry/src/crate', {}],
    ['cargo/registry/src/crate', { CARGO_HOME: 'cargo' }],
    ['go/pkg/mod/m@v1', {}],
    ['gopath/pkg/mod/m@v1', { GOPATH: 'gopath' }],
    ['modcache/m@v1', { GOMODCACHE: 'modcache' }],
    ['.local/share/polyenv/store/x', {}],
  ])('never decide: %s', (folder, variables) => {
    write(home, { [`${folder}/rust-toolchain`]: 'nightly', 'started/rust-toolchain': '1.88' });
    const env = Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, join(home, value)]));
    expect(find(folder, { env }).decisions).toEqual([]);
    const started = find(folder, { env: { ...env, POLYENV_ENV: join(home, 'started') } });
    expect(decided(started)).toEqual(['rust 1.88 by started/rust-toolchain:1']);
    expect(started.decisions[0]?.once).toBe(true);
  });

  it('are decided by who started us before the project above', () => {
    write(home, { 'p/.nvmrc': '20', 'p/.go-version': '1.22', 'p/node_modules/x/y': '', 'q/.nvmrc': '22' });
    const env = { POLYENV_ENV: join(home, 'q') };
    expect(decided(find('p/node_modules/x', { env }))).toEqual(['node 22 by q/.nvmrc:1', 'go 1.22 by p/.go-version:1']);
    expect(decided(find('p', { env }))).toEqual(['node 20 by p/.nvmrc:1', 'go 1.22 by p/.go-version:1']);
  });
});

describe('before and after the walk', () => {
  it('puts requests before variables before files, for this once', () => {
    write(home, { 'p/.nvmrc': '20', 'p/.go-version': '1.22' });
    const env = { POLYENV_NODE: '18', POLYENV_GO: '' };
    const variable = find('p', { env });
    expect(decided(variable)).toEqual(['node 18 by POLYENV_NODE', 'go 1.22 by p/.go-version:1']);
    expect(variable.decisions.map(({ once }) => once)).toEqual([true, undefined]);
    const [runtime] = RUNTIMES as readonly [RuntimeRequest['runtime']];
    const request = { tool: 'node', text: '16', version: { kind: 'prefix', numbers: [16] }, options: {} } as const;
    expect(decided(find('p', { env, requests: [{ runtime, request }] }))[0]).toBe('node 16 by argument');
  });

  it("puts who started us, then the person's default, behind the files", () => {
    write(home, { 'p/.nvmrc': '20', 'q/.go-version': '1.22', 'q/.nvmrc': '22', 'q/polyenv.toml': '' });
    const more = { env: { POLYENV_ENV: join(home, 'q') }, defaults: { go: '1.20', java: '21', node: '10' } };
    const project = find('p', more);
    expect(decided(project)).toEqual([
      'node 20 by p/.nvmrc:1',
      'go 1.22 by q/.go-version:1',
      'java 21 by defaults.java',
    ]);
    expect(project.decisions.map(({ once }) => once)).toEqual([undefined, true, undefined]);
    const compiled = { ...more, env: { POLYENV_ENV: join(home, '.local/share/polyenv/envs', home, 'q/.polyenv') } };
    expect(decided(find('p', compiled))[1]).toBe('go 1.22 by q/.go-version:1');
  });

  it('does not take a default where a file is broken', () => {
    write(home, { 'p/.nvmrc': '20\n22' });
    const project = find('p', { defaults: { node: '18' } });
    expect(project.decisions).toEqual([]);
    expect(project.errors).toMatchObject([{ tool: 'node', where: { file: join(home, 'p/.nvmrc'), line: 2 } }]);
  });

  it('names the variable or setting that is wrong', () => {
    const project = find('p', { env: { POLYENV_NODE: '$(id)' }, defaults: { go: '../x' } });
    expect(project.errors.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^POLYENV_NODE: /),
      expect.stringMatching(/^setting defaults.go: /),
    ]);
  });
});

describe('what cannot be honoured', () => {
  it('is an error for its runtime, and the others go on', () => {
    write(home, { 'p/.nvmrc': 'not a version!', 'p/.node-version': '20', 'p/.go-version': '1.22' });
    const project = find('p');
    expect(decided(project)).toEqual(['go 1.22 by p/.go-version:1']);
    expect(project.errors).toMatchObject([
      { code: 'pin-file-invalid', tool: 'node', where: { file: join(home, 'p/.nvmrc'), line: 1 } },
    ]);
  });

  it('of a manifest is one error for all that it would have decided', () => {
    write(home, {
      'p/polyenv.toml': '[runtimes]\nnode = 20\n',
      'p/polyenv.local.toml': '[runtimes]\ngo = "1.22"',
      '.nvmrc': '18',
    });
    const project = find('p');
    expect(decided(project)).toEqual(['go 1.22 by p/polyenv.local.toml:2']);
    expect(project.errors).toHaveLength(1);
    expect(project.errors[0]).toMatchObject({
      code: 'manifest-invalid',
      where: { file: join(home, 'p/polyenv.toml'), line: 2 },
    });
    expect(project.errors[0]?.tool).toBeUndefined();
  });

  it('of a manifest names the line of a request, too', () => {
    write(home, { 'p/polyenv.toml': '[runtimes]\nnode = "20"\njava = "nobody-21"\n' });
    const project = find('p');
    expect(decided(project)).toEqual(['node 20 by p/polyenv.toml:2']);
    expect(project.errors).toMatchObject([{ code: 'manifest-invalid', tool: 'java', where: { line: 3 } }]);
  });

  it('is a folder, a pipe or a link to nothing of that name: never read as nothing', () => {
    mkdirSync(join(home, 'p/.nvmrc'), { recursive: true });
    write(home, { 'p/.node-version': '20' });
    symlinkSync('gone', join(home, 'p/.python-version'));
    execFileSync('mkfifo', [join(home, 'p/.go-version')]);
    const project = find('p');
    expect(decided(project)).toEqual([]);
    expect(project.errors.map(({ tool, message, where }) => [tool, message, where?.line])).toEqual([
      ['node', '.nvmrc is a folder', 1],
      ['python', '.python-version is a link to nothing', 1],
      ['go', '.go-version is no regular file', 1],
    ]);
    mkdirSync(join(home, 'q/polyenv.toml'), { recursive: true });
    expect(find('q').errors).toMatchObject([{ code: 'manifest-invalid', where: { line: 1 } }]);
  });

  it('is no checkout called rust-toolchain: that is left alone, and named', () => {
    write(home, { 'p/rust-toolchain/README.md': '', 'p/rust-toolchain.toml': '[toolchain]\nchannel = "1.80"' });
    const project = find('p');
    expect(decided(project)).toEqual(['rust 1.80 by p/rust-toolchain.toml:2']);
    expect(project.warnings).toEqual([
      `${join(home, 'p/rust-toolchain')}: it is a folder, and no version is read from it`,
    ]);
    expect(below([...project.inputs, ...project.absences])).not.toContain('p/rust-toolchain');
  });

  it.skipIf(process.getuid?.() === 0)('is a file that we may not read', () => {
    write(home, { 'p/.nvmrc': '20' });
    chmodSync(join(home, 'p/.nvmrc'), 0);
    expect(find('p').errors).toMatchObject([{ tool: 'node', message: 'the file cannot be read' }]);
  });
});

describe('what a route depends on', () => {
  it('is every file up to the one that decides, present or absent, and none behind it', () => {
    write(home, { 'p/.node-version': '20', 'p/package.json': '{}', 'p/a/package.json': '{}' });
    const node = RUNTIMES.filter(({ id }) => id === 'node');
    const project = findProjectOf(contextFor(home), { folder: join(home, 'p/a'), runtimes: node });
    expect(below(project.inputs)).toEqual(['p/.node-version', 'p/a/package.json']);
    expect(below(project.absences)).toEqual(
      [
        ...['.node-version', '.nvmrc', '.tool-versions', 'polyenv.local.toml', 'polyenv.toml'],
        // Of a folder of mise's that is not there, the folder.
        ...['.config', '.mise', '.mise.local.toml', '.mise.toml', 'mise', 'mise.local.toml', 'mise.toml'],
      ]
        .map((name) => `p/a/${name}`)
        .concat(['p/.nvmrc', 'p/polyenv.local.toml', 'p/polyenv.toml'])
        .sort(),
    );
  });

  it('is the whole walk for a runtime whose files say nothing', () => {
    write(home, { 'p/package.json': '{}' });
    const project = find('p');
    expect(below(project.inputs)).toEqual(['p/package.json']);
    expect(below(project.absences)).toContain('.nvmrc');
    expect(below(project.absences)).not.toContain('.go-version');
  });

  it('ends at a file that cannot be honoured', () => {
    write(home, { 'p/.nvmrc': '?', '.nvmrc': '20' });
    const project = find('p');
    expect(below(project.inputs)).toEqual(['p/.nvmrc']);
    expect(below(project.absences)).toEqual(['p/polyenv.local.toml', 'p/polyenv.toml']);
  });

  it('has nothing outside of the repository that a file could only have referred to', () => {
    write(home, { 'r/p/pyproject.toml': '[project]\nrequires-python = ">=3.11"' });
    mkdirSync(join(home, 'r/.git'));
    const { absences } = find('r/p');
    expect(absences).toContain(join(home, 'r/pyproject.toml'));
    expect(absences.filter((path) => !path.startsWith(`${home}/`))).toEqual([]);
  });

  it('has what a file refers to', () => {
    write(home, {
      'p/package.json': '{"volta": {"extends": "./v.json"}}',
      'p/v.json': '{"volta": {"node": "20.0.0"}}',
      'q/rust-toolchain': 'stable',
    });
    expect(below(find('p').inputs)).toEqual(['p/package.json', 'p/v.json']);
    expect(below(find('q').absences)).toContain('q/rust-toolchain.toml');
  });
});

describe('detect', () => {
  function detect(folder: string) {
    return detectIn(contextFor(home), { directory: join(home, folder), runtimes: RUNTIMES });
  }

  it('names the servers that a manifest declares, and those that other files show', async () => {
    const runtimes = await loadRuntimes();
    const servicesIn = (folder: string) =>
      detectIn(contextFor(home), { directory: join(home, folder), runtimes }).services.map(
        ({ name, kind, version = '', databases, file, line, declared }) => [
          `${name}=${kind}@${version}`,
          databases.join(','),
          `${file}:${line}`,
          declared,
        ],
      );
    write(home, {
      'compose/polyenv.toml': '[services]\ncache = "valkey@9"\n',
      'compose/compose.yaml':
        'services:\n  store:\n    image: postgres:16.4\n    environment:\n      POSTGRES_DB: shop\n  mail:\n    image: axllent/mailpit\n',
      'django/shop/settings.py': 'DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql"}}\n',
      'spring/src/main/resources/application.yaml': 'spring:\n  datasource:\n    url: jdbc:mariadb://localhost/app\n',
      'node/.env.example': '# a cache\nREDIS_URL=redis://localhost\n',
      'none/README.md': 'postgres://nobody\n',
    });
    expect(servicesIn('compose')).toEqual([
      ['cache=valkey@9', '', 'polyenv.toml:2', true],
      ['store=postgres@16.4', 'shop', 'compose.yaml:3', false],
      ['mail=mailpit@', '', 'compose.yaml:7', false],
    ]);
    expect(servicesIn('django')).toEqual([['db=postgres@', '', 'shop/settings.py:1', false]]);
    // Sources in Java lie deeper than a look goes.
    expect(servicesIn('spring/src')).toEqual([['db=mariadb@', '', 'main/resources/application.yaml:3', false]]);
    expect(servicesIn('node')).toEqual([['valkey=valkey@', '', '.env.example:2', false]]);
    expect(servicesIn('none')).toEqual([]);
  });

  it('lists every pin of the deciding folder with why it is chosen or not', () => {
    write(home, {
      'p/polyenv.toml': '[runtimes]\njava = "temurin-21.0.2+13"\n',
      'p/.java-version': '17',
      'p/.sdkmanrc': 'java=8.0.432-tem',
      'p/rust-toolchain.toml': '[toolchain]\ncomponents = ["clippy"]\nprofile = "minimal"',
      'p/package.json': '{"packageManager": "pnpm@9.1.0+sha256.ab", "engines": {"node": "20"}}',
    });
    const { schema, directory, found, errors } = detect('p');
    expect([schema, directory, errors]).toEqual([1, join(home, 'p'), []]);
    expect(found).toEqual([
      { tool: 'node', file: 'package.json', line: 1, requests: ['20'], chosen: true, why: 'a floor, and nothing pins' },
      {
        tool: 'rust',
        file: 'rust-toolchain.toml',
        line: 1,
        requests: [],
        components: ['clippy'],
        profile: 'minimal',
        chosen: false,
        why: expect.any(String),
      },
      {
        tool: 'java',
        file: 'polyenv.toml',
        line: 2,
        requests: ['21.0.2+13'],
        vendor: 'temurin',
        chosen: true,
        why: expect.any(String),
      },
      {
        tool: 'java',
        file: '.java-version',
        line: 1,
        requests: ['17'],
        chosen: false,
        why: 'polyenv.toml comes before it',
      },
      {
        tool: 'java',
        file: '.sdkmanrc',
        line: 1,
        requests: ['8.0.432'],
        vendor: 'temurin',
        chosen: false,
        why: 'polyenv.toml comes before it',
      },
      {
        tool: 'pnpm',
        file: 'package.json',
        line: 1,
        requests: ['9.1.0'],
        checksum: 'sha256:ab',
        chosen: true,
        why: expect.any(String),
      },
    ]);
  });

  it('tells of a package.json that is no JSON once', () => {
    write(home, { 'p/package.json': '{\n,}' });
    expect(detect('p').errors).toEqual([{ file: 'package.json', line: 2, message: expect.stringMatching(/not JSON/) }]);
  });

  it('tells what disagrees, and what owners warn of', () => {
    write(home, {
      'p/.nvmrc': '18',
      'p/.node-version': '20\n22',
      'p/rust-toolchain': 'stable',
      'p/rust-toolchain.toml': '[toolchain]',
    });
    const { warnings, errors } = detect('p');
    expect(errors).toEqual([]);
    expect(warnings.join('\n')).toMatch(/asks for node 20[\s\S]*"22" is not read[\s\S]*rust-toolchain wins/);
  });
});
