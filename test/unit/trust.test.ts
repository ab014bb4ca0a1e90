import {
  chmodSync,
  chownSync,
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { parseToml } from '../../src/adapters/documents/toml';
import { homeOf } from '../../src/adapters/home/paths';
import { grantTrust, isTrusted, revokeTrust, type TrustStore } from '../../src/adapters/home/trust';
import { decodeManifest } from '../../src/domain/project/manifest';
import { describeTrust, needsTrust, type TrustSubject, trustDigest } from '../../src/domain/project/trust';
import type { Host } from '../../src/host';
import { discard } from '../support/discard';

const root = realpathSync(mkdtempSync(join(tmpdir(), 'polyenv-trust-')));
afterAll(() => discard(root));

const RUNTIMES = [{ id: 'node', sources: [{ id: 'nodejs.org' }, { id: 'npm' }] }];

let base: string;
let store: TrustStore;
let project = root;
beforeEach(() => {
  base = mkdtempSync(join(root, 't'));
  project = join(base, 'project');
  mkdirSync(project);
  const host = {
    env: { POLYENV_HOME: join(base, 'home') },
    uid: process.getuid?.(),
    personHome: base,
  } as unknown as Host;
  store = { host, home: homeOf(host) };
});

function subject(text: string, folder = project, name = 'polyenv.toml'): TrustSubject {
  const path = join(folder, name);
  return { manifest: decodeManifest({ ...parseToml(text, path), runtimes: RUNTIMES }) };
}

const FULL = `[runtimes]
node = "20"
[env]
A = "1" # c
B = "2"
[paths]
prepend = ["x", "y"]
[tasks]
t = { run = "make", dir = "d", env = { C = "3" } }
[sources]
node = ["npm", "nodejs.org"]
`;

describe('the trust digest', () => {
  const base = trustDigest(subject(FULL));

  it.each([
    ['pins', 'node = "20"', 'node = "22"'],
    ['comments', '# c', '# d'],
    ['order of keys', 'A = "1" # c\nB = "2"', 'B = "2"\nA = "1"'],
    ['spelling', '"make"', "'make'"],
  ])('does not hold %s', (_name, from, to) => {
    const changed = FULL.replace(from, to);
    expect(changed).not.toBe(FULL);
    expect(trustDigest(subject(changed))).toBe(base);
  });

  it.each([
    ['a value', 'A = "1"', 'A = "2"'],
    ['a name', 'A = "1"', 'AA = "1"'],
    ['an unset', 'A = "1"', 'A = { unset = true }'],
    ['the order of folders', '"x", "y"', '"y", "x"'],
    ['the side of folders', 'prepend', 'append'],
    ['a command', '"make"', '"make x"'],
    ['the folder of a task', '"d"', '"e"'],
    ['a variable of a task', 'C = "3"', 'C = "4"'],
    ['the order of sources', '["npm", "nodejs.org"]', '["nodejs.org", "npm"]'],
  ])('holds %s', (_name, from, to) => {
    const changed = FULL.replace(from, to);
    expect(changed).not.toBe(FULL);
    expect(trustDigest(subject(changed))).not.toBe(base);
  });

  it('holds every included file', () => {
    const one = {
      ...subject(FULL),
      included: [
        { path: '.env', digest: 'a' },
        { path: 'b', digest: 'b' },
      ],
    };
    expect(trustDigest(one)).not.toBe(base);
    expect(trustDigest({ ...one, included: one.included.toReversed() })).toBe(trustDigest(one));
    expect(
      trustDigest({
        ...one,
        included: [
          { path: '.env', digest: 'x' },
          { path: 'b', digest: 'b' },
        ],
      }),
    ).not.toBe(trustDigest(one));
    expect(needsTrust({ ...subject(''), included: [{ path: 'x', digest: 'y' }] })).toBe(true);
  });
});

describe('trust', () => {
  it('is not needed for pins', async () => {
    expect(await isTrusted(store, subject('[runtimes]\nnode = "20"\n[env]\n'))).toBe(true);
    for (const text of ['[env]\nA = "1"', '[paths]\nappend = ["x"]', '[tasks]\na = "x"', '[sources]\nnode = "npm"']) {
      expect(await isTrusted(store, subject(text)), text).toBe(false);
    }
  });

  it('holds for the content at the real path, and nowhere else', async () => {
    await grantTrust(store, subject(FULL));
    expect(await isTrusted(store, subject(FULL))).toBe(true);
    expect(await isTrusted(store, subject(FULL.replace('"20"', '"22"')))).toBe(true);
    expect(await isTrusted(store, subject(FULL.replace('"1"', '"2"')))).toBe(false);
    expect(await isTrusted(store, subject(FULL, project, 'polyenv.local.toml'))).toBe(false);

    symlinkSync(project, join(base, 'link'));
    expect(await isTrusted(store, subject(FULL, join(base, 'link')))).toBe(true);
    cpSync(project, join(base, 'copy'), { recursive: true });
    expect(await isTrusted(store, subject(FULL, join(base, 'copy')))).toBe(false);
    renameSync(project, join(base, 'moved'));
    expect(await isTrusted(store, subject(FULL, join(base, 'moved')))).toBe(false);
  });

  it('is kept in the home only, and there for the person only', async () => {
    await grantTrust(store, subject(FULL));
    expect(readdirSync(project)).toEqual([]);
    expect(readdirSync(join(store.home.state, 'trust'))).toHaveLength(1);
  });

  it('is of each manifest of a folder apart, and both are revoked, by either path', async () => {
    symlinkSync(project, join(base, 'link'));
    await grantTrust(store, subject(FULL));
    await grantTrust(store, subject(FULL, join(base, 'link'), 'polyenv.local.toml'));
    expect(await isTrusted(store, subject(FULL))).toBe(true);
    expect(await revokeTrust(store, join(base, 'link'))).toBe('revoked');
    expect(await isTrusted(store, subject(FULL))).toBe(false);
    expect(await isTrusted(store, subject(FULL, project, 'polyenv.local.toml'))).toBe(false);
    expect(await revokeTrust(store, project)).toBe('was-not-trusted');
  });

  it('of another path is not believed by the name of its file', async () => {
    await grantTrust(store, subject(FULL));
    const [file = ''] = readdirSync(join(store.home.state, 'trust'));
    const path = join(store.home.state, 'trust', file);
    writeFileSync(path, readFileSync(path, 'utf8').replace(project, `${project}2`), { mode: 0o600 });
    expect(await isTrusted(store, subject(FULL))).toBe(false);
  });

  it.each(['', '{', '[]', '{"schema":2}', '{"schema":1,"path":1,"files":[]}'])(
    'that cannot be read is none: %j',
    async (text) => {
      await grantTrust(store, subject(FULL));
      const folder = join(store.home.state, 'trust');
      writeFileSync(join(folder, readdirSync(folder)[0] ?? ''), text);
      expect(await isTrusted(store, subject(FULL))).toBe(false);
      await grantTrust(store, subject(FULL));
      expect(await isTrusted(store, subject(FULL))).toBe(true);
    },
  );

  it.each(['folder', 'file'])('that others can write is refused: the %s', async (which) => {
    await grantTrust(store, subject(FULL));
    const folder = join(store.home.state, 'trust');
    chmodSync(which === 'folder' ? folder : join(folder, readdirSync(folder)[0] ?? ''), 0o777);
    await expect(isTrusted(store, subject(FULL))).rejects.toMatchObject({ code: 'not-trusted', exit: 8 });
  });

  it.each(['folder', 'file'])('that another user owns is refused: the %s', async (which) => {
    await grantTrust(store, subject(FULL));
    const folder = join(store.home.state, 'trust');
    const path = which === 'folder' ? folder : join(folder, readdirSync(folder)[0] ?? '');
    // Only root can give a file away; anyone else plays the other user instead.
    const isRoot = process.getuid?.() === 0;
    if (isRoot) chownSync(path, 12345, 12345);
    const reader = isRoot ? store : { ...store, host: { ...store.host, uid: 12345 } };
    await expect(isTrusted(reader, subject(FULL))).rejects.toMatchObject({ code: 'not-trusted' });
  });

  it('that is a link is refused', async () => {
    await grantTrust(store, subject(FULL));
    const folder = join(store.home.state, 'trust');
    renameSync(folder, join(base, 'elsewhere'));
    symlinkSync(join(base, 'elsewhere'), folder);
    await expect(isTrusted(store, subject(FULL))).rejects.toMatchObject({
      code: 'not-trusted',
      message: expect.stringContaining('symbolic link'),
    });
  });
});

it('what would apply is told whole, and acts on no terminal', () => {
  const text = FULL.replace('B = "2"', 'B = "\\u001b]0;x\\u0007"\nNODE_OPTIONS = "--require ./x"');
  const effects = describeTrust({ ...subject(text), included: [{ path: '.env', digest: 'a' }] });
  expect(effects.map((effect) => effect.text)).toEqual([
    'sets A to "1"',
    'sets B to "\\x1b]0;x\\x07"',
    'sets NODE_OPTIONS to "--require ./x"',
    'searches "x" before other folders for commands',
    'searches "y" before other folders for commands',
    'task t runs in "d" "make"; sets C to "3"',
    'takes node from npm, then nodejs.org only',
    'reads ".env"',
  ]);
  expect(effects.filter(({ risk }) => risk).map(({ line }) => line)).toEqual([6]);
});
