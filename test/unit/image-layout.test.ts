import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openLayoutFolder, openLayoutTar } from '../../src/adapters/upstream/image-layout';
import { type Layout, readLayout, writeLayoutFolder, writeLayoutTar } from '../../src/adapters/upstream/layout-bundle';
import { downloadName } from '../../src/adapters/upstream/part-download';
import type { Digest } from '../../src/domain/runtime/digest';
import type { Carried } from '../../src/domain/team/carried';
import { archiveManifest, blobOf, configOf, lockIndex, toolchainManifest } from '../../src/domain/team/manifest';
import { archiveTag, toolchainTag } from '../../src/domain/team/tag';
import type { TakenArchive } from '../../src/domain/toolchain/bundle';
import type { Version } from '../../src/domain/versions/version';
import { type TarMember, tar } from '../support/archives';
import { discard } from '../support/discard';

const ONE = Buffer.from('one archive'.repeat(1000));
const TWO = Buffer.alloc(600_000, 7);

let folder: string;
let downloads: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'polyenv-layout-'));
  downloads = join(folder, 'downloads');
});
afterEach(() => discard(folder));

function digest(kind: 'sha256' | 'sha512', content: Buffer): Digest {
  return { kind, value: createHash(kind).update(content).digest('hex') };
}

/** A toolchain of two archives, the second named by a digest of another kind. */
function layoutOf(second = TWO): Layout {
  const files = [ONE, second].map((content, index) => {
    const file = join(folder, `archive-${index}`);
    writeFileSync(file, content);
    return { ...blobOf(content), file };
  });
  const proof = { kind: 'digest', by: 'tools.test' } as const;
  const carried: Carried = {
    tool: 'node',
    version: '20.11.1' as Version,
    source: 'tools.test',
    platform: 'linux-x64',
    archives: [
      { part: { at: 'https://tools.test/one.tar.gz', digest: digest('sha256', ONE), proof }, format: 'tar.gz' },
      { part: { at: 'https://tools.test/two.zip', digest: digest('sha512', TWO), proof }, format: 'zip' },
    ],
  };
  const stored = carried.archives.map((archive, index) => ({ ...archive, blob: blobOf(index === 0 ? ONE : second) }));
  const manifest = toolchainManifest(carried, stored, 'artifact');
  const config = configOf('artifact');
  const [, other] = stored;
  if (other === undefined) throw new Error('no second archive');
  return {
    tagged: [
      { tag: toolchainTag(carried), document: manifest },
      { tag: archiveTag(other.part.digest) ?? '', document: archiveManifest(other, 'artifact') },
      { tag: 'lock-of-it', document: lockIndex([{ carried, manifest }]) },
    ],
    blobs: [...files, { ...blobOf(config.text), bytes: Buffer.from(config.text) }],
  };
}

async function readTar(file: string): Promise<readonly TakenArchive[]> {
  const files = await openLayoutTar(file);
  try {
    return await readLayout(files, { path: file, downloads }, () => undefined);
  } finally {
    await files.close();
  }
}

const readFolder = (path: string): Promise<readonly TakenArchive[]> =>
  readLayout(openLayoutFolder(path), { path, downloads }, () => undefined);

function kept(): readonly string[] {
  try {
    return readdirSync(downloads).toSorted();
  } catch {
    return [];
  }
}

const both = [downloadName(digest('sha256', ONE)), downloadName(digest('sha512', TWO))];

/** The members of a tar that we wrote ourselves. */
function membersOf(file: string): readonly TarMember[] {
  const bytes = readFileSync(file);
  const members: TarMember[] = [];
  for (let at = 0; bytes[at] !== 0; ) {
    const name = bytes.toString('latin1', at, at + 100).replace(/\0.*$/s, '');
    const size = Number.parseInt(bytes.toString('latin1', at + 124, at + 135), 8);
    members.push({ name, content: bytes.subarray(at + 512, at + 512 + size) });
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return members;
}

describe('an image layout', () => {
  it('as a tar gives back what was put in, and the same archives make the same bytes', async () => {
    const [first, second] = [join(folder, 'first.tar'), join(folder, 'second.tar')];
    await writeLayoutTar(first, layoutOf());
    await writeLayoutTar(second, layoutOf());
    expect(readFileSync(first).equals(readFileSync(second))).toBe(true);
    const taken = await readTar(first);
    expect(taken.map(({ tool, version, platform }) => `${tool} ${version} ${platform}`)).toEqual(
      Array(2).fill('node 20.11.1 linux-x64'),
    );
    expect(kept()).toEqual(both);
    expect(readFileSync(join(downloads, both[1] ?? '')).equals(TWO)).toBe(true);
  });

  it('is read in any order, with folders between, as others make tars', async () => {
    const file = join(folder, 'one.tar');
    await writeLayoutTar(file, layoutOf());
    const members = membersOf(file).map((member) => ({ ...member, name: `./${member.name}` }));
    const folders = ['./', './blobs/', './blobs/sha256/'].map((name) => ({ name, type: '5', mode: 0o755 }));
    writeFileSync(file, tar([...members.toReversed(), ...folders]));
    expect(await readTar(file)).toHaveLength(2);
    expect(kept()).toEqual(both);
  });

  it('as a folder keeps what was there before, and takes more in', async () => {
    const path = join(folder, 'stick');
    const layout = layoutOf();
    const [toolchain, ...rest] = layout.tagged;
    if (toolchain === undefined) throw new Error('no toolchain');
    await writeLayoutFolder(path, { ...layout, tagged: [toolchain] });
    await writeLayoutFolder(path, { tagged: rest, blobs: [] });
    const { manifests } = JSON.parse(readFileSync(join(path, 'index.json'), 'utf8')) as { manifests: unknown[] };
    expect(manifests).toHaveLength(3);
    expect(await readFolder(path)).toHaveLength(2);
    expect(kept()).toEqual(both);
  });

  it('is not written where an archive is missing, and the old one stays', async () => {
    const file = join(folder, 'bundle.tar');
    writeFileSync(file, 'old');
    const layout = layoutOf();
    discard(join(folder, 'archive-1'));
    await expect(writeLayoutTar(file, layout)).rejects.toThrow();
    expect(readFileSync(file, 'utf8')).toBe('old');
    expect(readdirSync(folder).filter((name) => name.endsWith('.partial'))).toEqual([]);
  });

  it('whose archive is not what the lock would name is refused', async () => {
    const file = join(folder, 'lie.tar');
    await writeLayoutTar(file, layoutOf(Buffer.alloc(600_000, 8)));
    await expect(readTar(file)).rejects.toMatchObject({ code: 'digest-mismatch', exit: 6 });
    expect(kept()).toEqual(both.slice(0, 1));
  });

  const changes: readonly [string, (members: readonly TarMember[]) => readonly TarMember[], string][] = [
    ['no index', (members) => members.filter(({ name }) => name !== 'index.json'), 'archive-invalid'],
    ['an index that is none', (members) => replaced(members, 'index.json', '{}'), 'archive-invalid'],
    ['a manifest that is another', (members) => members.map(swapped), 'archive-invalid'],
    ['a manifest missing', (members) => members.filter((one) => !isManifest(one)), 'archive-invalid'],
    [
      'an archive missing',
      (members) => members.filter(({ content }) => (content?.length ?? 0) < 100_000),
      'archive-invalid',
    ],
    ['a member twice', (members) => [...members, ...members.slice(-1)], 'archive-invalid'],
    ['nothing of polyenv', (members) => replaced(members, 'index.json', EMPTY), 'archive-invalid'],
    [
      'an index that is a link',
      (members) => [...members.filter(({ name }) => name !== 'index.json'), LINK],
      'archive-invalid',
    ],
  ];
  const EMPTY = '{"manifests":[],"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json"}';
  const LINK = { name: 'index.json', type: '2', target: '/etc/passwd' };
  const isManifest = ({ content }: TarMember): boolean => String(content).includes('"layers"');
  const swapped = (member: TarMember): TarMember =>
    isManifest(member) ? { ...member, content: String(member.content).replace('20.11.1', '20.11.2') } : member;
  function replaced(members: readonly TarMember[], name: string, content: string): readonly TarMember[] {
    return members.map((member) => (member.name === name ? { ...member, content } : member));
  }
  it.each(changes)('with %s is refused', async (_, change, code) => {
    const file = join(folder, 'bad.tar');
    await writeLayoutTar(file, layoutOf());
    writeFileSync(file, tar(change(membersOf(file))));
    await expect(readTar(file)).rejects.toMatchObject({ code });
  });

  it('that is cut short is refused', async () => {
    const file = join(folder, 'cut.tar');
    await writeLayoutTar(file, layoutOf());
    const bytes = readFileSync(file);
    for (const length of [bytes.length - 300_000, 1000, 100, 0]) {
      writeFileSync(file, bytes.subarray(0, length));
      await expect(readTar(file)).rejects.toMatchObject({ code: 'archive-invalid' });
    }
    expect(kept()).toEqual([]);
  });

  it('as a folder leads nowhere else', async () => {
    const path = join(folder, 'stick');
    await writeLayoutFolder(path, layoutOf());
    const secret = join(folder, 'secret');
    writeFileSync(secret, TWO);
    const blob = join(path, 'blobs', blobOf(TWO).digest.replace(':', '/'));
    discard(blob);
    mkdirSync(dirname(blob), { recursive: true });
    symlinkSync(secret, blob);
    await expect(readFolder(path)).rejects.toMatchObject({ code: 'archive-invalid' });
  });
});
