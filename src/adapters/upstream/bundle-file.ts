import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import {
  archiveName,
  BUNDLE_LIMITS,
  BUNDLE_LIST,
  type BundleList,
  decodeBundleList,
  invalid,
  type TakenArchive,
} from '../../domain/toolchain/bundle';
import { quoted } from '../../domain/words/printable';
import type { Member } from '../archives/member';
import { openTarReader } from '../archives/tar-reader';
import { syncFolder } from '../files/durable';
import { ensureFolder } from '../files/fs';
import { translateFsError } from '../files/fs-errors';
import { type Intake, openIntake } from './intake';

/**
 * Takes the archives of a bundle of polyenv's first form, a list and archives in its order, into `downloads/`, each only if it is what its digest says, and nothing that the list does
 * not name. What was taken before a bundle proved to be damaged is good and stays. Throws `archive-invalid`, `archive-refused`,
 * `digest-mismatch`, `disk-full`.
 */
export async function readBundle(
  file: string,
  downloads: string,
  onArchive: (archive: TakenArchive) => void,
): Promise<readonly TakenArchive[]> {
  await ensureFolder(downloads);
  const taken: TakenArchive[] = [];
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

/** The name of a tar's first member: that of a list tells the first form of bundles. Throws `archive-invalid` for what is packed. */
export async function readFirstName(file: string): Promise<string> {
  const header = Buffer.alloc(100);
  const opened = await open(file, 'r');
  try {
    await opened.read(header, 0, header.length, 0);
  } finally {
    await opened.close();
  }
  if (header[0] === 0x1f && header[1] === 0x8b) throw invalid(file, 'it is compressed: unpack it first, by gunzip');
  const end = header.indexOf(0);
  return header.toString('latin1', 0, end === -1 ? header.length : end);
}
