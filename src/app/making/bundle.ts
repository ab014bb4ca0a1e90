import { isAbsolute, join } from 'node:path';
import { readTextIfAny } from '../../adapters/files/fs';
import { prepareHome } from '../../adapters/home/home';
import { withLock } from '../../adapters/home/lock';
import { keptSize, readBundle, writeBundle } from '../../adapters/upstream/bundle-file';
import { keepPart } from '../../adapters/upstream/download';
import { formatDigest } from '../../domain/runtime/digest';
import type { PlatformKey } from '../../domain/runtime/platform';
import type { BundledArchive } from '../../domain/toolchain/bundle';
import { artifactFor, type LockEntry } from '../../domain/toolchain/lockfile';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import type { Context } from '../base/context';
import { loadRuntime } from '../base/registry';
import { decodeLock, readLock } from '../project/locks';
import { findProject } from '../project/project';
import { type Order, type Piece, piecesOf } from '../toolchains/install';
import { limit } from '../toolchains/slots';

export interface BundleOptions {
  /** Empty for this machine's own. */
  readonly platforms: readonly PlatformKey[];
  /** Absolute, or relative to the context's folder. */
  readonly file: string;
  /** `polyenv.lock` files; empty for that of this project. */
  readonly locks: readonly string[];
}

export interface Bundled {
  readonly file: string;
  readonly archives: readonly BundledArchive[];
  /** What a lock has not for a platform, in words. */
  readonly gaps: readonly string[];
}

/**
 * One file with every archive that the locks name for the platforms, proved as for an install. Archives that `downloads/`
 * already has are not fetched again, so a broken attempt goes on where it stopped.
 */
export async function createBundle(ctx: Context, options: BundleOptions): Promise<Bundled> {
  const platforms = options.platforms.length === 0 ? [ctx.platform] : [...new Set(options.platforms)];
  const entries = await lockedEntries(ctx, options.locks);
  const { pieces, gaps } = await piecesFor(entries, platforms);
  if (pieces.length === 0) {
    throw new PolyenvError(
      'lock-missing',
      `nothing is locked for ${platforms.join(', ')}, so there is nothing to bundle`,
      {
        hint: 'polyenv lock',
      },
    );
  }
  await prepareHome(ctx.home);
  const archives = await Promise.all(pieces.map((piece) => fetchArchive(ctx, piece)));
  const file = inFolder(ctx, options.file);
  await writeBundle(file, { archives }, ctx.home.downloads);
  return { file, archives, gaps };
}

/** Takes a bundle's archives into `downloads/`, each by its digest: `install --offline` then finds them. */
export async function installBundle(ctx: Context, file: string): Promise<Bundled> {
  await prepareHome(ctx.home);
  const { home, host, emit, settings } = ctx;
  const path = inFolder(ctx, file);
  const archives = await withLock(
    { home, host, name: 'bundle', purpose: 'reading a bundle', timeout: settings.lockTimeout, emit },
    () =>
      readBundle(path, home.downloads, ({ tool, version }) =>
        emit({ type: 'note', text: `${tool} ${version}: proved by its digest` }),
      ),
  );
  return { file: path, archives, gaps: [] };
}

/** Of alternatives, every one: who unpacks it may be allowed another source than who makes it. */
async function lockedEntries(ctx: Context, paths: readonly string[]): Promise<readonly LockEntry[]> {
  if (paths.length === 0) {
    const project = await findProject(ctx, ctx.directory);
    const folders = [...new Set(project.decisions.map((decision) => decision.folder))];
    const locks = await Promise.all(folders.map((folder) => readLock(ctx, folder)));
    return locks.flatMap(({ lock }) => lock.entries);
  }
  const locks = await Promise.all(
    paths.map(async (given) => {
      const path = inFolder(ctx, given);
      const text = await readTextIfAny(path);
      if (text === undefined)
        throw new PolyenvError('lock-missing', 'there is no such lock', {
          where: { file: path },
          hint: 'polyenv lock',
        });
      return decodeLock(text, path);
    }),
  );
  return locks.flatMap(({ entries }) => entries);
}

interface OrderedPiece extends Piece {
  readonly order: Order;
}

async function piecesFor(
  entries: readonly LockEntry[],
  platforms: readonly PlatformKey[],
): Promise<{ readonly pieces: readonly OrderedPiece[]; readonly gaps: readonly string[] }> {
  const pieces = new Map<string, OrderedPiece>();
  const gaps: string[] = [];
  for (const entry of entries) {
    const runtime = await loadRuntime(entry.tool);
    for (const platform of platforms) {
      const artifact = artifactFor(entry, platform);
      if (artifact === undefined) {
        gaps.push(`${entry.source} has no ${entry.tool} ${entry.version} for ${platform}`);
        continue;
      }
      const { source, version, vendor, variant, request } = entry;
      const order: Order = {
        runtime,
        source,
        version,
        ...present({ vendor, variant }),
        options: request.options,
        platform,
        parts: artifact.parts,
        locked: true,
      };
      for (const piece of piecesOf(order)) pieces.set(formatDigest(piece.part.digest), { ...piece, order });
    }
  }
  return { pieces: [...pieces.values()], gaps };
}

async function fetchArchive(ctx: Context, { order, part, recipe }: OrderedPiece): Promise<BundledArchive> {
  const { http, upstream } = await ctx.network();
  const tool = order.runtime.id;
  return limit(ctx.settings.jobs, async () => {
    let bytes = 0;
    const { url, headers } = await upstream.locate(part.at);
    const path = await keepPart({
      http,
      url,
      headers,
      part,
      format: recipe.format,
      downloads: ctx.home.downloads,
      offline: ctx.settings.offline,
      onBytes: (count) => {
        bytes += count;
        const total = part.size === undefined ? {} : { total: part.size };
        ctx.emit({ type: 'progress', tool, version: order.version, phase: 'download', bytes, ...total });
      },
    });
    return {
      digest: part.digest,
      size: keptSize(path),
      tool,
      version: order.version,
      platform: order.platform,
      format: recipe.format,
    };
  });
}

function inFolder(ctx: Context, file: string): string {
  return isAbsolute(file) ? file : join(ctx.directory, file);
}
