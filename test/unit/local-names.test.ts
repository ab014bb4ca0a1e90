import { describe, expect, it } from 'vitest';
import { nameOfAuthority, originForm } from '../../src/domain/gateway/authority';
import { isForeign } from '../../src/domain/gateway/foreign-pages';
import { type HeaderLines, hopsOf, requestHeaders, responseHeaders } from '../../src/domain/gateway/header-rules';
import { addressOf, nameOfHost, refuseName } from '../../src/domain/gateway/local-name';
import {
  decodeProjectNames,
  findConflict,
  findRoute,
  nameTable,
  type ProjectNames,
  targetOf,
} from '../../src/domain/gateway/name-table';

function project(folder: string, ...names: readonly string[]): ProjectNames {
  const route = { path: '/', kind: 'port', target: '', port: 4000 } as const;
  return { format: 1, project: folder, names: names.map((name) => ({ name, origins: [], routes: [route] })) };
}

describe('names', () => {
  it.each(['shop', 'api.shop', 'constructor', 'a-b', '*.shop', '1', 'x'.repeat(63)])('accepts %s', (name) => {
    expect(refuseName(name)).toBeUndefined();
  });

  it.each([
    'polyenv',
    'x.polyenv',
    'localhost',
    'a.localhost',
    '__proto__',
    '-a',
    'a-',
    'Shop',
    'a..b',
    '',
    '*',
    'a b',
    '"><script>',
    'a/b',
    'x'.repeat(64),
    `${'a.'.repeat(120)}b`,
    'ü',
    'shop.localhost',
  ])('refuses %s', (name) => {
    expect(refuseName(name)?.what).toContain(JSON.stringify(name));
  });

  it.each([
    ['my_shop', 'my-shop'],
    ['münchen', 'munchen'],
    ['a..b', 'a.b'],
    ['*', 'shop'],
    ['polyenv_', 'shop'],
  ])('refuses %s and proposes %s', (name, proposed) => {
    expect(refuseName(name)?.hint).toBe(`write a name such as ${proposed}, or "api.shop"`);
  });

  it('are told by their host', () => {
    expect(nameOfHost('Shop.LOCALHOST')).toBe('shop');
    for (const host of ['localhost', '.localhost', 'shop.localhost.', 'shop.example', 'a b.localhost', '127.0.0.1']) {
      expect(nameOfHost(host)).toBeUndefined();
    }
    expect(addressOf('shop', 8443)).toBe('https://shop.localhost:8443/');
    expect(addressOf('shop', 443)).toBe('https://shop.localhost/');
  });
});

describe('an authority', () => {
  it('is a name of ours at our port, and nothing else', () => {
    expect(nameOfAuthority('shop.localhost:8443', 8443)).toBe('shop');
    expect(nameOfAuthority('shop.localhost', 443)).toBe('shop');
    for (const other of [
      'shop.localhost:9',
      'shop.localhost',
      'me@shop.localhost:8443',
      'evil.example:8443',
      'localhost:8443',
      '127.0.0.1:8443',
      '[::1]:8443',
      'shop.localhost:8443/',
      'shop.localhost:8443 ',
      '',
      undefined,
    ]) {
      expect(nameOfAuthority(other, 8443)).toBeUndefined();
    }
  });

  it('may stand in the target, if it is the same', () => {
    expect(originForm('/a?b', 'shop.localhost:8443')).toBe('/a?b');
    expect(originForm('https://SHOP.localhost:8443/a?b', 'shop.localhost:8443')).toBe('/a?b');
    expect(originForm('http://shop.localhost:8443', 'shop.localhost:8443')).toBe('/');
    expect(originForm('http://blog.localhost/', 'shop.localhost:8443')).toBeUndefined();
    expect(originForm('shop.localhost:443', 'shop.localhost:8443')).toBeUndefined();
  });
});

describe('headers to the server', () => {
  const from = { authority: 'shop.localhost:8443', client: '127.0.0.1', hops: 0 };

  it('lose what acts on a connection and what others said of the origin', () => {
    const sent = requestHeaders(
      [
        ['Host', 'x'],
        ['Connection', 'X-Secret, Cookie, keep-alive'],
        ['X-Secret', '1'],
        ['Cookie', 'a=1'],
        ['cookie', 'b=2'],
        ['X-Forwarded-For', '1.2.3.4'],
        ['X-Forwarded-Anything', 'x'],
        ['Forwarded', 'for=1.2.3.4'],
        ['X-Real-IP', '1.2.3.4'],
        ['TE', 'gzip, trailers'],
        ['Upgrade', 'h2c'],
        ['Polyenv-Hops', '3'],
        ['Accept', '*/*'],
      ],
      from,
    );
    expect(sent).toEqual([
      ['Host', 'shop.localhost:8443'],
      ['Accept', '*/*'],
      ['Cookie', 'a=1; b=2'],
      ['X-Forwarded-For', '127.0.0.1'],
      ['X-Forwarded-Host', 'shop.localhost:8443'],
      ['X-Forwarded-Proto', 'https'],
      ['polyenv-hops', '1'],
      ['TE', 'trailers'],
    ]);
  });

  it('count the gateways, and take anything but a small number for a circle', () => {
    expect(hopsOf([])).toBe(0);
    expect(hopsOf([['polyenv-hops', '2']])).toBe(2);
    for (const odd of ['1, 1', '-1', 'x', '5', '1e1', '']) expect(hopsOf([['Polyenv-Hops', odd]])).toBeUndefined();
    expect(
      hopsOf([
        ['polyenv-hops', '0'],
        ['polyenv-hops', '0'],
      ]),
    ).toBeUndefined();
  });
});

describe('headers to the client', () => {
  it('lose what would bind the name for longer than the project lives', () => {
    const lines: HeaderLines = [
      ['Strict-Transport-Security', 'max-age=1'],
      ['Alt-Svc', 'h3=":1"'],
      ['Connection', 'close'],
      ['Trailer', 'X'],
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
      ['Location', 'http://localhost:3000/'],
    ];
    const kept = [
      ['Set-Cookie', 'a=1'],
      ['Set-Cookie', 'b=2'],
      ['Location', 'http://localhost:3000/'],
    ];
    expect(responseHeaders(lines, 'whole')).toEqual(kept);
    expect(responseHeaders(lines, 'chunked')).toEqual([['Trailer', 'X'], ...kept]);
  });
});

describe('pages of elsewhere', () => {
  const ask = (headers: Readonly<Record<string, string>>, upgrade: 'websocket' | 'none' = 'none') =>
    isForeign(Object.entries(headers), { upgrade, origins: ['https://friend.example'] });

  it('are refused, but for a navigation', () => {
    expect(ask({ origin: 'https://evil.example' })).toBe(true);
    expect(ask({ origin: 'https://evil.example', 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' })).toBe(
      true,
    );
    expect(ask({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'no-cors' })).toBe(true);
    expect(ask({ 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'navigate' })).toBe(false);
    expect(ask({ origin: 'https://evil.example' }, 'websocket')).toBe(true);
    expect(ask({ origin: 'null' }, 'websocket')).toBe(true);
    expect(ask({ origin: 'https://shop.localhost.evil.example' })).toBe(true);
    expect(ask({ origin: 'https://localhost.evil.example' })).toBe(true);
  });

  it('of this machine, those that are named, and programs may speak', () => {
    expect(ask({})).toBe(false);
    expect(ask({}, 'websocket')).toBe(false);
    for (const origin of [
      'https://blog.localhost:8443',
      'http://localhost:3000',
      'http://127.0.0.1:3000',
      'http://[::1]:1',
      'https://friend.example',
    ]) {
      expect(ask({ origin, 'sec-fetch-site': 'cross-site', 'sec-fetch-mode': 'cors' })).toBe(false);
      expect(ask({ origin }, 'websocket')).toBe(false);
    }
    expect(ask({ 'sec-fetch-site': 'cross-site', referer: 'https://blog.localhost:8443/' })).toBe(false);
    expect(ask({ 'sec-fetch-site': 'cross-site', referer: 'https://evil.example/' })).toBe(true);
    expect(ask({ 'sec-fetch-site': 'same-origin' })).toBe(false);
  });
});

describe('the table of names', () => {
  it('gives the part before .localhost, with all below it, to one project', () => {
    const shop = project('/shop', 'shop');
    expect(findConflict(project('/other', 'api.shop'), [shop])).toEqual({
      name: 'api.shop',
      taken: 'shop',
      project: '/shop',
    });
    expect(findConflict(project('/other', 'shop'), [project('/first', 'api.shop')])?.project).toBe('/first');
    expect(findConflict(project('/shop', 'shop', 'api.shop'), [shop])).toBeUndefined();
    expect(findConflict(project('/other', 'blog'), [shop])).toBeUndefined();
    expect([...nameTable([shop, project('/other', 'api.shop', 'blog')]).keys()]).toEqual(['shop', 'blog']);
  });

  it('has no names of JavaScript in it', () => {
    const table = nameTable([project('/a', 'shop')]);
    for (const name of ['constructor', '__proto__', 'toString']) expect(findRoute(table, name, '/')).toBeUndefined();
  });

  it('finds the longest path that covers', () => {
    const route = (path: string, port: number) => ({ path, kind: 'port', target: '', port }) as const;
    const table = nameTable([
      {
        format: 1,
        project: '/a',
        names: [
          { name: 'shop', origins: [], routes: [route('/', 1), route('/api', 2), route('/api/v2/', 3)] },
          { name: '*.shop', origins: [], routes: [route('/only', 4)] },
        ],
      },
    ]);
    const port = (target: string, name = 'shop') => findRoute(table, name, target)?.port;
    expect(['/', '/apis', '/api', '/api?x', '/api/x', '/api/v2', '/api/v2/x'].map((path) => port(path))).toEqual([
      1, 1, 2, 2, 2, 3, 3,
    ]);
    expect(port('/only', 'tenant.shop')).toBe(4);
    expect(port('/', 'tenant.shop')).toBeUndefined();
    expect(port('/', 'a.tenant.shop')).toBeUndefined();
  });

  it('hands a path on as it is, or without its start', () => {
    const strip = { path: '/api', strip: true };
    expect(['/api', '/api/', '/api/x?y', '/api?x'].map((target) => targetOf(strip, target))).toEqual([
      '/',
      '/',
      '/x?y',
      '/?x',
    ]);
    expect(targetOf({ path: '/api' }, '/api/x')).toBe('/api/x');
    expect(targetOf({ path: '/api/', strip: true }, '/api/x')).toBe('/x');
  });

  it('refuses what is damaged or newer', () => {
    const good = project('/a', 'shop');
    expect(decodeProjectNames(JSON.parse(JSON.stringify(good)))).toEqual(good);
    for (const bad of [
      { ...good, format: 2 },
      { ...good, project: 'a' },
      project('/a', '__proto__'),
      {},
      [],
      'x',
      { ...good, names: [{ name: 'a', origins: [], routes: [{ path: '/', kind: 'port', target: '', port: 0 }] }] },
    ]) {
      expect(() => decodeProjectNames(bad)).toThrow();
    }
  });
});
