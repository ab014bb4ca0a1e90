import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Place, Tree } from '../../src/domain/runtime/layout';
import { PLATFORMS, type PlatformKey } from '../../src/domain/runtime/platform';
import type { Claim, Runtime, Source } from '../../src/domain/runtime/runtime';
import type { ToolRequest } from '../../src/domain/versions/request';
import { selectRelease } from '../../src/domain/versions/select';
import { parseToolRequest } from '../../src/domain/versions/tool-request';
import type { Version } from '../../src/domain/versions/version';
import { isVariableName } from '../../src/domain/words/env-op';
import { fakeUpstream } from '../support/fake-upstream';
import type { Ask, Published } from '../support/published';

const root = fileURLToPath(new URL('../..', import.meta.url));
const ids = readdirSync(join(root, 'runtimes'))
  .filter((file) => file.endsWith('.ts'))
  .map((file) => file.slice(0, -3));

test('there are runtimes to be tested', () => {
  expect(ids).toEqual(expect.arrayContaining(['go', 'java', 'node', 'python', 'rust']));
});

const PLACE: Omit<Place, 'isolation'> = {
  toolchain: '/polyenv/store/x',
  home: '/polyenv/homes/p/.polyenv/x',
  project: '/p',
  personHome: '/home/person',
  env: {},
};

/** A tree in which every folder holds one program under the name that each system gives it. */
function treeWith(command: string, platform: PlatformKey): Tree {
  const names = [command, `${command}.exe`, 'unrelated'];
  return { version: '1.2.3' as Version, platform, has: () => false, list: () => names };
}

describe.each(ids)('%s', async (id) => {
  const { runtime } = (await import(join(root, 'runtimes', `${id}.ts`))) as { runtime: Runtime };
  const fixture = join(root, 'test/fixtures/upstreams', `${id}.ts`);
  const { published } = existsSync(fixture)
    ? ((await import(fixture)) as { published: Published })
    : { published: undefined };

  test('is called as its file, and its sources and pin files are told apart', () => {
    expect(runtime.id).toBe(id);
    const sources = runtime.sources.map((source) => source.id);
    expect(sources.length).toBeGreaterThan(0);
    expect(new Set(sources).size).toBe(sources.length);
    for (const source of sources) expect(source).toMatch(/^[a-z0-9][a-z0-9.-]{0,63}$/);
    const pins = runtime.pins.map((pin) => pin.file);
    expect(new Set(pins).size).toBe(pins.length);
    for (const { from } of runtime.sources.flatMap((source) => source.mirrors ?? [])) {
      expect(from).toMatch(/^https:\/\/[a-z.-]+(\/[\w.-]+)*$/);
    }
  });

  test.each(PLATFORMS)('is laid out purely on %s, within what it was given', (platform) => {
    for (const isolation of ['default', 'strict'] as const) {
      const place = Object.freeze({ ...PLACE, isolation });
      const tree = Object.freeze(treeWith(runtime.probe.command, platform));
      const layout = runtime.layout(tree, place);
      expect(runtime.layout(tree, place)).toEqual(layout);
      expect(Object.keys(layout.commands)).toContain(runtime.probe.command);
      expect(Object.keys(layout.commands)).not.toContain('unrelated');
      for (const path of Object.values(layout.commands)) expect(path).not.toMatch(/^\/|(^|\/)\.\.(\/|$)/);
      for (const { name } of layout.variables) expect(isVariableName(name)).toBe(true);
      for (const folder of [...layout.bins, ...layout.homes]) expect(folder.startsWith(`${place.home}/`)).toBe(true);
    }
  });

  test.each(PLATFORMS)('finishes a tree purely on %s, within it', (platform) => {
    const tree = Object.freeze(treeWith(runtime.probe.command, platform));
    const everywhere = { ...tree, has: () => true };
    for (const one of [tree, everywhere]) {
      const finish = runtime.finish?.(one);
      expect(JSON.stringify(runtime.finish?.(one))).toBe(JSON.stringify(finish));
      const paths = [...Object.keys(finish?.files ?? {}), ...(finish?.steps ?? []).map(({ program }) => program)];
      for (const path of paths) expect(path).not.toMatch(/^\/|(^|\/)\.\.(\/|$)/);
    }
  });

  test('shares nothing of the person when the isolation is strict', () => {
    const place = { ...PLACE, isolation: 'strict' as const };
    const { variables } = runtime.layout(treeWith(runtime.probe.command, 'linux-x64'), place);
    for (const op of variables) expect('value' in op ? op.value : '').not.toContain(PLACE.personHome);
  });

  test('looks for other managers in absolute folders, whatever is set', () => {
    for (const env of [{}, { HOME: '/h', XDG_DATA_HOME: '' }]) {
      const folders = (runtime.discover ?? []).flatMap((one) =>
        one.folders({ personHome: '/home/person', env, platform: 'darwin-arm64' }),
      );
      for (const folder of folders) expect(folder).toMatch(/^\/[^/]/);
      for (const folder of folders) expect(folder).not.toMatch(/undefined|\*\*/);
    }
  });

  test('understands the names of its channels, and its lines', () => {
    const words = [
      ...(runtime.advice?.channels ?? []),
      ...(runtime.advice?.lifecycle?.lines ?? []).map(({ line }) => ({ word: line })),
    ];
    for (const { word } of words) expect(() => runtime.scheme.request(word)).not.toThrow();
    for (const { word } of runtime.advice?.channels ?? [])
      expect(runtime.scheme.request(word).version.kind).toBe('channel');
  });

  test('knows when its lines end, newest first', () => {
    const { lines = [] } = runtime.advice?.lifecycle ?? {};
    for (const { end, support } of lines) {
      for (const day of [end, support]) if (day !== undefined) expect(day).toMatch(/^\d{4}-\d\d-\d\d$/);
      if (end !== undefined && support !== undefined) expect(support <= end).toBe(true);
    }
    expect(new Set(lines.map(({ line }) => line)).size).toBe(lines.length);
  });

  if (published === undefined) {
    test('finds and owns what its sources publish', ({ skip }) => skip(`there is no ${fixture}`));
    return;
  }

  describe.each(published.asks)('$request from $source', (ask) => {
    const { source, request } = prepare(runtime, ask);

    test(`is ${ask.version}, on each platform that has it`, async () => {
      const { release, artifacts } = await find(published, ask);
      expect(release.version).toBe(ask.version);
      expect(artifacts.map((artifact) => artifact.platform).sort()).toEqual(ask.platforms);
    });

    test('comes in parts that the source owns, each with a digest and a proof', async () => {
      const { release, artifacts } = await find(published, ask);
      for (const { platform, parts } of artifacts) {
        for (const part of parts) {
          expect(part.digest.value).not.toBe('');
          expect(part.proof.by).not.toBe('');
          const recipe = source.owns(claimOf(release, platform, part.at));
          expect(recipe, part.at).toBeDefined();
          // A smaller packing of the same differs in nothing but its format.
          if (part.smaller !== undefined) {
            const smaller = source.owns(claimOf(release, platform, part.smaller.at));
            expect({ ...smaller, format: recipe?.format }).toEqual(recipe);
          }
          expect(recipe?.root ?? '').not.toMatch(/^\/|(^|\/)\.\.(\/|$)/);
        }
      }
    });

    test('owns nothing that only looks like them', async () => {
      const { release, artifacts } = await find(published, ask);
      const parts = artifacts.flatMap(({ platform, parts }) => parts.map(({ at }) => ({ platform, at })));
      for (const { platform, at } of parts) {
        for (const hostile of disguises(at)) {
          expect(source.owns(claimOf(release, platform, hostile)), hostile).toBeUndefined();
        }
        if (release.vendor !== undefined) {
          expect(source.owns({ ...claimOf(release, platform, at), vendor: 'another' })).toBeUndefined();
        }
      }
    });

    test('owns an archive for its own platform and version only', async () => {
      const { release, artifacts } = await find(published, ask);
      const others = published.asks
        .map(({ version }) => version)
        .filter((version) => version !== release.version && version !== ask.also);
      for (const { platform, parts } of artifacts) {
        const { at } = parts[0];
        // Source is the same for every system on which it is built.
        const isSource = source.owns(claimOf(release, platform, at))?.build !== undefined;
        for (const other of isSource ? [] : PLATFORMS) {
          const same = artifacts.find((artifact) => artifact.platform === other)?.parts[0].at === at;
          if (same) continue;
          expect(source.owns(claimOf(release, other, at)), `${at} for ${other}`).toBeUndefined();
        }
        for (const version of others) {
          const claim = claimOf({ ...release, version: version as Version }, platform, at);
          expect(source.owns(claim), `${at} as ${version}`).toBeUndefined();
        }
      }
    });

    async function find(from: Published, { source: from_ }: Ask) {
      const upstream = fakeUpstream(from);
      const releases = await source.releases(upstream, request);
      const release = selectRelease(runtime, request, releases);
      if (release === undefined) throw new Error(`${from_} has nothing for ${ask.request}`);
      return { release, artifacts: await source.artifacts(upstream, release, request) };
    }
  });
});

function prepare(runtime: Runtime, ask: Ask): { readonly source: Source; readonly request: ToolRequest } {
  const source = runtime.sources.find(({ id }) => id === ask.source);
  if (source === undefined) throw new Error(`${runtime.id} has no source ${ask.source}`);
  const request = parseToolRequest(`${runtime.id}@${ask.request}`, () => runtime);
  return { source, request: { ...request, options: ask.options ?? {} } };
}

function claimOf(
  release: { readonly version: Version; readonly vendor?: string; readonly variant?: string },
  platform: PlatformKey,
  at: string,
): Claim {
  const { version, vendor, variant } = release;
  return { version, platform, at, ...(vendor !== undefined && { vendor }), ...(variant !== undefined && { variant }) };
}

/** The place of an archive, as somebody might write it who wants another one to be fetched. */
function disguises(at: string): readonly string[] {
  const common = [` ${at}`, `${at} `, `${at}\n`, `${at}?x=1`, `${at}#x`, `${at}/`, `${at}.sig`, at.toUpperCase(), ''];
  if (!at.startsWith('https://')) {
    return [...common, at.replace(/^\w+:/, 'npm:@evil/'), at.replace('@', 'x@'), `${at}-x`, at.replace(/^\w+:/, '')];
  }
  const { host, pathname } = new URL(at);
  const file = pathname.slice(pathname.lastIndexOf('/') + 1);
  return [
    ...common,
    at.replace('https:', 'http:'),
    at.replace('https:', 'file:'),
    at.replace(host, `${host}.evil.test`),
    at.replace(host, `evil.test/${host}`),
    at.replace(host, `person@${host}`),
    at.replace(host, `${host}:444`),
    at.replace(file, `../${file}`),
    at.replace(file, `%2e%2e/${file}`),
    at.replace(file, `x/${file}`),
    at.replace(file, `x${file}`),
    at.replace(file, `${file.replace(/\.(tar\.gz|zip)$/, '')}.tar.bz2`),
    at.replace(`${host}/`, `${host}//`),
    at.replace(`${host}/`, `${host}/../`),
  ];
}
