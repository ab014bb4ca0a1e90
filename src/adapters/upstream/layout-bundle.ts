import { createReadStream } from 'node:fs';
import { copyFile, type FileHandle, lstat, open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { formatDigest } from '../../domain/runtime/digest';
import type { Blob } from '../../domain/team/carried';
import {
  blobName,
  LAYOUT_FILE,
  LAYOUT_INDEX,
  LAYOUT_TEXT,
  renderLayoutIndex,
  type TaggedDocument,
} from '../../domain/team/image-layout';
import { blobOf } from '../../domain/team/manifest';
import { archivesOf, type NamedArchive, readDocument } from '../../domain/team/manifest-reading';
import { BUNDLE_LIMITS, invalid, type TakenArchive } from '../../domain/toolchain/bundle';
import { PolyenvError } from '../../domain/words/errors';
import { printable } from '../../domain/words/printable';
import { padding, TAR_END, tarHeader } from '../archives/tar-writer';
import { syncFile, syncFolder } from '../files/durable';
import { ensureFolder, removeTree } from '../files/fs';
import { translateFsError } from '../files/fs-errors';
import { writeAtomic } from '../files/write-atomic';
import type { LayoutFiles } from './image-layout';
import { openIntake } from './intake';

/** What a layout holds: documents by tag, and the blobs that they name. */
export interface Layout {
  readonly tagged: readonly TaggedDocument[];
  readonly blobs: readonly LayoutBlob[];
}

/** A blob, as a file or as bytes. */
export type LayoutBlob = Blob & ({ readonly file: string } | { readonly bytes: Uint8Array });

/**
 * One plain tar of an OCI image layout. Written beside and renamed: there is never half a bundle of that name. The same
 * archives make the same bytes. Throws `disk-full`, `home-unwritable`.
 */
export async function writeLayoutTar(file: string, layout: Layout): Promise<void> {
  const temporary = `${file}.partial`;
  try {
    await removeTree(temporary);
    const out = await open(temporary, 'wx', 0o644);
    try {
      await writeMember(out, LAYOUT_FILE, Buffer.from(LAYOUT_TEXT));
      await writeMember(out, LAYOUT_INDEX, Buffer.from(renderLayoutIndex(layout.tagged)));
      for (const blob of blobsOf(layout)) {
        if ('bytes' in blob) await writeMember(out, blobName(blob), blob.bytes);
        else await writeFileMember(out, blob);
      }
      await out.write(TAR_END);
      await syncFile(out);
    } finally {
      await out.close();
    }
    await rename(temporary, file);
  } catch (error) {
    await removeTree(temporary);
    throw translateFsError(error, file) ?? error;
  }
}

/** A folder as an OCI image layout; what is there already stays. Its index is written last, as a whole. */
export async function writeLayoutFolder(folder: string, layout: Layout): Promise<void> {
  try {
    await ensureFolder(join(folder, 'blobs', 'sha256'));
    for (const blob of blobsOf(layout)) {
      const target = join(folder, blobName(blob));
      const found = await lstat(target).catch(() => undefined);
      if (found?.isFile() === true && found.size === blob.size) continue;
      if ('bytes' in blob) await writeAtomic(target, blob.bytes);
      else await copyWhole(blob.file, target);
    }
    await syncFolder(join(folder, 'blobs', 'sha256'));
    await writeAtomic(join(folder, LAYOUT_FILE), LAYOUT_TEXT);
    const index = join(folder, LAYOUT_INDEX);
    const before = await open(index, 'r').then(readAndClose, () => undefined);
    await writeAtomic(index, renderLayoutIndex(layout.tagged, before));
  } catch (error) {
    throw translateFsError(error, folder) ?? error;
  }
}

/**
 * Takes every archive that the layout's manifests name into `downloads/`, each only if it is what its digest in the lock says.
 * Throws `archive-invalid`, `digest-mismatch`, `disk-full`.
 */
export async function readLayout(
  files: LayoutFiles,
  at: { readonly path: string; readonly downloads: string },
  onArchive: (archive: TakenArchive) => void,
): Promise<readonly TakenArchive[]> {
  const { path, downloads } = at;
  const found = await archivesIn(files, path);
  if (found.length === 0) throw invalid(path, 'it holds no archive of polyenv');
  await ensureFolder(downloads);
  const taken: TakenArchive[] = [];
  try {
    for (const { archive, name } of found) {
      const size = await files.size(name);
      if (size !== archive.size) throw invalid(path, `${formatDigest(archive.digest)} is not in it as a whole`);
      const intake = openIntake(archive, downloads);
      try {
        for await (const chunk of files.bytes(name)) intake.write(chunk);
        await intake.keep();
      } finally {
        await intake.drop();
      }
      taken.push(archive);
      onArchive(archive);
    }
    await syncFolder(downloads);
    return taken;
  } catch (error) {
    throw translateFsError(error, path) ?? error;
  }
}

function blobsOf({ tagged, blobs }: Layout): readonly LayoutBlob[] {
  const documents = tagged.map(({ document: { digest, size, text } }) => ({ digest, size, bytes: Buffer.from(text) }));
  const all = new Map<string, LayoutBlob>([...documents, ...blobs].map((blob) => [blob.digest, blob]));
  // Small ones first: who reads a stream has the manifests before the archives.
  return [...all.values()].toSorted(
    (a, b) => Number('file' in a) - Number('file' in b) || (a.digest < b.digest ? -1 : 1),
  );
}

async function writeMember(out: FileHandle, name: string, bytes: Uint8Array): Promise<void> {
  await out.write(tarHeader(name, bytes.length));
  await out.write(bytes);
  await out.write(padding(bytes.length));
}

async function writeFileMember(out: FileHandle, blob: Extract<LayoutBlob, { readonly file: string }>): Promise<void> {
  await out.write(tarHeader(blobName(blob), blob.size));
  let written = 0;
  for await (const chunk of createReadStream(blob.file, { highWaterMark: 2 ** 20 }) as AsyncIterable<Buffer>) {
    await out.write(chunk);
    written += chunk.length;
  }
  if (written !== blob.size) {
    throw new PolyenvError('failed', `${blob.digest} was changed while it was read`, { hint: 'try again' });
  }
  await out.write(padding(blob.size));
}

async function copyWhole(from: string, to: string): Promise<void> {
  const temporary = `${to}.partial`;
  await removeTree(temporary);
  await copyFile(from, temporary);
  const copy = await open(temporary, 'r+');
  try {
    await syncFile(copy);
  } finally {
    await copy.close();
  }
  await rename(temporary, to);
  await syncFolder(dirname(to));
}

async function readAndClose(file: FileHandle): Promise<string> {
  try {
    return await file.readFile('utf8');
  } finally {
    await file.close();
  }
}

interface FoundArchive {
  readonly archive: TakenArchive;
  readonly name: string;
}

/** From the index down to the layers. Each document must be what the one before it says. */
async function archivesIn(files: LayoutFiles, path: string): Promise<readonly FoundArchive[]> {
  const text = await files.text(LAYOUT_INDEX);
  if (text === undefined) throw invalid(path, `it has no ${LAYOUT_INDEX}`);
  const top = readDocument(text);
  if ('problem' in top || top.kind !== 'index') throw invalid(path, `its ${LAYOUT_INDEX} cannot be read`);
  const found = new Map<string, FoundArchive>();
  const seen = new Set<string>();
  const queue = [...top.manifests];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    if (seen.has(next.digest)) continue;
    seen.add(next.digest);
    if (seen.size > BUNDLE_LIMITS.archives) throw invalid(path, 'it names too many manifests');
    const inner = await files.text(blobName(next));
    if (inner === undefined) throw invalid(path, `it names ${next.digest} and does not have it`);
    // guard: layout-digest
    if (blobOf(inner).digest !== next.digest) throw invalid(path, `its ${next.digest} is something else`);
    const read = readDocument(inner);
    if ('problem' in read) throw invalid(path, `its ${next.digest} ${read.problem}`);
    if (read.kind === 'index') queue.push(...read.manifests);
    else for (const archive of archivesOf(read.layers)) note(found, archive, read.annotations);
  }
  return [...found.values()];
}

function note(
  found: Map<string, FoundArchive>,
  { digest, format, blob }: NamedArchive,
  annotations: Readonly<Record<string, string>>,
): void {
  const key = formatDigest(digest);
  const tool = annotations['dev.polyenv.toolchain'];
  // The manifest of a toolchain says more than that of an archive alone.
  if (found.has(key) && tool === undefined) return;
  const word = (name: string): string => printable(annotations[`dev.polyenv.${name}`] ?? '').slice(0, 128);
  const archive: TakenArchive = {
    digest,
    size: blob.size,
    tool: tool === undefined ? 'archive' : word('toolchain'),
    version: word('version'),
    platform: word('platform'),
    format,
  };
  found.set(key, { archive, name: blobName(blob) });
}
