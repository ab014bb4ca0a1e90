import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Digest } from '../../domain/runtime/digest';
import { PolyenvError } from '../../domain/words/errors';
import type { Http } from '../net/http';
import type { Target } from '../net/mirrors';
import { maskUrl } from '../net/url';
import { cacheKey, readCacheEntry, writeCacheEntry } from './cache-entry';

export interface ArchiveAsk {
  readonly http: Http;
  /** polyenv's `cache/`: what was hashed once is known. */
  readonly cache: string;
  /** The canonical URL. */
  readonly url: string;
  readonly target: Target;
  /** Bytes at most. */
  readonly limit: number;
  readonly offline: boolean;
  now(): Date;
}

export interface HashedArchive {
  readonly digest: Digest;
  readonly size: number;
}

/**
 * What an archive hashes to, by reading it whole and keeping nothing of it; `undefined` where there is none. For upstreams that sign their
 * archives and publish no digest. Throws `offline`, `network`, and `digest-mismatch` for one that is too large.
 */
export async function hashArchive(ask: ArchiveAsk): Promise<HashedArchive | undefined> {
  const { http, cache, url, target, limit, offline } = ask;
  const name = `hash of ${url}`;
  const key = cacheKey([name, target.url].join('\0'));
  const file = join(cache, `${key}.hash`);
  const kept = decodeKept(await readCacheEntry(file, key));
  if (kept !== undefined) return kept;
  if (offline) {
    throw new PolyenvError('offline', `${maskUrl(url)} has to be read once, and the network is switched off`, {
      hint: 'run it once without --offline',
      elsewhere: true,
    });
  }
  const answer = await http.get(target.url, { headers: { ...target.headers }, encoding: 'raw' });
  if (answer.status === 404 || answer.status === 410) {
    for await (const _ of answer.body) break;
    return undefined;
  }
  const hash = createHash('sha256');
  let size = 0;
  for await (const chunk of answer.body) {
    size += chunk.length;
    if (size > limit) throw new PolyenvError('digest-mismatch', `${maskUrl(url)} is larger than ${limit} bytes`);
    hash.update(chunk);
  }
  const found: HashedArchive = { digest: { kind: 'sha256', value: hash.digest('hex') }, size };
  const bytes = Buffer.from(`${found.digest.value} ${size}`);
  await writeCacheEntry({ file, key, name, bytes, validators: {}, when: ask.now() });
  return found;
}

function decodeKept(entry: { readonly bytes: Uint8Array } | undefined): HashedArchive | undefined {
  const text = entry === undefined ? '' : Buffer.from(entry.bytes).toString('latin1');
  const [, value, size] = /^([0-9a-f]{64}) (\d{1,15})$/.exec(text) ?? [];
  return value === undefined ? undefined : { digest: { kind: 'sha256', value }, size: Number(size) };
}
