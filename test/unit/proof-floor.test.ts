import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { publishToolchain, removeToolchain } from '../../src/adapters/store/store';
import type { Context } from '../../src/app/base/context';
import { resolveFromSources, resolveKnown } from '../../src/app/toolchains/resolve';
import type { Proof } from '../../src/domain/runtime/artifact';
import type { Runtime, Source } from '../../src/domain/runtime/runtime';
import type { LockEntry } from '../../src/domain/toolchain/lockfile';
import { findWeakening } from '../../src/domain/toolchain/proof-floor';
import type { Toolchain } from '../../src/domain/toolchain/toolchain';
import { versionFrom } from '../../src/domain/versions/version';
import { newPerson, settingsWith } from '../support/network-fixture';

const SIGNED: Proof = { kind: 'signature', by: 'C0D6248439F1D5604AAFFB4021D900FFDB233756' };
const LISTED: Proof = { kind: 'digest', by: 'nodejs.org' };
const REGISTERED: Proof = { kind: 'registry-signature', by: 'SHA256:key' };

function entryOf(source: string, version: string, ...proofs: readonly Proof[]): LockEntry {
  const parts = proofs.map((proof, index) => ({
    at: `https://nodejs.org/dist/v${version}/${index}.tar.gz`,
    digest: { kind: 'sha256' as const, value: 'a'.repeat(64) },
    proof,
  }));
  return {
    tool: 'node',
    request: { text: '20', options: {} },
    version: versionFrom(version) as LockEntry['version'],
    source,
    artifacts: [{ platform: 'linux-x64', parts: parts as never }],
    gaps: [],
  };
}

function toolchainOf(key: string, proof: Proof): Toolchain {
  return {
    key,
    tool: 'node',
    version: versionFrom('20.1.0') as Toolchain['version'],
    options: {},
    platform: 'linux-x64',
    source: 'nodejs.org',
    root: '/nowhere',
    parts: [
      { at: 'https://nodejs.org/dist/v20.1.0/0.tar.gz', digest: { kind: 'sha256', value: 'b'.repeat(64) }, proof },
    ],
    installed: '2026-01-01T00:00:00.000Z',
  };
}

describe('a proof that is weaker than the one the lock records', () => {
  it.each([
    ['the same version from the same source', entryOf('nodejs.org', '20.1.0', LISTED), true],
    ['a newer version from the same source', entryOf('nodejs.org', '20.2.0', LISTED), true],
    ['the same version from another source', entryOf('npm', '20.1.0', REGISTERED), true],
    ['one part of several', entryOf('nodejs.org', '20.1.0', SIGNED, LISTED), true],
    ['a newer version from another source', entryOf('npm', '20.2.0', REGISTERED), false],
    ['as good a proof', entryOf('nodejs.org', '20.2.0', SIGNED), false],
  ])('of %s', (_, next, weaker) => {
    const found = findWeakening({ lock: { entries: [entryOf('nodejs.org', '20.1.0', SIGNED)] }, receipts: [] }, next);
    expect(found !== undefined).toBe(weaker);
  });

  it('is held against the least of the alternatives that the lock has', () => {
    const lock = { entries: [entryOf('nodejs.org', '20.1.0', SIGNED), entryOf('npm', '20.1.0', REGISTERED)] };
    const recorded = { lock, receipts: [] };
    expect(findWeakening(recorded, entryOf('npm', '20.1.0', REGISTERED))).toBeUndefined();
    expect(findWeakening(recorded, entryOf('npm', '20.1.0', LISTED))).toMatchObject({
      before: REGISTERED,
      after: LISTED,
    });
  });

  it.each([
    ['the same release from the same source', entryOf('nodejs.org', '20.1.0', LISTED), true],
    ['a newer version from the same source', entryOf('nodejs.org', '20.2.0', LISTED), false],
    ['the same version from another source', entryOf('npm', '20.1.0', REGISTERED), false],
    ['as good a proof', entryOf('nodejs.org', '20.1.0', SIGNED), false],
  ])('is held against the receipts in the store: %s', (_, next, weaker) => {
    const receipts = [toolchainOf('node-20.1.0-linux-x64-aaaaaaaaaaaa', SIGNED)];
    expect(findWeakening({ lock: { entries: [] }, receipts }, next) !== undefined).toBe(weaker);
  });

  const next = entryOf('nodejs.org', '20.1.0', LISTED);
  const source: Source = {
    id: 'nodejs.org',
    releases: async () => [{ version: next.version }],
    artifacts: async () => next.artifacts,
    owns: () => undefined,
  };
  const runtime = {
    id: 'node',
    sources: [source],
    scheme: { matches: () => true, compare: () => 0, version: versionFrom },
  } as unknown as Runtime;
  const person = newPerson();
  afterAll(() => person.remove());
  const ctx = {
    home: person.home,
    host: person.host,
    settings: settingsWith({ preference: 'only-managed' }),
    platform: 'linux-x64',
    emit: () => undefined,
    network: async () => ({ upstream: { platform: 'linux-x64' } }),
  } as unknown as Context;
  const asked = {
    runtime,
    request: { tool: 'node', text: '20', version: { kind: 'exact', version: next.version }, options: {} },
    lock: { entries: [entryOf('nodejs.org', '20.1.0', SIGNED)] },
  } as const;

  it('is refused when it is resolved anew', async () => {
    await expect(resolveFromSources(ctx, asked)).rejects.toMatchObject({
      code: 'proof-weaker',
      message: expect.stringContaining('signed by'),
      hint: expect.stringContaining('--source nodejs.org'),
    });
    await expect(resolveFromSources(ctx, { ...asked, lock: { entries: [] } })).resolves.toMatchObject({
      source: 'nodejs.org',
    });
  });

  it('is refused where only a receipt says that there was a signature', async () => {
    const key = 'node-20.1.0-linux-x64-aaaaaaaaaaaa';
    const staged = join(person.folder, 'staged');
    mkdirSync(staged);
    await publishToolchain(person.home, toolchainOf(key, SIGNED), { root: staged, files: [] });
    const ask = { ...asked, lock: { entries: [] } };
    await expect(resolveFromSources(ctx, ask)).rejects.toMatchObject({ code: 'proof-weaker', exit: 6 });
    await expect(resolveFromSources(ctx, { ...ask, order: ['nodejs.org'] })).resolves.toBeDefined();
    await removeToolchain(person.home, key);
  });

  it('is not avoided by the entry of another source where a person names one', async () => {
    const ask = { ...asked, request: { ...asked.request, text: '20' }, order: ['npm'] } as const;
    await expect(resolveKnown(ctx, ask)).resolves.toBeUndefined();
    await expect(resolveKnown(ctx, { ...ask, order: ['nodejs.org'] })).resolves.toMatchObject({ from: 'lock' });
  });

  it('is taken from a source that a person names', async () => {
    await expect(resolveFromSources(ctx, { ...asked, order: ['nodejs.org'] })).resolves.toMatchObject({
      source: 'nodejs.org',
    });
  });
});
