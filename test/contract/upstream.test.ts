import { readdirSync, readFileSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { type Http, openHttp } from '../../src/adapters/net/http';
import { openMirrors } from '../../src/adapters/net/mirrors';
import { readGoConfig } from '../../src/adapters/upstream/go-config';
import { openGoProxy } from '../../src/adapters/upstream/go-proxy';
import { type Ask, decodeJson, decodeText, openIndexes } from '../../src/adapters/upstream/indexes';
import { readMavenConfig } from '../../src/adapters/upstream/maven-config';
import { openMavenRepository } from '../../src/adapters/upstream/maven-repository';
import { readNpmConfig } from '../../src/adapters/upstream/npm-config';
import { openNpmRegistry, type PackageJudge } from '../../src/adapters/upstream/npm-registry';
import { asArray, asString } from '../../src/domain/formats/decoders';
import type { Settings } from '../../src/domain/project/settings';
import { PolyenvError } from '../../src/domain/words/errors';
import type { Event } from '../../src/domain/words/events';
import {
  type Answer,
  type LoopbackServer,
  newPerson,
  type Person,
  serveLoopback,
  settingsWith,
} from '../support/network-fixture';

const people: Person[] = [];
const servers: LoopbackServer[] = [];
const open: Http[] = [];
afterEach(async () => {
  for (const http of open.splice(0)) await http.close();
  for (const person of people.splice(0)) person.remove();
  for (const server of servers.splice(0)) await server.close();
});

async function serve(reply: (path: string, headers: Record<string, unknown>) => Answer | undefined) {
  const server = await serveLoopback(reply);
  servers.push(server);
  return server;
}

const CANONICAL = 'https://nodejs.org/dist/index.json';

/** A person whose `nodejs.org` is the server, and a new run of polyenv for each call of `run`. */
function machine(server: LoopbackServer, env: Record<string, string> = {}) {
  const clock = { now: new Date('2026-09-01T12:00:00Z') };
  const person = newPerson(env, clock);
  people.push(person);
  const events: Event[] = [];
  const run = (changes: Partial<Settings> = {}) => {
    const settings = settingsWith({
      mirrors: { 'https://nodejs.org': `${server.url}/t0k3n-x` },
      networkRetries: 0,
      ...changes,
    });
    const mirrors = openMirrors({ settings, env: person.host.env, sources: [] });
    const { host, home } = person;
    const opened = openHttp({ host, settings, emit: (event) => events.push(event), rewrite: mirrors.rewrite });
    open.push(opened);
    const http = mirrors.through(opened);
    const indexes = openIndexes({ host, home, settings, http, mirrors, emit: (event) => events.push(event) });
    return { settings, mirrors, indexes, host, home };
  };
  const files = () => readdirSync(person.home.cache).map((name) => join(person.home.cache, name));
  return { person, clock, events, run, files };
}

const names = asArray(asString);

function ask(changes: Partial<Ask<readonly string[]>> = {}): Ask<readonly string[]> {
  return { name: CANONICAL, url: CANONICAL, decode: (bytes) => names(decodeJson(bytes)), ...changes };
}

async function failure(promise: Promise<unknown>): Promise<PolyenvError> {
  const error = await promise.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  if (!(error instanceof PolyenvError)) throw new Error(`expected a PolyenvError, got ${String(error)}`);
  return error;
}

describe('indexes', () => {
  test('are asked for once a run, and not again while young', async () => {
    const server = await serve(() => ({ body: '["a"]' }));
    const { run, clock } = machine(server);
    const { indexes } = run();
    expect(await Promise.all([indexes.read(ask()), indexes.read(ask()), indexes.read(ask())])).toEqual([
      ['a'],
      ['a'],
      ['a'],
    ]);
    expect(await run().indexes.read(ask())).toEqual(['a']);
    expect(server.requests.map(({ path }) => path)).toEqual(['/t0k3n-x/dist/index.json']);
    clock.now = new Date(clock.now.getTime() + 601_000);
    await run().indexes.read(ask());
    expect(server.requests).toHaveLength(2);
  });

  test('that are old are asked for by their validators, and renewed by 304', async () => {
    const server = await serve((_, headers) =>
      headers['if-none-match'] === '"v1"' && headers['if-modified-since'] === 'Tue, 01 Sep 2026 00:00:00 GMT'
        ? { status: 304 }
        : { body: '["a"]', headers: { etag: '"v1"', 'last-modified': 'Tue, 01 Sep 2026 00:00:00 GMT' } },
    );
    const { run, clock } = machine(server);
    await run().indexes.read(ask());
    clock.now = new Date(clock.now.getTime() + 601_000);
    expect(await run().indexes.read(ask())).toEqual(['a']);
    expect(server.requests).toHaveLength(2);
    expect(server.requests[1]?.headers['if-none-match']).toBe('"v1"');
    await run().indexes.read(ask());
    expect(server.requests).toHaveLength(2);
  });

  test('of a clock that has jumped back are asked for again', async () => {
    const server = await serve(() => ({ body: '["a"]' }));
    const { run, clock } = machine(server);
    await run().indexes.read(ask());
    clock.now = new Date(clock.now.getTime() - 86_400_000);
    await run().indexes.read(ask());
    expect(server.requests).toHaveLength(2);
  });

  test('offline come from the cache at any age, which is told; what is missing is named', async () => {
    const server = await serve(() => ({ body: '["a"]' }));
    const { run, clock, events } = machine(server);
    await run().indexes.read(ask());
    await server.close();
    clock.now = new Date(clock.now.getTime() + 3 * 86_400_000);
    expect(await run({ offline: true }).indexes.read(ask())).toEqual(['a']);
    expect(events).toEqual([{ type: 'note', text: 'offline: what is known of nodejs.org is 3 days old' }]);
    const url = 'https://nodejs.org/dist/v1/SHASUMS256.txt';
    const error = await failure(run({ offline: true }).indexes.read(ask({ name: url, url })));
    expect(error).toMatchObject({ code: 'offline', elsewhere: true });
    expect(error.message).toContain(url);
    expect(server.requests).toHaveLength(1);
  });

  test.each<[string, (file: string) => void]>([
    ['truncated', (file) => truncateSync(file, 40)],
    ['cut at the end', (file) => truncateSync(file, readFileSync(file).length - 1)],
    ['empty', (file) => truncateSync(file, 0)],
    ['binary', (file) => writeFileSync(file, Buffer.from([0, 255, 10, 1]))],
    ['changed', (file) => writeFileSync(file, readFileSync(file, 'utf8').replace('["a"]', '["b"]'))],
    ['of another URL', (file) => writeFileSync(file, readFileSync(file, 'utf8').replace(/"key":"./, '"key":"x'))],
    [
      'of a newer polyenv',
      (file) => writeFileSync(file, readFileSync(file, 'utf8').replace('"polyenv":1', '"polyenv":2')),
    ],
    ['null', (file) => writeFileSync(file, 'null\n["b"]')],
  ])('that are %s in the cache are fetched anew', async (_, spoil) => {
    const server = await serve(() => ({ body: '["a"]' }));
    const { run, files, clock } = machine(server);
    await run().indexes.read(ask());
    const [file = ''] = files();
    spoil(file);
    utimesSync(file, clock.now, clock.now);
    expect(await run().indexes.read(ask())).toEqual(['a']);
    expect(server.requests).toHaveLength(2);
    expect(server.requests[1]?.headers['if-none-match']).toBeUndefined();
  });

  test('that a newer reader cannot decode are fetched anew', async () => {
    const server = await serve(() => ({ body: '["a"]' }));
    const { run } = machine(server);
    await run().indexes.read(ask({ decode: () => ['anything'] }));
    const strict = ask({ decode: (bytes) => (server.requests.length < 2 ? names({}) : names(decodeJson(bytes))) });
    expect(await run().indexes.read(strict)).toEqual(['a']);
    expect(server.requests).toHaveLength(2);
  });

  test('that cannot be decoded are told by URL and place, and not kept', async () => {
    const server = await serve(() => ({ body: '["a", 7]' }));
    const { run, person } = machine(server);
    const error = await failure(run().indexes.read(ask()));
    expect(error).toMatchObject({ code: 'upstream-malformed', elsewhere: true });
    expect(error.message).toBe(`${CANONICAL} cannot be read: [1]: expected a string, found 7`);
    expect(() => readdirSync(person.home.cache)).toThrow();
  });

  test('a web page instead of data counts as no network', async () => {
    const server = await serve(() => ({ body: '<!DOCTYPE html><p>Please log in' }));
    const { run, person } = machine(server);
    const error = await failure(run().indexes.read(ask({ decode: (bytes) => [decodeText(bytes)] })));
    expect(error).toMatchObject({ code: 'network', elsewhere: true });
    expect(() => readdirSync(person.home.cache)).toThrow();
  });

  test('that come compressed are kept and decoded as they are', async () => {
    const server = await serve(() => ({ body: gzipSync('["a"]'), headers: { 'content-encoding': 'gzip' } }));
    const { run } = machine(server);
    expect(await run().indexes.read(ask())).toEqual(['a']);
    expect(await run({ offline: true }).indexes.read(ask())).toEqual(['a']);
  });

  test('that are larger than the bound, plain or unpacked, are refused', async () => {
    const server = await serve((path) =>
      path.endsWith('bomb')
        ? { body: gzipSync(Buffer.alloc(65 * 1024 * 1024)), headers: { 'content-encoding': 'gzip' } }
        : { body: Buffer.alloc(65 * 1024 * 1024, 32) },
    );
    const { indexes } = machine(server).run();
    for (const path of ['bomb', 'long']) {
      const error = await failure(indexes.read(ask({ url: `https://nodejs.org/${path}` })));
      expect(error.message).toContain('larger than 32 MiB');
    }
  });

  test('that do not exist are undefined, also after they did', async () => {
    let gone = false;
    const server = await serve(() => (gone ? { status: 410 } : { body: '["a"]' }));
    const { run, clock, files } = machine(server);
    await run().indexes.read(ask());
    gone = true;
    clock.now = new Date(clock.now.getTime() + 601_000);
    expect(await run().indexes.read(ask())).toBeUndefined();
    expect(files()).toEqual([]);
  });

  test('of a server that is down are waited for once a run, and the kept copy is pointed at', async () => {
    const server = await serve(() => ({ body: '["a"]' }));
    const { run, clock, person } = machine(server);
    await run().indexes.read(ask());
    await server.close();
    clock.now = new Date(clock.now.getTime() + 2 * 3_600_000);
    let tries = 0;
    const { settings, mirrors } = run();
    const indexes = openIndexes({
      host: person.host,
      home: person.home,
      settings,
      mirrors,
      emit: () => undefined,
      http: {
        get: async (url) => {
          tries += 1;
          throw new PolyenvError('network', `${url} is down`, { elsewhere: true });
        },
        close: async () => undefined,
      },
    });
    const error = await failure(indexes.read(ask()));
    expect(error).toMatchObject({ code: 'network', elsewhere: true });
    expect(error.hint).toContain('a copy from 2 hours ago is at hand: use --offline');
    await failure(indexes.read(ask({ url: 'https://nodejs.org/other' })));
    expect(tries).toBe(1);
  });

  test("of one mirror are never taken for another's", async () => {
    const server = await serve((path) => ({ body: JSON.stringify([path]) }));
    const { run } = machine(server);
    await run().indexes.read(ask());
    const other = run({ mirrors: { 'https://nodejs.org': `${server.url}/other` } });
    expect(await other.indexes.read(ask())).toEqual(['/other/dist/index.json']);
  });

  test('a token in a mirror is in no message and no file', async () => {
    let status = 200;
    const server = await serve(() => ({ status, body: '["a"]', headers: { etag: '"v1"' } }));
    const { run, files, clock } = machine(server);
    await run().indexes.read(ask());
    for (const file of files()) expect(`${file}${readFileSync(file, 'utf8')}`).not.toContain('t0k3n-x');
    clock.now = new Date(clock.now.getTime() + 601_000);
    status = 500;
    const error = await failure(run().indexes.read(ask()));
    expect(`${error.message}${error.hint}${error.stack}`).not.toContain('t0k3n-x');
    expect(error.message).toContain('/***/dist/index.json');
  });

  test('credentials for a host do not go to its mirror', async () => {
    const server = await serve(() => ({ body: '["a"]' }));
    const { run } = machine(server);
    await run().indexes.read(ask({ headers: { authorization: 'Bearer s3cret', accept: 'x/y' } }));
    expect(server.requests[0]?.headers.authorization).toBeUndefined();
    expect(server.requests[0]?.headers.accept).toBe('x/y');
  });

  test('of a mirror that is a folder need no network', async () => {
    const server = await serve(() => undefined);
    const { run, person } = machine(server);
    person.write('mirror/dist/index.json', '["a"]');
    const offline = run({ offline: true, mirrors: { 'https://nodejs.org': `file://${person.folder}/mirror` } });
    expect(await offline.indexes.read(ask())).toEqual(['a']);
    expect(server.requests).toEqual([]);
  });

  test('a cache that cannot be written is no failure', async () => {
    const server = await serve(() => ({ body: '["a"]' }));
    const { run, person } = machine(server);
    person.write('.local/share/polyenv/cache', 'a file in the way');
    expect(await run().indexes.read(ask())).toEqual(['a']);
  });
});

const INTEGRITY = `sha512-${Buffer.alloc(64, 7).toString('base64')}`;

/** A registry below a path, as an artefact server offers it. */
function npmOn(
  server: LoopbackServer,
  { npmrc = '', judge = () => undefined }: { npmrc?: string; judge?: PackageJudge } = {},
) {
  const { person, run, files } = machine(server);
  const registry = `${server.url}/api/npm`;
  person.write('.npmrc', `registry=${registry}\n//${new URL(registry).host}/api/npm/:_authToken=tok-9\n${npmrc}`);
  const { indexes, mirrors, host, home, settings } = run();
  const config = () => readNpmConfig({ host, home, settings });
  return { npm: openNpmRegistry({ indexes, mirrors, config, judge }), config, files, mirrors };
}

function packument(versions: Record<string, unknown>): Answer {
  return {
    body: JSON.stringify({ 'dist-tags': { latest: '1.0.0' }, time: { '1.0.0': '2026-01-01T00:00:00Z' }, versions }),
  };
}

function published(version: string, dist: Record<string, unknown>, more: Record<string, unknown> = {}) {
  return { name: 'tool', version, dist: { integrity: INTEGRITY, ...dist }, ...more };
}

describe('the npm registry', () => {
  test('is asked with its credentials, and its packages are decoded', async () => {
    const server = await serve((path) =>
      path === '/api/npm/tool'
        ? packument({ '1.0.0': published('1.0.0', {}, { engines: { node: '>=20' } }) })
        : undefined,
    );
    const { npm, files } = npmOn(server);
    expect(await npm.packument('tool')).toEqual({
      versions: {
        '1.0.0': {
          name: 'tool',
          version: '1.0.0',
          engines: { node: '>=20' },
          digest: { kind: 'sha512', value: '07'.repeat(64) },
          proof: { kind: 'digest', by: 'npm' },
        },
      },
      tags: { latest: '1.0.0' },
      time: { '1.0.0': '2026-01-01T00:00:00Z' },
    });
    expect(server.requests[0]?.headers.authorization).toBe('Bearer tok-9');
    for (const file of files()) expect(readFileSync(file, 'utf8')).not.toContain('tok-9');
    expect(await npm.packument('absent')).toBeUndefined();
  });

  test('brief answers are asked for as npm does', async () => {
    const server = await serve(() => packument({}));
    await npmOn(server).npm.packument('@scope/tool', 'brief');
    expect(server.requests[0]).toMatchObject({ path: '/api/npm/@scope%2ftool' });
    expect(server.requests[0]?.headers.accept).toContain('application/vnd.npm.install-v1+json');
  });

  test('versions that are not their own name and version, or broken, are left out; without integrity they have no digest', async () => {
    const server = await serve(() =>
      packument({
        '1.0.0': published('1.0.0', { integrity: undefined, shasum: 'a'.repeat(40) }),
        '2.0.0': { ...published('2.0.0', {}), name: 'other' },
        '3.0.0': published('../../evil', {}),
        '4.0.0': 'nonsense',
      }),
    );
    const found = await npmOn(server).npm.packument('tool');
    expect(Object.keys(found?.versions ?? {})).toEqual(['1.0.0']);
    expect(found?.versions['1.0.0']?.digest).toBeUndefined();
  });

  test('archives are fetched from the registry alone', async () => {
    const server = await serve(() =>
      packument({
        '1.0.0': published('1.0.0', { tarball: `${server.url}/api/npm/dl/tool/x.tgz` }),
        '2.0.0': published('2.0.0', { tarball: 'https://evil.test/tool-2.0.0.tgz' }),
        '3.0.0': published('3.0.0', { tarball: `https://me:pw@${new URL(server.url).host}/tool-3.0.0.tgz` }),
        '4.0.0': published('4.0.0', { tarball: 'file:///etc/passwd' }),
      }),
    );
    const { npm, config } = npmOn(server);
    const usual = (version: string) => `${server.url}/api/npm/tool/-/tool-${version}.tgz`;
    const headers = { authorization: 'Bearer tok-9' };
    expect(await npm.locate('tool', '1.0.0')).toEqual({ url: usual('1.0.0'), headers });
    expect(server.requests).toHaveLength(0);
    await npm.packument('tool');
    expect(await npm.locate('tool', '1.0.0')).toEqual({ url: `${server.url}/api/npm/dl/tool/x.tgz`, headers });
    for (const version of ['2.0.0', '3.0.0', '4.0.0']) {
      expect(await npm.locate('tool', version)).toEqual({ url: usual(version), headers });
    }
    expect(await npm.locate('@scope/tool', '1.0.0')).toEqual({
      url: `${server.url}/api/npm/@scope/tool/-/tool-1.0.0.tgz`,
      headers,
    });
    expect((await config()).usual.protocol).toBe('https:');
  });

  test("an archive that stands on npm's default registry is read from the configured one", async () => {
    let usual = '';
    const server = await serve(() =>
      packument({ '1.0.0': published('1.0.0', { tarball: new URL('tool/-/odd-name.tgz', usual).href }) }),
    );
    const { npm, config } = npmOn(server);
    usual = (await config()).usual.href;
    await npm.packument('tool');
    expect((await npm.locate('tool', '1.0.0')).url).toBe(`${server.url}/api/npm/tool/-/odd-name.tgz`);
  });

  test('what its own key has signed is proved by that key; a signature that does not hold is an error when looked at', async () => {
    const signed = published('1.0.0', { signatures: [{ keyid: 'SHA256:k', sig: 'c2ln' }] });
    const server = await serve(() => packument({ '1.0.0': signed, '2.0.0': { ...signed, version: '2.0.0' } }));
    const judge: PackageJudge = ({ name, version, integrity, signatures }) => {
      if (version === '2.0.0') throw new PolyenvError('signature-invalid', 'does not hold');
      expect([name, integrity]).toEqual(['tool', INTEGRITY]);
      return signatures[0]?.keyid;
    };
    const found = await npmOn(server, { judge }).npm.packument('tool');
    expect(found?.versions['1.0.0']?.proof).toEqual({ kind: 'registry-signature', by: 'SHA256:k' });
    expect(() => found?.versions['2.0.0']?.proof).toThrow('does not hold');
  });

  test('names that are none reach no URL', async () => {
    const server = await serve(() => packument({}));
    const { npm } = npmOn(server);
    for (const name of ['../x', 'a/../b', 'A', '', 'x?y']) {
      await expect(npm.packument(name)).rejects.toMatchObject({ code: 'path-refused' });
    }
    expect(server.requests).toHaveLength(0);
  });
});

const MODULE = 'golang.org/toolchain';
const VERSION = 'v0.0.1-go1.24.0.linux-amd64';

async function goOn(
  server: LoopbackServer,
  GOPROXY: string,
  lookup: (path: string) => string | undefined = () => undefined,
) {
  const { run } = machine(server, { GOPROXY });
  const { indexes, mirrors, host, home, settings } = run({
    mirrors: { 'https://sum.golang.org': `${server.url}/direct` },
  });
  const asked: string[] = [];
  const go = openGoProxy({
    indexes,
    mirrors,
    config: () => readGoConfig({ host, home, settings }),
    database: (read) => ({
      lookup: async ({ path }) => {
        const bytes = await read(path);
        asked.push(bytes === undefined ? 'none' : decodeText(bytes));
        return lookup(path);
      },
    }),
  });
  return { go, asked };
}

function info(path: string): Answer | undefined {
  return path.endsWith(`/${MODULE}/@v/${VERSION}.info`) ? { body: JSON.stringify({ Version: VERSION }) } : undefined;
}

describe('the Go module proxy', () => {
  test('lists, and knows what it has by name', async () => {
    const server = await serve((path) =>
      path === `/a/${MODULE}/@v/list` ? { body: `${VERSION}\nnonsense\nv1.2.3 2020-01-01\n\n` } : info(path),
    );
    const { go } = await goOn(server, `${server.url}/a`);
    expect(await go.versions(MODULE)).toEqual([VERSION, 'v1.2.3']);
    expect(await go.has(MODULE, VERSION)).toBe(true);
    expect(await go.has(MODULE, 'v0.0.1-go1.99.0.linux-amd64')).toBe(false);
    expect((await go.locate(MODULE, VERSION)).url).toBe(`${server.url}/a/${MODULE}/@v/${VERSION}.zip`);
    expect((await go.locate('github.com/Azure/x', 'v1.0.0')).url).toContain('/github.com/!azure/x/@v/v1.0.0.zip');
  });

  test('of a list: a comma falls on 404 and 410 alone, a bar on any failure', async () => {
    const server = await serve((path) => {
      if (path.startsWith('/gone')) return { status: 410 };
      if (path.startsWith('/broken')) return { status: 500 };
      return info(path);
    });
    const at = (path: string) => `${server.url}/${path}`;
    const good = (await goOn(server, `${at('gone')},${at('none')}x,${at('good')}`)).go;
    expect(await good.has(MODULE, VERSION)).toBe(true);
    expect((await good.locate(MODULE, VERSION)).url).toMatch(/\/nonex\/|\/good\//);
    const bar = (await goOn(server, `${at('broken')}|${at('good')}`)).go;
    expect((await bar.locate(MODULE, VERSION)).url).toContain('/good/');
    const comma = (await goOn(server, `${at('broken')},${at('good')}`)).go;
    await expect(comma.has(MODULE, VERSION)).rejects.toMatchObject({ code: 'http-status', status: 500 });
  });

  test('that refuses a version (403) does not have it', async () => {
    const server = await serve(() => ({ status: 403 }));
    expect(await (await goOn(server, server.url)).go.has(MODULE, VERSION)).toBe(false);
  });

  test('that answers anything with a page of its own has nothing', async () => {
    const server = await serve(() => ({ body: '{"Version":"v9.9.9"}' }));
    const { go } = await goOn(server, server.url);
    await expect(go.has(MODULE, VERSION)).rejects.toMatchObject({ code: 'upstream-malformed' });
  });

  test('carries the checksum database where it says so, else the database is asked itself', async () => {
    const h1 = `h1:${Buffer.alloc(32, 1).toString('base64')}`;
    const server = await serve((path) => {
      if (path === '/with/sumdb/sum.golang.org/supported') return {};
      if (path.startsWith('/with/sumdb/sum.golang.org/lookup/')) return { body: 'through the proxy' };
      return path.startsWith('/direct/lookup/') ? { body: 'itself' } : undefined;
    });
    const through = await goOn(server, `${server.url}/without,${server.url}/with`, () => h1);
    expect(await through.go.digest(MODULE, VERSION)).toEqual({
      digest: { kind: 'h1', value: h1.slice(3) },
      proof: { kind: 'transparency', by: 'sum.golang.org' },
    });
    const itself = await goOn(server, `${server.url}/without`);
    expect(await itself.go.digest(MODULE, VERSION)).toBeUndefined();
    expect([through.asked, itself.asked]).toEqual([['through the proxy'], ['itself']]);
  });

  test('credentials in GOPROXY become a header', async () => {
    const server = await serve(info);
    const { go } = await goOn(server, server.url.replace('http://', 'http://me:pw-77@'));
    expect(await go.has(MODULE, VERSION)).toBe(true);
    const authorization = `Basic ${Buffer.from('me:pw-77').toString('base64')}`;
    expect(server.requests[0]?.headers.authorization).toBe(authorization);
    expect(await go.locate(MODULE, VERSION)).toMatchObject({ headers: { authorization } });
    expect((await go.locate(MODULE, VERSION)).url).not.toContain('pw-77');
  });

  test('names and versions that are none reach no URL', async () => {
    const server = await serve(info);
    const { go } = await goOn(server, server.url);
    await expect(go.has(MODULE, '../../x')).rejects.toMatchObject({ code: 'path-refused' });
    await expect(go.versions('golang.org/../x')).rejects.toMatchObject({ code: 'path-refused' });
    expect(server.requests).toHaveLength(0);
  });
});

describe('the Maven repository', () => {
  async function mavenOn(server: LoopbackServer) {
    const { run } = machine(server, { MVNW_REPOURL: `${server.url}/maven2` });
    const { indexes, mirrors, host, home, settings } = run();
    return openMavenRepository({ indexes, mirrors, config: () => readMavenConfig({ host, home, settings }) });
  }

  test('lists versions, and gives the strongest digest beside a file', async () => {
    const sha512 = 'ab'.repeat(64);
    const sha256 = 'cd'.repeat(32);
    const server = await serve((path) => {
      if (path === '/maven2/org/apache/maven/apache-maven/maven-metadata.xml')
        return {
          body: '<metadata><versioning><versions><version>3.9.9</version><version>../x</version></versions></versioning></metadata>',
        };
      if (path.endsWith('/3.9.9/apache-maven-3.9.9-bin.tar.gz.sha512'))
        return { body: `${sha512.toUpperCase()}  name\n` };
      return path.endsWith('/3.9.8/b.zip.sha256') ? { body: sha256 } : undefined;
    });
    const maven = await mavenOn(server);
    const at = ['org.apache.maven', 'apache-maven'] as const;
    expect(await maven.versions(...at)).toEqual(['3.9.9']);
    expect(await maven.digest(...at, '3.9.9', 'apache-maven-3.9.9-bin.tar.gz')).toEqual({
      kind: 'sha512',
      value: sha512,
    });
    expect(await maven.digest(...at, '3.9.8', 'b.zip')).toEqual({ kind: 'sha256', value: sha256 });
    expect(await maven.digest(...at, '3.9.7', 'b.zip')).toBeUndefined();
    expect(await maven.versions('none', 'none')).toEqual([]);
    await expect(maven.digest(...at, '../x', 'b.zip')).rejects.toMatchObject({ code: 'path-refused' });
    await expect(maven.digest(...at, '3.9.9', '../b.zip')).rejects.toThrow('expected the name of a file');
  });
});
