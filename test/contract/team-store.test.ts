import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { createMessage, generateKey, type PrivateKey, readPrivateKey, sign } from 'openpgp';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DirectHttp, openHttp } from '../../src/adapters/net/http';
import { openLineSpeeds } from '../../src/adapters/net/line-speed';
import { openMirrors } from '../../src/adapters/net/mirrors';
import { openUpstream } from '../../src/adapters/upstream/upstream';
import type { Context } from '../../src/app/base/context';
import { openTeamStores } from '../../src/app/base/team-stores';
import { carriedOf } from '../../src/app/toolchains/carried';
import { installToolchain } from '../../src/app/toolchains/install';
import type { PlatformRelease } from '../../src/app/toolchains/platform-release';
import type { Settings } from '../../src/domain/project/settings';
import type { Digest } from '../../src/domain/runtime/digest';
import type { Runtime } from '../../src/domain/runtime/runtime';
import { archiveManifest, blobOf, type Document, lockIndex, toolchainManifest } from '../../src/domain/team/manifest';
import { archiveTag, toolchainTag } from '../../src/domain/team/tag';
import { versionFrom } from '../../src/domain/versions/version';
import type { Event } from '../../src/domain/words/events';
import { tarGz } from '../support/archives';
import { newPerson, type Person, settingsWith } from '../support/network-fixture';
import { type RegistryServer, serveRegistry } from '../support/registry-server';

const SITE = 'https://tools.test';
const REPOSITORY = 'team/tools';
const ARCHIVE = archiveSaying('tool');

function archiveSaying(word: string): Buffer {
  return tarGz([
    { name: 'tool/', type: '5', mode: 0o755 },
    { name: 'tool/bin/', type: '5', mode: 0o755 },
    { name: 'tool/bin/tool', mode: 0o755, content: `#!/bin/sh\necho ${word}\n` },
  ]);
}

function digestOf(kind: 'sha256' | 'sha512', content: Buffer): Digest {
  return { kind, value: createHash(kind).update(content).digest('hex') };
}

let key: PrivateKey;
let material: string;
beforeAll(async () => {
  const made = await generateKey({ userIDs: [{ name: 'releaser', email: 'releaser@signer.test' }] });
  key = await readPrivateKey({ armoredKey: made.privateKey });
  material = made.publicKey;
});

let registry: RegistryServer;
let person: Person;
const open: DirectHttp[] = [];
beforeEach(async () => {
  registry = await serveRegistry();
  person = newPerson();
});
afterEach(async () => {
  for (const http of open.splice(0)) await http.close();
  person.remove();
  await registry.close();
});

/** Someone whose store is the registry, and for whom nothing else answers. */
function newInstaller(digest: Digest, changes: Partial<Settings> = {}) {
  const settings = settingsWith({
    store: `${registry.origin}/${REPOSITORY}`,
    storeMode: 'only',
    mirrors: { [SITE]: 'http://127.0.0.1:1' },
    networkRetries: 0,
    ...changes,
  });
  const { host, home } = person;
  const events: Event[] = [];
  const emit = (event: Event): void => void events.push(event);
  const mirrors = openMirrors({ settings, env: host.env, sources: [] });
  const http = openHttp({ host, settings, emit, rewrite: mirrors.rewrite });
  open.push(http);
  const upstream = openUpstream({ host, home, settings, http, mirrors, platform: 'linux-x64', emit });
  const stores = openTeamStores({ http, host, settings, concealment: mirrors.concealment, emit });
  const ctx: Context = {
    host,
    home,
    settings,
    platform: 'darwin-x64',
    emit,
    directory: person.folder,
    network: async () => {
      const lines = await openLineSpeeds({ cache: home.cache, now: host.now });
      return { http: upstream.http, upstream, stores, lines, close: () => http.close() };
    },
    close: async () => undefined,
  };
  const fingerprint = key.getFingerprint().toUpperCase();
  const keys = { fingerprints: [fingerprint], material: (print: string) => `${SITE}/keys/${print}.asc` };
  const runtime = {
    id: 'tool',
    sources: [
      {
        id: 'tools.test',
        releases: async () => [],
        artifacts: async () => [],
        owns: () => ({ format: 'tar.gz', root: 'tool' }),
        signature: ({ at }: { at: string }) => ({ url: `${at}.sig`, keys }),
      },
    ],
    probe: { command: 'tool', args: [], version: () => undefined },
    layout: () => ({ commands: { tool: 'bin/tool' }, variables: [], bins: [], homes: [], installs: [] }),
  } as unknown as Runtime;
  const release: PlatformRelease = {
    runtime,
    source: 'tools.test',
    version: versionFrom('1.0.0') as PlatformRelease['version'],
    options: {},
    platform: 'linux-x64',
    parts: [{ at: `${SITE}/tool.tar.gz`, digest, proof: { kind: 'digest', by: 'tools.test' } }],
    locked: true,
  };
  return { ctx, release, events, stores, fingerprint };
}

function putDocument({ mediaType: type, text, digest }: Document, tag?: string): void {
  const body = Buffer.from(text);
  registry.manifests.set(`${REPOSITORY}@${digest}`, { type, body });
  if (tag !== undefined) registry.manifests.set(`${REPOSITORY}@${tag}`, { type, body });
}

function storedOf(release: PlatformRelease, content: Buffer) {
  registry.put(REPOSITORY, content);
  return carriedOf(release).archives.map((archive) => ({ ...archive, blob: blobOf(content) }));
}

describe('an archive whose digest no registry knows', () => {
  const digest = digestOf('sha512', ARCHIVE);
  const tag = archiveTag(digest) ?? '';

  it('is found by that digest alone: one request for the manifest, one for the archive', async () => {
    const { ctx, release } = newInstaller(digest, { verifySignatures: 'off' });
    for (const stored of storedOf(release, ARCHIVE)) putDocument(archiveManifest(stored, 'artifact'), tag);
    const toolchain = await installToolchain(ctx, release);
    expect(existsSync(join(toolchain.root, 'bin/tool'))).toBe(true);
    expect(registry.asked).toHaveLength(2);
  });

  it('is found through a copy of the lock too, which brings no other tag along', async () => {
    const { release, stores } = newInstaller(digest);
    const manifest = toolchainManifest(carriedOf(release), storedOf(release, ARCHIVE), 'artifact');
    putDocument(manifest);
    putDocument(lockIndex([{ carried: carriedOf(release), manifest }]), 'lock-of-it');
    const store = stores.configured()?.store;
    const at = { toolchain: toolchainTag(carriedOf(release)), lock: async () => 'lock-of-it' };
    expect(await store?.place({ digest }, at)).toMatchObject({ by: 'manifest' });
    expect(
      await store?.place({ digest: digestOf('sha512', Buffer.from('other')) }, { ...at, toolchain: 'x' }),
    ).toBeUndefined();
  });

  it('is refused where a manifest names other bytes for it, and nobody else is asked', async () => {
    const { ctx, release, events } = newInstaller(digest, { verifySignatures: 'off', storeMode: 'first' });
    const [stored] = storedOf(release, archiveSaying('evil'));
    if (stored === undefined) throw new Error('no archive');
    putDocument(archiveManifest(stored, 'artifact'), tag);
    await expect(installToolchain(ctx, release)).rejects.toMatchObject({ code: 'digest-mismatch', exit: 6 });
    expect(events.filter(({ type }) => type === 'warning')).toEqual([]);
    expect(readdirSync(person.home.store)).toEqual([]);
    expect(readdirSync(person.home.downloads)).toEqual([]);
  });

  it('is refused where the manifest under its tag is for another one', async () => {
    const { ctx, release } = newInstaller(digest, { storeMode: 'first' });
    const [stored] = storedOf(release, ARCHIVE);
    if (stored === undefined) throw new Error('no archive');
    const lie = { ...stored, part: { ...stored.part, digest: digestOf('sha512', Buffer.from('another')) } };
    putDocument(archiveManifest(lie, 'artifact'), tag);
    await expect(installToolchain(ctx, release)).rejects.toMatchObject({ code: 'digest-mismatch', exit: 6 });
  });

  it('a blob that is not its own digest says nothing against another place', async () => {
    const { ctx, release, events } = newInstaller(digest, { verifySignatures: 'off', storeMode: 'first' });
    for (const stored of storedOf(release, ARCHIVE)) putDocument(archiveManifest(stored, 'artifact'), tag);
    registry.instead = ({ path }) =>
      path.includes('/blobs/') ? { status: 200, body: Buffer.alloc(ARCHIVE.length, 'x') } : undefined;
    // The official site is dead here: that it was asked is what counts.
    await expect(installToolchain(ctx, release)).rejects.toMatchObject({ code: 'network' });
    expect(events.filter(({ type }) => type === 'warning')).toHaveLength(1);
  });
});

describe('an archive that its upstream signs', () => {
  const digest = digestOf('sha256', ARCHIVE);
  const beside = async (content: Buffer, fingerprint: string) => {
    const message = await createMessage({ binary: content });
    const signature = Buffer.from(
      (await sign({ message, signingKeys: key, detached: true, format: 'binary' })) as Uint8Array,
    );
    for (const blob of [signature, Buffer.from(material)]) registry.put(REPOSITORY, blob);
    const keys = [{ blob: blobOf(material), url: `${SITE}/keys/${fingerprint}.asc` }];
    return { blob: blobOf(signature), url: `${SITE}/tool.tar.gz.sig`, keys };
  };

  it('is proved by the signature that the store carries, though nothing else can be reached', async () => {
    const { ctx, release, fingerprint } = newInstaller(digest);
    const signature = await beside(ARCHIVE, fingerprint);
    const stored = storedOf(release, ARCHIVE).map((one) => ({ ...one, signature }));
    putDocument(toolchainManifest(carriedOf(release), stored, 'artifact'), toolchainTag(carriedOf(release)));
    const toolchain = await installToolchain(ctx, release);
    expect(toolchain.parts).toMatchObject([{ proof: { kind: 'signature', by: fingerprint } }]);
  });

  it('is installed by the digest of the lock where the store carries none', async () => {
    const { ctx, release } = newInstaller(digest);
    storedOf(release, ARCHIVE);
    const toolchain = await installToolchain(ctx, release);
    expect(toolchain.parts).toMatchObject([{ proof: { kind: 'digest' } }]);
  });

  it('is not proved by a signature over something else', async () => {
    const { ctx, release, fingerprint } = newInstaller(digest);
    const signature = await beside(archiveSaying('another'), fingerprint);
    const stored = storedOf(release, ARCHIVE).map((one) => ({ ...one, signature }));
    putDocument(toolchainManifest(carriedOf(release), stored, 'artifact'), toolchainTag(carriedOf(release)));
    const done = await installToolchain(ctx, release);
    expect(done.parts).toMatchObject([{ proof: { kind: 'digest' } }]);
  });
});
