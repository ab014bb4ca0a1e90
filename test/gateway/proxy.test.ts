import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { request as secureRequest } from 'node:https';
import { type AddressInfo, createServer as createTcp, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ask,
  freePort,
  openTestGateway,
  type RawBackend,
  rawBackend,
  readAll,
  type TestGateway,
} from '../support/gateway';

let echo: Server;
let gateway: TestGateway;
/** To the same server, with limits of time that a test can wait for. */
let hasty: TestGateway;
const raws: Record<string, RawBackend> = {};
const gone: string[] = [];
/** For what the other end does, on a machine that does much else. */
const PATIENCE = { timeout: 10_000 };

const RAW: Readonly<Record<string, string | ((socket: Socket) => void)>> = {
  trailer: 'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok',
  trailers: 'HTTP/1.1 200 OK\r\nTrailer: X-Sum\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\nX-Sum: 5\r\n\r\n',
  both: 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n',
  encoding: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: odd\r\n\r\nok',
  garbage: 'this is no HTTP\r\n\r\n',
  silent: '',
  old: 'HTTP/1.0 200 OK\r\n\r\nold',
  empty: 'HTTP/1.1 204 No Content\r\n\r\n',
  unchanged: 'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n',
  early:
    'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload; as=style\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok',
  huge: `HTTP/1.1 200 OK\r\nX-Huge: ${'x'.repeat(70_000)}\r\nContent-Length: 2\r\n\r\nok`,
  broken: (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf');
    setTimeout(() => socket.destroy(), 50);
  },
  'broken-chunks': (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n');
    setTimeout(() => socket.destroy(), 50);
  },
  odd: 'HTTP/1.1 200 OK\r\nX-Odd: a\x80b\r\nContent-Length: 2\r\n\r\nok',
  upgrading: 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: odd\r\n\r\n',
};

beforeAll(async () => {
  echo = createServer({ maxHeaderSize: 128 * 1024 }, answer);
  echo.on('upgrade', (request: IncomingMessage, socket: Socket) => {
    socket.on('error', () => undefined);
    socket.on('end', () => gone.push('websocket'));
    if (request.url === '/declined') {
      socket.end('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno');
      return;
    }
    const key = String(request.headers['sec-websocket-key']);
    const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
    socket.write(
      `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    );
    socket.write('hello');
    socket.on('data', (part) => socket.write(part));
  });
  echo.on('checkContinue', (request, response) => {
    response.writeContinue();
    answer(request, response);
  });
  await new Promise<void>((done) => echo.listen(0, '127.0.0.1', done));
  for (const [name, answer] of Object.entries(RAW)) raws[name] = await rawBackend(answer);
  const port = await freePort();
  const names = {
    shop: (echo.address() as AddressInfo).port,
    blog: (echo.address() as AddressInfo).port,
    down: await freePort(),
    self: port,
    ...Object.fromEntries(Object.entries(raws).map(([name, raw]) => [name, raw.port])),
  };
  gateway = await openTestGateway({
    names,
    port,
    origins: ['https://friend.example'],
  });
  hasty = await openTestGateway({
    names: { shop: names.shop },
    limits: { idle: 400, keepAlive: 400, preface: 400, handshake: 400, headers: 400, headersCheck: 100 },
  });
});

afterAll(async () => {
  await gateway.close();
  await hasty.close();
  for (const raw of Object.values(raws)) await raw.close();
  echo.closeAllConnections();
  echo.close();
});

function answer(request: IncomingMessage, response: import('node:http').ServerResponse): void {
  const [path = '/'] = (request.url ?? '/').split('?');
  request.on('error', () => undefined);
  if (path === '/stream') {
    response.write('first\n');
    const timer = setInterval(() => response.write('more\n'), 50);
    response.on('close', () => {
      clearInterval(timer);
      gone.push('stream');
    });
    return;
  }
  const hash = createHash('sha256');
  let size = 0;
  request.on('close', () => {
    if (!request.complete) gone.push('upload');
  });
  request.on('data', (part: Buffer) => {
    hash.update(part);
    size += part.length;
  });
  request.on('end', () => {
    response.setHeader('Set-Cookie', ['a=1', 'b=2']);
    response.end(
      JSON.stringify({
        method: request.method,
        url: request.url,
        headers: request.headers,
        raw: request.rawHeaders,
        trailers: request.trailers,
        size,
        hash: hash.digest('hex'),
      }),
    );
  });
}

function head(name: string, line = 'GET / HTTP/1.1', ...more: readonly string[]): string {
  return headTo(gateway.authority(name), line, ...more);
}

function headTo(host: string, line: string, ...more: readonly string[]): string {
  return [line, `Host: ${host}`, 'Connection: close', ...more, '', ''].join('\r\n');
}

function bodyOf(text: string): string {
  return text.slice(text.indexOf('\r\n\r\n') + 4);
}

function statusOf(text: string): number {
  return Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]);
}

async function alive(): Promise<void> {
  const before = performance.now();
  expect(statusOf(await gateway.raw('shop', head('shop')))).toBe(200);
  expect(performance.now() - before).toBeLessThan(1000);
}

describe('a request', () => {
  it('reaches the server over both versions of HTTP, with the public name and our word on its origin', async () => {
    const one = JSON.parse(
      bodyOf(await gateway.raw('shop', head('shop', 'GET /a?b=%20 HTTP/1.1', 'X-Forwarded-For: 1.2.3.4'))),
    );
    expect(one).toMatchObject({ method: 'GET', url: '/a?b=%20' });
    const host = gateway.authority('shop');
    const expected = { host, 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'https', 'x-forwarded-host': host };
    expect(one.headers).toMatchObject(expected);
    const session = await gateway.http2('shop');
    const two = await ask(session, { ':path': '/a', cookie: 'a=1', 'x-forwarded-for': '1.2.3.4' });
    expect(two.status).toBe(200);
    expect(two.headers['set-cookie']).toEqual(['a=1', 'b=2']);
    expect(JSON.parse(two.body).headers).toMatchObject({ ...expected, cookie: 'a=1' });
  });

  it.each([
    ['two hosts', 'GET / HTTP/1.1\r\nHost: {shop}\r\nHost: {blog}\r\nConnection: close\r\n\r\n', 400],
    ['another port', 'GET / HTTP/1.1\r\nHost: shop.localhost:9\r\nConnection: close\r\n\r\n', 421],
    ['a user', 'GET / HTTP/1.1\r\nHost: me@{shop}\r\nConnection: close\r\n\r\n', 421],
    ['no host', 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 421],
    ['no host in HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n', 421],
    ['another name than the connection', 'GET / HTTP/1.1\r\nHost: {blog}\r\nConnection: close\r\n\r\n', 421],
    ['an absolute target', 'GET http://{shop}/abs HTTP/1.1\r\nHost: {shop}\r\nConnection: close\r\n\r\n', 200],
    ['a target of elsewhere', 'GET http://{blog}/ HTTP/1.1\r\nHost: {shop}\r\nConnection: close\r\n\r\n', 400],
    ['TRACE', 'TRACE / HTTP/1.1\r\nHost: {shop}\r\nConnection: close\r\n\r\n', 405],
    ['CONNECT', 'CONNECT {shop} HTTP/1.1\r\nHost: {shop}\r\n\r\n', 405],
    ['an upgrade to h2c', 'GET / HTTP/1.1\r\nHost: {shop}\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n', 400],
    [
      'length and chunks',
      'POST / HTTP/1.1\r\nHost: {shop}\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
      400,
    ],
    ['two lengths', 'POST / HTTP/1.1\r\nHost: {shop}\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabc', 400],
    ['a folded line', 'GET / HTTP/1.1\r\nHost: {shop}\r\nX-A: b\r\n c\r\n\r\n', 400],
    ['a bare line feed', 'GET / HTTP/1.1\nHost: {shop}\n\n', 400],
    ['a blank before the colon', 'GET / HTTP/1.1\r\nHost: {shop}\r\nX-A : b\r\n\r\n', 400],
    ['a circle', 'GET / HTTP/1.1\r\nHost: {shop}\r\nPolyenv-Hops: 1, 1\r\nConnection: close\r\n\r\n', 508],
    ['a head that is too large', `GET / HTTP/1.1\r\nHost: {shop}\r\nX-A: ${'x'.repeat(70_000)}\r\n\r\n`, 431],
  ])('with %s is answered as it should be', async (_, text, status) => {
    const filled = text.replaceAll(/\{(\w+)\}/g, (__, name: string) => gateway.authority(name));
    expect(statusOf(await gateway.raw('shop', filled))).toBe(status);
  });

  it('over HTTP/2 for another name than the connection, or with TRACE, is refused', async () => {
    const session = await gateway.http2('shop');
    expect((await ask(session, { ':authority': gateway.authority('blog') })).status).toBe(421);
    expect(
      (await ask(session, { ':authority': gateway.authority('shop'), host: gateway.authority('blog') })).status,
    ).toBe(400);
    expect((await ask(session, { ':method': 'TRACE' })).status).toBe(405);
    expect((await ask(session, { 'polyenv-hops': '7' })).status).toBe(508);
  });

  it('may have 60 KB of headers over both', async () => {
    // Cookies of all ports of this machine add up.
    const cookie = 'x'.repeat(60_000);
    expect(statusOf(await gateway.raw('shop', head('shop', 'GET / HTTP/1.1', `Cookie: ${cookie}`)))).toBe(200);
    const session = await gateway.http2('shop');
    expect((await ask(session, { cookie })).status).toBe(200);
  });

  it('that a server sends back without our count ends too, as only so many may be under way', async () => {
    const port = await freePort();
    const round = createServer((request, response) => {
      const { headers } = request;
      // It leaves out the header that counts.
      const again = secureRequest({
        host: '127.0.0.1',
        port,
        servername: 'round.localhost',
        headers: { host: headers.host },
        rejectUnauthorized: false,
        agent: false,
      });
      again.on('response', (answered) => {
        answered.resume();
        response.writeHead(answered.statusCode ?? 0).end();
      });
      again.on('error', () => response.writeHead(599).end());
      again.end();
    });
    await new Promise<void>((done) => round.listen(0, '127.0.0.1', done));
    const small = await openTestGateway({
      names: { round: (round.address() as AddressInfo).port },
      port,
      limits: { inProgress: 20 },
    });
    const text = await small.raw('round', head('round').replace(/Host: .*/, `Host: ${small.authority('round')}`), 3000);
    expect(statusOf(text)).toBe(503);
    expect(small.engine.load).toMatchObject({ requests: 21, inProgress: 0 });
    await small.close();
    round.closeAllConnections();
    round.close();
  });

  it('without TLS is answered with nothing', async () => {
    const { connect } = await import('node:net');
    const socket = connect(gateway.port, '127.0.0.1');
    socket.write(`GET / HTTP/1.1\r\nHost: ${gateway.authority('polyenv')}\r\n\r\n`);
    expect(await readAll(socket, 1000)).not.toContain('HTTP/');
  });

  it('for a port of the gateway itself goes round no further', async () => {
    expect(statusOf(await gateway.raw('self', head('self')))).toBe(508);
  });
});

describe('names', () => {
  it('that nobody has get a certificate and a page, which lists others to nobody from elsewhere', async () => {
    for (const name of ['nobody', 'constructor', 'a.b.c']) {
      const text = await gateway.raw(name, head(name));
      expect(statusOf(text)).toBe(421);
      expect(text).toContain(`No project has the name ${name}.localhost`);
      expect(text).toContain('blog.localhost');
    }
    expect(await gateway.raw('nobody', head('nobody', 'GET / HTTP/1.1', 'Sec-Fetch-Site: cross-site'))).not.toContain(
      'blog.localhost',
    );
    for (let index = 0; index < 70; index += 1) await gateway.raw(`n${index}`, head(`n${index}`), 50);
    expect(gateway.leaves.sizes.unknown).toBeLessThanOrEqual(64);
  });

  it('that are none get no certificate', async () => {
    await expect(gateway.tls('a_b')).rejects.toThrow();
  });

  it('have their leaf renewed while the gateway runs, at two thirds of its life', async () => {
    const serial = async () => {
      const socket = await gateway.tls('shop', 'http/1.1', 'unverified');
      const { serialNumber } = socket.getPeerCertificate();
      socket.destroy();
      return serialNumber;
    };
    const start = gateway.now;
    const first = await serial();
    gateway.now = new Date(start.getTime() + 15 * 86_400_000);
    expect(await serial()).toBe(first);
    gateway.now = new Date(start.getTime() + 21 * 86_400_000);
    expect(await serial()).not.toBe(first);
    gateway.now = start;
  });
});

describe('answers', () => {
  it('of a server that is down, or says no HTTP, are pages that say so', async () => {
    const down = await gateway.raw('down', head('down'));
    expect(statusOf(down)).toBe(502);
    expect(down).toContain('polyenv -C /project run dev');
    for (const name of ['both', 'encoding', 'garbage', 'silent', 'huge', 'upgrading']) {
      const text = await gateway.raw(name, head(name));
      expect([name, statusOf(text)]).toEqual([name, 502]);
      expect(text).toContain('no answer that can be read');
    }
  });

  it.each([
    ['empty', 204, ''],
    ['unchanged', 304, ''],
    ['old', 200, 'old'],
    ['trailer', 200, 'ok'],
    ['odd', 200, 'ok'],
  ])('of every framing come through both versions: %s', async (name, status, body) => {
    const text = await gateway.raw(name, head(name));
    expect(statusOf(text)).toBe(status);
    expect(bodyOf(text)).toContain(body);
    const two = await ask(await gateway.http2(name), {});
    expect([two.status, two.body]).toEqual([status, body]);
  });

  it('to HEAD have no body', async () => {
    const text = await gateway.raw('shop', head('shop', 'HEAD / HTTP/1.1'));
    expect([statusOf(text), bodyOf(text)]).toEqual([200, '']);
    expect((await ask(await gateway.http2('shop'), { ':method': 'HEAD' })).body).toBe('');
    expect(bodyOf(await gateway.raw('down', head('down', 'HEAD / HTTP/1.1')))).toBe('');
  });

  it('with trailers keep them, and an HTTP/1.0 client does not stop the gateway', async () => {
    expect(await gateway.raw('trailers', head('trailers'))).toContain('X-Sum: 5');
    expect((await ask(await gateway.http2('trailers'), {})).trailers['x-sum']).toBe('5');
    for (const name of ['trailer', 'trailers']) {
      const text = await gateway.raw(name, `GET / HTTP/1.0\r\nHost: ${gateway.authority(name)}\r\n\r\n`);
      expect(text).toMatch(/200[\s\S]*ok/);
      expect(text).not.toContain('Trailer');
    }
    await alive();
  });

  it('may begin with 103', async () => {
    expect(await gateway.raw('early', head('early'))).toMatch(/^HTTP\/1\.1 103[\s\S]*rel=preload[\s\S]*HTTP\/1\.1 200/);
    const session = await gateway.http2('early');
    const hints: unknown[] = [];
    const stream = session.request({ ':path': '/' });
    stream.on('headers', (headers) => hints.push(headers[':status']));
    await new Promise((done) => stream.resume().on('close', done));
    expect(hints).toEqual([103]);
  });

  it('that break off are broken for the client too', async () => {
    const socket = await gateway.tls('broken');
    socket.write(head('broken').replace('Connection: close', 'Connection: keep-alive'));
    const text = await readAll(socket, 2000);
    expect(text).toContain('half');
    expect(text).not.toContain('\n0\r\n');
    await expect(ask(await gateway.http2('broken'), {})).rejects.toThrow();
    await expect(ask(await gateway.http2('broken-chunks'), {})).rejects.toThrow('INTERNAL_ERROR');
    expect(await gateway.raw('broken-chunks', head('broken-chunks'), 1000)).not.toContain('\n0\r\n');
  });

  // An answer that waits for a full packet takes 40 ms.
  it('wait for no full packet', async () => {
    const socket = await gateway.tls('shop');
    const times: number[] = [];
    for (let index = 0; index < 40; index += 1) {
      const before = performance.now();
      socket.write(head('shop').replace('Connection: close', 'Connection: keep-alive'));
      await new Promise((done) => socket.once('data', done));
      times.push(performance.now() - before);
    }
    socket.destroy();
    expect(times.toSorted((a, b) => a - b)[20]).toBeLessThan(20);
  });
});

describe('bodies', () => {
  const large = Buffer.alloc(3_000_000, 'abcdefghij');
  const digest = createHash('sha256').update(large).digest('hex');

  it('go through whole, over both, with a length and in chunks', async () => {
    const session = await gateway.http2('shop');
    const two = JSON.parse((await ask(session, { ':method': 'POST' }, large)).body);
    expect([two.size, two.hash, two.headers['transfer-encoding']]).toEqual([large.length, digest, 'chunked']);
    const socket = await gateway.tls('shop');
    socket.write(head('shop', 'POST / HTTP/1.1', `Content-Length: ${large.length}`));
    socket.write(large);
    const one = JSON.parse(bodyOf(await readAll(socket, 2000)));
    expect([one.size, one.hash, one.headers['content-length']]).toEqual([large.length, digest, String(large.length)]);
  });

  it('of nothing say that they are nothing', async () => {
    const answer = await ask(await gateway.http2('shop'), { ':method': 'POST' });
    expect(JSON.parse(answer.body).headers['content-length']).toBe('0');
  });

  it('keep their trailers', async () => {
    const text = head('shop', 'POST / HTTP/1.1', 'Transfer-Encoding: chunked', 'Trailer: X-Sum');
    const answer = await gateway.raw('shop', `${text}2\r\nab\r\n0\r\nX-Sum: 7\r\n\r\n`);
    expect(answer).toContain('"trailers":{"x-sum":"7"}');
  });

  it('keep their trailers over HTTP/2', async () => {
    const stream = (await gateway.http2('shop')).request(
      { ':method': 'POST', ':path': '/', trailer: 'X-Sum' },
      { waitForTrailers: true },
    );
    stream.on('wantTrailers', () => stream.sendTrailers({ 'x-sum': '7' }));
    stream.end('ab');
    expect(await readAll(stream as unknown as Socket, 1000)).toContain('"trailers":{"x-sum":"7"}');
  });

  it('are asked for with 100 over HTTP/2 too', async () => {
    const stream = (await gateway.http2('shop')).request({
      ':method': 'POST',
      ':path': '/',
      expect: '100-continue',
      'content-length': '2',
    });
    await new Promise<void>((done) => stream.once('continue', done));
    stream.end('ab');
    expect(await readAll(stream as unknown as Socket, 1000)).toContain('"size":2');
  });

  it('are asked for with 100 where the client waits', async () => {
    const socket = await gateway.tls('shop');
    socket.write(head('shop', 'POST / HTTP/1.1', 'Content-Length: 2', 'Expect: 100-continue'));
    const [first] = (await new Promise<Buffer[]>((done) =>
      socket.once('data', (part: Buffer) => done([part])),
    )) as Buffer[];
    expect(String(first)).toContain('100 Continue');
    socket.write('ab');
    expect(await readAll(socket, 500)).toContain('"size":2');
  });

  it('may take longer than any limit of time', async () => {
    const socket = await hasty.tls('shop');
    socket.write(headTo(hasty.authority('shop'), 'POST / HTTP/1.1', 'Content-Length: 8'));
    for (let index = 0; index < 8; index += 1) {
      await sleep(150);
      socket.write('x');
    }
    expect(await readAll(socket, 500)).toContain('"size":8');
  });

  it('of a client that goes away end at the server too', async () => {
    const socket = await gateway.tls('shop');
    socket.write(head('shop', 'POST / HTTP/1.1', 'Content-Length: 800'));
    await sleep(100);
    socket.destroy();
    await expect.poll(() => gone, PATIENCE).toContain('upload');
    gone.length = 0;
    // Over HTTP/2 a body that ends and one that is broken off look the same to who reads it.
    const lost = await gateway.tls('shop', 'h2');
    const session = connectHttp2(`https://shop.localhost:${gateway.port}`, { createConnection: () => lost });
    session.on('error', () => undefined);
    const stream = session.request({ ':method': 'POST', ':path': '/' });
    stream.on('error', () => undefined);
    stream.write('half');
    await sleep(200);
    lost.destroy();
    await expect.poll(() => gone, PATIENCE).toContain('upload');
  });
});

describe('streams', () => {
  it('come as they are written, and their end reaches the server', async () => {
    gone.length = 0;
    for (const version of ['1', '2']) {
      if (version === '1') {
        const socket = await gateway.tls('shop');
        socket.write(head('shop', 'GET /stream HTTP/1.1'));
        const first = await new Promise<Buffer>((done) => socket.once('data', done));
        expect(String(first)).toContain('first');
        socket.destroy();
      } else {
        const stream = (await gateway.http2('shop')).request({ ':path': '/stream' });
        const first = await new Promise<Buffer>((done) => stream.once('data', done));
        expect(String(first)).toContain('first');
        stream.close();
      }
    }
    await expect.poll(() => gone.filter((one) => one === 'stream').length, PATIENCE).toBe(2);
  });
});

describe('a WebSocket', () => {
  const upgrade = (name: string, path = '/', ...more: readonly string[]) =>
    [
      `GET ${path} HTTP/1.1`,
      `Host: ${gateway.authority(name)}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ...more,
      '',
      '',
    ].join('\r\n');

  it('works over HTTP/1.1 both ways, with the key of the client', async () => {
    const socket = await hasty.tls('shop');
    socket.write(upgrade('shop').replace(/Host: .*/, `Host: ${hasty.authority('shop')}`));
    // Longer than any limit of idle connections here.
    await sleep(1000);
    socket.write('ping');
    const text = await readAll(socket, 300);
    expect(text).toMatch(/^HTTP\/1\.1 101 [\s\S]*s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=[\s\S]*helloping$/);
  });

  it('works over HTTP/2, and may be silent for longer than the limit of idle connections', async () => {
    const session = await hasty.http2('shop');
    const stream = session.request({ ':method': 'CONNECT', ':protocol': 'websocket', ':path': '/' });
    let text = '';
    stream.on('data', (part: Buffer) => {
      text += part;
    });
    const [response] = await new Promise<readonly Record<string, unknown>[]>((done) =>
      stream.once('response', (headers) => done([headers])),
    );
    expect(response?.[':status']).toBe(200);
    await sleep(1000);
    stream.write('ping');
    await expect.poll(() => text, PATIENCE).toBe('helloping');
    gone.length = 0;
    stream.close();
    await expect.poll(() => gone, PATIENCE).toContain('websocket');
  });

  it('of a page of elsewhere is refused, of one that is named let in', async () => {
    expect(statusOf(await gateway.raw('shop', upgrade('shop', '/', 'Origin: https://evil.example')))).toBe(403);
    expect(statusOf(await gateway.raw('shop', upgrade('shop', '/', 'Origin: https://friend.example')))).toBe(101);
    expect(statusOf(await gateway.raw('shop', upgrade('shop', '/', 'Origin: https://blog.localhost:1')))).toBe(101);
    const session = await gateway.http2('shop');
    const stream = session.request({
      ':method': 'CONNECT',
      ':protocol': 'websocket',
      ':path': '/',
      origin: 'https://evil.example',
    });
    const status = await new Promise((done) => stream.once('response', (headers) => done(headers[':status'])));
    expect(status).toBe(403);
  });

  it('that is declined, or whose server is down, says so', async () => {
    expect(statusOf(await gateway.raw('shop', upgrade('shop', '/declined')))).toBe(403);
    expect(statusOf(await gateway.raw('down', upgrade('down')))).toBe(502);
    expect(statusOf(await gateway.raw('shop', upgrade('shop').replace(/Key: .*/, 'Key: short')))).toBe(502);
  });
});

describe('pages of elsewhere', () => {
  it('cannot speak to a project', async () => {
    const foreign = ['Origin: https://evil.example', 'Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: cors'];
    expect(statusOf(await gateway.raw('shop', head('shop', 'POST / HTTP/1.1', 'Content-Length: 0', ...foreign)))).toBe(
      403,
    );
    const navigation = ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate'];
    expect(statusOf(await gateway.raw('shop', head('shop', 'GET / HTTP/1.1', ...navigation)))).toBe(200);
  });
});

describe('limits of time', () => {
  const closes = async (socket: Socket): Promise<number> => {
    const before = performance.now();
    socket.resume();
    await new Promise((done) => socket.once('close', done));
    return performance.now() - before;
  };

  it('end what says nothing', async () => {
    const { connect } = await import('node:net');
    expect(await closes(connect(hasty.port, '127.0.0.1'))).toBeLessThan(2000);
    expect(await closes(await hasty.tls('shop'))).toBeLessThan(2000);
    expect(await closes(await hasty.tls('shop', 'h2'))).toBeLessThan(2000);
    const slow = await hasty.tls('shop');
    slow.write('GET / HTTP/1.1\r\nHost:');
    expect(await closes(slow)).toBeLessThan(2000);
    const session = await hasty.http2('shop');
    await ask(session, {});
    const before = performance.now();
    await new Promise((done) => session.once('close', done));
    expect(performance.now() - before).toBeLessThan(2000);
  });
});

describe('addresses', () => {
  it('are taken both or neither', async () => {
    const port = await freePort();
    const other = createTcp();
    const six = await new Promise<boolean>((done) => {
      other.once('error', () => done(false));
      other.listen({ port, host: '::1', ipv6Only: true }, () => done(true));
    });
    if (!six) return;
    await expect(openTestGateway({ names: {}, port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
    const four = createTcp();
    await new Promise<void>((done) => four.listen(port, '127.0.0.1', done));
    four.close();
    other.close();
  });

  it('are loopback alone', async () => {
    const { networkInterfaces } = await import('node:os');
    const { connect } = await import('node:net');
    const others = Object.values(networkInterfaces()).flatMap((list) =>
      (list ?? []).filter(({ internal, family }) => !internal && family === 'IPv4').map(({ address }) => address),
    );
    for (const address of others) {
      const refused = await new Promise((done) => {
        const socket = connect(gateway.port, address);
        socket.once('connect', () => done(false));
        socket.once('error', () => done(true));
      });
      expect(refused).toBe(true);
    }
  });
});

describe('under load', () => {
  it('2,400 damaged connections leave it answering, and report nothing uncaught', async () => {
    const bytes = (length: number, seed: number) =>
      Buffer.from(Array.from({ length }, (_, index) => (index * 7919 + seed * 104_729) % 256));
    const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
    for (let round = 0; round < 60; round += 1) {
      await Promise.all(
        Array.from({ length: 40 }, async (_, index) => {
          // These are what can meet the gateway in the middle of a handshake.
          const h2 = index % 4 !== 0;
          const socket = await gateway.tls('shop', h2 ? 'h2' : 'http/1.1');
          const junk = bytes(20 + ((round * 41 + index) % 300), round * 40 + index);
          socket.on('error', () => undefined);
          const start = h2 ? preface : Buffer.from(head('shop').slice(0, (round * 13 + index) % 80));
          socket.write(Buffer.concat([start, junk]));
          await sleep(index % 3);
          socket.destroy();
        }),
      );
    }
    expect(gateway.reports).toEqual([]);
    await alive();
  }, 120_000);

  it('20,000 resets end the session at most', async () => {
    const session = await gateway.http2('shop');
    for (let index = 0; index < 20_000 && !session.closed && !session.destroyed; index += 1) {
      const stream = session.request({ ':path': '/stream' });
      stream.on('error', () => undefined);
      stream.close(8);
      if (index % 500 === 0) await sleep(0);
    }
    session.destroy();
    await alive();
  }, 60_000);
});
