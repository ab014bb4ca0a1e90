import { chmodSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { readGoConfig } from '../../src/adapters/upstream/go-config';
import { newPerson, type Person, settingsWith } from '../support/network-fixture';

const people: Person[] = [];
afterEach(() => {
  for (const person of people.splice(0)) person.remove();
});

function person(env: Record<string, string> = {}): Person {
  const made = newPerson(env);
  people.push(made);
  return made;
}

async function proxiesOf({ host, home }: Person, changes = {}) {
  const { proxies } = await readGoConfig({ host, home, settings: settingsWith(changes) });
  return proxies.map(({ url, falls }) => `${url.href} ${falls}`);
}

describe("Go's configuration", () => {
  test('GOPROXY is a list: after a comma only what is absent falls through, after a bar everything', async () => {
    const list = 'https://a.test/go/|b.test,https://me:pw@c.test,direct,off,https://never.test';
    expect(await proxiesOf(person({ GOPROXY: list }))).toEqual([
      'https://a.test/go any',
      'https://b.test/ absent',
      'https://me:pw@c.test/ absent',
    ]);
  });

  test("the setting wins over GOPROXY, GOPROXY over the person's go/env", async () => {
    const me = person({ GOPROXY: 'https://env.test' });
    me.write('.config/go/env', '# mine\nGOPROXY=https://file.test\nGOSUMDB=sum.golang.org https://sum.test/\n');
    expect(await proxiesOf(me, { goProxy: 'https://own.test' })).toEqual(['https://own.test/ absent']);
    expect(await proxiesOf(me)).toEqual(['https://env.test/ absent']);
    const { host, home } = me;
    const read = (env: Record<string, string>) =>
      readGoConfig({ host: { ...host, env: { HOME: me.folder, ...env } }, home, settings: settingsWith() });
    const fromFile = await read({});
    expect(fromFile.proxies.map(({ url }) => url.host)).toEqual(['file.test']);
    expect(fromFile.database).toBe('https://sum.test');
    const other = me.write('other', 'GOPROXY=https://goenv.test');
    expect((await read({ GOENV: other })).proxies.map(({ url }) => url.host)).toEqual(['goenv.test']);
    expect(
      (await read({ GOENV: 'off', GOROOT: join(me.folder, 'none') })).proxies.map(({ url }) => url.host),
    ).not.toContain('file.test');
  });

  test('the go.env of a Go on PATH is found through links, before that of any other', async () => {
    const me = person();
    chmodSync(me.write('opt/go1/bin/go', ''), 0o755);
    me.write('opt/go1/go.env', 'GOPROXY=https://root.test,direct\n');
    me.write('bin/.keep', '');
    symlinkSync('../opt/go1/bin/go', join(me.folder, 'bin/go'));
    const host = { ...me.host, env: { ...me.host.env, PATH: join(me.folder, 'bin') } };
    expect(await proxiesOf({ ...me, host })).toEqual(['https://root.test/ absent']);
  });

  test("a Go in polyenv's store says it too, where PATH has none", async () => {
    const me = person();
    me.write('.local/share/polyenv/store/go-1.24.0-linux-x64/go.env', 'GOPROXY=https://store.test\n');
    expect(await proxiesOf(me)).toEqual(['https://store.test/ absent']);
  });

  test.each([
    ['off', 'GOPROXY is "off"'],
    ['direct', 'GOPROXY is "direct"'],
  ])('%s leaves no proxy, with the reason and the fix', async (value, message) => {
    const me = person({ GOPROXY: value });
    const { proxies, missing } = await readGoConfig({ host: me.host, home: me.home, settings: settingsWith() });
    expect(proxies).toEqual([]);
    expect(missing).toMatchObject({ code: 'network', elsewhere: true });
    expect(missing?.message).toContain(message);
    expect(missing?.hint).toContain('registry.go');
  });

  test('GOSUMDB=off and other keys do not name another database', async () => {
    for (const GOSUMDB of ['off', 'sum.evil.test https://evil.test', 'sum.golang.org+beef+key http://plain.test']) {
      const me = person({ GOPROXY: 'https://a.test', GOSUMDB });
      const { database } = await readGoConfig({ host: me.host, home: me.home, settings: settingsWith() });
      expect(database).toBeUndefined();
    }
  });

  test('an entry that is no URL is an error that does not repeat it', async () => {
    const me = person({ GOPROXY: 'https://s3cret@@:x' });
    const error = await proxiesOf(me).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'settings-invalid' });
    expect(String(error)).not.toContain('s3cret');
  });
});
