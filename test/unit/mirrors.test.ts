import { afterEach, describe, expect, test } from 'vitest';
import { openHttp } from '../../src/adapters/net/http';
import { type MirrorOptions, openMirrors } from '../../src/adapters/net/mirrors';
import { PolyenvError } from '../../src/domain/words/errors';
import { newPerson, type Person, settingsWith } from '../support/network-fixture';

const people: Person[] = [];
afterEach(() => {
  for (const person of people.splice(0)) person.remove();
});

const SOURCES: MirrorOptions['sources'] = [
  {
    mirrors: [
      { variable: 'FNM_NODE_DIST_MIRROR', from: 'https://nodejs.org/dist' },
      { variable: 'NODEJS_ORG_MIRROR', from: 'https://nodejs.org/dist' },
    ],
  },
  { mirrors: [{ variable: 'RUSTUP_DIST_SERVER', from: 'https://static.rust-lang.org/dist', append: '/dist' }] },
  {
    mirrors: [
      {
        variable: 'UV_PYTHON_INSTALL_MIRROR',
        from: 'https://github.com/astral-sh/python-build-standalone/releases/download',
      },
    ],
  },
];

function mirrorsOf(mirrors: Record<string, string>, env: Record<string, string> = {}, changes = {}) {
  return openMirrors({ settings: settingsWith({ mirrors, ...changes }), env, sources: SOURCES });
}

describe('mirrors', () => {
  test('without a rule a URL stays as it is', () => {
    expect(mirrorsOf({}).rewrite('https://go.dev/dl/%2f?mode=json&include=all#x')).toEqual({
      url: 'https://go.dev/dl/%2f?mode=json&include=all',
      headers: {},
    });
  });

  test('the longest prefix wins, whatever the order', () => {
    const mirrors = mirrorsOf({
      'https://nodejs.org': 'https://a.test',
      'https://nodejs.org/dist/v20.1.0': 'https://c.test/x/',
      'https://nodejs.org/dist/': 'https://b.test/node/',
    });
    expect(mirrors.rewrite('https://nodejs.org/dist/v20.1.0/f.tar.gz').url).toBe('https://c.test/x/f.tar.gz');
    expect(mirrors.rewrite('https://nodejs.org/dist/index.json').url).toBe('https://b.test/node/index.json');
    expect(mirrors.rewrite('https://nodejs.org/download/x').url).toBe('https://a.test/download/x');
  });

  test.each([
    'https://nodejs.org.evil.test/dist/index.json',
    'https://nodejs.org/distribution/index.json',
    'https://nodejs.org/dist.json',
    'https://nodejs.org/dist/../evil/index.json',
    'https://nodejs.org/dist/%2e%2e/evil/index.json',
    'https://nodejs.org:8443/dist/index.json',
    'http://localhost/dist/index.json',
    'https://user@nodejs.org.test/dist',
  ])('a prefix ends where a component of the URL ends: %s', (url) => {
    const { url: rewritten } = mirrorsOf({ 'https://nodejs.org/dist': 'https://m.test/node' }).rewrite(url);
    expect(new URL(rewritten).host).not.toBe('m.test');
  });

  test.each(['https://NODEJS.org:443/dist/a%2Db', 'https://nodejs.org/x/../dist/a-b', 'https://nodejs.org/dist/a-b#x'])(
    'URLs are compared normalised: %s',
    (url) => {
      const mirrors = mirrorsOf({ 'HTTPS://NodeJS.org/dist/': 'https://m.test/node' });
      expect(mirrors.rewrite(url).url).toBe('https://m.test/node/a-b');
    },
  );

  test("a file's encoded name stays encoded", () => {
    const mirrors = mirrorsOf({ 'https://github.com': 'https://m.test/gh' });
    expect(mirrors.rewrite('https://github.com/a/cpython-3.14.7%2b20260814.tar.gz').url).toBe(
      'https://m.test/gh/a/cpython-3.14.7%2B20260814.tar.gz',
    );
  });

  test("the ecosystems' own variables replace what their source says, the first that is set", () => {
    const env = {
      NODEJS_ORG_MIRROR: 'https://second.test/node/',
      FNM_NODE_DIST_MIRROR: ' https://first.test/node ',
      RUSTUP_DIST_SERVER: 'https://rust.test/',
      UV_PYTHON_INSTALL_MIRROR: '',
    };
    const mirrors = mirrorsOf({}, env);
    expect(mirrors.rewrite('https://nodejs.org/dist/index.json').url).toBe('https://first.test/node/index.json');
    expect(mirrors.rewrite('https://static.rust-lang.org/dist/channel-rust-stable.toml').url).toBe(
      'https://rust.test/dist/channel-rust-stable.toml',
    );
    expect(
      mirrorsOf({ 'https://nodejs.org/dist': 'https://own.test' }, env).rewrite('https://nodejs.org/dist/x').url,
    ).toBe('https://own.test/x');
  });

  test('a broken variable stops only what it stands for, and its value is not told', () => {
    const mirrors = mirrorsOf({}, { NODEJS_ORG_MIRROR: 'nonsense s3cret' });
    expect(mirrors.rewrite('https://go.dev/dl/').url).toBe('https://go.dev/dl/');
    expect(() => mirrors.rewrite('https://nodejs.org/dist/x')).toThrow(
      /^NODEJS_ORG_MIRROR is not the URL of a mirror$/,
    );
  });

  test('a prefix that is no URL is an error of the settings', () => {
    expect(() => mirrorsOf({ 'nodejs.org': 'https://m.test' }).rewrite('https://go.dev/dl/')).toThrow('no URL prefix');
  });

  test('plain http is for this machine alone, unless the person allows it', () => {
    const rewrite = (to: string, changes = {}) =>
      mirrorsOf({ 'https://nodejs.org/dist': to }, {}, changes).rewrite('https://nodejs.org/dist/x').url;
    expect(rewrite('http://127.0.0.1:8080')).toBe('http://127.0.0.1:8080/x');
    expect(rewrite('http://[::1]:8080')).toBe('http://[::1]:8080/x');
    expect(rewrite('http://localhost:8080/a')).toBe('http://localhost:8080/a/x');
    for (const to of ['http://mirror.test', 'http://127.0.0.1.evil.test', 'http://localhost.evil.test']) {
      expect(() => rewrite(to)).toThrow(expect.objectContaining({ code: 'insecure-url' }));
    }
    expect(rewrite('http://mirror.test', { insecureHttp: true })).toBe('http://mirror.test/x');
  });

  test('only http and https are asked for at all', () => {
    for (const url of ['file:///etc/passwd', 'ftp://nodejs.org/dist', 'nodejs.org/dist', '']) {
      expect(() => mirrorsOf({}).rewrite(url)).toThrow(expect.objectContaining({ code: 'insecure-url' }));
    }
  });

  test('a user and password become a header and leave the URL; a token in path or query stays in it', () => {
    const mirrors = mirrorsOf({
      'https://nodejs.org/dist': 'https://me:p%40ss-word@m.test/tok-8f3a/node?key=q-77x',
    });
    const { url, headers } = mirrors.rewrite('https://nodejs.org/dist/index.json');
    expect(url).toBe('https://m.test/tok-8f3a/node/index.json?key=q-77x');
    expect(headers).toEqual({ authorization: `Basic ${Buffer.from('me:p@ss-word').toString('base64')}` });
    const shown = mirrors.concealment.conceal(`${url} p@ss-word p%40ss-word https://me:p%40ss-word@m.test/`);
    expect(shown).not.toMatch(/tok-8f3a|q-77x|p@ss|p%40ss/);
    expect(shown).toContain('https://m.test/***/index.json');
  });

  test('credentials of netrc go to their host alone, and never those of default', () => {
    const person = newPerson();
    people.push(person);
    person.write('.netrc', 'machine m.test login me password "pass word"\ndefault login all password everyone\n');
    const mirrors = mirrorsOf({ 'https://nodejs.org/dist': 'https://m.test' }, { HOME: person.folder });
    expect(mirrors.rewrite('https://nodejs.org/dist/x').headers).toEqual({
      authorization: `Basic ${Buffer.from('me:pass word').toString('base64')}`,
    });
    expect(mirrors.rewrite('https://go.dev/dl/').headers).toEqual({});
    expect(mirrors.concealment.conceal('is pass word')).toBe('is ***');
  });

  test('a mirror may be a folder; no other file is ever read', async () => {
    const person = newPerson();
    people.push(person);
    person.write('mirror/20260814/SHA256SUMS', 'sums');
    person.write('secret', 'x');
    const mirrors = mirrorsOf({}, { UV_PYTHON_INSTALL_MIRROR: `file://${person.folder}/mirror` });
    const http = mirrors.through(openHttp({ host: person.host, settings: settingsWith(), emit: () => undefined }));
    const base = 'https://github.com/astral-sh/python-build-standalone/releases/download';
    const answer = await http.get(mirrors.rewrite(`${base}/20260814/SHA256SUMS`).url);
    expect([answer.status, await answer.text()]).toEqual([200, 'sums']);
    expect((await http.get(mirrors.rewrite(`${base}/20260814/none`).url)).status).toBe(404);
    expect((await http.get(mirrors.rewrite(`${base}/20260814`).url)).status).toBe(404);
    for (const url of [
      `file://${person.folder}/secret`,
      `file://${person.folder}/mirror/../secret`,
      'file:///etc/passwd',
    ]) {
      await expect(http.get(url)).rejects.toMatchObject({ code: 'insecure-url' });
    }
  });

  test('errors on the way name no secret, in no depth', async () => {
    const mirrors = mirrorsOf({ 'https://nodejs.org/dist': 'https://me:hunter22@m.test/tok-8f3a' });
    const { url } = mirrors.rewrite('https://nodejs.org/dist/x');
    const http = mirrors.through({
      get: async (asked) => {
        const cause = new Error(`connect ${asked} with hunter22`, { cause: new Error(asked) });
        throw new PolyenvError('network', `${asked} is down`, { hint: `curl ${asked}`, cause, elsewhere: true });
      },
      close: async () => undefined,
    });
    const error = await http.get(url).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'network', elsewhere: true, message: 'https://m.test/***/x is down' });
    const all = [error, (error as Error).cause, ((error as Error).cause as Error).cause] as PolyenvError[];
    for (const one of all) expect(`${one.message}${one.stack}${one.hint}`).not.toMatch(/tok-8f3a|hunter22/);
  });
});
