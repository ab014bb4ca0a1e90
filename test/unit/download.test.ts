import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hashTree } from '../../src/adapters/archives/unpack';
import { removeTree } from '../../src/adapters/files/fs';
import { type Http, openHttp } from '../../src/adapters/net/http';
import { fetchPart, keepPart, type PartFetch } from '../../src/adapters/upstream/download';
import { downloadName } from '../../src/adapters/upstream/part-download';
import type { Digest } from '../../src/domain/runtime/digest';
import { tarGz, zip } from '../support/archives';
import { type Answer, type FaultServer, openFaultServer } from '../support/fault-server';
import { settingsWith } from '../support/settings';

let folder: string;
let server: FaultServer;
let http: Http;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'polyenv-download-'));
  for (const name of ['into', 'downloads']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'canary'), 'alive');
  server = await openFaultServer();
  const settings = settingsWith({ networkTimeout: 1, networkRetries: 1 });
  http = openHttp({ host: { env: {} }, settings, emit: () => undefined });
});
afterEach(async () => {
  await http.close();
  await server.close();
  await removeTree(folder);
});

/** 300 kB that do not pack. */
const noise = Buffer.concat(
  Array.from({ length: 4700 }, (_, index) => createHash('sha512').update(String(index)).digest()),
);
const archive = tarGz([
  { name: 'top/noise', content: noise },
  { name: 'top/f', content: 'x' },
]);
const zipped = zip([
  { name: 'top/noise', content: noise },
  { name: 'top/f', content: 'x' },
]);
const h1 = hashTree(
  new Map([
    ['top/noise', sha256(noise)],
    ['top/f', sha256('x')],
  ]),
);
const STRONG = { etag: '"one"' };

function order(digest: Digest, changes: Partial<PartFetch> = {}): PartFetch {
  return {
    http,
    url: `${server.origin}/a`,
    part: { at: 'https://example.org/a', digest, proof: { kind: 'digest', by: 'test' } },
    recipe: { format: 'tar.gz', root: 'top' },
    into: join(folder, 'into'),
    downloads: join(folder, 'downloads'),
    onBytes: () => undefined,
    offline: false,
    ...changes,
  };
}

const good = (): PartFetch => order({ kind: 'sha256', value: sha256(archive) });

function expectDone(): void {
  expect(readFileSync(join(folder, 'into/noise')).equals(noise)).toBe(true);
  expect(readdirSync(join(folder, 'into')).sort()).toEqual(['f', 'noise']);
  expect(readdirSync(join(folder, 'downloads'))).toEqual([]);
}

function expectNothing(left: readonly string[] = []): void {
  expect(readdirSync(join(folder, 'into'))).toEqual([]);
  expect(readdirSync(join(folder, 'downloads'))).toEqual(left);
  expect(readFileSync(join(folder, 'canary'), 'utf8')).toBe('alive');
}

describe('fetchPart', () => {
  it('downloads, proves and unpacks in one go, and counts every byte', async () => {
    server.set('/a', { body: archive });
    let bytes = 0;
    const { files } = await fetchPart({ ...good(), onBytes: (count) => (bytes += count) });
    expect(files.map((file) => file.path)).toEqual(['noise', 'f']);
    expect(bytes).toBe(archive.length);
    expect(server.requests).toHaveLength(1);
    expect(server.requests[0]?.headers['accept-encoding']).toBe('identity');
    expectDone();
  });

  it('accepts sha512 for tar.gz, and sha256 and h1 for zip', async () => {
    server.set('/a', { body: archive });
    await fetchPart(order({ kind: 'sha512', value: createHash('sha512').update(archive).digest('hex') }));
    await removeTree(join(folder, 'into/noise'));
    await removeTree(join(folder, 'into/f'));
    server.set('/a', { body: zipped });
    const recipe = { format: 'zip', root: 'top' } as const;
    await fetchPart(order({ kind: 'sha256', value: sha256(zipped) }, { recipe }));
    await removeTree(join(folder, 'into/noise'));
    await removeTree(join(folder, 'into/f'));
    await fetchPart(order({ kind: 'h1', value: h1 }, { recipe }));
    expectDone();
  });

  it('takes everything back when the digest is wrong, and says both', async () => {
    const flipped = Buffer.from(archive);
    flipped.writeUInt8(flipped.readUInt8(150_000) ^ 1, 150_000);
    server.set('/a', { body: flipped });
    const error = await fetchPart(good()).catch((caught: unknown) => caught);
    expect(error).toMatchObject({ code: 'digest-mismatch', exit: 6 });
    expect((error as Error).message).toContain(sha256(archive));
    expect((error as Error).message).toContain(sha256(flipped));
    expectNothing();
    server.set('/a', { body: archive });
    await fetchPart(good());
    expectDone();
  });

  it('says that the digest is wrong rather than what the wrong bytes tried', async () => {
    server.set('/a', { body: tarGz([{ name: '../canary', content: 'evil' }]) });
    await expect(fetchPart(good())).rejects.toMatchObject({ code: 'digest-mismatch' });
    expectNothing();
  });

  it('refuses a hostile archive though its digest is right', async () => {
    const hostile = tarGz([{ name: 'top/f' }, { name: 'top/../../canary', content: 'evil' }]);
    server.set('/a', { body: hostile });
    await expect(fetchPart(order({ kind: 'sha256', value: sha256(hostile) }))).rejects.toMatchObject({
      code: 'archive-refused',
    });
    expectNothing();
  });

  it('refuses a zip with a wrong sha256 or h1 before anything stands', async () => {
    server.set('/a', { body: zipped });
    const recipe = { format: 'zip', root: 'top' } as const;
    const wrong = sha256('other');
    await expect(fetchPart(order({ kind: 'sha256', value: wrong }, { recipe }))).rejects.toMatchObject({
      code: 'digest-mismatch',
    });
    const value = Buffer.from(wrong, 'hex').toString('base64');
    await expect(fetchPart(order({ kind: 'h1', value }, { recipe }))).rejects.toMatchObject({
      code: 'digest-mismatch',
    });
    expectNothing();
  });

  it('refuses more bytes than were promised', async () => {
    server.set('/a', { body: archive });
    const { part } = good();
    await expect(fetchPart({ ...good(), part: { ...part, size: archive.length - 1 } })).rejects.toMatchObject({
      code: 'digest-mismatch',
    });
    expectNothing();
  });

  it('lets two parts share folders, and takes back only its own', async () => {
    const other = tarGz([{ name: 'top/lib/b', content: 'b' }, { name: '/evil' }]);
    const first = tarGz([{ name: 'top/lib/a', content: 'a' }]);
    server.set('/a', { body: first });
    await fetchPart(order({ kind: 'sha256', value: sha256(first) }));
    server.set('/a', { body: other });
    await expect(fetchPart(order({ kind: 'sha256', value: sha256(other) }))).rejects.toThrow();
    expect(readdirSync(join(folder, 'into/lib'))).toEqual(['a']);
  });
});

describe('a broken connection', () => {
  it.each([0, 1, archive.length >> 1, archive.length - 1])('is tried again after %i bytes', async (cutAfter) => {
    server.set('/a', { body: archive, cutAfter, headers: STRONG }, { body: archive, headers: STRONG, ranges: true });
    await fetchPart(good());
    expectDone();
  });

  it.each<NonNullable<Answer['length']>>(['chunked', 'none'])('is noticed without a length (%s)', async (length) => {
    const cutAfter = archive.length >> 1;
    server.set('/a', { body: archive, cutAfter, length }, { body: archive, length });
    await fetchPart(good());
    expectDone();
  });

  it('is given up in the end, in a message that names the URL', async () => {
    server.set('/a', { body: archive, cutAfter: 10 });
    await expect(fetchPart(good())).rejects.toMatchObject({ code: 'network', message: expect.stringContaining('/a') });
    expectNothing();
  });

  it('resumes with what proves that the file is the same', async () => {
    const cutAfter = 200_000;
    server.set('/a', { body: archive, cutAfter, headers: STRONG }, { body: archive, headers: STRONG, ranges: true });
    await fetchPart(good());
    expect(server.requests[1]?.headers['if-range']).toBe('"one"');
    const from = Number(/^bytes=(\d+)-$/.exec(server.requests[1]?.headers.range ?? '')?.[1]);
    // What was still on its way to us when the connection broke may be lost with it.
    expect(from).toBeGreaterThan(0);
    expect(from).toBeLessThanOrEqual(cutAfter);
    expectDone();
  });

  it('starts anew where nothing proves it (weak ETag, a date too young), without asking for a range', async () => {
    const now = new Date();
    for (const headers of [
      { etag: 'W/"one"' },
      { date: now.toUTCString(), 'last-modified': new Date(now.getTime() - 5000).toUTCString() },
    ]) {
      server.set('/a', { body: archive, cutAfter: 200_000, headers }, { body: archive, headers });
      await fetchPart(good());
      expectDone();
      expect(server.requests.at(-1)?.headers.range).toBeUndefined();
      for (const name of ['noise', 'f']) await removeTree(join(folder, 'into', name));
    }
  });

  it('starts anew when the file changed in between', async () => {
    const old = tarGz([{ name: 'top/old', content: noise }]);
    server.set(
      '/a',
      { body: old, cutAfter: 200_000, headers: STRONG },
      { body: archive, headers: { etag: '"two"' }, ranges: true },
    );
    await fetchPart(good());
    expectDone();
  });

  it('goes on where the server ignores the range but says that the file is the same', async () => {
    server.set('/a', { body: archive, cutAfter: 200_000, headers: STRONG }, { body: archive, headers: STRONG });
    await fetchPart(good());
    expect(server.requests).toHaveLength(2);
    expectDone();
  });

  it('is not fooled by a range that starts elsewhere', async () => {
    const wrong = { status: 206, body: archive.subarray(5), headers: { ...STRONG, 'content-range': `bytes 5-9/10` } };
    server.set('/a', { body: archive, cutAfter: 200_000, headers: STRONG }, wrong, { body: archive });
    await fetchPart(good());
    expectDone();
  });

  it.each<[string, Answer]>([
    ['another range', { status: 206, body: archive, headers: { ...STRONG, 'content-range': 'bytes 5-9/10' } }],
    ['another file', { body: archive, headers: { etag: '"two"' } }],
  ])('is given up where the server sends %s each time, and says so', async (what, wrong) => {
    const cut = { body: archive, cutAfter: 200_000, headers: STRONG };
    server.set('/a', ...Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? cut : wrong)));
    await expect(fetchPart(good())).rejects.toMatchObject({ code: 'network', message: expect.stringContaining(what) });
  });

  it('is resumed where the promised size alone tells that bytes are missing', async () => {
    server.set(
      '/a',
      { body: archive, cutAfter: 200_000, length: 'none', headers: STRONG },
      { body: archive, headers: STRONG, ranges: true },
    );
    const { part, ...rest } = good();
    await fetchPart({ ...rest, part: { ...part, size: archive.length } });
    expect(server.requests.at(-1)?.headers.range).toMatch(/^bytes=[1-9]\d+-$/);
    expectDone();
  });

  it('starts anew after 416', async () => {
    server.set('/a', { body: archive, cutAfter: 200_000, headers: STRONG }, { status: 416 }, { body: archive });
    await fetchPart(good());
    expectDone();
  });

  it('is resumed by the next run, from the partial file', async () => {
    server.set('/a', { body: archive, cutAfter: 200_000, headers: STRONG }, { status: 500 });
    await expect(fetchPart(good())).rejects.toMatchObject({ exit: 5 });
    const name = `${downloadName({ kind: 'sha256', value: sha256(archive) })}.partial`;
    expectNothing([name, `${name}.json`]);
    expect(readFileSync(join(folder, 'downloads', `${name}.json`), 'utf8')).not.toContain(server.origin);
    server.set('/a', { body: archive, headers: STRONG, ranges: true });
    await fetchPart(good());
    expect(server.requests.at(-1)?.headers.range).toMatch(/^bytes=[1-9]\d+-$/);
    expectDone();
  });

  it('does not trust a partial file: one with other bytes is dropped, and all is fetched', async () => {
    const name = `${downloadName({ kind: 'sha256', value: sha256(archive) })}.partial`;
    writeFileSync(join(folder, 'downloads', name), Buffer.alloc(1000));
    writeFileSync(join(folder, 'downloads', `${name}.json`), JSON.stringify({ schema: 1, validator: '"one"' }));
    server.set('/a', { body: archive, headers: STRONG, ranges: true });
    await fetchPart(good());
    expect(server.requests.map((asked) => asked.headers.range)).toEqual(['bytes=1000-', undefined]);
    expectDone();
  });

  it('does not write through a partial file that is a link', async () => {
    const name = `${downloadName({ kind: 'sha256', value: sha256(archive) })}.partial`;
    symlinkSync('../canary', join(folder, 'downloads', name));
    server.set('/a', { body: archive });
    await fetchPart(good());
    expect(readFileSync(join(folder, 'canary'), 'utf8')).toBe('alive');
    expectDone();
  });

  it('leaves no partial file that could not be resumed', async () => {
    server.set('/a', { body: archive, cutAfter: 200_000 });
    await expect(fetchPart(good())).rejects.toMatchObject({ code: 'network' });
    expectNothing();
  });

  it('ends when it is aborted', async () => {
    const stop = new AbortController();
    server.set('/a', { body: archive, stallAfter: 100_000, on: () => setTimeout(() => stop.abort(), 100) });
    await expect(fetchPart({ ...good(), signal: stop.signal })).rejects.toThrow();
    expectNothing();
  });
});

describe('a Content-Encoding on an archive', () => {
  const headers = { 'content-encoding': 'gzip' };

  it('is undone where the server packed it once more', async () => {
    server.set('/a', { body: gzipSync(archive), headers });
    await fetchPart(good());
    expectDone();
  });

  it("is ignored where it means the archive's own packing", async () => {
    server.set('/a', { body: archive, headers });
    await fetchPart(good());
    expectDone();
  });
});

describe('whole archives in downloads/', () => {
  const name = downloadName({ kind: 'sha256', value: sha256(archive) });

  it('are used without the network, also offline', async () => {
    writeFileSync(join(folder, 'downloads', name), archive);
    await fetchPart({ ...good(), offline: true });
    expect(readFileSync(join(folder, 'into/noise')).equals(noise)).toBe(true);
    expect(existsSync(join(folder, 'downloads', name))).toBe(true);
    expect(server.requests).toHaveLength(0);
  });

  it.each(['flipped', 'truncated', 'linked'])('are taken away and fetched again when they are %s', async (how) => {
    const path = join(folder, 'downloads', name);
    if (how === 'flipped')
      writeFileSync(path, Buffer.concat([archive.subarray(0, 1000), Buffer.alloc(1000), archive.subarray(2000)]));
    else if (how === 'truncated') writeFileSync(path, archive.subarray(0, 1000));
    else {
      writeFileSync(join(folder, 'elsewhere'), archive);
      symlinkSync('../elsewhere', path);
    }
    server.set('/a', { body: archive });
    await fetchPart(good());
    expect(server.requests).toHaveLength(1);
    expectDone();
  });

  it('are missed offline, in words', async () => {
    await expect(fetchPart({ ...good(), offline: true })).rejects.toMatchObject({ code: 'offline', exit: 5 });
  });

  it('are made by keepPart, proved', async () => {
    server.set('/a', { body: archive });
    const path = await keepPart({ ...good(), format: 'tar.gz' });
    expect(readFileSync(path).equals(archive)).toBe(true);
    expect(readdirSync(join(folder, 'downloads'))).toEqual([name]);
    await keepPart({ ...good(), format: 'tar.gz', offline: true });
    server.set('/a', { body: zipped });
    const kept = await keepPart({ ...order({ kind: 'h1', value: h1 }), format: 'zip' });
    expect(readFileSync(kept).equals(zipped)).toBe(true);
    const wrong = order({ kind: 'sha256', value: sha256('other') });
    await expect(keepPart({ ...wrong, format: 'zip' })).rejects.toMatchObject({ code: 'digest-mismatch' });
    expect(readdirSync(join(folder, 'into'))).toEqual([]);
  });

  it('are kept unread where their own digest proves them, and refused by whoever unpacks them', async () => {
    const body = Buffer.from('no archive');
    server.set('/a', { body });
    const part = order({ kind: 'sha256', value: sha256(body) });
    const path = await keepPart({ ...part, format: 'tar.gz' });
    expect(readFileSync(path).equals(body)).toBe(true);
    await expect(fetchPart({ ...part, offline: true })).rejects.toMatchObject({ code: 'archive-invalid' });
    expect(readdirSync(join(folder, 'into'))).toEqual([]);
  });
});

describe('what a server refuses', () => {
  it.each([
    [404, 'http-status'],
    [410, 'http-status'],
    [403, 'http-status'],
    [204, 'http-status'],
  ])('%i ends it at once', async (status, code) => {
    server.set('/a', { status });
    await expect(fetchPart(good())).rejects.toMatchObject({ code, exit: 5 });
    expect(server.requests).toHaveLength(1);
    expectNothing();
  });

  it('a page instead of the archive is named as what it is', async () => {
    server.set('/a', { body: '<!DOCTYPE html><html>sign in</html>', headers: { 'content-type': 'text/html' } });
    await expect(fetchPart(good())).rejects.toThrow(/web page/);
    expectNothing();
  });
});

function sha256(content: string | Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
