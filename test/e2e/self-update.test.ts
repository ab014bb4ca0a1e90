import { execFileSync, spawn } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { generateKey } from 'openpgp';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { LAYOUT } from '../../src/adapters/home/paths';
import { keysFor, TEST_KEY } from '../../src/domain/toolchain/release-keys';
import { newMachine } from '../support/cli';
import { discard } from '../support/discard';
import { serveRegistry } from '../support/registry-server';
import { makeReleases, type ReleaseServer, type Releases, root, serveReleases } from '../support/release';

let releases: Releases;
let server: ReleaseServer;
let base: string;
let home: string;
/** What the installer made below `base`, to be put there again for each test. */
let kept: string;
const old = (): string => releases.version;
beforeAll(async () => {
  releases = await makeReleases();
  await releases.add('9.9.9');
  writeFileSync(join(releases.folder, 'latest'), '9.9.9\n');
  server = await serveReleases(releases.folder);
  base = realpathSync(mkdtempSync(join(tmpdir(), 'polyenv-update-')));
  home = join(base, 'home');
  const installed = await run('sh', [join(releases.folder, 'install.sh'), '--version', old(), '--force']);
  expect(installed.exit, installed.stderr).toBe(0);
  kept = `${base}-kept`;
  renameSync(base, kept);
}, 120_000);
afterAll(async () => {
  if (kept !== undefined) discard(kept);
  await server.close();
  releases.remove();
});
beforeEach(() => {
  server.instead.clear();
  execFileSync('cp', ['-a', kept, base]);
});
afterEach(() => discard(base));

async function run(file: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
  mkdirSync(join(base, 'person'), { recursive: true });
  const child = spawn(file, args, {
    env: {
      HOME: join(base, 'person'),
      POLYENV_HOME: home,
      SHELL: '/bin/bash',
      PATH: '/usr/local/bin:/usr/bin:/bin',
      POLYENV_UPDATE_URL: server.url,
      POLYENV_NETWORK_RETRIES: '0',
      ...env,
    },
    cwd: base,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => {
    said.stdout += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    said.stderr += chunk.toString();
  });
  const exit = await new Promise<number | null>((done) => child.once('close', done));
  return { exit, ...said };
}

const polyenv = (...args: readonly string[]) => run(join(home, 'bin/polyenv'), args);
const version = async (): Promise<string> => (await polyenv('--version')).stdout.trim();

function untouched(): void {
  expect(
    readdirSync(join(home, 'self'))
      .filter((name) => name !== 'previous')
      .sort(),
  ).toEqual([old(), 'current']);
  expect(readdirSync(join(home, 'tmp'))).toEqual([]);
  expect(readdirSync(join(home, 'downloads'))).toEqual([]);
}

describe('polyenv self update', () => {
  it('says what there is, takes it, keeps the old one, and goes back', async () => {
    const check = await polyenv('self', 'update', '--check', '--json');
    expect(JSON.parse(check.stdout)).toMatchObject({ current: old(), newest: '9.9.9', newer: true });
    expect(await version()).toBe(old());

    const updated = await polyenv('self', 'update');
    expect(updated.exit, updated.stderr).toBe(0);
    expect(updated.stdout).toContain('polyenv 9.9.9 is in use');
    expect(await version()).toBe('9.9.9');
    expect((await run(join(home, 'shims/polyenv'), ['--version'])).stdout.trim()).toBe('9.9.9');
    expect((await polyenv('self', 'update')).stdout).toContain('is the newest');

    const back = await polyenv('self', 'update', '--back');
    expect(back.exit, back.stderr).toBe(0);
    expect(await version()).toBe(old());
    const again = await polyenv('self', 'update', '9.9.9');
    expect(again.exit, again.stderr).toBe(0);
    expect(await version()).toBe('9.9.9');
    const older = await polyenv('self', 'update', old());
    expect(older.exit, older.stderr).toBe(0);
    expect(await version()).toBe(old());
  });

  it('what runs goes on while it is updated', async () => {
    const script = join(base, 'slow.sh');
    const go = join(base, 'go');
    writeFileSync(script, `while [ ! -e '${go}' ]; do sleep 0.05; done\nexec polyenv --version\n`);
    const running = run(join(home, 'bin/polyenv'), ['exec', '--', 'sh', script]);
    const updated = await polyenv('self', 'update');
    expect(updated.exit, updated.stderr).toBe(0);
    writeFileSync(go, '');
    expect((await running).exit).toBe(0);
    expect(await version()).toBe('9.9.9');
  });

  it('takes a release from a file, and leaves the folder of it alone', async () => {
    const file = join(releases.folder, '9.9.9', `polyenv-9.9.9-${releases.platform}.tar.gz`);
    const before = readdirSync(join(releases.folder, '9.9.9'));
    server.instead.set('/latest', () => 500);
    const updated = await polyenv('self', 'update', '--from', file, '--offline');
    expect(updated.exit, updated.stderr).toBe(0);
    expect(await version()).toBe('9.9.9');
    expect(readdirSync(join(releases.folder, '9.9.9'))).toEqual(before);
    expect(readdirSync(join(home, 'downloads'))).toEqual([]);
  });

  const sums = '/9.9.9/SHA256SUMS';
  const archive = (): string => `/9.9.9/polyenv-9.9.9-${releases.platform}.tar.gz`;
  const bad: readonly [string, string, () => void | Promise<void>][] = [
    [
      'a list that nobody signed',
      'signature-invalid',
      () => void server.instead.set(sums, (body) => Buffer.concat([body, Buffer.from(`${'0'.repeat(64)}  x\n`)])),
    ],
    ['no signature', 'http-status', () => void server.instead.set(`${sums}.asc`, () => 404)],
    [
      'a signature that is none',
      'signature-invalid',
      () => void server.instead.set(`${sums}.asc`, () => Buffer.alloc(400, 'x')),
    ],
    [
      'another archive than the list says',
      'digest-mismatch',
      () => void server.instead.set(archive(), (body) => Buffer.concat([body, Buffer.from('x')])),
    ],
    ['a server that fails', 'http-status', () => void server.instead.set('/latest', () => 500)],
    [
      'a version that is a path',
      'upstream-malformed',
      () => void server.instead.set('/latest', () => Buffer.from('../../../../x\n')),
    ],
  ];
  it.each(bad)('%s: nothing changes', async (_, code, prepare) => {
    await prepare();
    const ran = await polyenv('self', 'update');
    expect(ran.stderr).toContain(`error[${code}]`);
    expect(ran.exit).not.toBe(0);
    expect(await version()).toBe(old());
    untouched();
  });

  it('a release that another key has signed is refused', async () => {
    const { privateKey } = await generateKey({
      type: 'ecc',
      curve: 'curve25519Legacy',
      userIDs: [{ name: 'a stranger' }],
      date: new Date('2026-11-01'),
    });
    const key = join(base, 'stranger.asc');
    writeFileSync(key, privateKey);
    await releases.add('9.9.10', () => undefined, key);
    const ran = await polyenv('self', 'update', '9.9.10');
    expect(ran).toMatchObject({ exit: 6, stderr: expect.stringContaining('error[key-unknown]') });
    untouched();
  });

  it('a release that does not start here is not switched to', async () => {
    await releases.add('9.9.11', (tree) =>
      writeFileSync(join(tree, 'node/bin/node'), '#!/bin/sh\necho broken >&2; exit 1\n', { mode: 0o755 }),
    );
    const ran = await polyenv('self', 'update', '9.9.11');
    expect(ran).toMatchObject({ exit: 4, stderr: expect.stringContaining('error[cannot-start]') });
    expect(await version()).toBe(old());
    untouched();
  });

  it('a release that cannot use this home is left again', async () => {
    await releases.add('9.9.12', (tree) => {
      const program = join(tree, 'dist/polyenv.cjs');
      writeFileSync(
        program,
        `if (require('process').argv[2] === 'reshim') { console.error('no'); require('process').exit(1); }\n${readFileSync(program, 'utf8').replace(/^#!.*\n/, '')}`,
      );
    });
    const ran = await polyenv('self', 'update', '9.9.12');
    expect(ran.exit).toBe(1);
    expect(await version()).toBe(old());
  });

  it('no downgrade over a home that a newer layout has', async () => {
    await releases.add('9.9.13', (tree) => {
      const file = join(tree, 'package.json');
      writeFileSync(file, readFileSync(file, 'utf8').replace(/"layout": \d+/, '"layout": 0'));
    });
    const ran = await polyenv('self', 'update', '9.9.13');
    expect(ran).toMatchObject({ exit: 3, stderr: expect.stringContaining('error[layout-newer]') });
    expect(await version()).toBe(old());
    rmSync(join(home, 'self/9.9.13'), { recursive: true, force: true });
  });

  it('says that there is nothing to go back to', async () => {
    expect(await polyenv('self', 'update', '--back')).toMatchObject({
      stderr: expect.stringContaining('error[not-installed]'),
    });
  });
});

describe('a polyenv that something else installed', () => {
  it.each([
    ['lib/node_modules/polyenv', 'npm install -g polyenv@latest'],
    ['project/node_modules/polyenv', 'npm install polyenv@latest'],
    ['Cellar/polyenv/1.0.0', 'brew upgrade polyenv'],
    ['checkout', 'git pull && npm ci'],
  ])('in %s says the command: %s', async (place, hint) => {
    const machine = newMachine({ POLYENV_UPDATE_URL: server.url });
    try {
      const folder = machine.folder(place);
      for (const name of ['dist', 'package.json']) {
        const { cpSync } = await import('node:fs');
        cpSync(join(root, name), join(folder, name), { recursive: true });
      }
      const ran = await machine.polyenv(['self', 'update'], { program: join(folder, 'dist/polyenv.cjs') });
      expect(ran).toMatchObject({ exit: 2, stderr: expect.stringContaining(`try  ${hint}\n`) });
    } finally {
      machine.remove();
    }
  });
});

it('the test key is believed on this machine only', () => {
  expect(keysFor('http://127.0.0.1:8080/releases')).toContainEqual(TEST_KEY);
  expect(keysFor('/media/stick')).toContainEqual(TEST_KEY);
  for (const base of [
    'https://polyenv.example/releases',
    'http://127.0.0.1.example/',
    'https://localhost.example',
    'ftp:x',
  ])
    expect(keysFor(base)).not.toContainEqual(TEST_KEY);
});

it('package.json says the layout that the code writes', () => {
  expect(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))).toMatchObject({ polyenv: { layout: LAYOUT } });
});

describe("a team's store", () => {
  it('has releases of polyenv too: who reaches nothing else is updated from it, by the same signature', async () => {
    const registry = await serveRegistry();
    try {
      const reference = `${registry.origin}/team/tools`;
      const pushed = await polyenv('push', reference, '--self', 'latest');
      expect(pushed.exit, pushed.stderr).toBe(0);
      expect(pushed.stdout).toContain('polyenv 9.9.9 is there now');
      expect((await polyenv('push', reference, '--self', '9.9.9')).stdout).toContain('was there');
      const store = { POLYENV_STORE: reference, POLYENV_STORE_MODE: 'only', POLYENV_UPDATE_URL: 'http://127.0.0.1:1' };
      const program = join(home, 'bin/polyenv');
      const updated = await run(program, ['self', 'update'], store);
      expect(updated.exit, updated.stderr).toBe(0);
      expect(await version()).toBe('9.9.9');
      // Whoever can push cannot make anybody run anything else.
      await polyenv('self', 'update', '--back');
      rmSync(join(home, 'self', '9.9.9'), { recursive: true, force: true });
      for (const [digest, body] of registry.blobs) {
        if (body.length > 100_000) registry.blobs.set(digest, Buffer.from(body).fill(0, 5000, 6000));
      }
      const refused = await run(program, ['self', 'update'], store);
      expect(refused.exit).toBe(6);
      expect(await version()).toBe(old());
    } finally {
      await registry.close();
    }
  });
});
