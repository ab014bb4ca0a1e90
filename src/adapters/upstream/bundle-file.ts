import { createHash } from 'node:crypto';
import { closeSync, constants, createReadStream, lstatSync, openSync, renameSync, writeSync } from 'node:fs';
import { open, rename } from 'node:fs/promises';
import { formatDigest } from '../../domain/runtime/digest';
import {
  archiveName,
  BUNDLE_LIMITS,
  BUNDLE_LIST,
  type BundledArchive,
  type BundleList,
  decodeBundleList,
  invalid,
  renderBundleList,
} from '../../domain/toolchain/bundle';
import { PolyenvError } from '../../domain/words/errors';
import { quoted } from '../../domain/words/printable';
import type { Member } from '../archives/member';
import { openTarReader } from '../archives/tar-reader';
import { hashTree, unpackFile } from '../archives/unpack';
import { ensureFolder, removeTree, syncDescriptor, syncFile, syncFolder, translateFsError } from '../files/fs';
import { joinInside } from '../home/paths';
import { downloadName, openNameDigests } from './download';

/**
 * One plain tar: the list, then every archive from `downloads/`. Written beside and renamed: there is never half a bundle of
 * that name. The same archives make the same bytes. Throws `disk-full`, `home-unwritable`.
 */
export async function writeBundle(file: string, list: BundleList, downloads: string): Promise<void> {
  const temporary = `${file}.partial`;
  try {
    await removeTree(temporary);
    const out = await open(temporary, 'wx', 0o644);
    try {
      const text = Buffer.from(renderBundleList(list));
      await out.write(tarHeader(BUNDLE_LIST, text.length));
      await out.write(padded(text));
      for (const [index, { digest, size }] of list.archives.entries()) {
        await out.write(tarHeader(archiveName(index), size));
        let written = 0;
        const source = createReadStream(joinInside(downloads, downloadName(digest)), { highWaterMark: 2 ** 20 });
        for await (const chunk of source as AsyncIterable<Buffer>) {
          await out.write(chunk);
          written += chunk.length;
        }
        if (written !== size)
          throw new PolyenvError('failed', `${formatDigest(digest)} was changed while it was read`, {
            hint: 'try again',
          });
        await out.write(padding(size));
      }
      await out.write(Buffer.alloc(2 * BLOCK));
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

/**
 * Takes the archives of a bundle into `downloads/`, each only if it is what its digest says, and nothing that the list does
 * not name. What was taken before a bundle proved to be damaged is good and stays. Throws `archive-invalid`, `archive-refused`,
 * `digest-mismatch`, `disk-full`.
 */
export async function readBundle(
  file: string,
  downloads: string,
  onArchive: (archive: BundledArchive) => void,
): Promise<readonly BundledArchive[]> {
  if (lstatSync(file, { throwIfNoEntry: false })?.isDirectory() ?? true)
    throw new PolyenvError('usage', 'there is no such bundle', { where: { file }, hint: 'polyenv bundle create' });
  await ensureFolder(downloads);
  const taken: BundledArchive[] = [];
  let list: BundleList | undefined;
  let text: Buffer[] = [];
  let current: Intake | undefined;
  const pending: Intake[] = [];
  const begin = (member: Member): void => {
    if (list === undefined) {
      if (member.name !== BUNDLE_LIST || member.kind !== 'file') throw invalid(file, 'it does not begin with its list');
      if (member.size > BUNDLE_LIMITS.list) throw invalid(file, 'its list is too long');
      text = [];
      return;
    }
    const index = taken.length + pending.length;
    const archive = list.archives[index];
    if (
      archive === undefined ||
      member.kind !== 'file' ||
      member.name !== archiveName(index) ||
      member.size !== archive.size
    )
      throw invalid(file, `${quoted(member.name, 80)} is not what its list says`);
    current = openIntake(archive, downloads);
  };
  const reader = openTarReader({
    begin,
    data: (chunk) => {
      if (current !== undefined) current.write(chunk);
      else text.push(Buffer.from(chunk));
    },
    end: () => {
      if (current !== undefined) pending.push(current);
      else list ??= decodeBundleList(Buffer.concat(text).toString('utf8'), file);
      current = undefined;
    },
  });
  const settle = async (): Promise<void> => {
    for (const intake of pending.splice(0)) {
      await intake.keep();
      taken.push(intake.archive);
      onArchive(intake.archive);
    }
  };
  try {
    // Small enough that an archive is judged before the one after the next begins.
    for await (const chunk of createReadStream(file, { highWaterMark: 2 ** 18 }) as AsyncIterable<Buffer>) {
      reader.write(chunk);
      await settle();
    }
    reader.end();
    if (list === undefined || taken.length !== list.archives.length) throw invalid(file, 'it ends too early');
    await syncFolder(downloads);
    return taken;
  } catch (error) {
    throw translateFsError(error, file) ?? error;
  } finally {
    for (const intake of [...pending, ...(current === undefined ? [] : [current])]) await (intake as Intake).drop();
  }
}

interface Intake {
  readonly archive: BundledArchive;
  write(chunk: Uint8Array): void;
  /** Gives it its name, if it is what that says. */
  keep(): Promise<void>;
  drop(): Promise<void>;
}

function openIntake(archive: BundledArchive, downloads: string): Intake {
  const { digest } = archive;
  const whole = joinInside(downloads, downloadName(digest));
  const temporary = `${whole}.bundle`;
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_TRUNC | constants.O_NOFOLLOW;
  const descriptor = openSync(temporary, flags, 0o644);
  const hash = createHash(digest.kind === 'sha512' ? 'sha512' : 'sha256');
  let isOpen = true;
  const close = (): void => {
    if (isOpen) closeSync(descriptor);
    isOpen = false;
  };
  return {
    archive,
    write: (chunk) => {
      hash.update(chunk);
      for (let done = 0; done < chunk.length; ) done += writeSync(descriptor, chunk, done);
    },
    keep: async () => {
      try {
        syncDescriptor(descriptor);
        close();
        const actual = digest.kind === 'h1' ? await treeHash(temporary, archive.format) : hash.digest('hex');
        if (actual !== digest.value) {
          throw new PolyenvError(
            'digest-mismatch',
            `the bundle's archive of ${archive.tool} ${archive.version} for ${archive.platform} is not what was promised: expected ${formatDigest(digest)}, got ${digest.kind}:${actual}`,
            { hint: 'ask who made the bundle, or make it anew: polyenv bundle create' },
          );
        }
        renameSync(temporary, whole);
      } catch (error) {
        await removeTree(temporary);
        throw error;
      }
    },
    drop: async () => {
      close();
      await removeTree(temporary);
    },
  };
}

async function treeHash(path: string, format: BundledArchive['format']): Promise<string> {
  const sink = openNameDigests();
  await unpackFile(path, { format, sink });
  return hashTree(await sink.settle());
}

/** Bytes of an archive that lies in `downloads/`. */
export function keptSize(path: string): number {
  return lstatSync(path).size;
}

const BLOCK = 512;

/** ustar: https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html */
function tarHeader(name: string, size: number): Buffer {
  const header = Buffer.alloc(BLOCK);
  header.write(name, 0, 100, 'latin1');
  header.write('0000644\0', 100);
  header.write('0000000\0', 108);
  header.write('0000000\0', 116);
  header.write(`${size.toString(8).padStart(11, '0')}\0`, 124);
  header.write('00000000000\0', 136);
  header.write('        ', 148);
  header.write('0', 156);
  header.write('ustar\x0000', 257, 'latin1');
  const sum = header.reduce((total, byte) => total + byte, 0);
  header.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148);
  return header;
}

function padded(content: Buffer): Buffer {
  return Buffer.concat([content, padding(content.length)]);
}

function padding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}
