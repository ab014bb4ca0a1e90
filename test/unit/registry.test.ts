import { chmodSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openHttp } from '../../src/adapters/net/http';
import { blobPlace } from '../../src/adapters/registry/blobs';
import { findLogin } from '../../src/adapters/registry/docker-config';
import {
  deleteManifest,
  findManifest,
  listTags,
  putManifest,
  readManifest,
} from '../../src/adapters/registry/manifests';
import { openRegistry, type Registry } from '../../src/adapters/registry/registry';
import { findBlob, mountBlob, uploadBlob } from '../../src/adapters/registry/uploads';
import type { Settings } from '../../src/domain/project/settings';
import { parseChallenge } from '../../src/domain/team/challenge';
import { blobOf, configOf, probeManifest } from '../../src/domain/team/manifest';
import { parseReference } from '../../src/domain/team/reference';
import type { Host } from '../../src/host';
import { makeCertificates, openssl } from '../support/certificates';
import { discard } from '../support/discard';
import { digestOf, type RegistryHabits, type RegistryServer, serveRegistry } from '../support/registry-server';
import { settingsWith } from '../support/settings';

const SECRET = 's3cret-of-ci';
const LOGIN = { user: 'ci', password: SECRET };

let folder: string;
let said: string[];
let hidden: string[];
const closing: (() => Promise<void>)[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'polyenv-registry-'));
  said = [];
  hidden = [];
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  discard(folder);
});

async function serve(habits: RegistryHabits = {}): Promise<RegistryServer> {
  const server = await serveRegistry(habits);
  closing.push(() => server.close());
  return server;
}

interface Opening {
  readonly env?: Readonly<Record<string, string>>;
  readonly settings?: Partial<Settings>;
  readonly scheme?: 'none';
  readonly mounted?: readonly string[];
  readonly repository?: string;
}

function open(server: Pick<RegistryServer, 'origin' | 'host'>, opening: Opening = {}): Registry {
  const repository = opening.repository ?? 'team/tools';
  const reference = parseReference(`${opening.scheme === 'none' ? server.host : server.origin}/${repository}`);
  if (!('host' in reference)) throw new Error(reference.problem);
  const host = { env: { PATH: `${folder}:/usr/bin:/bin`, ...opening.env }, personHome: folder } as unknown as Host;
  const settings = settingsWith({ networkTimeout: 2, networkRetries: 1, ...opening.settings });
  const http = openHttp({ host, settings, emit: () => undefined });
  closing.push(() => http.close());
  return openRegistry({
    http,
    reference,
    host,
    settings,
    hide: (secret) => hidden.push(secret),
    note: (text) => said.push(text),
    warn: (text) => said.push(text),
    ...(opening.mounted !== undefined && { mounted: opening.mounted }),
  });
}

/** As `docker login` writes it. */
function logIn(key: string, entry: object = { auth: Buffer.from(`ci:${SECRET}`).toString('base64') }): void {
  writeConfig('.docker/config.json', { auths: { [key]: entry } });
}

function writeConfig(name: string, value: object): string {
  const file = join(folder, name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify(value));
  return file;
}

function bytes(size: number): Buffer {
  return Buffer.alloc(size, 'polyenv');
}

async function push(registry: Registry, body: Buffer) {
  const progress: number[] = [];
  await uploadBlob(registry, {
    digest: digestOf(body),
    size: body.length,
    onBytes: (sent) => progress.push(sent),
    read: async function* (from, to) {
      for (let at = from; at < to; at += 2 ** 20) yield body.subarray(at, Math.min(to, at + 2 ** 20));
    },
  });
  return progress;
}

async function pull(registry: Registry, body: Buffer): Promise<Buffer> {
  const { http, url } = await blobPlace(registry, { digest: digestOf(body), size: body.length, checked: 'here' });
  const answer = await http.get(url, { encoding: 'raw' });
  const chunks: Uint8Array[] = [];
  for await (const chunk of answer.body) chunks.push(chunk);
  return Buffer.concat(chunks);
}

async function hasBlob(registry: Registry, digest: string, access: 'pull' | 'push'): Promise<boolean> {
  return (await findBlob(registry, digest, access)) !== undefined;
}

async function failure(
  promise: Promise<unknown>,
): Promise<{ code: string; message: string; hint?: string; elsewhere?: boolean }> {
  return promise.then(
    () => {
      throw new Error('did not fail');
    },
    (error: unknown) => error as never,
  );
}

describe('blobs', () => {
  it('are sent and read back', async () => {
    const server = await serve();
    const registry = open(server);
    const body = bytes(100_000);
    expect(await hasBlob(registry, digestOf(body), 'push')).toBe(false);
    expect(await push(registry, body)).toEqual([100_000]);
    expect(await hasBlob(registry, digestOf(body), 'push')).toBe(true);
    expect(await pull(registry, body)).toEqual(body);
    expect(server.asked.map(({ method }) => method)).toEqual(['HEAD', 'POST', 'PUT', 'HEAD', 'GET']);
  });

  it('go in pieces where they are large, and whole where the registry takes no pieces', async () => {
    const body = bytes(65 * 2 ** 20);
    const server = await serve();
    await push(open(server), body);
    expect(server.asked.map(({ method }) => method)).toEqual(['POST', 'PATCH', 'PATCH', 'PUT']);
    const strict = await serve({ lacks: ['pieces'] });
    await push(open(strict), body);
    expect(strict.asked.map(({ method }) => method)).toEqual(['POST', 'PATCH', 'POST', 'PUT']);
    expect(strict.blobs.get(digestOf(body))?.length).toBe(body.length);
  });

  it('go on where a piece broke off', async () => {
    const body = bytes(65 * 2 ** 20);
    const server = await serve();
    let broken = 0;
    server.instead = ({ method }) =>
      method === 'PATCH' && broken++ === 1 ? { status: 202, cutAfter: 0, body: 'x' } : undefined;
    await push(open(server), body);
    expect(server.asked.map(({ method }) => method)).toEqual(['POST', 'PATCH', 'PATCH', 'GET', 'PATCH', 'PUT']);
    expect(server.blobs.has(digestOf(body))).toBe(true);
  });

  it('begin anew where the registry forgot the session, and give up in the end', async () => {
    const server = await serve();
    let forgotten = 0;
    server.instead = ({ method }) => (method === 'PUT' && forgotten++ === 0 ? { status: 404 } : undefined);
    await push(open(server), bytes(10));
    expect(server.asked.map(({ method }) => method)).toEqual(['POST', 'PUT', 'POST', 'PUT']);
    server.instead = ({ method }) => (method === 'PUT' ? { status: 404 } : undefined);
    expect(await failure(push(open(server), bytes(11)))).toMatchObject({ code: 'http-status', status: 404 });
  });

  it('are mounted from another repository, where that is to be had', async () => {
    for (const habits of [{}, { lacks: ['mount'] }] satisfies RegistryHabits[]) {
      const server = await serve(habits);
      await push(open(server, { repository: 'other/tools' }), bytes(10));
      const registry = open(server);
      const mounted = !('lacks' in habits);
      expect(await mountBlob(registry, digestOf(bytes(10)), 'other/tools')).toBe(mounted);
      expect(await findBlob(registry, digestOf(bytes(10)), 'pull')).toEqual(mounted ? { size: 10 } : undefined);
      expect(await mountBlob(registry, digestOf(bytes(11)), 'other/tools')).toBe(false);
    }
  });

  it('are asked for without HEAD where the registry has none', async () => {
    const registry = open(await serve({ lacks: ['head'] }));
    await push(registry, bytes(10));
    expect(await hasBlob(registry, digestOf(bytes(10)), 'push')).toBe(true);
    expect(await hasBlob(registry, digestOf(bytes(11)), 'push')).toBe(false);
  });

  it('a full registry says so, in its own words', async () => {
    const server = await serve();
    server.instead = ({ method }) =>
      method === 'PUT'
        ? { status: 507, body: '{"errors":[{"code":"DENIED","message":"quota \\u001b[31m reached"}]}' }
        : undefined;
    const error = await failure(push(open(server), bytes(10)));
    expect(error).toMatchObject({ code: 'http-status', status: 507 });
    expect(error.message).toContain('DENIED quota \\x1b[31m reached');
    expect(error.hint).toContain('more room');
  });

  it('an upload is sent to another host only by https, and never with the login', async () => {
    const server = await serve({ login: LOGIN });
    const other = await serve();
    logIn(server.host);
    server.instead = ({ method }) =>
      method === 'POST' ? { status: 202, headers: { location: `${other.origin}/upload` } } : undefined;
    expect(await failure(push(open(server), bytes(10)))).toMatchObject({ code: 'network' });
    expect(other.asked).toEqual([]);
  });

  it.runIf(openssl)('an upload to another host by https carries no login', async () => {
    makeCertificates(folder);
    const tls = { cert: readFileSync(join(folder, 'good.pem')), key: readFileSync(join(folder, 'good.key')) };
    const other = await serve({ tls });
    const server = await serve({ login: LOGIN });
    logIn(server.host);
    other.instead = () => ({ status: 201 });
    server.instead = ({ method, headers }) =>
      method === 'POST' && headers.authorization
        ? { status: 202, headers: { location: `${other.origin}/up` } }
        : undefined;
    await push(open(server, { env: { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') } }), bytes(10));
    expect(other.asked).toHaveLength(1);
    expect(other.asked[0]?.headers.authorization).toBeUndefined();
  });
});

describe('answers that are not the blob', () => {
  const hostile = {
    'another length': { status: 200, body: 'short' },
    'a web page': {
      status: 200,
      headers: { 'content-type': 'text/html' },
      body: '<!doctype html><title>sign in</title>',
    },
    'no end': { status: 200, body: bytes(1000), endless: true as const },
    'other bytes': { status: 200, body: Buffer.alloc(1000, 'x') },
    'a redirect to plain http elsewhere': { status: 302, headers: { location: 'http://registry.example/x' } },
    'a redirect to itself': { status: 302, headers: { location: '/again' } },
    'a refusal': { status: 403 },
    'its own failure': { status: 500 },
  };
  it.each(Object.entries(hostile))('%s is an error after which another place is asked', async (_, reply) => {
    const server = await serve();
    const registry = open(server, { settings: { networkRetries: 0 } });
    await push(registry, bytes(1000));
    server.instead = ({ method }) => (method === 'GET' ? reply : undefined);
    const error = await failure(pull(registry, bytes(1000)));
    expect(['network', 'http-status', 'digest-mismatch', 'insecure-url']).toContain(error.code);
    expect(server.asked.length).toBeLessThan(20);
  });

  it('Retry-After is obeyed for a second, and not waited for where it is an hour', async () => {
    const server = await serve();
    const registry = open(server);
    await push(registry, bytes(10));
    let refused = 0;
    server.instead = () => (refused++ === 0 ? { status: 429, headers: { 'retry-after': '1' } } : undefined);
    const began = Date.now();
    expect(await pull(registry, bytes(10))).toEqual(bytes(10));
    expect(await hasBlob(registry, digestOf(bytes(10)), 'pull')).toBe(true);
    expect(Date.now() - began).toBeGreaterThanOrEqual(1000);
    server.instead = () => ({ status: 429, headers: { 'retry-after': '3600' } });
    const again = Date.now();
    await failure(pull(registry, bytes(10)));
    await failure(hasBlob(registry, digestOf(bytes(10)), 'pull'));
    expect(Date.now() - again).toBeLessThan(900);
  });
});

describe('manifests', () => {
  const probe = probeManifest('artifact');
  async function ready(habits: RegistryHabits = {}): Promise<{ server: RegistryServer; registry: Registry }> {
    const server = await serve(habits);
    const registry = open(server);
    await push(registry, Buffer.from(configOf('artifact').text));
    return { server, registry };
  }

  it('are stored, found, read and taken away', async () => {
    const { registry } = await ready();
    expect(await findManifest(registry, 'a', 'pull')).toBeUndefined();
    expect(await readManifest(registry, 'a', 'pull')).toBeUndefined();
    await putManifest(registry, probe, 'a');
    expect(await findManifest(registry, 'a', 'pull')).toEqual({ digest: probe.digest, size: probe.size });
    expect(await readManifest(registry, probe.digest, 'pull')).toBe(probe.text);
    await deleteManifest(registry, probe.digest);
    await deleteManifest(registry, probe.digest);
    expect(await findManifest(registry, 'a', 'pull')).toBeUndefined();
  });

  it('are found without HEAD too', async () => {
    const { registry } = await ready({ lacks: ['head'] });
    await putManifest(registry, probe, 'a');
    expect(await findManifest(registry, 'a', 'pull')).toEqual({ digest: probe.digest, size: probe.size });
  });

  it('under a tag that never moves: the same is success, another is refused', async () => {
    const { registry } = await ready({ immutableTags: true });
    await push(registry, Buffer.from(configOf('image').text));
    await putManifest(registry, probe, 'a');
    await putManifest(registry, probe, 'a');
    const error = await failure(putManifest(registry, probeManifest('image'), 'a'));
    expect(error).toMatchObject({ code: 'http-status', status: 409 });
    expect(error.message).toContain('tag is immutable');
  });

  it('is tried again where a registry trips over another push of the same bytes', async () => {
    const { server, registry } = await ready();
    let refused = 0;
    const reply = { status: 400, body: '{"errors":[{"code":"DIGEST_INVALID"}]}' };
    server.instead = ({ method }) => (method === 'PUT' && refused++ < 2 ? reply : undefined);
    await putManifest(registry, probe, 'a');
    expect(await findManifest(registry, 'a', 'pull')).toMatchObject({ digest: probe.digest });
    server.instead = ({ method }) => (method === 'PUT' ? reply : undefined);
    expect(await failure(putManifest(registry, probeManifest('image'), 'b'))).toMatchObject({ status: 400 });
  });

  it('by digest are the bytes of that digest, or refused', async () => {
    const { server, registry } = await ready();
    await putManifest(registry, probe, 'a');
    server.instead = ({ path }) =>
      path.includes('sha256:') ? { status: 200, body: '{"schemaVersion":2}' } : undefined;
    expect(await failure(readManifest(registry, probe.digest, 'pull'))).toMatchObject({ code: 'digest-mismatch' });
  });

  it('of more than a few megabytes are not read', async () => {
    const { server, registry } = await ready();
    server.instead = ({ path }) =>
      path.includes('/manifests/') ? { status: 200, body: ' ', endless: true } : undefined;
    expect(await failure(readManifest(registry, 'a', 'pull'))).toMatchObject({ code: 'network' });
  });

  it('that cannot be taken away say what to ask for', async () => {
    const { registry } = await ready({ lacks: ['delete'] });
    expect((await failure(deleteManifest(registry, probe.digest))).hint).toContain('deletion');
  });

  it('tags are listed page by page, from the registry alone', async () => {
    const { server, registry } = await ready();
    for (const tag of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) await putManifest(registry, probe, tag);
    expect(await listTags(registry)).toEqual(['a', 'b', 'c', 'd', 'e', 'f', 'g']);
    const other = await serve();
    const link = (target: string) => ({
      status: 200,
      headers: { link: `<${target}>; rel="next"` },
      body: '{"tags":["a"]}',
    });
    server.instead = () => link(`${other.origin}/v2/team/tools/tags/list`);
    expect(await failure(listTags(registry))).toMatchObject({ code: 'network' });
    expect(other.asked).toEqual([]);
    server.instead = () => link('/v2/team/tools/tags/list?n=1');
    expect(await failure(listTags(registry))).toMatchObject({ code: 'network' });
  });
});

describe('who we are', () => {
  it('a password is sent once it is asked for, and one refusal serves all', async () => {
    const server = await serve({ login: LOGIN });
    logIn(server.host);
    const registry = open(server);
    await push(registry, bytes(10));
    expect(server.asked.map(({ method, headers }) => [method, headers.authorization !== undefined])).toEqual([
      ['POST', false],
      ['POST', true],
      ['PUT', true],
    ]);
    expect(hidden).toContain(SECRET);
  });

  it('a token is asked for exactly what is done, whatever the registry proposes', async () => {
    const server = await serve({ login: LOGIN, scheme: 'bearer' });
    logIn(server.host);
    await push(open(server), bytes(10));
    server.asked.length = 0;
    const reader = open(server);
    const answers = await Promise.all(Array.from({ length: 6 }, () => pull(reader, bytes(10))));
    expect(answers).toHaveLength(6);
    const tokens = server.asked.filter(({ path }) => path.startsWith('/token'));
    expect(tokens.map(({ path }) => path)).toEqual(['/token?service=test&scope=repository%3Ateam%2Ftools%3Apull']);
    // One refusal, one token, one request an archive.
    expect(server.asked).toHaveLength(8);
    expect(hidden.length).toBeGreaterThan(1);
  });

  it('a token that has run out is renewed in the middle', async () => {
    const server = await serve({ login: LOGIN, scheme: 'bearer', tokenUses: 3 });
    logIn(server.host);
    const registry = open(server);
    await push(registry, bytes(10));
    for (let round = 0; round < 10; round += 1) expect(await pull(registry, bytes(10))).toEqual(bytes(10));
  });

  it('nobody is let in who is not known, and the hint is a command', async () => {
    const server = await serve({ login: LOGIN });
    const error = await failure(push(open(server), bytes(10)));
    expect(error).toMatchObject({ code: 'http-status', status: 401 });
    expect(error.hint).toContain(`docker login ${server.host}`);
    logIn(server.host, { auth: Buffer.from('ci:wrong-one').toString('base64') });
    const wrong = await failure(push(open(server), bytes(10)));
    expect(wrong).toMatchObject({ code: 'http-status', status: 401 });
    expect(`${wrong.message}${wrong.hint}`).not.toContain('wrong-one');
    expect(server.asked.length).toBeLessThan(6);
  });

  it('reading needs no login where the registry wants none', async () => {
    const server = await serve({ login: LOGIN, scheme: 'bearer', anonymousPull: true });
    logIn(server.host);
    await push(open(server), bytes(10));
    server.asked.length = 0;
    const reader = open(server);
    await pull(reader, bytes(10));
    expect(server.asked).toHaveLength(1);
    expect(reader.signedIn()).toBe(false);
  });

  it.each([
    ['plain http on another port', (other: string) => `${other}/token`],
    ['plain http elsewhere', () => 'http://registry.example/token'],
    ['a file', () => 'file:///etc/passwd'],
    ['nothing that is a URL', () => 'token'],
  ])('no login is sent to a realm that is %s', async (_, realm) => {
    const other = await serve();
    const server = await serve({ login: LOGIN, scheme: 'bearer', realm: realm(other.origin) });
    logIn(server.host);
    expect(await failure(push(open(server), bytes(10)))).toMatchObject({ code: 'http-status', status: 401 });
    expect(other.asked).toEqual([]);
  });

  it('a redirect of the request for a token is not followed', async () => {
    const other = await serve();
    const server = await serve({ login: LOGIN, scheme: 'bearer' });
    logIn(server.host);
    server.instead = ({ path }) =>
      path.startsWith('/token') ? { status: 307, headers: { location: `${other.origin}/token` } } : undefined;
    expect(await failure(push(open(server), bytes(10)))).toMatchObject({ code: 'http-status' });
    expect(other.asked).toEqual([]);
  });

  it.runIf(openssl)('a realm of another host by https is said once', async () => {
    makeCertificates(folder);
    const tls = { cert: readFileSync(join(folder, 'good.pem')), key: readFileSync(join(folder, 'good.key')) };
    const tokens = await serve({ tls, login: LOGIN });
    const server = await serve({ login: LOGIN, scheme: 'bearer', realm: `${tokens.origin}/token` });
    logIn(server.host);
    const env = { NODE_EXTRA_CA_CERTS: join(folder, 'ca.pem') };
    // Its tokens are not known here, which is no matter: it was asked, once.
    await failure(push(open(server, { env }), bytes(10)));
    expect(tokens.asked).toHaveLength(1);
    expect(said.filter((text) => text.includes(tokens.host))).toHaveLength(1);
  });

  it('a redirect to another host gets no login, and a refusal there is not answered', async () => {
    const storage = await serve({ login: LOGIN });
    const server = await serve({ login: LOGIN });
    logIn(server.host);
    const registry = open(server);
    await push(registry, bytes(10));
    server.instead = ({ method, headers }) =>
      headers.authorization !== undefined && method !== 'POST'
        ? { status: 307, headers: { location: `${storage.origin}/v2/team/tools/blobs/x` } }
        : undefined;
    for (const ask of [() => pull(registry, bytes(10)), () => hasBlob(registry, digestOf(bytes(10)), 'push')]) {
      expect(await failure(ask())).toMatchObject({ code: 'http-status' });
    }
    expect(storage.asked.length).toBeGreaterThan(0);
    for (const { headers } of storage.asked) expect(headers.authorization).toBeUndefined();
  });

  it('where a redirect leads asks for no token, not even from where the registry has its own', async () => {
    const storage = await serve();
    const server = await serve();
    const challenge = { 'www-authenticate': `Bearer realm="${server.origin}/token"` };
    storage.instead = () => ({ status: 401, headers: challenge });
    server.instead = ({ method }) =>
      method === 'HEAD' ? { status: 307, headers: { location: storage.origin } } : undefined;
    expect(await failure(hasBlob(open(server), digestOf('x'), 'pull'))).toMatchObject({ code: 'http-status' });
    expect(server.asked.filter(({ path }) => path.startsWith('/token'))).toEqual([]);
  });

  it('an identity token is changed into a token', async () => {
    const server = await serve({ login: LOGIN, scheme: 'bearer' });
    logIn(server.host, { identitytoken: 'identity-secret' });
    await push(open(server), bytes(10));
    expect(server.asked.map(({ method, path }) => `${method} ${path}`)).toContain('POST /token');
    expect(hidden).toContain('identity-secret');
  });
});

describe('logins', () => {
  const find = async (host: string, repository = 'team/tools', env: Record<string, string> = {}) =>
    findLogin(host, repository, {
      host: { env: { PATH: `${folder}:/usr/bin:/bin`, ...env }, personHome: folder } as unknown as Host,
      warn: (text) => said.push(text),
    });
  const password = (text: string) => ({ auth: Buffer.from(`ci:${text}`).toString('base64') });
  const helper = (name: string, script: string): void => {
    const file = join(folder, `docker-credential-${name}`);
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
  };

  it("are Docker's, by host and port, as it writes them now and wrote them once", async () => {
    for (const key of ['registry.example:5000', 'https://registry.example:5000/v1/', 'https://registry.example:5000']) {
      logIn(key, password('one'));
      expect(await find('registry.example:5000')).toEqual({ kind: 'password', user: 'ci', password: 'one' });
      expect(await find('registry.example')).toBeUndefined();
      expect(await find('registry.example:5001')).toBeUndefined();
    }
  });

  it("are Podman's before Docker's, the most precise first, and $REGISTRY_AUTH_FILE alone where it is set", async () => {
    logIn('registry.example', password('docker'));
    expect(await find('registry.example')).toMatchObject({ password: 'docker' });
    const auths = { 'registry.example': password('podman'), 'registry.example/team': password('team') };
    writeConfig('.config/containers/auth.json', { auths });
    expect(await find('registry.example')).toMatchObject({ password: 'team' });
    expect(await find('registry.example', 'teams/tools')).toMatchObject({ password: 'podman' });
    const REGISTRY_AUTH_FILE = writeConfig('own.json', { auths: { 'registry.example': password('own') } });
    expect(await find('registry.example', 'team/tools', { REGISTRY_AUTH_FILE })).toMatchObject({ password: 'own' });
    expect(await find('other.example', 'team/tools', { REGISTRY_AUTH_FILE })).toBeUndefined();
    const DOCKER_CONFIG = join(folder, 'elsewhere');
    writeConfig('elsewhere/config.json', { auths: { 'third.example': password('third') } });
    expect(await find('third.example', 'a', { DOCKER_CONFIG })).toMatchObject({ password: 'third' });
  });

  it('come from helpers: that of the host before the file, that of all hosts after', async () => {
    helper('one', 'read -r server; printf \'{"ServerURL":"%s","Username":"ci","Secret":"of-%s"}\' "$server" "$1"');
    helper('all', 'cat >/dev/null; echo \'{"Username":"<token>","Secret":"identity"}\'');
    const auths = { 'a.example': password('file'), 'b.example': password('file') };
    writeConfig('.docker/config.json', { auths, credHelpers: { 'a.example': 'one' }, credsStore: 'all' });
    expect(await find('a.example')).toEqual({ kind: 'password', user: 'ci', password: 'of-get' });
    expect(await find('b.example')).toMatchObject({ password: 'file' });
    expect(await find('c.example')).toEqual({ kind: 'identity', token: 'identity' });
  });

  it('a helper that has none, is missing, or answers nonsense leaves nobody logged in, and shows nothing', async () => {
    helper('none', 'echo "credentials not found in native keychain"; exit 1');
    helper('nonsense', 'echo hidden-words');
    const at = async (name: string) => {
      writeConfig('.docker/config.json', { credHelpers: { 'a.example': name } });
      return find('a.example');
    };
    expect(await at('none')).toBeUndefined();
    expect(said).toEqual([]);
    expect(await at('nonsense')).toBeUndefined();
    expect(await at('missing')).toBeUndefined();
    expect(said.join()).toContain('docker-credential-missing is not on PATH');
    expect(said.join()).not.toContain('hidden-words');
  });

  it('a helper is a program of that name, never a path', async () => {
    writeFileSync(join(folder, 'evil'), '#!/bin/sh\ntouch "$0.ran"\necho \'{"Username":"a","Secret":"b"}\'\n', {
      mode: 0o755,
    });
    mkdirSync(join(folder, 'docker-credential-x'));
    writeConfig('.docker/config.json', { credsStore: `x/../evil` });
    expect(await find('a.example', 'a', { PATH: folder })).toBeUndefined();
    writeConfig('.docker/config.json', { credsStore: `x/../../${folder.slice(1)}/evil` });
    expect(await find('a.example', 'a', { PATH: folder })).toBeUndefined();
    expect(said.join()).toContain('is no credential helper');
  });

  it('a file that cannot be read is told, without its text', async () => {
    mkdirSync(join(folder, '.docker'), { recursive: true });
    writeFileSync(join(folder, '.docker/config.json'), '{"auths": hunter2');
    expect(await find('a.example')).toBeUndefined();
    expect(said.join()).toContain('config.json');
    expect(said.join()).not.toContain('hunter2');
  });
});

describe('how a registry is reached', () => {
  it('on this machine by what answers there, https first', async () => {
    const server = await serve();
    const registry = open(server, { scheme: 'none' });
    await push(registry, bytes(10));
    expect(await registry.url('x')).toBe(`${server.origin}/v2/team/tools/x`);
  });

  it.runIf(openssl)('with an authority that is known; else not, and never without a certificate', async () => {
    makeCertificates(folder);
    const tls = { cert: readFileSync(join(folder, 'good.pem')), key: readFileSync(join(folder, 'good.key')) };
    const server = await serve({ tls });
    for (const scheme of [{}, { scheme: 'none' as const }]) {
      expect(await failure(push(open(server, scheme), bytes(10)))).toMatchObject({ code: 'certificate-invalid' });
    }
    const env = { SSL_CERT_FILE: join(folder, 'ca.pem') };
    await push(open(server, { env, scheme: 'none' }), bytes(10));
    expect(server.asked.length).toBeGreaterThan(0);
  });

  it('at another host by https alone, unless plain http is asked for and allowed', async () => {
    const named = open({ origin: 'http://registry.example', host: 'registry.example' });
    expect(await failure(hasBlob(named, digestOf('x'), 'pull'))).toMatchObject({ code: 'insecure-url' });
    const bare = open({ origin: '', host: 'registry.example' }, { scheme: 'none' });
    expect(await bare.url('x')).toBe('https://registry.example/v2/team/tools/x');
  });

  it('by IPv6, and through a proxy as everything else', async () => {
    const six = await serve({ host: '::1' }).catch(() => undefined);
    if (six !== undefined) await push(open(six), bytes(10));
    const proxy = await serve();
    proxy.instead = () => ({ status: 418 });
    const env = { http_proxy: proxy.origin, HTTPS_PROXY: proxy.origin };
    const registry = open({ origin: 'http://registry.example', host: '' }, { env, settings: { insecureHttp: true } });
    await failure(hasBlob(registry, digestOf('x'), 'pull'));
    expect(proxy.asked[0]?.path).toContain('http://registry.example/v2/team/tools/blobs/');
  });

  it('not at all when the network is switched off', async () => {
    const server = await serve();
    expect(await failure(push(open(server, { settings: { offline: true } }), bytes(10)))).toMatchObject({
      code: 'offline',
    });
    expect(server.asked).toEqual([]);
  });
});

describe('challenges', () => {
  it('are read as the standard has them', () => {
    expect(parseChallenge('Bearer realm="https://a.example/t",service="a \\"b\\"",scope="x,y"')).toEqual({
      kind: 'bearer',
      realm: 'https://a.example/t',
      service: 'a "b"',
    });
    expect(parseChallenge('Basic realm="a", Bearer realm=https://b.example/t')).toMatchObject({ kind: 'bearer' });
    expect(parseChallenge('basic')).toEqual({ kind: 'basic' });
    for (const text of ['', 'Negotiate', 'Bearer service="x"', 'Digest realm="a"']) {
      expect(parseChallenge(text)).toBeUndefined();
    }
  });

  it('blobs have a name of their bytes', () => {
    expect(blobOf('{}').digest).toBe(digestOf('{}'));
  });
});
