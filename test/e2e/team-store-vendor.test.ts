import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { tarGz } from '../support/archives';
import { type Machine, newMachine } from '../support/cli';
import { type LoopbackServer, serveLoopback } from '../support/network-fixture';
import { type RegistryHabits, serveRegistry } from '../support/registry-server';

const ARCHIVE = tarGz([{ name: 'jdk-21.0.2+13/release', content: 'IMPLEMENTOR="Eclipse Adoptium"\n' }]);
const PLACE =
  '/adoptium/temurin21-binaries/releases/download/jdk-21.0.2%2B13/OpenJDK21U-jdk_x64_linux_hotspot_21.0.2_13.tar.gz';
const LOCK = `version = 1

[[runtimes.java]]
request = { version = "21", vendor = "temurin" }
version = "21.0.2+13"
vendor = "temurin"
source = "api.adoptium.net"
proof = "digest:api.adoptium.net"
gaps = []

[runtimes.java.platforms]
linux-x64 = [
  { at = "https://github.com${PLACE}", digest = "sha256:${createHash('sha256').update(ARCHIVE).digest('hex')}", size = ${ARCHIVE.length} },
]
`;

let site: LoopbackServer;
let author: Machine;
let cwd: string;
beforeEach(async () => {
  site = await serveLoopback((path) => (path === PLACE ? { body: ARCHIVE } : undefined));
  author = newMachine({ POLYENV_MIRRORS: `https://github.com=${site.url}`, POLYENV_NETWORK_RETRIES: '0' });
  cwd = author.folder('project');
  writeFileSync(join(cwd, 'polyenv.toml'), '[runtimes]\njava = "temurin-21"\n');
  writeFileSync(join(cwd, 'polyenv.lock'), LOCK);
});
afterEach(async () => {
  author.remove();
  await site.close();
});

async function push(habits: RegistryHabits, env: Readonly<Record<string, string>> = {}) {
  const registry = await serveRegistry(habits);
  const config = join(author.base, 'auth.json');
  const auth = Buffer.from('ci:secret').toString('base64');
  writeFileSync(config, JSON.stringify({ auths: { [registry.host]: { auth } } }));
  try {
    const reference = `${registry.origin}/team/tools`;
    return await author.polyenv(['push', reference], { cwd, env: { REGISTRY_AUTH_FILE: config, ...env } });
  } finally {
    await registry.close();
  }
}

describe("a vendor's builds", () => {
  it('are named, and a repository that anybody can read is told', async () => {
    const done = await push({ login: { user: 'ci', password: 'secret' }, anonymousPull: true });
    expect(done).toMatchObject({ exit: 0 });
    expect(done.stdout).toContain('java 21.0.2+13 of temurin for linux-x64');
    expect(done.stderr).toContain('can be read without a login');
    expect(done.stderr).toContain('polyenv settings set store.leave_out temurin');
  });

  it('in a repository for people with a login are sent without a word', async () => {
    const done = await push({ login: { user: 'ci', password: 'secret' } });
    expect(done).toMatchObject({ exit: 0 });
    expect(done.stderr).not.toContain('login');
  });

  it('are left out where the person says so', async () => {
    const done = await push({}, { POLYENV_STORE_LEAVE_OUT: 'temurin oracle' });
    expect(done).toMatchObject({ exit: 7 });
  });
});
