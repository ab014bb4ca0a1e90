import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { hashTree } from '../../src/adapters/archives/unpack';
import { readBundle, readFirstName } from '../../src/adapters/upstream/bundle-file';
import { downloadName } from '../../src/adapters/upstream/part-download';
import { type Digest, formatDigest } from '../../src/domain/runtime/digest';
import { type BundledArchive, decodeBundleList, type TakenArchive } from '../../src/domain/toolchain/bundle';
import { type TarMember, tar, zip } from '../support/archives';
import { discard } from '../support/discard';

let folder: string;
let downloads: string;
let file: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'polyenv-bundle-'));
  downloads = join(folder, 'downloads');
  file = join(folder, 'bundle.tar');
});
afterEach(() => discard(folder));

const sha256 = (content: Buffer): Digest => ({
  kind: 'sha256',
  value: createHash('sha256').update(content).digest('hex'),
});
const bundled = (
  content: Buffer,
  digest = sha256(content),
  format: BundledArchive['format'] = 'tar.gz',
): BundledArchive => ({
  digest,
  size: content.length,
  tool: 'node',
  version: '20.11.1',
  platform: 'linux-x64',
  format,
});
const renderBundleList = ({ archives }: { readonly archives: readonly BundledArchive[] }): string =>
  JSON.stringify({ schema: 1, archives: archives.map((one) => ({ ...one, digest: formatDigest(one.digest) })) });
const listMember = (...archives: readonly BundledArchive[]): TarMember => ({
  name: 'polyenv-bundle.json',
  content: renderBundleList({ archives }),
});
const member = (index: number, content: Buffer): TarMember => ({ name: `archives/${index}`, content });
const read = (members: readonly TarMember[]): Promise<readonly TakenArchive[]> => {
  writeFileSync(file, tar(members));
  return readBundle(file, downloads, () => undefined);
};
const kept = (): readonly string[] => {
  try {
    return readdirSync(downloads).sort();
  } catch {
    return [];
  }
};

const ONE = Buffer.from('one archive'.repeat(100));
const TWO = Buffer.alloc(600_000, 7);

describe("a bundle of polyenv's first form", () => {
  it('gives back what was put in', async () => {
    const list = [bundled(ONE), bundled(TWO)];
    expect(await read([listMember(...list), member(0, ONE), member(1, TWO)])).toEqual(list);
    expect(readFileSync(join(downloads, downloadName(sha256(TWO)))).equals(TWO)).toBe(true);
    expect(await readFirstName(file)).toBe('polyenv-bundle.json');
  });

  it('proves an archive whose digest is over its members by these', async () => {
    const content = zip([{ name: 'm@v1/a', content: 'a' }]);
    const names = new Map([['m@v1/a', createHash('sha256').update('a').digest('hex')]]);
    const digest: Digest = { kind: 'h1', value: hashTree(names) };
    await read([listMember(bundled(content, digest, 'zip')), member(0, content)]);
    expect(kept()).toEqual([downloadName(digest)]);
    discard(downloads);
    const other = zip([{ name: 'm@v1/a', content: 'b' }]);
    await expect(read([listMember(bundled(other, digest, 'zip')), member(0, other)])).rejects.toMatchObject({
      code: 'digest-mismatch',
    });
    expect(kept()).toEqual([]);
  });

  const changed = Buffer.from(ONE);
  changed[5] = 0;
  it.each<[string, () => readonly TarMember[], string]>([
    [
      'bytes that are not what the digest says',
      () => [listMember(bundled(ONE)), member(0, changed)],
      'digest-mismatch',
    ],
    ['another length', () => [listMember(bundled(ONE)), member(0, ONE.subarray(1))], 'archive-invalid'],
    ['another name', () => [listMember(bundled(ONE)), { name: '../evil', content: ONE }], 'archive-invalid'],
    [
      'a link',
      () => [listMember(bundled(ONE)), { name: 'archives/0', type: '2', target: '/etc/passwd' }],
      'archive-invalid',
    ],
    ['more than its list', () => [listMember(), member(0, ONE)], 'archive-invalid'],
    ['less than its list', () => [listMember(bundled(ONE))], 'archive-invalid'],
    ['no list at its beginning', () => [member(0, ONE), listMember(bundled(ONE))], 'archive-invalid'],
    ['no list that can be read', () => [{ name: 'polyenv-bundle.json', content: '{' }], 'archive-invalid'],
    [
      'a list of the future',
      () => [{ name: 'polyenv-bundle.json', content: '{"schema":2,"archives":[]}' }],
      'archive-invalid',
    ],
    [
      'a list that is a link',
      () => [{ name: 'polyenv-bundle.json', type: '2', target: '/etc/passwd' }],
      'archive-invalid',
    ],
  ])('with %s is refused, and nothing of it is kept', async (_, members, code) => {
    await expect(read(members())).rejects.toMatchObject({ code });
    expect(kept()).toEqual([]);
    expect(readdirSync(folder).sort()).toEqual(['bundle.tar', 'downloads']);
  });

  it('that is cut short gives what came whole, and says so', async () => {
    const bytes = tar([listMember(bundled(ONE), bundled(TWO)), member(0, ONE), member(1, TWO)]);
    writeFileSync(file, bytes.subarray(0, bytes.length - 300_000));
    await expect(readBundle(file, downloads, () => undefined)).rejects.toMatchObject({ code: 'archive-invalid' });
    expect(kept()).toEqual([downloadName(sha256(ONE))]);
  });

  it('writes through no link that somebody put there', async () => {
    await read([listMember(bundled(TWO)), member(0, TWO)]);
    const canary = join(folder, 'canary');
    writeFileSync(canary, 'alive');
    symlinkSync(canary, join(downloads, `${downloadName(sha256(ONE))}.bundle`));
    await expect(read([listMember(bundled(ONE)), member(0, ONE)])).rejects.toThrow();
    expect(readFileSync(canary, 'utf8')).toBe('alive');
  });

  it.each([
    ['a digest that is none', { digest: 'sha256:../../etc/passwd' }],
    ['no size', { size: undefined }],
    ['a size below zero', { size: -1 }],
    ['a size that is no whole number', { size: 1.5 }],
    ['a size beyond what any archive has', { size: 2 ** 40 }],
    ['an unknown platform', { platform: '../x' }],
    ['an unknown format', { format: 'exe' }],
  ])('has no list with %s', (_, change) => {
    const row = { ...bundled(ONE), digest: `sha256:${'a'.repeat(64)}`, ...change };
    const text = JSON.stringify({ schema: 1, archives: [row] });
    expect(() => decodeBundleList(text, file)).toThrowError(expect.objectContaining({ code: 'archive-invalid' }));
  });

  it('has no list that names an archive twice', () => {
    const text = renderBundleList({ archives: [bundled(ONE), bundled(ONE)] });
    expect(() => decodeBundleList(text, file)).toThrowError(/twice/);
  });
});
