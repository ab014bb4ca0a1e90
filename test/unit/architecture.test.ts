import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');

interface Import {
  readonly file: string;
  readonly line: number;
  readonly target: string;
  readonly lazy: boolean;
}

function sourceFiles(folder: string): readonly string[] {
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)));
}

function importsOf(file: string): readonly Import[] {
  return readFileSync(join(root, file), 'utf8')
    .split('\n')
    .flatMap((text, index) =>
      [...text.matchAll(/(?:\bfrom\s+|\bimport\s*\(\s*|^import\s+)['"]([^'"]+)['"]/g)].map((match) => ({
        file,
        line: index + 1,
        target: match[1] ?? '',
        lazy: match[0].includes('('),
      })),
    );
}

/** The floor of a module: `domain`, `adapters`, `app`, `cli`, `runtimes`, or the name of a file on the top one. */
function floorOf(path: string): string {
  const parts = path.split('/');
  return parts[0] === 'src'
    ? parts.length > 2
      ? (parts[1] ?? '')
      : (parts[1] ?? '').replace(/\.ts$/, '')
    : (parts[0] ?? '');
}

function floorOfImport({ file, target }: Import): string {
  return target.startsWith('.') ? floorOf(relative(root, resolve(root, dirname(file), target))) : target;
}

const BELOW: Readonly<Record<string, readonly string[]>> = {
  domain: ['domain'],
  adapters: ['adapters', 'domain', 'host', 'shim'],
  app: ['app', 'adapters', 'domain', 'host', 'polyenv:runtimes'],
  gateway: ['gateway', 'app', 'adapters', 'domain', 'host'],
  cli: ['cli', 'app', 'adapters', 'domain', 'host', 'verb'],
  runtimes: ['kit', 'polyenv:vendors'],
  kit: ['domain'],
  host: [],
  'code-cache': [],
  verb: [],
  run: ['host', 'cli', 'adapters'],
  bin: ['host', 'run', 'code-cache', 'verb', 'domain'],
};

/** The rooms of a floor in their order: each may use those before it. `docs/internals/map.md` says what each is for. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  domain: [
    'words',
    'formats',
    'versions',
    'runtime',
    'gateway',
    'pins',
    'project',
    'services',
    'toolchain',
    'team',
    'routes',
    'making',
  ],
  adapters: [
    'files',
    'children',
    'net',
    'registry',
    'archives',
    'home',
    'documents',
    'system',
    'tls',
    'services',
    'gateway',
    'upstream',
    'store',
    'routes',
  ],
  app: ['base', 'project', 'gateway', 'toolchains', 'routes', 'services', 'checks', 'changes', 'team', 'making'],
};

function runsBack(one: Import): boolean {
  if (!one.target.startsWith('.')) return false;
  const [, floor, room] = one.file.split('/');
  const [, toFloor, toRoom] = relative(root, resolve(root, dirname(one.file), one.target)).split('/');
  const rooms = floor === toFloor ? ROOMS[floor ?? ''] : undefined;
  return rooms !== undefined && rooms.indexOf(toRoom ?? '') > rooms.indexOf(room ?? '');
}

/** The first circle through each file that lies on one, as the path that leads back to it. */
function circlesIn(targets: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const done = new Set<string>();
  const circles: string[] = [];
  const visit = (file: string, path: readonly string[]): void => {
    if (path.includes(file)) circles.push([...path.slice(path.indexOf(file)), file].join(' -> '));
    if (path.includes(file) || done.has(file)) return;
    for (const target of targets.get(file) ?? []) visit(target, [...path, file]);
    done.add(file);
  };
  for (const file of targets.keys()) visit(file, []);
  return circles;
}

/** Pure computation, not the world. */
const PURE = ['node:crypto', 'node:path'];

function isAllowed(one: Import): boolean {
  const floor = floorOf(one.file);
  const target = floorOfImport(one);
  if (one.target.startsWith('.') || one.target.startsWith('polyenv:')) return BELOW[floor]?.includes(target) ?? false;
  const builtin = one.target.startsWith('node:');
  switch (floor) {
    case 'domain':
      return one.target === 'semver' || one.target.startsWith('semver/') || PURE.includes(one.target);
    case 'runtimes':
    case 'kit':
      return false;
    case 'app':
      return builtin;
    case 'cli':
      return builtin || one.target === 'commander';
    case 'adapters':
      return true;
    default:
      return builtin;
  }
}

function isTypeOnly({ file, line }: Import): boolean {
  return /import type/.test(readFileSync(join(root, file), 'utf8').split('\n')[line - 1] ?? '');
}

const BY_EXECA: Readonly<Record<string, string>> = {
  'src/adapters/children/capture.ts': 'execa',
  'src/adapters/services/pipes.ts': 'execa',
};

/** Why these do without execa, which takes 15 ms to load: docs/decisions/children.md. */
const BY_NODE: Readonly<Record<string, string>> = Object.fromEntries(
  [
    // On the way of each `exec`, `run` and `shell`.
    'src/adapters/system/spawn.ts',
    'src/adapters/system/supervise.ts',
    // On the way of each `up` and `ps`.
    'src/adapters/services/launch.ts',
    'src/adapters/gateway/gateway-process.ts',
    // On the way of each install.
    'src/adapters/files/sync-tree.ts',
    'src/adapters/archives/xz.ts',
    // It outlives the process that starts it.
    'src/gateway/dashboard/jobs.ts',
  ].map((file) => [file, 'node:child_process']),
);

const files = [...sourceFiles('src'), ...sourceFiles('runtimes')].filter((file) => !file.endsWith('.d.ts'));
const imports = files.flatMap(importsOf);

describe('the floors', () => {
  it('finds the imports at all', () => {
    expect(imports.length).toBeGreaterThan(100);
  });

  it('imports only downwards', () => {
    const offending = imports
      .filter((one) => !isAllowed(one))
      .map(({ file, line, target }) => `${file}:${line} imports ${target}`);
    expect(offending).toEqual([]);
  });

  it('has rooms, and between them no arrow runs back', () => {
    const unknown = files.filter((file) => {
      const [, floor, room] = file.split('/');
      return floor !== undefined && ROOMS[floor] !== undefined && !ROOMS[floor].includes(room ?? '');
    });
    expect(unknown).toEqual([]);
    const offending = imports
      .filter((one) => runsBack(one))
      .map(({ file, line, target }) => `${file}:${line} ${target}`);
    expect(offending).toEqual([]);
  });

  it('has no circle of files', () => {
    const targets = new Map(files.map((file) => [file, [] as string[]]));
    for (const { file, target } of imports) {
      if (!target.startsWith('.')) continue;
      const path = relative(root, resolve(root, dirname(file), target));
      const found = [`${path}.ts`, `${path}/index.ts`].find((one) => targets.has(one));
      if (found !== undefined) targets.get(file)?.push(found);
    }
    expect(circlesIn(targets)).toEqual([]);
  });

  it('says of each room in one line what it is for', () => {
    const map = readFileSync(join(root, 'docs/internals/map.md'), 'utf8');
    const missing = Object.entries(ROOMS).flatMap(([floor, rooms]) =>
      rooms.filter((room) => !map.includes(`| \`${floor}/${room}\` |`)).map((room) => `${floor}/${room}`),
    );
    expect(missing).toEqual([]);
  });

  it('reaches the runtimes through the registry alone', () => {
    const reaching = imports.filter((one) => /runtimes(\/|$)/.test(one.target) && one.target !== '../domain/runtimes');
    expect([...new Set(reaching.filter((one) => one.target === 'polyenv:runtimes').map((one) => one.file))]).toEqual([
      'src/app/base/registry.ts',
    ]);
  });

  it('touches process in bin.ts alone', () => {
    const offending = files
      .filter((file) => file !== 'src/bin.ts')
      .flatMap((file) =>
        readFileSync(join(root, file), 'utf8')
          .split('\n')
          .flatMap((text, index) =>
            /(?<![\w.'"`-])process\.[a-z]/.test(text.replace(/\/\/.*|\*.*$/, ''))
              ? [`${file}:${index + 1} ${text.trim()}`]
              : [],
          ),
      );
    expect(offending).toEqual([]);
  });

  it('starts other programs through execa, but for these files', () => {
    const libraries = ['node:child_process', 'execa'];
    const starting = imports.filter((one) => libraries.includes(one.target) && !isTypeOnly(one));
    const found = new Map(starting.map(({ file, target }) => [file, target]));
    expect(Object.fromEntries(found)).toEqual({ ...BY_EXECA, ...BY_NODE });
  });

  it('loads heavy libraries only behind the call that needs them', () => {
    const heavy = ['undici', 'openpgp', 'execa', 'conf', 'toml-eslint-parser'];
    const offending = imports
      .filter((one) => heavy.includes(one.target) && !one.lazy)
      .filter((one) => !isTypeOnly(one))
      .map(({ file, line, target }) => `${file}:${line} ${target}`);
    expect(offending).toEqual([]);
  });

  it('names no runtime outside its own file, but for the Node that polyenv itself runs on', () => {
    const ids = sourceFiles('runtimes').map((file) => file.replace(/^runtimes\/|\.ts$|\/.*/g, ''));
    const pattern = new RegExp(`(?:case|===|!==|==)\\s*['"](?:${ids.join('|')})['"]`);
    // The registry has the name of its program.
    const registry = /\b(?:registry|fetch\.kind) === 'npm'/g;
    // What a format of a file calls its own keys is that format's word, not a runtime's name.
    const sources = sourceFiles('src').filter((file) => !file.startsWith('src/domain/pins/files/'));
    const offending = sources.flatMap((file) =>
      readFileSync(join(root, file), 'utf8')
        .split('\n')
        .flatMap((text, index) =>
          pattern.test(text.replaceAll(registry, '')) ? [`${file}:${index + 1} ${text.trim()}`] : [],
        ),
    );
    expect(ids.length).toBeGreaterThan(0);
    expect(offending).toEqual([]);
  });

  it('has no default exports and no drawers', () => {
    const names = files.filter((file) => /(^|\/)(utils?|helpers?|misc|common|managers?)\.ts$/.test(file));
    expect(names).toEqual([]);
    const exporting = files.filter((file) => /^export default /m.test(readFileSync(join(root, file), 'utf8')));
    expect(exporting).toEqual([]);
  });
});

describe('what must not stand in the project', () => {
  it('names no package registry by its host', () => {
    // Spelt in pieces, or this file would be the first to offend.
    const hosts = [
      ['registry', 'npmjs'],
      ['proxy', 'golang'],
      ['repo1', 'maven'],
      ['repo', 'maven', 'apache'],
      ['pypi', 'org'],
      ['static', 'crates', 'io'],
      ['deb', 'debian'],
    ].map((parts) => parts.join('.'));
    const everywhere = ['src', 'runtimes', 'scripts', 'docs', 'test', 'templates'].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile())
        .map((entry) => join(entry.parentPath, entry.name)),
    );
    const offending = everywhere
      .filter((file) => !file.includes('node_modules'))
      // The words of Node's own licence, which are not ours to change.
      .filter((file) => !file.endsWith('scripts/release/LICENSE.node'))
      .filter((file) => hosts.some((host) => readFileSync(file, 'utf8').includes(host)))
      .map((file) => relative(root, file));
    expect(offending).toEqual([]);
  });
});
