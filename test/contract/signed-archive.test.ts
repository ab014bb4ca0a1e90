import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMessage, generateKey, type PrivateKey, readPrivateKey, sign } from 'openpgp';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Http, openHttp } from '../../src/adapters/net/http';
import { openLineSpeeds } from '../../src/adapters/net/line-speed';
import { openMirrors } from '../../src/adapters/net/mirrors';
import { openUpstream } from '../../src/adapters/upstream/upstream';
import type { Context } from '../../src/app/base/context';
import type { TeamStores } from '../../src/app/base/team-stores';
import { installToolchain } from '../../src/app/toolchains/install';
import type { PlatformRelease } from '../../src/app/toolchains/platform-release';
import type { Settings } from '../../src/domain/project/settings';
import type { Runtime } from '../../src/domain/runtime/runtime';
import { versionFrom } from '../../src/domain/versions/version';
import type { Event } from '../../src/domain/words/events';
import { tarGz } from '../support/archives';
import {
  type Answer,
  type LoopbackServer,
  newPerson,
  type Person,
  serveLoopback,
  settingsWith,
} from '../support/network-fixture';

const SITE = 'https://tools.test';
const ARCHIVE = tarGz([
  { name: 'tool/', type: '5', mode: 0o755 },
  { name: 'tool/bin/', type: '5', mode: 0o755 },
  { name: 'tool/bin/tool', mode: 0o755, content: '#!/bin/sh\necho tool\n' },
]);

interface Signer {
  readonly key: PrivateKey;
  readonly fingerprint: string;
  readonly material: string;
}

let releaser: Signer;
let stranger: Signer;
beforeAll(async () => {
  [releaser, stranger] = await Promise.all([newSigner('releaser'), newSigner('stranger')]);
});

async function newSigner(name: string): Promise<Signer> {
  const { privateKey, publicKey } = await generateKey({ userIDs: [{ name, email: `${name}@signer.test` }] });
  const key = await readPrivateKey({ armoredKey: privateKey });
  return { key, fingerprint: key.getFingerprint().toUpperCase(), material: publicKey };
}

async function signatureBy({ key }: Signer, content: Uint8Array): Promise<Buffer> {
  const message = await createMessage({ binary: content });
  return Buffer.from((await sign({ message, signingKeys: key, detached: true, format: 'binary' })) as Uint8Array);
}

const people: Person[] = [];
const servers: LoopbackServer[] = [];
const open: Http[] = [];
afterEach(async () => {
  for (const http of open.splice(0)) await http.close();
  for (const person of people.splice(0)) person.remove();
  for (const server of servers.splice(0)) await server.close();
});

const NO_STORES: TeamStores = {
  configured: () => undefined,
  asNobody: () => {
    throw new Error('no registry is asked');
  },
  registry: () => {
    throw new Error('no registry is asked');
  },
};

/** A runtime whose one source signs its archives, and a person who installs it. */
async function newInstaller(signature: Buffer | undefined, changes: Partial<Settings> = {}, again?: Person) {
  const published: Record<string, Answer> = {
    '/tool.tar.gz': { body: ARCHIVE },
    ...(signature !== undefined && { '/tool.tar.gz.sig': { body: signature } }),
    [`/keys/${releaser.fingerprint}.asc`]: { body: releaser.material },
  };
  const server = await serveLoopback((path) => published[path]);
  servers.push(server);
  const person = again ?? newPerson();
  people.push(person);
  const settings = settingsWith({ mirrors: { [SITE]: server.url }, networkRetries: 0, ...changes });
  const { host, home } = person;
  const mirrors = openMirrors({ settings, env: host.env, sources: [] });
  const http = openHttp({ host, settings, emit: () => undefined, rewrite: mirrors.rewrite });
  open.push(http);
  const upstream = openUpstream({ host, home, settings, http, mirrors, platform: 'linux-x64', emit: () => undefined });
  const lines = await openLineSpeeds({ cache: home.cache, now: host.now });
  const events: Event[] = [];
  const ctx: Context = {
    host,
    home,
    settings,
    platform: 'darwin-x64',
    emit: (event) => events.push(event),
    directory: person.folder,
    network: async () => ({ http: upstream.http, upstream, stores: NO_STORES, lines, close: () => http.close() }),
    close: async () => undefined,
  };
  const keys = { fingerprints: [releaser.fingerprint], material: (print: string) => `${SITE}/keys/${print}.asc` };
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
    parts: [
      {
        at: `${SITE}/tool.tar.gz`,
        digest: { kind: 'sha256', value: createHash('sha256').update(ARCHIVE).digest('hex') },
        proof: { kind: 'digest', by: 'tools.test' },
      },
    ],
  };
  return { ctx, release, events, person };
}

describe('an archive that the upstream signs itself', () => {
  it('is proved by the signature, and the receipt says by whom', async () => {
    const { ctx, release, person } = await newInstaller(await signatureBy(releaser, ARCHIVE), {
      verifyMinimum: 'signature',
    });
    const toolchain = await installToolchain(ctx, release);
    const proof = { kind: 'signature', by: releaser.fingerprint };
    expect(toolchain.parts).toMatchObject([{ proof }]);
    expect(JSON.parse(readFileSync(join(person.home.store, `${toolchain.key}.json`), 'utf8'))).toMatchObject({
      parts: [{ proof }],
    });
    expect(existsSync(join(toolchain.root, 'bin/tool'))).toBe(true);
    expect(readdirSync(person.home.downloads)).toEqual([]);
  });

  const wrong: readonly [string, () => Promise<Buffer | undefined>, string, Partial<Settings>?][] = [
    ['over another file', async () => signatureBy(releaser, Buffer.from('another')), 'signature-invalid'],
    ['by a key that is not pinned', async () => signatureBy(stranger, ARCHIVE), 'key-unknown'],
    ['that is missing', async () => undefined, 'signature-missing', { verifySignatures: 'required' }],
    ['that is no signature', async () => Buffer.from('no signature'), 'signature-invalid'],
  ];
  it.each(wrong)('is refused with a signature %s', async (_, make, code, settings) => {
    const { ctx, release, person } = await newInstaller(await make(), settings);
    await expect(installToolchain(ctx, release)).rejects.toMatchObject({ code });
    expect(readdirSync(person.home.store)).toEqual([]);
    expect(readdirSync(person.home.tmp)).toEqual([]);
  });

  it('is installed from a lock although its key is not known here, and never with a signature that does not hold', async () => {
    const unknown = await newInstaller(await signatureBy(stranger, ARCHIVE));
    const toolchain = await installToolchain(unknown.ctx, { ...unknown.release, locked: true });
    expect(toolchain.parts).toMatchObject([{ proof: { kind: 'digest' } }]);
    expect(unknown.events).toContainEqual(
      expect.objectContaining({ type: 'warning', text: expect.stringContaining('not pinned') }),
    );
    const bad = await newInstaller(await signatureBy(releaser, Buffer.from('another')));
    await expect(installToolchain(bad.ctx, { ...bad.release, locked: true })).rejects.toMatchObject({
      code: 'signature-invalid',
    });
  });

  it('does not pass a minimum that only the signature would have reached', async () => {
    const { ctx, release } = await newInstaller(undefined, {
      verifyMinimum: 'signature',
      verifySignatures: 'when-present',
    });
    await expect(installToolchain(ctx, release)).rejects.toMatchObject({ code: 'proof-weaker' });
  });

  it('is refused without a signature where the lock or a receipt knows of one', async () => {
    const floor = { kind: 'signature', by: releaser.fingerprint } as const;
    const { ctx, release, person } = await newInstaller(undefined);
    await expect(installToolchain(ctx, { ...release, floor })).rejects.toMatchObject({ code: 'proof-weaker' });
    expect(readdirSync(person.home.store)).toEqual([]);
    const signed = await newInstaller(await signatureBy(releaser, ARCHIVE));
    await expect(installToolchain(signed.ctx, { ...signed.release, floor })).resolves.toBeDefined();
  });

  it('is not asked for its signature where the policy is off', async () => {
    const { ctx, release } = await newInstaller(Buffer.from('nonsense'), { verifySignatures: 'off' });
    await expect(installToolchain(ctx, release)).resolves.toMatchObject({ parts: [{ proof: { kind: 'digest' } }] });
  });

  it('is held against the signature anew where the one in the cache was bad', async () => {
    const first = await newInstaller(await signatureBy(releaser, Buffer.from('another')));
    await expect(installToolchain(first.ctx, first.release)).rejects.toMatchObject({ code: 'signature-invalid' });
    const next = await newInstaller(await signatureBy(releaser, ARCHIVE), {}, first.person);
    await expect(installToolchain(next.ctx, next.release)).resolves.toMatchObject({
      parts: [{ proof: { kind: 'signature' } }],
    });
  });
});
