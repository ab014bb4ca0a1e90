import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkLayout } from '../../src/adapters/home/home';
import { environmentFolder, homeOf, joinInside } from '../../src/adapters/home/paths';
import { removeToolchain } from '../../src/adapters/store/store';
import { scrubbedEnv } from '../../src/adapters/system/spawn';
import type { Environment } from '../../src/domain/routes/environment';
import { environmentOps } from '../../src/domain/routes/environment-variables';
import { decodeReceipt, encodeReceipt } from '../../src/domain/toolchain/receipt';
import { isStoreKey, storeKey, type Toolchain } from '../../src/domain/toolchain/toolchain';
import { type Version, versionFrom } from '../../src/domain/versions/version';
import { newPerson, type Person } from '../support/network-fixture';

let person: Person;
beforeEach(() => {
  person = newPerson({ HOSTILE: '1', NODE_OPTIONS: '--require /tmp/x' });
});
afterEach(() => person.remove());

/** What somebody may write where one name is meant. */
const ESCAPES = ['..', '../x', 'a/../../x', '/etc', '', '.', 'a\0b', 'a/b', '-rf', '$(id)', "';x", 'v1\n2', 'a..b'];

describe('a string that becomes a path', () => {
  it.each(['..', '../x', 'a/../../x', '/etc', 'a\0b'])('stays below its folder, or is refused (%j)', (part) => {
    expect(() => joinInside('/home/p', part)).toThrow(expect.objectContaining({ code: 'path-refused' }));
  });

  it('may go down, and up again as far as its folder', () => {
    expect(joinInside('/home/p', 'a', 'b/../c')).toBe('/home/p/a/c');
    expect(joinInside('/home/p', '..a')).toBe('/home/p/..a');
  });

  it.each(ESCAPES)('as a version is one component, or none at all (%j)', (text) => {
    expect(versionFrom(text)).toBeUndefined();
  });

  it.each([...ESCAPES, '../node-20.11.1-linux-x64-0123456789ab', 'node-20..1-linux-x64-0123456789ab'])(
    'as a name in the store is a name of a toolchain (%j)',
    async (key) => {
      const precious = join(person.folder, 'precious');
      mkdirSync(precious);
      expect(isStoreKey(key)).toBe(false);
      if (key !== '') await expect(removeToolchain(person.home, key)).rejects.toMatchObject({ code: 'path-refused' });
      expect(existsSync(precious)).toBe(true);
    },
  );

  it('names what the store names', () => {
    const version = versionFrom('21.0.2+13') as Version;
    expect(isStoreKey(storeKey({ tool: 'java', version, platform: 'linux-x64', parts: [] }))).toBe(true);
  });

  it("as a project does not fall into another's environment", () => {
    for (const project of ['/p/.polyenv', '/p/.polyenv/x', 'relative'])
      expect(() => environmentFolder(person.home, project)).toThrow(expect.objectContaining({ code: 'path-refused' }));
    expect(environmentFolder(person.home, '/p/.polyenvs')).toBe(join(person.home.envs, 'p/.polyenvs/.polyenv'));
  });

  it('as the home is absolute', () => {
    expect(() => homeOf({ ...person.host, env: { POLYENV_HOME: 'home' } })).toThrow(
      expect.objectContaining({ code: 'settings-invalid' }),
    );
  });
});

it.each(['A=b', 'A;x', '$(id)', 'A B', '1A', ''])('a string is no name of a variable for a shell (%j)', (name) => {
  const environment = { runtimes: [], variables: [{ op: 'set', name, value: '' }] } as unknown as Environment;
  expect(() => environmentOps(environment)).toThrow(expect.objectContaining({ code: 'path-refused' }));
});

it('a program that is only asked who it is gets nothing of the person or a project', () => {
  expect(scrubbedEnv(person.host)).not.toHaveProperty('HOSTILE');
  expect(scrubbedEnv(person.host)).not.toHaveProperty('NODE_OPTIONS');
  expect(scrubbedEnv(person.host).PATH).toBe('/usr/bin:/bin');
});

describe('state of a newer polyenv', () => {
  it.each(['layout.v2', 'layout.v10'])('is refused as a home, and left as it is (%s)', async (name) => {
    person.write(join(person.home.root, name), '');
    await expect(checkLayout(person.home)).rejects.toMatchObject({
      code: 'layout-newer',
      where: { file: expect.any(String) },
    });
    expect(readdirSync(person.home.root)).toEqual([name]);
  });

  it('is no receipt that is understood', () => {
    const toolchain: Toolchain = {
      key: 'node-20.11.1-linux-x64-0123456789ab',
      tool: 'node',
      version: versionFrom('20.11.1') as Version,
      options: {},
      platform: 'linux-x64',
      source: 'nodejs.org',
      root: '/store/node-20.11.1-linux-x64-0123456789ab',
      parts: [],
      installed: '2026-01-01T00:00:00.000Z',
    };
    const text = encodeReceipt(toolchain);
    const at = { key: toolchain.key, store: '/store' };
    expect(decodeReceipt(text, at)).toEqual(toolchain);
    expect(decodeReceipt(text.replace('"schema": 1', '"schema": 2'), at)).toBeUndefined();
    expect(decodeReceipt(text, { ...at, key: 'node-18.0.0-linux-x64-0123456789ab' })).toBeUndefined();
  });
});
