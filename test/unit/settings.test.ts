import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import {
  changeSetting,
  explainSettings,
  loadSettings,
  type SettingsFiles,
  settingsFiles,
} from '../../src/adapters/home/settings';
import { loosens } from '../../src/domain/project/setting-value';
import { SETTINGS, settingVariable } from '../../src/domain/project/settings';
import type { Host } from '../../src/host';
import { discard } from '../support/discard';

const root = mkdtempSync(join(tmpdir(), 'polyenv-settings-'));
afterAll(() => discard(root));

let files: SettingsFiles;
let count = 0;
beforeEach(() => {
  const folder = join(root, String(count++));
  mkdirSync(folder);
  files = { organisation: join(folder, 'organisation.json'), person: join(folder, 'new', 'settings.json') };
});

function host(env: Record<string, string> = {}, os: NodeJS.Platform = 'linux'): Host {
  return { env, os, personHome: '/home/ada' } as unknown as Host;
}

function organisation(value: unknown): void {
  writeFileSync(files.organisation, typeof value === 'string' ? value : JSON.stringify(value, undefined, 2));
}

function person(value: unknown): void {
  mkdirSync(join(files.person, '..'), { recursive: true });
  writeFileSync(files.person, typeof value === 'string' ? value : JSON.stringify(value, undefined, 2));
}

describe('a setting whose name begins with the name of another', () => {
  const all = async () => {
    const { store, storeMode } = await loadSettings(host(), files);
    return { store, storeMode };
  };

  it('is set and unset beside it, in either order', async () => {
    await changeSetting(host(), { name: 'store.mode', value: 'only' }, files);
    await changeSetting(host(), { name: 'store', value: 'registry.example/team/tools' }, files);
    expect(await all()).toEqual({ store: 'registry.example/team/tools', storeMode: 'only' });
    await changeSetting(host(), { name: 'store.mode', value: 'fallback' }, files);
    expect(await all()).toEqual({ store: 'registry.example/team/tools', storeMode: 'fallback' });
    await changeSetting(host(), { name: 'store', value: undefined }, files);
    expect(await all()).toEqual({ store: '', storeMode: 'fallback' });
  });

  it('may stand nested in a file, which a change keeps', async () => {
    person({ store: { mode: 'only' }, jobs: 3 });
    expect((await all()).storeMode).toBe('only');
    await changeSetting(host(), { name: 'store', value: 'registry.example/team/tools' }, files);
    expect(await all()).toEqual({ store: 'registry.example/team/tools', storeMode: 'only' });
    expect((await loadSettings(host(), files)).jobs).toBe(3);
  });

  it('is held by the organisation by itself: only the stricter way is free', async () => {
    organisation({ store: 'registry.example/a', 'store.mode': 'first', locked: true });
    await expect(changeSetting(host(), { name: 'store', value: 'registry.example/b' }, files)).rejects.toMatchObject({
      code: 'settings-locked',
    });
    await expect(changeSetting(host(), { name: 'store.mode', value: 'fallback' }, files)).rejects.toMatchObject({
      code: 'settings-locked',
    });
    await changeSetting(host(), { name: 'store.mode', value: 'only' }, files);
    expect(await all()).toEqual({ store: 'registry.example/a', storeMode: 'only' });
  });

  it('takes no password and no tag', async () => {
    for (const value of ['https://ci:secret@registry.example/a', 'registry.example', 'registry.example/a:latest']) {
      await expect(changeSetting(host(), { name: 'store', value }, files)).rejects.toMatchObject({
        code: 'settings-invalid',
      });
    }
  });
});

describe('settings are read', () => {
  it('from the defaults where nobody says anything', async () => {
    const settings = await loadSettings(host(), files);
    for (const { key, fallback } of SETTINGS) expect(settings[key]).toEqual(fallback);
  });

  it('from where the specifications say, which no variable of a project moves', () => {
    expect(settingsFiles(host())).toEqual({
      organisation: '/etc/polyenv/settings.json',
      person: '/home/ada/.config/polyenv/settings.json',
    });
    expect(settingsFiles(host({ XDG_CONFIG_HOME: '/c' })).person).toBe('/c/polyenv/settings.json');
    expect(settingsFiles(host({ XDG_CONFIG_HOME: 'relative' })).person).toBe('/home/ada/.config/polyenv/settings.json');
    expect(settingsFiles(host({ POLYENV_SETTINGS: '/x' }, 'darwin')).organisation).toBe(
      '/Library/Application Support/polyenv/settings.json',
    );
  });

  it('variables before the person before the organisation, each with its origin; maps are joined', async () => {
    organisation({
      jobs: 2,
      network: { timeout: 11, retries: 1 },
      mirrors: { 'https://a.org/': 'https://m/a/', 'https://b.org/': 'https://m/b/' },
    });
    person({ network: { timeout: 22 }, mirrors: { 'https://b.org/': 'http://127.0.0.1:1/' }, 'verify.keys': [] });
    const env = {
      POLYENV_NETWORK_TIMEOUT: '33',
      POLYENV_MIRRORS: ' https://c.org/=https://m/c/?x=1\thttps://d.org/=https://m/d/ ',
    };
    const explained = await explainSettings(host(env), files);
    const from = Object.fromEntries(explained.map((setting) => [setting.name, setting.from]));
    expect(from['network.timeout']).toEqual({ kind: 'variable', name: 'POLYENV_NETWORK_TIMEOUT' });
    expect(from['network.retries']).toEqual({ kind: 'file', file: files.organisation, line: 5 });
    expect(from.jobs).toEqual({ kind: 'file', file: files.organisation, line: 2 });
    expect(from.offline).toEqual({ kind: 'default' });
    expect(await loadSettings(host(env), files)).toMatchObject({
      networkTimeout: 33,
      networkRetries: 1,
      jobs: 2,
      mirrors: {
        'https://a.org/': 'https://m/a/',
        'https://b.org/': 'http://127.0.0.1:1/',
        'https://c.org/': 'https://m/c/?x=1',
        'https://d.org/': 'https://m/d/',
      },
    });
  });

  it('in every form that a variable has', async () => {
    const env = {
      POLYENV_OFFLINE: 'YES',
      POLYENV_INSTALL_MISSING: '0',
      POLYENV_SOURCES_ALLOWED: 'npm  nodejs.org npm',
      POLYENV_DEFAULTS: 'node=22 python=>=3.11',
      POLYENV_VERIFY_MINIMUM: 'signature',
      POLYENV_JOBS: '',
    };
    expect(
      await loadSettings(host({ ...env, POLYENV_NODE: '18', POLYENV_ENV: '/x', POLYENV_WHATEVER: '?' }), files),
    ).toMatchObject({
      offline: true,
      autoInstall: false,
      sourcesAllowed: ['npm', 'nodejs.org'],
      defaults: { node: '22', python: '>=3.11' },
      verifyMinimum: 'signature',
      jobs: 4,
    });
  });

  it('and every one has a variable of its own', () => {
    expect(new Set(SETTINGS.map(({ name }) => settingVariable(name))).size).toBe(SETTINGS.length);
    expect(settingVariable('verify.signatures')).toBe('POLYENV_VERIFY_SIGNATURES');
  });

  it.each([
    ['OFFLINE', 'perhaps', 'POLYENV_OFFLINE must be'],
    ['JOBS', '0', 'from 1 to 64'],
    ['JOBS', '-1', 'from 1 to 64'],
    ['NETWORK_TIMEOUT', '1e3', 'whole number'],
    ['VERIFY_SIGNATURES', 'no', 'required, when-present, off'],
    ['VERIFY_KEYS', 'abc', '40 hex digits'],
    ['MIRRORS', 'https://a.org/', 'FROM=TO'],
    ['MIRRORS', 'file:///a=https://b/', 'https://'],
    ['MIRRORS', 'https://a.org/=file:///etc', 'wrong value'],
    ['REGISTRY_NPM', 'x\u001b', 'control characters'],
  ])('a wrong POLYENV_%s is named: %j', async (name, value, message) => {
    const variable = `POLYENV_${name}`;
    await expect(loadSettings(host({ [variable]: value }), files)).rejects.toMatchObject({
      code: 'settings-invalid',
      message: expect.stringContaining(message),
      hint: `unset ${variable}`,
    });
  });

  it('a password of a mirror is in no message', async () => {
    const env = { POLYENV_MIRRORS: 'https://a.org/=ftp://ada:secret@m/' };
    await expect(loadSettings(host(env), files)).rejects.toMatchObject({
      message: expect.not.stringContaining('secret'),
    });
  });

  it.each([
    ['{\n  "jobs": 4,\n}', 3, 'not JSON'],
    ['{\n  "jobs"', 2, 'not JSON'],
    ['[]', 1, 'one JSON object'],
    ['{\n\n  "jbos": 4 }', 3, 'did you mean jobs'],
    ['{\n "verify": {\n  "signature": "off" } }', 3, 'did you mean verify.signatures'],
    ['{ "network": 1 }', 1, 'is no setting'],
    ['{\n "jobs": "4" }', 2, 'whole number'],
    ['{\n "mirrors": { "https://a.org/": 1 } }', 2, 'wrong value'],
    ['{\n "locked": ["jobs"] }', 2, "organisation's file only"],
    ['{ "__proto__": { "jobs": 1 } }', 1, 'is no setting'],
  ])('a wrong file is named with its line: %j', async (text, line, message) => {
    person(text);
    await expect(loadSettings(host(), files)).rejects.toMatchObject({
      code: 'settings-invalid',
      exit: 3,
      where: { file: files.person, line },
      message: expect.stringContaining(message),
    });
  });
});

describe('what the organisation has locked', () => {
  it('may be made stricter, not looser, by file or variable', async () => {
    organisation({
      locked: ['verify.signatures', 'sources.allowed'],
      verify: { signatures: 'when-present' },
      sources: { allowed: ['npm', 'goproxy'] },
    });
    const stricter = { POLYENV_VERIFY_SIGNATURES: 'required', POLYENV_SOURCES_ALLOWED: 'npm' };
    expect(await loadSettings(host(stricter), files)).toMatchObject({
      verifySignatures: 'required',
      sourcesAllowed: ['npm'],
    });
    await expect(loadSettings(host({ POLYENV_VERIFY_SIGNATURES: 'off' }), files)).rejects.toMatchObject({
      code: 'settings-locked',
      where: { file: files.organisation },
      hint: 'unset POLYENV_VERIFY_SIGNATURES',
    });
    person({ sources: { allowed: [] } });
    await expect(loadSettings(host(), files)).rejects.toMatchObject({
      code: 'settings-locked',
      hint: 'polyenv settings unset sources.allowed',
    });
  });

  it('a person may not undo by a variable what the person made stricter for the organisation only', async () => {
    organisation({ locked: true, release: { minimum_age: 3 } });
    person({ release: { minimum_age: 7 } });
    expect((await loadSettings(host(), files)).minimumAge).toBe(7);
    await expect(loadSettings(host({ POLYENV_RELEASE_MINIMUM_AGE: '2' }), files)).rejects.toMatchObject({
      code: 'settings-locked',
    });
    const age = (await explainSettings(host(), files)).find(({ name }) => name === 'release.minimum_age');
    expect(age?.locked).toBe(true);
  });

  it('a locked map takes no other entry', async () => {
    organisation({ locked: true, mirrors: { 'https://a.org/': 'https://m/' } });
    await expect(loadSettings(host({ POLYENV_MIRRORS: 'https://b.org/=https://x/' }), files)).rejects.toMatchObject({
      code: 'settings-locked',
    });
    await expect(
      changeSetting(host(), { name: 'mirrors', value: 'https://a.org/=https://x/' }, files),
    ).rejects.toMatchObject({ code: 'settings-locked' });
    expect(existsSync(files.person)).toBe(false);
  });

  it('a misspelt lock is an error, or it would lock nothing', async () => {
    organisation({ locked: ['verify.signature'] });
    await expect(loadSettings(host(), files)).rejects.toMatchObject({ where: { file: files.organisation } });
  });

  it('each setting knows which way is looser', () => {
    const loose: Record<string, readonly [unknown, unknown]> = {
      offline: [true, false],
      'network.insecure_http': [false, true],
      'verify.signatures': ['required', 'when-present'],
      'verify.minimum': ['signature', 'digest'],
      'verify.keys': [['A'], ['A', 'B']],
      'sources.allowed': [['npm'], []],
      'install.missing': [false, true],
      'release.minimum_age': [3, 2],
      'release.end_of_life': ['refuse', 'warn'],
      'sources.preference': ['only-managed', 'managed'],
    };
    for (const [name, [strict, looser]] of Object.entries(loose)) {
      const setting = SETTINGS.find((known) => known.name === name);
      if (setting === undefined) throw new Error(name);
      expect(loosens(setting, strict, looser), name).toBe(true);
      expect(loosens(setting, strict, strict), name).toBe(false);
      if (name !== 'sources.preference') expect(loosens(setting, looser, strict), name).toBe(false);
    }
  });
});

describe('settings are changed', () => {
  it("in the person's file, by type, private to the person, the rest as it was", async () => {
    await changeSetting(host(), { name: 'network.timeout', value: '60' }, files);
    await changeSetting(host(), { name: 'offline', value: 'on' }, files);
    await changeSetting(host(), { name: 'mirrors', value: 'https://a.org/=https://m/' }, files);
    await changeSetting(host(), { name: 'defaults.node', value: 'lts/iron' }, files);
    const change = await changeSetting(host(), { name: 'defaults.go', value: '1.24' }, files);
    expect(change).toEqual({ file: files.person, name: 'defaults', value: { node: 'lts/iron', go: '1.24' } });
    expect(JSON.parse(readFileSync(files.person, 'utf8'))).toEqual({
      network: { timeout: 60 },
      offline: true,
      mirrors: { 'https://a.org/': 'https://m/' },
      defaults: { node: 'lts/iron', go: '1.24' },
    });
    expect(statSync(files.person).mode & 0o077).toBe(0);
    await changeSetting(host(), { name: 'offline', value: undefined }, files);
    await changeSetting(host(), { name: 'defaults.node', value: undefined }, files);
    await changeSetting(host(), { name: 'mirrors.https://a.org/', value: undefined }, files);
    expect(await loadSettings(host(), files)).toMatchObject({
      offline: false,
      networkTimeout: 60,
      defaults: { go: '1.24' },
      mirrors: {},
    });
  });

  it.each([
    ['jbos', '4', 'did you mean jobs'],
    ['jobs', 'many', 'whole number'],
    ['defaults.node', 'a b', 'wrong value'],
    ['defaults.../x', '1', 'key'],
  ])('and not where it is wrong: %s = %s', async (name, value, message) => {
    await expect(changeSetting(host(), { name, value }, files)).rejects.toMatchObject({
      code: 'settings-invalid',
      message: expect.stringContaining(message),
    });
    expect(existsSync(files.person)).toBe(false);
  });

  it('a wrong value can be fixed by setting or unsetting it', async () => {
    person({ jobs: 'four', offline: true });
    await changeSetting(host(), { name: 'jobs', value: '8' }, files);
    expect(await loadSettings(host(), files)).toMatchObject({ jobs: 8, offline: true });
  });

  it('a file that cannot be read is not written over', async () => {
    person('{ "jobs": ');
    await expect(changeSetting(host(), { name: 'jobs', value: '8' }, files)).rejects.toMatchObject({
      code: 'settings-invalid',
    });
    expect(readFileSync(files.person, 'utf8')).toBe('{ "jobs": ');
  });

  it('an unreadable one is named', async ({ skip }) => {
    if (process.getuid?.() === 0) skip('root reads everything');
    person({});
    chmodSync(files.person, 0);
    await expect(loadSettings(host(), files)).rejects.toMatchObject({
      code: 'settings-invalid',
      where: { file: files.person },
    });
  });
});
