import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { lstat, realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isTable } from '../../domain/formats/document-value';
import { needsTrust, type TrustSubject, trustDigest } from '../../domain/project/trust';
import { PolyenvError } from '../../domain/words/errors';
import type { Host } from '../../host';
import { ensureFolder, readTextIfAny, removeTree } from '../files/fs';
import { isMissing } from '../files/fs-errors';
import { writeAtomic } from '../files/write-atomic';
import type { Home } from './paths';

/** Where trust is kept, and for whom. */
export interface TrustStore {
  readonly home: Home;
  readonly host: Host;
}

/**
 * Whether the person trusted exactly this content at exactly this real path; always for a manifest that needs none.
 * `manifest.path` is absolute. Throws `not-trusted` if others could have written the store.
 */
export async function isTrusted(store: TrustStore, subject: TrustSubject): Promise<boolean> {
  if (!needsTrust(subject)) return true;
  const record = await readRecord(store, await realFolder(subject));
  // guard: trust-content
  if (record.files[basename(subject.manifest.path)] !== trustDigest(subject)) return false;
  return true;
}

/** The file, there or not, that says whether the manifest is trusted: what was compiled by it holds as long as that stands still. */
export async function trustRecord(store: TrustStore, subject: TrustSubject): Promise<string> {
  return recordFile(store, await realFolder(subject));
}

/** Remembers the content as it is now. A manifest that needs no trust loses what was remembered of it. */
export async function grantTrust(store: TrustStore, subject: TrustSubject): Promise<void> {
  const folder = await realFolder(subject);
  const { [basename(subject.manifest.path)]: _old, ...others } = (await readRecord(store, folder)).files;
  const digest = needsTrust(subject) ? { [basename(subject.manifest.path)]: trustDigest(subject) } : {};
  await writeRecord(store, { path: folder, files: { ...others, ...digest } });
}

/** Forgets both manifests of the folder. `directory` may be a link, or gone: then it is taken as it is written. */
export async function revokeTrust(store: TrustStore, directory: string): Promise<'revoked' | 'was-not-trusted'> {
  const folder = await realpath(directory).catch(() => directory);
  const record = await readRecord(store, folder);
  if (Object.keys(record.files).length === 0) return 'was-not-trusted';
  await removeTree(recordFile(store, folder));
  return 'revoked';
}

interface TrustRecord {
  /** Compared with the path that is asked for: the file's name is only a hash of it. */
  readonly path: string;
  /** Manifest's base name to digest. */
  readonly files: Readonly<Record<string, string>>;
}

async function realFolder({ manifest }: TrustSubject): Promise<string> {
  return realpath(dirname(manifest.path));
}

function recordFile({ home }: TrustStore, folder: string): string {
  return join(home.state, 'trust', `${createHash('sha256').update(folder).digest('hex')}.json`);
}

async function readRecord(store: TrustStore, folder: string): Promise<TrustRecord> {
  const file = recordFile(store, folder);
  const nothing = { path: folder, files: {} };
  if (!(await isOurs(store, dirname(file))) || !(await isOurs(store, file))) return nothing;
  return decodeRecord(await readTextIfAny(file), folder) ?? nothing;
}

/** A record that cannot be read counts as no trust: the person is asked again, and nothing is lost. */
function decodeRecord(text: string | undefined, folder: string): TrustRecord | undefined {
  try {
    const value: unknown = JSON.parse(text ?? '');
    if (!isTable(value) || value.schema !== 1 || value.path !== folder || !isTable(value.files)) return undefined;
    const files = Object.entries(value.files).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    );
    return { path: folder, files: Object.fromEntries(files) };
  } catch {
    return undefined;
  }
}

async function writeRecord(store: TrustStore, record: TrustRecord): Promise<void> {
  const file = recordFile(store, record.path);
  if (Object.keys(record.files).length === 0) return removeTree(file);
  await ensureFolder(dirname(file));
  await isOurs(store, dirname(file));
  await writeAtomic(file, `${JSON.stringify({ schema: 1, ...record }, undefined, 2)}\n`, { mode: 0o600 });
}

/** False if there is nothing. Throws `not-trusted` for what another user owns or can write, and for a link. */
async function isOurs({ host }: TrustStore, path: string): Promise<boolean> {
  let found: Stats;
  try {
    found = await lstat(path);
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
  const what = distrust(found, host.uid);
  if (what === undefined) return true;
  throw new PolyenvError('not-trusted', `what was trusted cannot be believed: ${path} ${what}`, {
    where: { file: path },
    hint: `look at it, then take it away and trust anew: rm -r ${JSON.stringify(path)}`,
  });
}

/** Why a file or folder may not be ours; a system without user ids (Windows) is not asked for them. */
function distrust(found: Stats, uid: number | undefined): string | undefined {
  // guard: trust-link
  if (found.isSymbolicLink()) return 'is a symbolic link';
  if (uid === undefined) return undefined;
  // guard: trust-owner
  if (found.uid !== uid) return 'belongs to another user';
  return (found.mode & 0o022) === 0 ? undefined : 'can be written by other users';
}
