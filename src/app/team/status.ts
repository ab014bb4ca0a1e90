import { findManifest, readManifest } from '../../adapters/registry/manifests';
import type { Registry } from '../../adapters/registry/registry';
import { findBlob } from '../../adapters/registry/uploads';
import type { Part } from '../../domain/runtime/artifact';
import { formatDigest } from '../../domain/runtime/digest';
import { archivesOf, readDocument } from '../../domain/team/manifest-reading';
import type { Reference } from '../../domain/team/reference';
import { archiveTag, lockTag } from '../../domain/team/tag';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';
import { type Cargo, type NamedLock, wholeCargo } from './cargo';

export interface StoreStatus {
  readonly store: string;
  readonly rows: readonly StatusRow[];
  readonly locks: readonly { readonly path: string; readonly tag: string; readonly state: 'there' | 'missing' }[];
}

export interface StatusRow {
  readonly cargo: Cargo;
  /** Archives that whoever installs would get from there, of how many. */
  readonly there: number;
  readonly of: number;
}

/** What of the locks lies in the store. Each archive is asked for itself: no index is believed. */
export async function storeStatus(
  ctx: Context,
  asked: { readonly reference: Reference; readonly locks: readonly NamedLock[] },
): Promise<StoreStatus> {
  const { stores } = await ctx.network();
  const registry = stores.registry(asked.reference, []);
  const known = new Map<string, Promise<boolean>>();
  const has = (part: Part): Promise<boolean> => {
    const key = formatDigest(part.digest);
    const running = known.get(key) ?? isThere(registry, part);
    known.set(key, running);
    return running;
  };
  const rows = new Map<string, StatusRow>();
  const locks: StoreStatus['locks'][number][] = [];
  for (const { path, lock } of asked.locks) {
    const cargoes = await wholeCargo(lock);
    for (const cargo of cargoes) {
      const there = await Promise.all(cargo.pieces.map(({ part }) => has(part)));
      rows.set(cargo.tag, { cargo, there: there.filter(Boolean).length, of: there.length });
    }
    const tag = lockTag(cargoes.map(({ carried }) => carried));
    const found = await findManifest(registry, tag, 'pull');
    locks.push({ path, tag, state: found === undefined ? 'missing' : 'there' });
  }
  if (rows.size === 0) {
    throw new PolyenvError('lock-missing', 'nothing is locked, so there is nothing to look for', {
      hint: 'polyenv lock',
    });
  }
  return { store: registry.name, rows: [...rows.values()], locks };
}

async function isThere(registry: Registry, { digest }: Part): Promise<boolean> {
  const tag = archiveTag(digest);
  if (tag === undefined) return (await findBlob(registry, formatDigest(digest), 'pull')) !== undefined;
  const text = await readManifest(registry, tag, 'pull');
  const read = text === undefined ? undefined : readDocument(text);
  if (read === undefined || 'problem' in read || read.kind !== 'manifest') return false;
  const named = archivesOf(read.layers).find((archive) => formatDigest(archive.digest) === formatDigest(digest));
  return named !== undefined && (await findBlob(registry, named.blob.digest, 'pull')) !== undefined;
}
