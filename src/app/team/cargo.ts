import { isAbsolute, join } from 'node:path';
import { readTextIfAny } from '../../adapters/files/fs';
import { withLock } from '../../adapters/home/lock';
import { keepPart } from '../../adapters/upstream/download';
import { downloadName } from '../../adapters/upstream/part-download';
import type { Part } from '../../domain/runtime/artifact';
import { PLATFORMS, type PlatformKey } from '../../domain/runtime/platform';
import { type Blob, type Carried, carriedText } from '../../domain/team/carried';
import { blobOf, type StoredArchive } from '../../domain/team/manifest';
import { toolchainTag } from '../../domain/team/tag';
import type { LockEntry, Lockfile } from '../../domain/toolchain/lockfile';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import type { Context } from '../base/context';
import { findProjectsBelow } from '../changes/install-all';
import { decodeLock, readLock } from '../project/locks';
import { findProject } from '../project/project';
import { carriedOf, lockedRelease } from '../toolchains/carried';
import { type OwnedPart, ownedParts } from '../toolchains/lock-belief';
import { downloadAt } from '../toolchains/places';
import type { PlatformRelease } from '../toolchains/platform-release';
import { limit } from '../toolchains/slots';

/** A toolchain for one platform on its way into a store or a bundle. */
export interface Cargo {
  readonly tag: string;
  readonly carried: Carried;
  readonly release: PlatformRelease;
  /** In the order of the carried archives. */
  readonly pieces: readonly OwnedPart[];
}

export interface Cargoes {
  readonly cargoes: readonly Cargo[];
  /** What a lock has not for a platform, in words. */
  readonly gaps: readonly string[];
}

/** A lock with the place that it was read from. */
export interface NamedLock {
  /** Absolute. */
  readonly path: string;
  readonly lock: Lockfile;
}

/** The locks that are named; else those of this project; with `below` those of every project in the folder. */
export async function locksFor(
  ctx: Context,
  asked: { readonly paths: readonly string[]; readonly scope: 'project' | 'below' },
): Promise<readonly NamedLock[]> {
  if (asked.paths.length > 0) return Promise.all(asked.paths.map((given) => lockAt(ctx, given)));
  const projects =
    asked.scope === 'below'
      ? (await findProjectsBelow(ctx, ctx.directory)).map(({ project }) => project)
      : [await findProject(ctx, ctx.directory)];
  const folders = projects.flatMap(({ decisions }) => decisions.map(({ folder }) => folder));
  const locks = await Promise.all([...new Set(folders)].map((folder) => readLock(ctx, folder)));
  return locks.filter(({ lock }) => lock.entries.length > 0);
}

/** What a lock names for the platforms; of alternatives, every one: others may be allowed other sources than we are. */
export async function cargoOf(entries: readonly LockEntry[], platforms: readonly PlatformKey[]): Promise<Cargoes> {
  const found = new Map<string, Cargo>();
  const gaps: string[] = [];
  for (const entry of entries) {
    for (const platform of platforms) {
      const release = await lockedRelease(entry, platform);
      if (release === undefined) {
        gaps.push(`${entry.source} has no ${entry.tool} ${entry.version} for ${platform}`);
        continue;
      }
      const cargo = loaded(release);
      found.set(cargo.tag, cargo);
    }
  }
  return { cargoes: [...found.values()], gaps };
}

/** Everything that the lock names, for every platform that its sources have. */
export async function wholeCargo(lock: Lockfile): Promise<readonly Cargo[]> {
  return (await cargoOf(lock.entries, PLATFORMS)).cargoes;
}

/** The original archive, whole and proved, in `downloads/`: its path. One process fetches it, others wait for it. */
export async function keepArchive(
  ctx: Context,
  { release, carried }: Cargo,
  { part, recipe, avoid }: OwnedPart & { readonly avoid?: string },
): Promise<string> {
  const { home, host, emit, settings } = ctx;
  const tool = release.runtime.id;
  const name = carriedText(carried);
  const locked = { home, host, emit, name: lockName(part), purpose: `fetching ${name}`, timeout: settings.lockTimeout };
  return limit(settings.jobs, () =>
    withLock(locked, () =>
      downloadAt(ctx, { part, name, carried, ...present({ avoid }) }, async (place) => {
        let bytes = 0;
        return keepPart({
          ...place,
          part,
          format: recipe.format,
          downloads: home.downloads,
          offline: settings.offline,
          onBytes: (count) => {
            bytes += count;
            const { version } = release;
            emit({ type: 'progress', tool, version, phase: 'download', bytes, ...present({ total: part.size }) });
          },
        });
      }),
    ),
  );
}

/** Bytes of an archive, as its source says now where the lock does not; `undefined` where it does not say. */
export async function askSize(ctx: Context, part: Part): Promise<number | undefined> {
  if (part.size !== undefined) return part.size;
  const { http, upstream } = await ctx.network();
  try {
    const { url, headers } = await upstream.locate(part.at);
    const one = { ...headers, range: 'bytes=0-0', 'accept-encoding': 'identity' };
    const answer = await http.get(url, { headers: one, encoding: 'raw', retries: 0 });
    const body = answer.body[Symbol.asyncIterator]();
    // Only the head of the answer is needed: the connection is closed before the body comes.
    await body.next();
    await body.return?.();
    const said = answer.status === 206 ? /\/(\d+)$/.exec(answer.headers['content-range'] ?? '')?.[1] : undefined;
    const size = Number(said ?? (answer.status === 200 ? answer.headers['content-length'] : undefined) ?? Number.NaN);
    return Number.isSafeInteger(size) ? size : undefined;
  } catch (error) {
    if (error instanceof PolyenvError) return undefined;
    throw error;
  }
}

/** The small files that prove an archive, as a manifest names them and as bytes. */
export interface ProofFiles {
  readonly signature?: NonNullable<StoredArchive['signature']>;
  readonly files: readonly { readonly blob: Blob; readonly bytes: Uint8Array }[];
}

/**
 * The signature of an archive that its upstream signs itself, and the keys that may have made it: carried along, so that who
 * has nothing but the store or the bundle still has the proof. What its publisher does not give now is left out: it would
 * prove more, and nothing is taken for proved without it.
 */
export async function proofFiles(ctx: Context, { release }: Cargo, { part }: OwnedPart): Promise<ProofFiles> {
  const source = release.runtime.sources.find(({ id }) => id === release.source);
  const signed = source?.signature?.({ ...release, at: part.at });
  if (signed === undefined) return { files: [] };
  const made = await fetchBeside(ctx, signed.url);
  if (made === undefined) return { files: [] };
  const urls = signed.keys.fingerprints.map((fingerprint) => signed.keys.material(fingerprint));
  const keys = (await Promise.all(urls.map((url) => fetchBeside(ctx, url)))).filter((key) => key !== undefined);
  const named = keys.map(({ blob, url }) => ({ blob, url }));
  return { signature: { blob: made.blob, url: made.url, keys: named }, files: [made, ...keys] };
}

async function fetchBeside(
  ctx: Context,
  url: string,
): Promise<{ readonly blob: Blob; readonly url: string; readonly bytes: Uint8Array } | undefined> {
  const { upstream } = await ctx.network();
  try {
    const bytes = await upstream.beside(url);
    return bytes === undefined ? undefined : { blob: blobOf(bytes), url, bytes };
  } catch (error) {
    if (error instanceof PolyenvError) return undefined;
    throw error;
  }
}

/** Whether the person keeps a vendor or a runtime out of every store. */
export function isLeftOut({ settings }: Context, { tool, vendor }: Carried): boolean {
  return settings.storeLeaveOut.some((word) => word === tool || word === vendor);
}

export function inFolder(ctx: Context, file: string): string {
  return isAbsolute(file) ? file : join(ctx.directory, file);
}

async function lockAt(ctx: Context, given: string): Promise<NamedLock> {
  const path = inFolder(ctx, given);
  const text = await readTextIfAny(path);
  if (text === undefined) {
    throw new PolyenvError('lock-missing', 'there is no such lock', { where: { file: path }, hint: 'polyenv lock' });
  }
  return { path, lock: decodeLock(text, path) };
}

function loaded(release: PlatformRelease): Cargo {
  const carried = carriedOf(release);
  return { tag: toolchainTag(carried), carried, release, pieces: ownedParts(release) };
}

function lockName(part: OwnedPart['part']): string {
  return `archive-${downloadName(part.digest)}`.slice(0, 100);
}
