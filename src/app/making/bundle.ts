import { existsSync, statSync } from 'node:fs';
import { prepareHome } from '../../adapters/home/home';
import { withLock } from '../../adapters/home/lock';
import { hashBlob } from '../../adapters/registry/blob-files';
import { readBundle, readFirstName } from '../../adapters/upstream/bundle-file';
import { type LayoutFiles, openLayoutFolder, openLayoutTar } from '../../adapters/upstream/image-layout';
import { type LayoutBlob, readLayout, writeLayoutFolder, writeLayoutTar } from '../../adapters/upstream/layout-bundle';
import { formatDigest } from '../../domain/runtime/digest';
import type { PlatformKey } from '../../domain/runtime/platform';
import type { TaggedDocument } from '../../domain/team/image-layout';
import {
  archiveManifest,
  configOf,
  type Document,
  type Entry,
  lockIndex,
  type StoredArchive,
  toolchainManifest,
} from '../../domain/team/manifest';
import { archiveTag, lockTag } from '../../domain/team/tag';
import { BUNDLE_LIST, type TakenArchive } from '../../domain/toolchain/bundle';
import { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import type { Context } from '../base/context';
import { type Cargo, cargoOf, inFolder, keepArchive, locksFor, proofFiles } from '../team/cargo';

export interface BundleOptions {
  /** Empty for this machine's own. */
  readonly platforms: readonly PlatformKey[];
  /** Absolute, or relative to the context's folder. One that ends in a slash, or that is a folder, becomes a folder. */
  readonly file: string;
  /** `polyenv.lock` files; empty for that of this project. */
  readonly locks: readonly string[];
}

export interface Bundled {
  readonly file: string;
  readonly archives: readonly TakenArchive[];
  /** What a lock has not for a platform, in words. */
  readonly gaps: readonly string[];
  /** The tag under which other tools find all of it. */
  readonly tag?: string;
}

/**
 * An OCI image layout, as one tar or a folder, with every archive that the locks name for the platforms, proved as for an
 * install, under the tags that a push would give them. Archives that `downloads/` already has are not fetched again, so a
 * broken attempt goes on where it stopped.
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
      { hint: 'polyenv lock' },
    );
  }
  await prepareHome(ctx.home);
  const kept = new Map<string, Promise<KeptArchive>>();
  const keep = (cargo: Cargo, piece: Cargo['pieces'][number]): Promise<KeptArchive> => {
    const key = formatDigest(piece.part.digest);
    const running = kept.get(key) ?? keepOne(ctx, cargo, piece);
    kept.set(key, running);
    return running;
  };
  const loaded = await Promise.all(
    cargoes.map(async (cargo) => ({
      cargo,
      archives: await Promise.all(cargo.pieces.map((piece) => keep(cargo, piece))),
    })),
  );
  const all = await Promise.all(kept.values());
  const tag = lockTag(cargoes.map(({ carried }) => carried));
  const layout = { tagged: documentsOf(loaded, tag), blobs: [...all.flatMap(({ blobs }) => blobs), emptyConfig()] };
  const file = inFolder(ctx, options.file);
  const isFolder = options.file.endsWith('/') || (existsSync(file) && statSync(file).isDirectory());
  await (isFolder ? writeLayoutFolder : writeLayoutTar)(file, layout);
  return { file, archives: all.map(({ archive }) => archive), gaps, tag };
}

/** Takes a bundle's archives into `downloads/`, each by its digest: `install --offline` then finds them. */
export async function installBundle(ctx: Context, file: string): Promise<Bundled> {
  await prepareHome(ctx.home);
  const { home, host, emit, settings } = ctx;
  const path = inFolder(ctx, file);
  if (!existsSync(path)) {
    throw new PolyenvError('usage', 'there is no such bundle', {
      where: { file: path },
      hint: 'polyenv bundle create',
    });
  }
  const tell = ({ tool, version }: TakenArchive): void =>
    emit({ type: 'note', text: `${tool} ${version}: proved by its digest` });
  const archives = await withLock(
    { home, host, name: 'bundle', purpose: 'reading a bundle', timeout: settings.lockTimeout, emit },
    async () => {
      const isFolder = statSync(path).isDirectory();
      if (!isFolder && (await readFirstName(path)) === BUNDLE_LIST) return readBundle(path, home.downloads, tell);
      const files: LayoutFiles = isFolder ? openLayoutFolder(path) : await openLayoutTar(path);
      try {
        return await readLayout(files, { path, downloads: home.downloads }, tell);
      } finally {
        await files.close();
      }
    },
  );
  return { file: path, archives, gaps: [] };
}

interface KeptArchive {
  readonly archive: TakenArchive;
  readonly stored: StoredArchive;
  readonly blobs: readonly LayoutBlob[];
}

async function keepOne(ctx: Context, cargo: Cargo, piece: Cargo['pieces'][number]): Promise<KeptArchive> {
  const file = await keepArchive(ctx, cargo, piece);
  const { part, recipe } = piece;
  const blob = await hashBlob(file, part.digest);
  const proof = await proofFiles(ctx, cargo, piece);
  const { tool, version, platform } = cargo.carried;
  const { format } = recipe;
  return {
    archive: { digest: part.digest, size: blob.size, tool, version, platform, format },
    stored: { part, format, blob, ...present({ signature: proof.signature }) },
    blobs: [{ ...blob, file }, ...proof.files.map((one) => ({ ...one.blob, bytes: one.bytes }))],
  };
}

/** What a push would write, under the same tags. */
function documentsOf(
  loaded: readonly { readonly cargo: Cargo; readonly archives: readonly KeptArchive[] }[],
  lock: string,
): readonly TaggedDocument[] {
  const tagged: TaggedDocument[] = [];
  const entries: Entry[] = [];
  const add = (tag: string, document: Document): void => void tagged.push({ tag, document });
  for (const { cargo, archives } of loaded) {
    const stored = cargo.carried.archives.map((archive, index) => ({
      ...(archives[index] as KeptArchive).stored,
      ...archive,
    }));
    const manifest = toolchainManifest(cargo.carried, stored, 'artifact');
    add(cargo.tag, manifest);
    entries.push({ carried: cargo.carried, manifest });
    for (const one of stored) {
      const tag = archiveTag(one.part.digest);
      if (tag !== undefined) add(tag, archiveManifest(one, 'artifact'));
    }
  }
  add(lock, lockIndex(entries));
  return tagged;
}

function emptyConfig(): LayoutBlob {
  const { digest, size, text } = configOf('artifact');
  return { digest, size, bytes: Buffer.from(text) };
}
