import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { removeTree } from '../../src/adapters/files/fs';
import { openHttp } from '../../src/adapters/net/http';
import { openMirrors } from '../../src/adapters/net/mirrors';
import { openChecksumDatabase } from '../../src/adapters/upstream/checksum-database';
import { buildGoProgram } from '../../src/adapters/upstream/go-build';
import { goVariables, readGoConfig } from '../../src/adapters/upstream/go-config';
import { openGoProxy } from '../../src/adapters/upstream/go-proxy';
import { openIndexes } from '../../src/adapters/upstream/indexes';
import type { GoBuild } from '../../src/domain/runtime/artifact';
import { newPerson, type Person, settingsWith } from '../support/network-fixture';

const MODULE = 'golang.org/x/example/hello';
const VERSION = 'v0.0.0-20250915201037-7f05d217867b';

const build: GoBuild = { module: MODULE, version: VERSION, package: MODULE, program: 'hello', variables: {} };

let person: Person;
let folder: string;
beforeEach(() => {
  person = newPerson();
  folder = mkdtempSync(join(tmpdir(), 'polyenv-go-build-'));
});
afterEach(async () => {
  person.remove();
  await removeTree(folder);
});

/** The root of this machine's own Go, or why there is none. */
function machinesGo(): { readonly root: string } | string {
  try {
    const root = execFileSync('go', ['env', 'GOROOT'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    return root === '' ? 'go names no GOROOT' : { root };
  } catch {
    return 'there is no go on this machine';
  }
}

/** Where this machine's Go fetches from, and what the module hashes to there. */
async function look() {
  const host = { ...person.host, env: { ...process.env, HOME: person.folder } };
  const settings = settingsWith();
  const config = await readGoConfig({ host, home: person.home, settings });
  const mirrors = openMirrors({ settings, env: host.env, sources: [] });
  const http = openHttp({ host, settings, emit: () => undefined, rewrite: mirrors.rewrite });
  try {
    const indexes = openIndexes({ host, home: person.home, settings, http, mirrors, emit: () => undefined });
    const proxy = openGoProxy({
      indexes,
      mirrors,
      config: async () => config,
      database: (read) => openChecksumDatabase({ home: person.home, read }),
    });
    const proved = await proxy.digest(MODULE, VERSION);
    return proved === undefined
      ? 'the checksum database does not know the example'
      : { ...proved, from: goVariables(config), host };
  } catch (error) {
    return `no module proxy is reached: ${error}`;
  } finally {
    await http.close();
  }
}

test('a program is built from its module alone, to the same bytes wherever it stands', { timeout: 300_000 }, async ({
  skip,
}) => {
  const go = machinesGo();
  if (typeof go === 'string') return skip(go);
  const known = await look();
  if (typeof known === 'string') return skip(known);
  const { digest, from, host } = known;
  const made: string[] = [];
  for (const name of ['one', 'another place']) {
    const [into, scratch] = [join(folder, name, 'tree'), join(folder, name, 'scratch')];
    for (const path of [into, scratch]) mkdirSync(path, { recursive: true });
    const [file] = await buildGoProgram({
      host,
      build,
      digest,
      go: go.root,
      platform: 'linux-x64',
      from,
      into,
      scratch,
    });
    expect(file).toMatchObject({ path: 'bin/hello', mode: 0o555 });
    expect(readdirSync(into)).toEqual(['bin']);
    expect(execFileSync(join(into, 'bin/hello'), { encoding: 'utf8' })).toBe('Hello, world!\n');
    made.push(file?.digest ?? '');
  }
  expect(made[0]).toBe(made[1]);

  // The lock says what the source hashes to: another module is not taken for it.
  const [into, scratch] = [join(folder, 'tree'), join(folder, 'one', 'scratch')];
  mkdirSync(into);
  const other = { kind: 'h1', value: `${digest.value.slice(0, -4)}AAA=` } as const;
  const options = { host, build, go: go.root, platform: 'linux-x64', from, into, scratch } as const;
  await expect(buildGoProgram({ ...options, digest: other })).rejects.toMatchObject({ code: 'digest-mismatch' });
  await expect(
    buildGoProgram({ ...options, digest, build: { ...build, package: `${MODULE}/none` } }),
  ).rejects.toMatchObject({ code: 'child-failed' });
});
