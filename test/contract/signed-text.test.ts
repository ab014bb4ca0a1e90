import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMessage, generateKey, type PrivateKey, readPrivateKey, sign } from 'openpgp';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { type Http, openHttp } from '../../src/adapters/net/http';
import { openMirrors } from '../../src/adapters/net/mirrors';
import { openIndexes } from '../../src/adapters/upstream/indexes';
import { readSignedText } from '../../src/adapters/upstream/signed-text';
import type { Settings } from '../../src/domain/project/settings';
import {
  type Answer,
  type LoopbackServer,
  newPerson,
  type Person,
  serveLoopback,
  settingsWith,
} from '../support/network-fixture';

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

const people: Person[] = [];
const servers: LoopbackServer[] = [];
const open: Http[] = [];
afterEach(async () => {
  for (const http of open.splice(0)) await http.close();
  for (const person of people.splice(0)) person.remove();
  for (const server of servers.splice(0)) await server.close();
});

async function newSigner(name: string): Promise<Signer> {
  const { privateKey, publicKey } = await generateKey({
    userIDs: [{ name, email: `${name}@signer.test` }],
    subkeys: name === 'stranger' ? [{ sign: true }] : [],
  });
  const key = await readPrivateKey({ armoredKey: privateKey });
  return { key, fingerprint: key.getFingerprint().toUpperCase(), material: publicKey };
}

/** By the signer's signing subkey where it has one, as openpgp prefers. */
async function signatureBy({ key }: Signer, text: string): Promise<Uint8Array> {
  const message = await createMessage({ binary: Buffer.from(text) });
  return sign({ message, signingKeys: key, detached: true, format: 'binary' });
}

const TEXT = 'ab12  node.tar.gz\n';
const FILE = {
  url: 'https://nodejs.org/dist/v1/SHASUMS256.txt',
  signatureUrl: 'https://nodejs.org/dist/v1/SHASUMS256.txt.sig',
};

/** A server that has the files of `published`, and a person who reads the signed text from it. */
async function upstreamOf(published: Record<string, Answer>) {
  const server = await serveLoopback((path) => published[path]);
  servers.push(server);
  const clock = { now: new Date('2026-09-01T12:00:00Z') };
  const person = newPerson({}, clock);
  people.push(person);
  const read = (changes: Partial<Settings> = {}) => {
    const mirrors = { 'https://nodejs.org': server.url, 'https://keys.test': `${server.url}/keys` };
    const settings = settingsWith({ mirrors, networkRetries: 0, ...changes });
    const { host, home } = person;
    const opened = openMirrors({ settings, env: host.env, sources: [] });
    const http = openHttp({ host, settings, emit: () => undefined, rewrite: opened.rewrite });
    open.push(http);
    const indexes = openIndexes({ host, home, settings, http, mirrors: opened, emit: () => undefined });
    const keys = {
      fingerprints: [releaser.fingerprint],
      material: (fingerprint: string) => `https://keys.test/${fingerprint}.asc`,
    };
    return readSignedText({ ...FILE, keys }, { home, settings, indexes });
  };
  return { server, person, clock, read, published };
}

async function published(by: Signer, text = TEXT): Promise<Record<string, Answer>> {
  return {
    '/dist/v1/SHASUMS256.txt': { body: text },
    '/dist/v1/SHASUMS256.txt.sig': { body: await signatureBy(by, TEXT) },
    [`/keys/${releaser.fingerprint}.asc`]: { body: releaser.material },
    [`/keys/${stranger.fingerprint}.asc`]: { body: stranger.material },
  };
}

describe('a signed text', () => {
  test('is proved by the fingerprint of a pinned key, also without a network afterwards', async () => {
    const { read, server } = await upstreamOf(await published(releaser));
    const expected = { text: TEXT, proof: { kind: 'signature', by: releaser.fingerprint } };
    expect(await read()).toEqual(expected);
    await server.close();
    expect(await read({ offline: true })).toEqual(expected);
  });

  test('by a key that is not pinned is refused, even though the server has that key', async () => {
    const { read, server } = await upstreamOf(await published(stranger));
    for (const verifySignatures of ['required', 'when-present'] as const) {
      await expect(read({ verifySignatures })).rejects.toMatchObject({ code: 'key-unknown' });
    }
    expect(server.requests.map(({ path }) => path)).not.toContain(`/keys/${stranger.fingerprint}.asc`);
  });

  test("by a key of the person's own list holds, spelt as people spell it", async () => {
    const { read } = await upstreamOf(await published(stranger));
    const spelt = `0x${stranger.fingerprint.toLowerCase().replace(/(.{4})/g, '$1 ')}`;
    expect((await read({ verifyKeys: [spelt] }))?.proof).toEqual({ kind: 'signature', by: stranger.fingerprint });
  });

  test("is not refused because of another pinned key's broken material", async () => {
    const files = await published(stranger);
    files[`/keys/${releaser.fingerprint}.asc`] = { body: 'no key at all' };
    const { read } = await upstreamOf(files);
    expect((await read({ verifyKeys: ['f'.repeat(40), stranger.fingerprint] }))?.proof.by).toBe(stranger.fingerprint);
  });

  test("takes a key's material from polyenv's own folder first", async () => {
    const { read, person, server } = await upstreamOf(await published(stranger));
    mkdirSync(join(person.home.state, 'keys'), { recursive: true });
    writeFileSync(join(person.home.state, 'keys', `${stranger.fingerprint}.asc`), stranger.material);
    expect((await read({ verifyKeys: [stranger.fingerprint] }))?.proof.by).toBe(stranger.fingerprint);
    expect(server.requests.map(({ path }) => path)).not.toContain(`/keys/${stranger.fingerprint}.asc`);
  });

  test("is not proved by material of another key under the pinned one's name", async () => {
    const files = await published(stranger);
    files[`/keys/${releaser.fingerprint}.asc`] = { body: stranger.material };
    const { read } = await upstreamOf(files);
    await expect(read()).rejects.toMatchObject({ code: expect.stringMatching(/^(key-unknown|signature-invalid)$/) });
  });

  test('that was changed is refused under each policy that looks', async () => {
    const { read } = await upstreamOf(await published(releaser, TEXT.replace('ab12', 'cd34')));
    for (const verifySignatures of ['required', 'when-present'] as const) {
      await expect(read({ verifySignatures })).rejects.toMatchObject({ code: 'signature-invalid' });
    }
    expect((await read({ verifySignatures: 'off' }))?.proof).toEqual({ kind: 'digest', by: 'nodejs.org' });
  });

  test('without a signature is refused where one is required, and called less where not', async () => {
    const files = await published(releaser);
    delete files['/dist/v1/SHASUMS256.txt.sig'];
    const { read } = await upstreamOf(files);
    const refused = expect.objectContaining({
      code: 'signature-missing',
      hint: expect.stringContaining('when-present'),
    });
    await expect(read({ verifySignatures: 'required' })).rejects.toEqual(refused);
    expect((await read())?.proof).toEqual({ kind: 'digest', by: 'nodejs.org' });
    expect((await read({ verifySignatures: 'when-present' }))?.proof).toEqual({ kind: 'digest', by: 'nodejs.org' });
  });

  test('kept before a new release of both is fetched again rather than refused', async () => {
    const files = await published(releaser);
    const { read, clock } = await upstreamOf(files);
    delete files['/dist/v1/SHASUMS256.txt.sig'];
    await read({ verifySignatures: 'when-present' });
    files['/dist/v1/SHASUMS256.txt'] = { body: 'newer\n' };
    files['/dist/v1/SHASUMS256.txt.sig'] = { body: await signatureBy(releaser, 'newer\n') };
    clock.now = new Date(clock.now.getTime() + 1000);
    // That there was no signature is known for as long as the text is: both are of one time.
    expect((await read())?.text).toBe(TEXT);
    expect((await read({ verifySignatures: 'required' }))?.text).toBe('newer\n');
  });

  test('that does not exist is undefined', async () => {
    const { read } = await upstreamOf({});
    expect(await read()).toBeUndefined();
  });
});
