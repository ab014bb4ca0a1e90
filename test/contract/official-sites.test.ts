import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { fetchPart } from '../../src/adapters/download';
import { type Http, openHttp } from '../../src/adapters/http';
import { openMirrors } from '../../src/adapters/mirrors';
import { readTree } from '../../src/adapters/store';
import { type OpenUpstream, openUpstream } from '../../src/adapters/upstream';
import { parseToolRequest } from '../../src/domain/request';
import type { Release, Runtime, Source } from '../../src/domain/runtime';
import { selectRelease } from '../../src/domain/select';
import type { Settings } from '../../src/domain/settings';
import { newPerson, type Person, settingsWith } from '../support/network-fixture';
import type { Ask, Published } from '../support/published';
import { serveUpstreams, type UpstreamServer } from '../support/upstream-server';

/** Every runtime, through the real network, signatures and unpacking, from a server that has the official sites' layouts. */
const fixtures = fileURLToPath(new URL('../fixtures/upstreams', import.meta.url));
const runtimes = fileURLToPath(new URL('../../runtimes', import.meta.url));
const known = await Promise.all(
  readdirSync(fixtures).map(async (file) => ({
    runtime: ((await import(join(runtimes, file))) as { runtime: Runtime }).runtime,
    published: ((await import(join(fixtures, file))) as { published: Published }).published,
  })),
);

let server: UpstreamServer;
let person: Person;
const open: Http[] = [];
beforeAll(async () => {
  server = await serveUpstreams(known.map(({ published }) => published));
  person = newPerson({ npm_config_registry: server.registry });
});
afterAll(async () => {
  for (const http of open) await http.close();
  person.remove();
  await server.close();
});

function upstreamWith(changes: Partial<Settings> = {}): OpenUpstream {
  const settings = settingsWith({
    mirrors: server.mirrors,
    verifyKeys: [server.fingerprint],
    networkRetries: 0,
    ...changes,
  });
  const { host, home } = person;
  const mirrors = openMirrors({ settings, env: host.env, sources: known.flatMap(({ runtime }) => runtime.sources) });
  const http = openHttp({ host, settings, emit: () => undefined, rewrite: mirrors.rewrite });
  open.push(http);
  return openUpstream({ host, home, settings, http, mirrors, platform: 'linux-x64', emit: () => undefined });
}

async function find(
  upstream: OpenUpstream,
  asked: { readonly runtime: Runtime; readonly source: Source; readonly ask: Ask },
): Promise<{ readonly release: Release; readonly artifacts: Awaited<ReturnType<Source['artifacts']>> }> {
  const { runtime, source, ask } = asked;
  const parsed = parseToolRequest(`${runtime.id}@${ask.request}`, () => runtime);
  const request = { ...parsed, options: ask.options ?? {} };
  const release = selectRelease(runtime, request, await source.releases(upstream, request));
  if (release === undefined) throw new Error(`nothing answers ${ask.request}`);
  return { release, artifacts: await source.artifacts(upstream, release, request) };
}

describe.each(known.map(({ runtime, published }) => ({ id: runtime.id, runtime, published })))('$id', (one) => {
  const { runtime, published } = one;
  const installable = published.asks.filter((ask) => ask.installs);
  test('has something to install', () => expect(installable.length).toBeGreaterThan(0));

  test.each(installable)('$request from $source is installed and runs', async (ask) => {
    const source = runtime.sources.find(({ id }) => id === ask.source) as Source;
    const upstream = upstreamWith();
    const { release, artifacts } = await find(upstream, { runtime, source, ask });
    expect(release.version).toBe(ask.version);
    const artifact = artifacts.find(({ platform }) => platform === 'linux-x64');
    const into = join(person.folder, `${runtime.id}-${installable.indexOf(ask)}`);
    mkdirSync(into);
    for (const part of artifact?.parts ?? []) {
      const { variant } = release;
      const recipe = source.owns({
        version: release.version,
        platform: 'linux-x64',
        at: part.at,
        ...(variant !== undefined && { variant }),
      });
      if (recipe === undefined) throw new Error(`${part.at} is not owned`);
      const { url, headers } = await upstream.locate(part.at);
      const downloads = person.home.downloads;
      await fetchPart({
        http: upstream.http,
        url,
        headers,
        part,
        recipe,
        into,
        downloads,
        offline: false,
        onBytes: () => undefined,
      });
    }
    const tree = readTree(into, release.version, 'linux-x64');
    const { commands } = runtime.layout(tree, {
      toolchain: into,
      home: '/homes/x',
      project: '/p',
      personHome: '/home/person',
      isolation: 'default',
      env: {},
    });
    const main = commands[runtime.probe.command] ?? 'nothing';
    const output = execFileSync(join(into, main), runtime.probe.args, { encoding: 'utf8', env: {}, cwd: '/' });
    const spelt = runtime.probe.version(output) ?? '';
    const number = /^\d/.test(release.version) ? release.version : spelt;
    expect(runtime.scheme.version(spelt)).toBe(runtime.scheme.version(number));
    for (const path of Object.values(commands)) expect(existsSync(realpathSync(join(into, path)))).toBe(true);
  });

  if (published.signatures === undefined) return;

  test('refuses a list that another key has signed', async () => {
    const ask = published.asks.find(({ installs }) => installs) as Ask;
    const source = runtime.sources.find(({ id }) => id === ask.source) as Source;
    const stranger = upstreamWith({ verifyKeys: [] });
    await expect(find(stranger, { runtime, source, ask })).rejects.toMatchObject({ code: 'key-unknown' });
  });

  test('says by which key the list was signed', async () => {
    const ask = published.asks.find(({ installs }) => installs) as Ask;
    const source = runtime.sources.find(({ id }) => id === ask.source) as Source;
    const { artifacts } = await find(upstreamWith(), { runtime, source, ask });
    const proof = artifacts.find(({ platform }) => platform === 'linux-x64')?.parts[0].proof;
    expect(proof).toEqual({ kind: 'signature', by: server.fingerprint });
  });
});
