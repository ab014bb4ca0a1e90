import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer as createPlainServer, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, createServer as createSocketServer } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type DirectHttp, type Http, type HttpOptions, openHttp } from '../../src/adapters/net/http';
import { proxyFor } from '../../src/adapters/net/proxies';
import { maskUrl } from '../../src/adapters/net/url';
import type { Settings } from '../../src/domain/project/settings';
import type { Event } from '../../src/domain/words/events';
import { makeCertificates, openssl } from '../support/certificates';
import { discard } from '../support/discard';
import { type Answer, type FaultServer, openFaultServer } from '../support/fault-server';
import { settingsWith } from '../support/settings';

let server: FaultServer;
let other: FaultServer;
let folder: string;
let events: Event[];
const opened: Http[] = [];
beforeEach(async () => {
  server = await openFaultServer();
  other = await openFaultServer();
  folder = mkdtempSync(join(tmpdir(), 'polyenv-http-'));
  events = [];
});
afterEach(async () => {
  for (const http of opened.splice(0)) await http.close();
  await server.close();
  await other.close();
  discard(folder);
});

interface Setup {
  readonly env?: Readonly<Record<string, string>>;
  readonly settings?: Partial<Settings>;
  readonly rewrite?: NonNullable<HttpOptions['rewrite']>;
}

function open({ env = {}, settings = {}, rewrite }: Setup = {}): DirectHttp {
  const http = openHttp({
    host: { env },
    settings: settingsWith({ networkTimeout: 1, networkRetries: 1, ...settings }),
    emit: (event) => events.push(event),
    ...(rewrite !== undefined && { rewrite }),
  });
  opened.push(http);
  return http;
}

async function failure(
  promise: Promise<unknown>,
): Promise<{ code: string; message: string; hint: string; elsewhere: boolean }> {
  return promise.then(
    () => {
      throw new Error('did not fail');
    },
    (error: unknown) => error as never,
  );
}

describe('answers', () => {
  it('gives status, headers and body, and where they came from', async () => {
    server.set('/a', { body: 'hello', headers: { ETag: '"x"' } });
    const answer = await open().get(`${server.origin}/a`);
    expect(answer).toMatchObject({ status: 200, url: `${server.origin}/a`, headers: { etag: '"x"' } });
    expect(await answer.text()).toBe('hello');
  });

  it.each([404, 410, 304])('%i is an answer, and asked for once', async (status) => {
    server.set('/a', { status });
    expect((await open().get(`${server.origin}/a`)).status).toBe(status);
    expect(server.requests).toHaveLength(1);
  });

  it.each([400, 401, 403, 451])('%i is an error at once, naming host and URL', async (status) => {
    server.set('/a', { status });
    const error = await failure(open().get(`${server.origin}/a`));
    expect(error).toMatchObject({ code: 'http-status', status });
    expect(error.message).toContain(`${server.origin}/a`);
    expect(error.hint).toBeTruthy();
    expect(server.requests).toHaveLength(1);
  });

  it('undoes a Content-Encoding, and can leave it', async () => {
    server.set('/a', { body: gzipSync('hello'), headers: { 'content-encoding': 'gzip' } });
    const http = open();
    expect(await (await http.get(`${server.origin}/a`)).text()).toBe('hello');
    const raw = await http.get(`${server.origin}/a`, { encoding: 'raw' });
    const chunks: Uint8Array[] = [];
    for await (const chunk of raw.body) chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(gzipSync('hello'))).toBe(true);
  });

  it('notices a body whose encoding is cut short or unknown', async () => {
    server.set('/a', { body: gzipSync('hello'.repeat(1000)).subarray(0, 30), headers: { 'content-encoding': 'gzip' } });
    server.set('/b', { body: 'x', headers: { 'content-encoding': 'secret' } });
    const http = open({ settings: { networkRetries: 0 } });
    await expect(http.get(`${server.origin}/a`).then((answer) => answer.text())).rejects.toMatchObject({ exit: 5 });
    await expect(http.get(`${server.origin}/b`).then((answer) => answer.text())).rejects.toMatchObject({ exit: 5 });
  });

  it('bounds text', async () => {
    server.set('/a', { body: 'x'.repeat(1001) });
    const answer = await open().get(`${server.origin}/a`);
    await expect(answer.text(1000)).rejects.toMatchObject({ code: 'upstream-malformed' });
  });

  it.each(['<!DOCTYPE html><html>', '\n <html lang="en">', '<!-- x --><!doctype HTML>'])(
    'tells a web page from what was asked for (%j)',
    async (body) => {
      server.set('/a.json', { body });
      const error = await failure(open().get(`${server.origin}/a.json`));
      expect(error).toMatchObject({ code: 'network', elsewhere: true });
      expect(error.hint).toContain('sign in');
      expect(server.requests).toHaveLength(1);
    },
  );

  it('does not take XML or a page of a 404 for one', async () => {
    server.set('/a', { body: '<?xml version="1.0"?><metadata/>' });
    server.set('/b', { status: 404, body: '<!doctype html><html>' });
    const http = open();
    expect(await (await http.get(`${server.origin}/a`)).text()).toContain('metadata');
    expect((await http.get(`${server.origin}/b`)).status).toBe(404);
  });

  it('asks nobody when the network is switched off', async () => {
    server.set('/a', { body: 'x' });
    expect(await failure(open({ settings: { offline: true } }).get(`${server.origin}/a`))).toMatchObject({
      code: 'offline',
    });
    expect(server.requests).toHaveLength(0);
  });
});

describe('retries', () => {
  it.each([500, 502, 503, 429, 408])('%i is tried again', async (status) => {
    server.set('/a', { status }, { body: 'good' });
    expect(await (await open().get(`${server.origin}/a`)).text()).toBe('good');
  });

  it('end, and say what the server said', async () => {
    server.set('/a', { status: 503 });
    expect(await failure(open().get(`${server.origin}/a`))).toMatchObject({
      code: 'http-status',
      status: 503,
      elsewhere: true,
    });
    expect(server.requests).toHaveLength(2);
  });

  it('wait as long as the server asks, within bounds', async () => {
    server.set('/a', { status: 429, headers: { 'retry-after': '1' } }, { body: 'good' });
    const started = performance.now();
    await open().get(`${server.origin}/a`);
    expect(performance.now() - started).toBeGreaterThan(950);
    server.set('/b', { status: 429, headers: { 'retry-after': '3600' } });
    const error = await failure(open().get(`${server.origin}/b`));
    expect(error.message).toContain('3600 s');
    expect(server.requests.filter((asked) => asked.path === '/b')).toHaveLength(1);
  });

  it('follow a connection broken before and inside the body', async () => {
    server.set('/a', { body: 'good', cutAfter: 0 }, { body: 'good' });
    expect(await (await open().get(`${server.origin}/a`)).text()).toBe('good');
    expect(server.requests).toHaveLength(2);
  });

  it('do not wait again for an origin that could not be reached', async () => {
    const dead = await openFaultServer();
    await dead.close();
    const http = open({ settings: { networkRetries: 2 } });
    expect(await failure(http.get(`${dead.origin}/a`))).toMatchObject({ code: 'network', elsewhere: true });
    const started = performance.now();
    await failure(http.get(`${dead.origin}/b`));
    expect(performance.now() - started).toBeLessThan(150);
  });

  it('name an unknown host', async () => {
    const error = await failure(open({ settings: { networkRetries: 0 } }).get('https://no-such-host.invalid/a'));
    expect(error.code).toBe('network');
    expect(error.message).toContain('no-such-host.invalid');
  });
});

describe('servers that do not get on with it', () => {
  it.each([
    ['before the headers', -1],
    ['inside the body', 5],
  ])('are given up when they stall %s', async (_where, stallAfter) => {
    server.set('/a', { body: 'x'.repeat(100), stallAfter });
    const http = open({ settings: { networkRetries: 0 } });
    const started = performance.now();
    const error = await failure(http.get(`${server.origin}/a`).then((answer) => answer.text()));
    expect(error.code).toBe('network');
    expect(error.message).toContain('1 s');
    expect(error.message).toContain('/a');
    expect(performance.now() - started).toBeLessThan(4000);
  });

  it('are given up when they trickle', async () => {
    server.set('/a', { body: 'x'.repeat(1000), trickle: 20 });
    const http = open({ settings: { networkRetries: 0 } });
    const error = await failure(http.get(`${server.origin}/a`).then((answer) => answer.text()));
    expect(error.message).toContain('bytes a second');
  });

  it.each<NonNullable<Answer['length']>>(['content-length', 'chunked', 'none'])(
    'are not given up while it is we who are slow (%s)',
    async (length) => {
      server.set('/a', { body: Buffer.alloc(2_000_000), length });
      const answer = await open().get(`${server.origin}/a`);
      let size = 0;
      for await (const chunk of answer.body) {
        if (size === 0) await new Promise((resume) => setTimeout(resume, 2500));
        size += chunk.length;
      }
      expect(size).toBe(2_000_000);
    },
  );
});

describe('a server that closes each connection', () => {
  it.each(['HTTP/1.0', 'HTTP/1.1'])('does not end us when it does so while we are slow (%s)', async (version) => {
    const body = Buffer.alloc(64 * 1024);
    const plain = createSocketServer((socket) => {
      socket.once('data', () => {
        socket.write(`${version} 200 OK\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`);
        socket.end(body);
      });
    });
    await new Promise<void>((ready) => plain.listen(0, '127.0.0.1', ready));
    const answer = await open().get(`http://127.0.0.1:${(plain.address() as AddressInfo).port}/a`);
    await new Promise((resume) => setTimeout(resume, 200));
    expect(await answer.text()).toHaveLength(body.length);
    plain.close();
  });
});

describe('redirects', () => {
  it('are followed, relative ones too, and the place is told', async () => {
    server.set('/a', { status: 302, headers: { location: '/b' } });
    server.set('/b', { status: 307, headers: { location: `${other.origin}/c` } });
    other.set('/c', { body: 'here' });
    const answer = await open().get(`${server.origin}/a`);
    expect(answer.url).toBe(`${other.origin}/c`);
    expect(await answer.text()).toBe('here');
  });

  it('keep headers within one origin and drop who asks on the way to another, for good', async () => {
    server.set('/a', { status: 302, headers: { location: '/b' } });
    server.set('/b', { status: 302, headers: { location: `${other.origin}/c` } });
    other.set('/c', { status: 302, headers: { location: `${server.origin}/d` } });
    server.set('/d', { body: 'x' });
    const headers = { Authorization: 'Bearer secret', 'PRIVATE-TOKEN': 'secret', cookie: 'secret', range: 'bytes=1-' };
    await open().get(`${server.origin}/a`, { headers });
    expect(server.requests[1]?.headers).toMatchObject({ authorization: 'Bearer secret', 'private-token': 'secret' });
    expect(JSON.stringify([other.requests, server.requests[2]])).not.toContain('secret');
    expect(other.requests[0]?.headers.range).toBe('bytes=1-');
  });

  it('are bounded', async () => {
    server.set('/a', { status: 302, headers: { location: '/a' } });
    expect(await failure(open().get(`${server.origin}/a`))).toMatchObject({ code: 'network' });
    expect(server.requests.length).toBeLessThanOrEqual(11);
  });

  it.each(['file:///etc/passwd', 'ftp://example.org/x', 'http://example.org/x', 'data:text/plain,x', 'http://['])(
    'to %s are refused',
    async (location) => {
      server.set('/a', { status: 302, headers: { location } });
      expect(await failure(open().get(`${server.origin}/a`))).toMatchObject({ code: 'insecure-url', exit: 5 });
    },
  );

  it.each(['file:///etc/passwd', 'ftp://example.org/x', 'data:text/plain,x'])(
    'to %s are no web pages',
    async (location) => {
      server.set('/a', { status: 302, headers: { location } });
      expect((await failure(open().get(`${server.origin}/a`))).message).toContain('redirects to what is no https URL');
    },
  );

  it('are led to the mirror, with its headers', async () => {
    server.set('/a', { status: 302, headers: { location: 'https://files.example.org/x' } });
    other.set('/mirror/x', { body: 'mirrored' });
    const http = open({ rewrite: () => ({ url: `${other.origin}/mirror/x`, headers: { Authorization: 'Basic m' } }) });
    expect(await (await http.get(`${server.origin}/a`, { headers: { authorization: 'mine' } })).text()).toBe(
      'mirrored',
    );
    expect(other.requests[0]?.headers.authorization).toBe('Basic m');
  });
});

describe('plain http', () => {
  it('goes to this machine only, unless that is allowed', async () => {
    const error = await failure(open({ settings: { networkRetries: 0 } }).get('http://192.0.2.1/a'));
    expect(error).toMatchObject({ code: 'insecure-url' });
    const allowed = open({ settings: { networkRetries: 0, insecureHttp: true } });
    expect(await failure(allowed.get('http://192.0.2.1:1/a'))).toMatchObject({ code: 'network' });
  });

  it.each(['file:///etc/passwd', 'ftp://x/y', 'nonsense'])('other URLs are refused (%s)', async (url) => {
    expect(await failure(open().get(url))).toMatchObject({ code: 'insecure-url' });
  });
});

describe('logins', () => {
  it('come from netrc, for that host alone', async () => {
    const netrc = join(folder, 'netrc');
    writeFileSync(netrc, 'machine 127.0.0.1 login me password hunter22\n');
    server.set('/a', { body: 'x' });
    await open({ env: { NETRC: netrc } }).get(`${server.origin}/a`);
    expect(server.requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from('me:hunter22').toString('base64')}`);
  });

  it('do not come from the entry for every host, which also ends the one before it', async () => {
    const netrc = join(folder, 'netrc');
    server.set('/a', { body: 'x' });
    writeFileSync(netrc, 'machine 127.0.0.1 login me password hunter22\ndefault login all password everywhere\n');
    await open({ env: { NETRC: netrc } }).get(`${server.origin}/a`);
    expect(server.requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from('me:hunter22').toString('base64')}`);
    writeFileSync(netrc, 'default login all password everywhere\n');
    await open({ env: { NETRC: netrc } }).get(`${server.origin}/a`);
    expect(server.requests[1]?.headers.authorization).toBeUndefined();
  });

  it('do not go over plain http to another machine', async ({ skip }) => {
    const outside = Object.values(networkInterfaces())
      .flat()
      .find((one) => one?.family === 'IPv4' && !one.internal)?.address;
    if (outside === undefined) return skip('this machine has no address but its own');
    const everywhere = await openFaultServer('0.0.0.0');
    try {
      const netrc = join(folder, 'netrc');
      writeFileSync(netrc, `machine ${outside} login me password hunter22\n`);
      everywhere.set('/a', { body: 'x' });
      const url = `http://${outside}:${new URL(everywhere.origin).port}/a`;
      await open({ env: { NETRC: netrc }, settings: { insecureHttp: true } }).get(url);
      expect(everywhere.requests).toHaveLength(1);
      expect(everywhere.requests[0]?.headers.authorization).toBeUndefined();
    } finally {
      await everywhere.close();
    }
  });

  it('come from the URL, and are in no message', async () => {
    server.set('/a?token=abcdef', { status: 403 });
    const error = await failure(open().get(`${server.origin.replace('//', '//me:hunter22@')}/a?token=abcdef`));
    expect(server.requests[0]?.headers.authorization).toBe(`Basic ${Buffer.from('me:hunter22').toString('base64')}`);
    expect(`${error.message} ${error.hint}`).not.toMatch(/hunter22|abcdef/);
  });

  it('are masked', () => {
    expect(maskUrl('https://me:secret@example.org/a?mode=json&access_token=secret')).not.toContain('secret');
    expect(maskUrl('https://example.org/\x1b[2J')).not.toContain('\x1b');
  });
});

describe('proxies', () => {
  const at = (url: string, env: Readonly<Record<string, string>>) => proxyFor(new URL(url), env)?.url;

  it.each<[string, Readonly<Record<string, string>>, string | undefined]>([
    ['https://e.org/', {}, undefined],
    ['https://e.org/', { HTTPS_PROXY: 'http://p:3128' }, 'http://p:3128'],
    ['https://e.org/', { https_proxy: 'http://low:1', HTTPS_PROXY: 'http://up:1' }, 'http://low:1'],
    ['https://e.org/', { http_proxy: 'http://p:1' }, undefined],
    ['http://e.org/', { http_proxy: 'http://p:1' }, 'http://p:1'],
    ['http://e.org/', { HTTP_PROXY: 'http://p:1' }, 'http://p:1'],
    ['http://e.org/', { HTTP_PROXY: 'http://p:1', REQUEST_METHOD: 'GET' }, undefined],
    ['https://e.org/', { ALL_PROXY: 'http://p:1' }, 'http://p:1'],
    ['https://e.org/', { all_proxy: 'http://p:1', HTTPS_PROXY: 'http://q:1' }, 'http://q:1'],
    ['https://e.org/', { HTTPS_PROXY: '' }, undefined],
    ['https://e.org/', { HTTPS_PROXY: 'p:3128' }, 'http://p:3128'],
    ['https://e.org/', { HTTPS_PROXY: 'http://p:3128/' }, 'http://p:3128'],
    ['https://e.org/', { HTTPS_PROXY: 'http://p:80' }, 'http://p:80'],
    ['https://e.org/', { HTTPS_PROXY: 'http://p' }, 'http://p:1080'],
    ['https://e.org/', { HTTPS_PROXY: 'http://u:s@p:3128' }, 'http://p:3128'],
    ['https://e.org/', { HTTPS_PROXY: 'socks5://p:1080' }, 'socks5://p:1080'],
  ])('%s with %j', (url, env, expected) => {
    expect(at(url, env)).toBe(expected);
  });

  it.each<[string, string, boolean]>([
    ['https://e.org/', '*', true],
    ['https://e.org/', 'e.org', true],
    ['https://a.e.org/', 'e.org', true],
    ['https://a.e.org/', '.e.org', true],
    ['https://e.org/', '.e.org', true],
    ['https://note.org/', 'e.org', false],
    ['https://e.org.evil/', 'e.org', false],
    ['https://E.ORG/', 'e.Org', true],
    ['https://e.org:8443/', 'e.org:8443', true],
    ['https://e.org/', 'e.org:8443', false],
    ['https://e.org/', 'e.org:443', true],
    ['https://e.org/', 'x, e.org', true],
    ['https://e.org/', 'x e.org', true],
    ['https://10.1.2.3/', '10.1.2.3', true],
    ['https://10.1.2.3/', '10.0.0.0/8', true],
    ['https://11.1.2.3/', '10.0.0.0/8', false],
    ['https://10.1.2.3/', '2.3', false],
    ['https://[::1]/', '::1', true],
    ['https://[::1]:8443/', '[::1]:8443', true],
    ['https://[fd00::1]/', 'fd00::/8', true],
    ['https://e.org/', '', false],
    ['https://e.org/', '.', false],
  ])('%s is exempt by NO_PROXY=%s: %s', (url, list, exempt) => {
    expect(at(url, { HTTPS_PROXY: 'http://p:1', NO_PROXY: list }) === undefined).toBe(exempt);
    expect(at(url, { HTTPS_PROXY: 'http://p:1', no_proxy: list }) === undefined).toBe(exempt);
  });

  it.each(['ftp://p:1', 'http://', 'http://p:99999'])('a value that names no proxy is said (%s)', (value) => {
    expect(() => at('https://e.org/', { HTTPS_PROXY: value })).toThrow(/HTTPS_PROXY/);
  });

  it('are used for plain http with the whole URL, with their login, which the server does not see', async () => {
    server.set('http://packages.test/a', { body: 'by proxy' });
    const env = { http_proxy: server.origin.replace('//', '//me:hunter22@') };
    const http = open({ env, settings: { insecureHttp: true } });
    expect(await (await http.get('http://packages.test/a')).text()).toBe('by proxy');
    expect(server.requests[0]?.headers['proxy-authorization']).toBe(
      `Basic ${Buffer.from('me:hunter22').toString('base64')}`,
    );
  });

  it('that want a login say so, without telling the one they got', async () => {
    const proxy = createPlainServer();
    proxy.on('connect', (_request, socket) => socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n'));
    const origin = await listen(proxy);
    const env = { HTTPS_PROXY: origin.replace('//', '//me:hunter22@') };
    const error = await failure(open({ env }).get('https://example.org/a'));
    expect(error.message).toContain('407');
    expect(error.hint).toContain('HTTPS_PROXY');
    expect(`${error.message}${error.hint}`).not.toContain('hunter22');
    proxy.close();
  });
});

describe.skipIf(!openssl)('certificates (needs openssl)', () => {
  let keys: string;
  const servers: Server[] = [];
  beforeAll(() => {
    keys = mkdtempSync(join(tmpdir(), 'polyenv-tls-'));
    makeCertificates(keys);
  });
  afterAll(() => discard(keys));
  afterEach(() => {
    for (const one of servers.splice(0)) one.close();
  });

  async function serveTls(name: string): Promise<string> {
    const tls = createTlsServer(
      { key: readFileSync(join(keys, `${name}.key`)), cert: readFileSync(join(keys, `${name}.pem`)) },
      (request, response) => {
        if (request.url === '/down') response.writeHead(302, { location: `${server.origin}/a` }).end();
        else response.end('safe');
      },
    );
    servers.push(tls);
    return (await listen(tls)).replace('http:', 'https:');
  }

  it.each(['NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR'])(
    "a company's authority is believed by %s",
    async (name) => {
      const origin = await serveTls('good');
      const value = name === 'SSL_CERT_DIR' ? keys : join(keys, 'ca.pem');
      expect(await (await open({ env: { [name]: value } }).get(`${origin}/a`)).text()).toBe('safe');
    },
  );

  it('links in a folder of authorities are followed, and those within it add nothing', async () => {
    const origin = await serveTls('good');
    const linked = join(keys, 'linked');
    mkdirSync(linked);
    symlinkSync('nothing.pem', join(linked, '0.0'));
    expect((await failure(open({ env: { SSL_CERT_DIR: linked } }).get(`${origin}/a`))).code).toBe(
      'certificate-invalid',
    );
    symlinkSync(join(keys, 'ca.pem'), join(linked, 'company.pem'));
    symlinkSync('company.pem', join(linked, '1.0'));
    expect(await (await open({ env: { SSL_CERT_DIR: linked } }).get(`${origin}/a`)).text()).toBe('safe');
  });

  it("one that another client's settings name is believed from then on", async () => {
    const origin = await serveTls('good');
    const http = open({ env: {} });
    expect((await failure(http.get(`${origin}/a`))).code).toBe('certificate-invalid');
    http.believe(join(keys, 'ca.pem'));
    expect(await (await http.get(`${origin}/a`)).text()).toBe('safe');
  });

  it('an unknown authority is refused at once, with the fix', async () => {
    const origin = await serveTls('good');
    const error = await failure(open({ env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } }).get(`${origin}/a`));
    expect(error.code).toBe('certificate-invalid');
    expect(error.hint).toContain('NODE_EXTRA_CA_CERTS');
  });

  it("another host's certificate is refused", async () => {
    const origin = await serveTls('foreign');
    const error = await failure(open({ env: { SSL_CERT_FILE: join(keys, 'ca.pem') } }).get(`${origin}/a`));
    expect(error.code).toBe('certificate-invalid');
  });

  it('a file without certificates is a warning', async () => {
    const origin = await serveTls('good');
    await failure(open({ env: { SSL_CERT_FILE: join(keys, 'missing.pem') } }).get(`${origin}/a`));
    expect(events).toEqual([{ type: 'warning', text: expect.stringContaining('missing.pem') }]);
  });

  it('nothing protected leads to something unprotected, not even on this machine', async () => {
    const origin = await serveTls('good');
    server.set('/a', { body: 'unsafe' });
    const error = await failure(open({ env: { SSL_CERT_FILE: join(keys, 'ca.pem') } }).get(`${origin}/down`));
    expect(error.code).toBe('insecure-url');
    expect(server.requests).toHaveLength(0);
  });

  it('that close their tunnel without a word are asked a few times, not for ever', async () => {
    let asked = 0;
    const proxy = createPlainServer();
    proxy.on('connect', (_request, socket) => {
      asked += 1;
      socket.destroy();
    });
    servers.push(proxy);
    const error = await failure(open({ env: { HTTPS_PROXY: await listen(proxy) } }).get('https://example.org/a'));
    expect(error.code).toBe('network');
    expect(error.message).toContain('through the proxy');
    expect(asked).toBe(2);
  });

  it('a tunnel through a proxy reaches the server, whose certificate is checked', async () => {
    const origin = await serveTls('good');
    const asked: (string | undefined)[] = [];
    const proxy = createPlainServer();
    proxy.on('connect', (request, socket) => {
      asked.push(request.url, request.headers['proxy-authorization']);
      const up = connect(Number(new URL(origin).port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        up.pipe(socket);
        socket.pipe(up);
      });
      up.on('error', () => socket.destroy());
      socket.on('error', () => up.destroy());
    });
    servers.push(proxy);
    const env = { https_proxy: (await listen(proxy)).replace('//', '//me:pass@'), SSL_CERT_FILE: join(keys, 'ca.pem') };
    const url = origin.replace('127.0.0.1', 'localhost');
    expect(await (await open({ env }).get(`${url}/a`)).text()).toBe('safe');
    expect(asked).toEqual([new URL(url).host, `Basic ${Buffer.from('me:pass').toString('base64')}`]);
    const direct = open({ env: { ...env, NO_PROXY: '127.0.0.1' } });
    expect(await (await direct.get(`${origin}/a`)).text()).toBe('safe');
    expect(asked).toHaveLength(2);
  });
});

async function listen(server: Server): Promise<string> {
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
