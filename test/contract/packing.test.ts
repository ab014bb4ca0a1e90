import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { type Http, openHttp } from '../../src/adapters/net/http';
import { openLineSpeeds } from '../../src/adapters/net/line-speed';
import { openMirrors } from '../../src/adapters/net/mirrors';
import { downloadName } from '../../src/adapters/upstream/part-download';
import { openUpstream } from '../../src/adapters/upstream/upstream';
import type { Context } from '../../src/app/base/context';
import { installToolchain } from '../../src/app/toolchains/install';
import type { PlatformRelease } from '../../src/app/toolchains/platform-release';
import type { Claim, Runtime } from '../../src/domain/runtime/runtime';
import { versionFrom } from '../../src/domain/versions/version';
import type { Event } from '../../src/domain/words/events';
import { tarGz, tarXz } from '../support/archives';
import { newPerson, type Person, settingsWith } from '../support/network-fixture';

const SITE = 'https://tools.test';

/** Nothing that packs: what is sent is as large as it is. */
function noise(size: number): Buffer {
  const blocks: Buffer[] = [];
  for (let at = 0; at < size; at += 64) blocks.push(createHash('sha512').update(String(at)).digest());
  return Buffer.concat(blocks).subarray(0, size);
}

const MEMBERS = [
  { name: 'tool/bin/tool', mode: 0o755, content: '#!/bin/sh\necho tool\n' },
  { name: 'tool/share/data', content: noise(4_000_000) },
];
const LARGER = tarGz(MEMBERS);
/** Its members are fewer, so that it is smaller: which one was taken can be seen. */
const SMALLER = tarXz([MEMBERS[0] as (typeof MEMBERS)[0], { name: 'tool/share/data', content: noise(400_000) }]);

const open: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const close of open.splice(0).reverse()) await close();
});

interface Line {
  /** Bytes a second of every answer; absent: as fast as can be. */
  readonly rate?: number;
  readonly lacks?: string;
  readonly person?: Person;
  readonly smaller?: Buffer;
}

async function newInstaller({ rate, lacks, person: again, smaller = SMALLER }: Line = {}) {
  const asked: string[] = [];
  const files: Record<string, Buffer> = { '/tool.tar.gz': LARGER, '/tool.tar.xz': smaller };
  const server = createServer((incoming, outgoing) => {
    const path = incoming.url ?? '';
    asked.push(path);
    const body = path === lacks ? undefined : files[path];
    outgoing.writeHead(body === undefined ? 404 : 200, body === undefined ? {} : { 'content-length': body.length });
    if (body === undefined) outgoing.end();
    else void trickle(outgoing, body, rate);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  open.push(() => {
    server.closeAllConnections();
    server.close();
  });
  const person = again ?? newPerson();
  if (again === undefined) open.push(() => person.remove());
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const settings = settingsWith({ mirrors: { [SITE]: address }, networkRetries: 0 });
  const { host, home } = person;
  const mirrors = openMirrors({ settings, env: host.env, sources: [] });
  const http: Http = openHttp({ host, settings, emit: () => undefined, rewrite: mirrors.rewrite });
  open.push(() => http.close());
  const upstream = openUpstream({ host, home, settings, http, mirrors, platform: 'linux-x64', emit: () => undefined });
  const events: Event[] = [];
  const nobody = () => expect.fail('no registry is asked');
  const stores = { configured: () => undefined, registry: nobody, asNobody: nobody };
  const ctx: Context = {
    host,
    home,
    settings,
    platform: 'darwin-x64',
    emit: (event) => events.push(event),
    directory: person.folder,
    network: async () => {
      const lines = await openLineSpeeds({ cache: home.cache, now: host.now });
      return { http: upstream.http, upstream, stores, lines, close: () => http.close() };
    },
    close: async () => undefined,
  };
  const owns = ({ at }: Claim) => {
    if (at === `${SITE}/tool.tar.gz`) return { format: 'tar.gz', root: 'tool' };
    return at === `${SITE}/tool.tar.xz` ? { format: 'tar.xz', root: 'tool' } : undefined;
  };
  const runtime = {
    id: 'tool',
    sources: [{ id: 'tools.test', releases: async () => [], artifacts: async () => [], owns }],
    probe: { command: 'tool', args: [], version: () => undefined },
    layout: () => ({ commands: { tool: 'bin/tool' }, variables: [], bins: [], homes: [], installs: [] }),
  } as unknown as Runtime;
  const release: PlatformRelease = {
    runtime,
    source: 'tools.test',
    version: versionFrom('1.0.0') as PlatformRelease['version'],
    options: {},
    platform: 'linux-x64',
    parts: [
      {
        at: `${SITE}/tool.tar.gz`,
        digest: digestOf(LARGER),
        proof: { kind: 'digest', by: 'tools.test' },
        smaller: { at: `${SITE}/tool.tar.xz`, digest: digestOf(SMALLER) },
      },
    ],
  };
  return { ctx, release, person, asked, address };
}

/** In twentieths of a second. */
async function trickle(outgoing: ServerResponse, body: Buffer, rate: number | undefined): Promise<void> {
  const step = rate === undefined ? body.length : Math.ceil(rate / 20);
  for (let at = 0; at < body.length && !outgoing.destroyed; at += step) {
    outgoing.write(body.subarray(at, at + step));
    if (rate !== undefined) await new Promise((resolve) => setTimeout(resolve, 50));
  }
  outgoing.end();
}

function digestOf(content: Buffer) {
  return { kind: 'sha256', value: createHash('sha256').update(content).digest('hex') } as const;
}

function taken(root: string): string {
  return readFileSync(join(root, 'share/data')).length === 4_000_000 ? 'larger' : 'smaller';
}

describe('a part with two archives', () => {
  it('comes in the one that is quicker to unpack where the line is quick', async () => {
    const { ctx, release, asked, person } = await newInstaller();
    const { root, parts } = await installToolchain(ctx, release);
    expect(taken(root)).toBe('larger');
    expect(asked).toEqual(['/tool.tar.gz']);
    // The receipt says what the lock says, whichever was taken.
    expect(parts.map(({ digest }) => digest)).toEqual([digestOf(LARGER)]);
    expect(readdirSync(person.home.downloads)).toEqual([]);
  });

  it('is begun anew in the smaller one when the line turns out to be slow, once', async () => {
    const { ctx, release, asked, person, address } = await newInstaller({ rate: 1_000_000 });
    const begun = performance.now();
    const { root, parts, key } = await installToolchain(ctx, release);
    expect(taken(root)).toBe('smaller');
    expect(asked).toEqual(['/tool.tar.gz', '/tool.tar.xz']);
    // The larger one alone would take 4 s.
    expect(performance.now() - begun).toBeLessThan(3000);
    expect(parts.map(({ digest }) => digest)).toEqual([digestOf(LARGER)]);
    expect(readdirSync(person.home.downloads)).toEqual([]);
    const kept = JSON.parse(readFileSync(join(person.home.cache, 'lines.json'), 'utf8'));
    const { rate } = kept.hosts[new URL(address).host];
    expect(rate).toBeGreaterThan(300_000);
    expect(rate).toBeLessThan(3_000_000);
    // From then on it is known.
    const again = await newInstaller({ rate: 1_000_000, person });
    const lines = { schema: 1, hosts: { [new URL(again.address).host]: { rate, when: person.host.now().getTime() } } };
    writeFileSync(join(person.home.cache, 'lines.json'), JSON.stringify(lines));
    const second = { ...again.release, version: versionFrom('1.0.1') as PlatformRelease['version'] };
    const other = await installToolchain(again.ctx, second);
    expect(again.asked).toEqual(['/tool.tar.xz']);
    expect(other.key).not.toBe(key);
  });

  it('comes in the usual one where a mirror has no other', async () => {
    const { ctx, release, asked, person, address } = await newInstaller({ lacks: '/tool.tar.xz' });
    mkdirSync(person.home.cache, { recursive: true });
    const lines = { schema: 1, hosts: { [new URL(address).host]: { rate: 1000, when: person.host.now().getTime() } } };
    writeFileSync(join(person.home.cache, 'lines.json'), JSON.stringify(lines));
    expect(taken((await installToolchain(ctx, release)).root)).toBe('larger');
    expect(asked).toEqual(['/tool.tar.xz', '/tool.tar.gz']);
  });

  it('is taken from what lies here already, without the network', async () => {
    for (const [content, name] of [
      [LARGER, 'larger'],
      [SMALLER, 'smaller'],
    ] as const) {
      const { ctx, release, asked, person } = await newInstaller();
      mkdirSync(person.home.downloads, { recursive: true });
      writeFileSync(join(person.home.downloads, downloadName(digestOf(content))), content);
      const { root } = await installToolchain({ ...ctx, settings: { ...ctx.settings, offline: true } }, release);
      expect(taken(root)).toBe(name);
      expect(asked).toEqual([]);
    }
  });

  it('is refused where the smaller one is not what was promised, or stands where its source would not name it', async () => {
    const { ctx, release, person, address } = await newInstaller({
      smaller: tarXz([{ name: 'tool/x', content: 'evil' }]),
    });
    mkdirSync(person.home.cache, { recursive: true });
    const lines = { schema: 1, hosts: { [new URL(address).host]: { rate: 1000, when: person.host.now().getTime() } } };
    writeFileSync(join(person.home.cache, 'lines.json'), JSON.stringify(lines));
    await expect(installToolchain(ctx, release)).rejects.toMatchObject({ code: 'digest-mismatch' });
    expect(existsSync(person.home.store) ? readdirSync(person.home.store) : []).toEqual([]);
    const [part] = release.parts;
    const elsewhere = { at: 'https://evil.test/tool.tar.xz', digest: digestOf(SMALLER) };
    const foreign = { ...release, parts: [{ ...(part as PlatformRelease['parts'][0]), smaller: elsewhere }] };
    await expect(installToolchain(ctx, foreign)).rejects.toMatchObject({ code: 'lock-foreign' });
  });

  it.each(['', 'nonsense', '{"schema":2}', '{"schema":1,"hosts":{"127.0.0.1":{"rate":"x"}}}', '[]'])(
    'does not mind what is remembered: %s',
    async (text) => {
      const { ctx, release, person } = await newInstaller();
      mkdirSync(person.home.cache, { recursive: true });
      writeFileSync(join(person.home.cache, 'lines.json'), text);
      expect(taken((await installToolchain(ctx, release)).root)).toBe('larger');
    },
  );
});
