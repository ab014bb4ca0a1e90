import { prepareHome } from '../../adapters/home/home';
import { withLock } from '../../adapters/home/lock';
import { keptSize, readBundle, writeBundle } from '../../adapters/upstream/bundle-file';
import { formatDigest } from '../../domain/runtime/digest';
import type { PlatformKey } from '../../domain/runtime/platform';
import type { BundledArchive } from '../../domain/toolchain/bundle';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';
import { type Cargo, cargoOf, inFolder, keepArchive, locksFor } from '../team/cargo';
import type { Piece } from '../toolchains/order';

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
  const locks = await locksFor(ctx, { paths: options.locks, scope: 'project' });
  const { cargoes, gaps } = await cargoOf(
    locks.flatMap(({ lock }) => lock.entries),
    platforms,
  );
  if (cargoes.length === 0) {
    throw new PolyenvError(
      'lock-missing',
      `nothing is locked for ${platforms.join(', ')}, so there is nothing to bundle`,
      {
        hint: 'polyenv lock',
      },
    );
  }
  await prepareHome(ctx.home);
  const loads = new Map<string, { readonly cargo: Cargo; readonly piece: Piece }>();
  for (const cargo of cargoes) {
    for (const piece of cargo.pieces) loads.set(formatDigest(piece.part.digest), { cargo, piece });
  }
  const archives = await Promise.all([...loads.values()].map((load) => fetchArchive(ctx, load)));
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

async function fetchArchive(
  ctx: Context,
  { cargo, piece }: { readonly cargo: Cargo; readonly piece: Piece },
): Promise<BundledArchive> {
  const path = await keepArchive(ctx, cargo, piece);
  const { tool, version, platform } = cargo.carried;
  const { digest } = piece.part;
  return { digest, size: keptSize(path), tool, version, platform, format: piece.recipe.format };
}
