import { createHash } from 'node:crypto';
import { open, readFile, utimes } from 'node:fs/promises';
import { dirname } from 'node:path';
import { ensureFolder } from '../files/fs';
import { writeAtomic } from '../files/write-atomic';

/** A copy in the cache. */
export interface CacheEntry {
  readonly bytes: Uint8Array;
  /** When it was last known to be current, in milliseconds since 1970. */
  readonly checked: number;
  /** Headers of a request that asks whether it has changed. */
  readonly validators: Readonly<Record<string, string>>;
  /** The server had no such file. */
  readonly absent?: true;
}

/** Whatever the settings say. */
export const MAX_ENTRY_BYTES = 1024 * 1024 * 1024;

/** Names an entry without saying what it is of: a private part of a URL cannot be read off it. */
export function cacheKey(text: string): string {
  return sha256(Buffer.from(text, 'utf8'));
}

/** The entry if it is whole and of that key; anything else counts as absent, as an entry can always be fetched anew. */
export async function readCacheEntry(file: string, key: string): Promise<CacheEntry | undefined> {
  const handle = await open(file, 'r').catch(() => undefined);
  if (handle === undefined) return undefined;
  try {
    const found = await handle.stat();
    if (!found.isFile() || found.size > MAX_ENTRY_BYTES + MAX_HEAD_BYTES) return undefined;
    const content = await readFile(handle);
    const end = content.indexOf(0x0a);
    if (end === -1) return undefined;
    const head = JSON.parse(content.toString('utf8', 0, end)) as Partial<Head> | undefined;
    const bytes = content.subarray(end + 1);
    if (head?.polyenv !== 1 || head.key !== key || head.digest !== sha256(bytes)) return undefined;
    const absent = head.absent === true && bytes.byteLength === 0;
    const validators = headerTexts(head.validators);
    return { bytes, checked: found.mtimeMs, validators, ...(absent && { absent: true as const }) };
  } catch {
    return undefined;
  } finally {
    await handle.close().catch(() => undefined);
  }
}

/** A command never fails because an entry cannot be kept: with a read-only home polyenv can still resolve. */
export async function writeCacheEntry(entry: {
  readonly file: string;
  readonly key: string;
  /** What it is of, for a person who looks. Holds no secret. */
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly validators: Readonly<Record<string, string>>;
  readonly when: Date;
  readonly absent?: true;
}): Promise<void> {
  const { file, key, name, bytes, absent } = entry;
  const validators = headerTexts(entry.validators);
  const head: Head = { polyenv: 1, key, name, digest: sha256(bytes), validators, ...(absent && { absent }) };
  try {
    await ensureFolder(dirname(file));
    await writeAtomic(file, Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), bytes]), { mode: 0o600 });
    await touchCacheEntry(file, entry.when);
  } catch {
    // It is asked for again next time.
  }
}

/** It was current at that time. */
export async function touchCacheEntry(file: string, when: Date): Promise<void> {
  await utimes(file, when, when).catch(() => undefined);
}

/** The file's first line; the bytes follow. When it was last checked is the file's mtime. */
interface Head {
  readonly polyenv: 1;
  readonly key: string;
  readonly name: string;
  readonly digest: string;
  readonly validators: Readonly<Record<string, string>>;
  readonly absent?: true;
}

const MAX_HEAD_BYTES = 16 * 1024;

/** Only what may be sent as a header, as the file may have been changed by anything. */
function headerTexts(value: unknown): Readonly<Record<string, string>> {
  const entries = typeof value === 'object' && value ? Object.entries(value) : [];
  return Object.fromEntries(
    entries.filter(
      ([name, text]) =>
        ['if-none-match', 'if-modified-since'].includes(name) &&
        typeof text === 'string' &&
        /^[\x20-\x7e]{1,1000}$/.test(text),
    ),
  ) as Readonly<Record<string, string>>;
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
