import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { removeTree } from '../../src/adapters/files/fs';
import type { OpenUpstream } from '../../src/adapters/upstream/upstream';
import type { Runtime } from '../../src/domain/runtime/runtime';
import { findRelease, installFrom } from '../support/install-from';
import { newPerson, type Person } from '../support/network-fixture';
import type { Ask, Published } from '../support/published';
import { openUpstreamAt, serveUpstreams, type UpstreamServer } from '../support/upstream-server';

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
const open: OpenUpstream[] = [];
beforeAll(async () => {
  server = await serveUpstreams(known.map(({ published }) => published));
  person = newPerson({ npm_config_registry: server.registry });
});
afterAll(async () => {
  for (const upstream of open) await upstream.http.close();
  await removeTree(person.folder);
  await server.close();
});

function upstreamWith(verifyKeys: readonly string[]): OpenUpstream {
  const upstream = openUpstreamAt(server, { person, runtimes: known.map(({ runtime }) => runtime), verifyKeys });
  open.push(upstream);
  return upstream;
}

describe.each(known.map((one) => ({ id: one.runtime.id, ...one })))('$id', ({ runtime, published }) => {
  const installable = published.asks.filter((ask) => ask.installs);

  if (installable.length === 0) {
    test('is installed and runs', ({ skip }) => skip('its source is a registry that is not imitated here'));
    return;
  }

  test.each(installable)('$request from $source is installed and runs', async (ask) => {
    const into = join(person.folder, `${runtime.id}-${installable.indexOf(ask)}`);
    const upstream = upstreamWith([server.fingerprint]);
    const { downloads } = person.home;
    const { release, layout } = await installFrom(upstream, { runtime, ask }, { into, downloads });
    expect(release.version).toBe(ask.version);
    const main = layout.commands[runtime.probe.command] ?? 'nothing';
    const output = execFileSync(join(into, main), runtime.probe.args, { encoding: 'utf8', env: {}, cwd: '/' });
    const said = runtime.scheme.version(runtime.probe.version(output) ?? '');
    expect(said).toBeDefined();
    // What moves is known by its day, which no program says.
    if (/^\d/.test(release.version)) expect(said).toBe(release.version);
    for (const path of Object.values(layout.commands)) expect(existsSync(realpathSync(join(into, path)))).toBe(true);
  });

  if (published.signatures === undefined) return;
  const ask = installable[0] as Ask;

  test('refuses a list that another key has signed', async () => {
    await expect(findRelease(upstreamWith([]), { runtime, ask })).rejects.toMatchObject({ code: 'key-unknown' });
  });

  test('says by which key the list was signed', async () => {
    const { artifacts } = await findRelease(upstreamWith([server.fingerprint]), { runtime, ask });
    const proof = artifacts.find(({ platform }) => platform === 'linux-x64')?.parts[0].proof;
    expect(proof).toEqual({ kind: 'signature', by: server.fingerprint });
  });
});
