import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { closingAfter } from '../../adapters/files/durable';
import { ensureFolder, removeTree } from '../../adapters/files/fs';
import { refuseFull } from '../../adapters/files/room';
import { withLock } from '../../adapters/home/lock';
import { closeTree } from '../../adapters/store/disk-use';
import {
  findToolchain,
  isExecutableFile,
  publishToolchain,
  readTree,
  type StoredFile,
} from '../../adapters/store/store';
import { checkStartable } from '../../adapters/system/startable';
import { downloadName, type PartDownload } from '../../adapters/upstream/part-download';
import type { Part, Proof, Recipe } from '../../domain/runtime/artifact';
import type { ArchiveSignature } from '../../domain/runtime/runtime';
import { compareProof } from '../../domain/toolchain/proof-kinds';
import { describeProof, proofText, storeKey, type Toolchain, weakestProof } from '../../domain/toolchain/toolchain';
import { type ErrorCode, PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import type { Context } from '../base/context';
import { readyHome } from '../base/ready-home';
import { outsidePlace } from '../project/place';
import { carriedOf } from './carried';
import { checkGivenHash } from './given-hash';
import { type OwnedPart, ownedParts, sourceOf } from './lock-belief';
import { fetchPacking } from './packing';
import { carriedBeside, downloadAt } from './places';
import type { PlatformRelease } from './platform-release';
import { weakerProof } from './resolve';
import { withNeed } from './room';
import { limit } from './slots';

/** The key under which a release is or would be installed. Throws `lock-foreign` if the source would not name what the release names. */
export function releaseKey(release: PlatformRelease): string {
  return storeKey({
    tool: release.runtime.id,
    version: release.version,
    platform: release.platform,
    parts: ownedParts(release),
  });
}

/**
 * The toolchain of a release, downloaded, proved, unpacked and published if it was not there yet. One process does the
 * work, others wait for it. Throws the catalogue's network, digest and archive errors; nothing is left behind then.
 */
export async function installToolchain(ctx: Context, release: PlatformRelease): Promise<Toolchain> {
  const key = releaseKey(release);
  const present = await findToolchain(ctx.home, key);
  if (present !== undefined) return present;
  checkPolicy(ctx, release);
  await readyHome(ctx);
  const name = `${release.runtime.id} ${release.version}`;
  return withLock(
    {
      home: ctx.home,
      host: ctx.host,
      name: key,
      purpose: `installing ${name}`,
      timeout: ctx.settings.lockTimeout,
      emit: ctx.emit,
    },
    async () => (await findToolchain(ctx.home, key)) ?? (await fetchToolchain(ctx, release, key)),
  );
}

/** The toolchain of a release once more, in the place of one that is damaged: that one goes only when the new one is proved. */
export async function reinstallToolchain(ctx: Context, release: PlatformRelease): Promise<Toolchain> {
  const key = releaseKey(release);
  checkPolicy(ctx, release);
  await readyHome(ctx);
  const { home, host, emit, settings } = ctx;
  const purpose = `repairing ${release.runtime.id} ${release.version}`;
  return withLock({ home, host, name: key, purpose, timeout: settings.lockTimeout, emit }, () =>
    fetchToolchain(ctx, release, key),
  );
}

async function fetchToolchain(ctx: Context, release: PlatformRelease, key: string): Promise<Toolchain> {
  const started = ctx.host.now().getTime();
  const { id } = release.runtime;
  // The lock of this key is held, so whatever stands here was left by a process that died.
  const staging = join(ctx.home.tmp, key);
  await removeTree(staging);
  await ensureFolder(staging);
  return closingAfter({ close: () => removeTree(staging) }, async () => {
    const root = join(staging, 'tree');
    await ensureFolder(root);
    ctx.emit({ type: 'phase', tool: id, version: release.version, phase: 'download' });
    const pieces = ownedParts(release);
    const { files: fetched, parts } = await fetchParts(ctx, release, { pieces: pieces.filter(isFetched), root });
    const built = await buildPieces(ctx, release, { pieces, root, scratch: join(staging, 'build') });
    const unpacked = [...fetched, ...built.files];
    const proved: PlatformRelease = {
      ...release,
      parts: [...parts, ...pieces.filter((one) => !isFetched(one)).map(({ part }) => part)],
    };
    checkMinimum(ctx, proved);
    checkTree(ctx, release, root);
    checkGivenHash(release, root);
    const { finishTree } = await import('./finish');
    const files = await finishTree(ctx, release, { root, final: join(ctx.home.store, key), files: unpacked });
    ctx.emit({ type: 'phase', tool: id, version: release.version, phase: 'publish' });
    const toolchain = {
      ...describeToolchain(ctx, { release: proved, key, bytes: await closeTree(root) }),
      ...present({ built: built.by }),
    };
    await publishToolchain(ctx.home, toolchain, { root, files });
    ctx.emit({
      type: 'installed',
      tool: id,
      version: release.version,
      source: release.source,
      proof: describeProof(toolchain),
      milliseconds: ctx.host.now().getTime() - started,
    });
    return toolchain;
  });
}

/** What lies in the tree as it was published. */
function isFetched({ recipe }: OwnedPart): boolean {
  return recipe.build === undefined && recipe.tool === undefined;
}

/** What comes as source is built by the toolchain that the release names beside it, and which then is in the store as any other. */
async function buildPieces(
  ctx: Context,
  release: PlatformRelease,
  of: { readonly pieces: readonly OwnedPart[]; readonly root: string; readonly scratch: string },
): Promise<{ readonly files: readonly StoredFile[]; readonly by?: string }> {
  const sources = of.pieces.filter(({ recipe }) => recipe.build !== undefined);
  if (sources.length === 0) return { files: [] };
  const { buildFromSource, toolRelease } = await import('./build');
  const tool = await installToolchain(ctx, await toolRelease(release, of.pieces));
  return buildFromSource(ctx, { ...of, release, sources, tool });
}

/** Archives together with what they hold are at least so many times the archives. */
const UNPACKED = 3;

async function fetchParts(
  ctx: Context,
  release: PlatformRelease,
  { pieces, root }: { readonly pieces: readonly OwnedPart[]; readonly root: string },
): Promise<{ readonly files: readonly StoredFile[]; readonly parts: readonly Part[] }> {
  const sizes = new Map(pieces.map((piece) => [piece, piece.part.size]));
  const known = [...sizes.values()];
  // Of what is known to be needed: the archives and what comes out of them.
  if (known.every((size) => size !== undefined)) {
    const needed = known.reduce((sum, size) => sum + size, 0) * UNPACKED;
    refuseFull(ctx.home.root, needed, `${release.runtime.id} ${release.version}`);
  }
  const { lines } = await ctx.network();
  const stop = new AbortController();
  let bytes = 0;
  const { version, platform } = release;
  const tool = release.runtime.id;
  const told = (count: number): void => {
    bytes += count;
    const total = totalOf([...sizes.values()]);
    ctx.emit({ type: 'progress', tool, version, phase: 'download', bytes, ...present({ total }) });
  };
  const name = `${tool} ${version} for ${platform}`;
  const sought = { name, carried: carriedOf(release), signal: stop.signal, ...present({ lock: release.lock }) };
  const unpacked = await Promise.allSettled(
    pieces.map((piece) =>
      limit(ctx.settings.jobs, () =>
        fetchPacking(ctx, piece, ({ part, recipe, leastRate }) =>
          downloadAt(ctx, { ...sought, part }, async (place) => {
            stop.signal.throwIfAborted();
            sizes.set(piece, part.size);
            let received = 0;
            const download: PartDownload = {
              ...place,
              part,
              downloads: ctx.home.downloads,
              offline: ctx.settings.offline,
              signal: stop.signal,
              limit: ctx.settings.archiveLimit * 2 ** 20,
              onSize: (size) => sizes.set(piece, size),
              onResume: (count) => ctx.emit({ type: 'resumed', tool, version, bytes: count }),
              lines,
              ...present({ leastRate }),
              onBytes: (count) => {
                received += count;
                told(count);
              },
            };
            try {
              const signature = signatureOf(ctx, release, part);
              if (signature !== undefined) {
                return await fetchSigned(ctx, { release, recipe, download, signature, into: root });
              }
              const { fetchPart } = await import('../../adapters/upstream/download');
              const { files } = await fetchPart({ ...download, recipe, into: root });
              return { files, part: piece.part };
            } catch (error) {
              // At another place the download starts anew.
              bytes -= received;
              throw error;
            }
          }),
        ),
      ).catch((error: unknown) => {
        const told = withNeed(error, `${tool} ${version}`, totalOf([...sizes.values()]));
        stop.abort(told);
        throw told;
      }),
    ),
  );
  await lines.keep();
  if (stop.signal.aborted) throw stop.signal.reason;
  const done = unpacked.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  return { files: done.flatMap(({ files }) => files), parts: done.map(({ part }) => part) };
}

function totalOf(sizes: readonly (number | undefined)[]): number | undefined {
  return sizes.every((size) => size !== undefined) ? sizes.reduce((sum, size) => sum + size, 0) : undefined;
}

/** Where the upstream signs the archive itself, the whole of it is held against that signature before it is unpacked. */
async function fetchSigned(
  ctx: Context,
  of: {
    readonly release: PlatformRelease;
    readonly recipe: Recipe;
    readonly download: PartDownload;
    readonly signature: ArchiveSignature;
    readonly into: string;
  },
): Promise<{ readonly files: readonly StoredFile[]; readonly part: Part }> {
  const { release, recipe, download, signature, into } = of;
  const { part } = download;
  const { fetchPart, keepPart } = await import('../../adapters/upstream/download');
  const had = existsSync(join(ctx.home.downloads, downloadName(part.digest)));
  const file = await keepPart({ ...download, format: recipe.format });
  const proof = await proveSigned(ctx, { release, part, file, signature });
  const { floor } = release;
  // guard: archive-proof-floor
  if (floor !== undefined && compareProof(proof.kind, floor.kind) < 0) {
    throw weakerProof(
      { ...release, tool: release.runtime.id },
      { platform: release.platform, before: floor, after: proof },
    );
  }
  const { files } = await fetchPart({ ...download, recipe, into, onBytes: () => undefined });
  if (!had) await removeTree(file);
  return { files, part: { ...part, proof } };
}

async function proveSigned(
  ctx: Context,
  of: {
    readonly release: PlatformRelease;
    readonly part: Part;
    readonly file: string;
    readonly signature: ArchiveSignature;
  },
): Promise<Proof> {
  const { release, part, file, signature } = of;
  const { upstream } = await ctx.network();
  try {
    const beside = await carriedBeside(ctx, release);
    return (await upstream.proveArchive({ file, url: part.at, signature }, beside)) ?? part.proof;
  } catch (error) {
    const unknowable = error instanceof PolyenvError && UNKNOWABLE.has(error.code);
    if (release.locked === undefined || !unknowable) throw error;
    if (error.code === 'key-unknown') ctx.emit({ type: 'warning', text: `${error.message}; the lock's digest holds` });
    return part.proof;
  }
}

/** Errors that do not count against an archive whose digest is locked. A wrong signature does count. */
const UNKNOWABLE: ReadonlySet<ErrorCode> = new Set([
  'key-unknown',
  'signature-missing',
  'offline',
  'network',
  'http-status',
]);

function signatureOf(ctx: Context, release: PlatformRelease, part: Part): ArchiveSignature | undefined {
  if (ctx.settings.verifySignatures === 'off' || part.proof.kind === 'signature') return undefined;
  return sourceOf(release).signature?.({ ...release, at: part.at });
}

/**
 * A genuine archive may still be one that cannot be used here. That is reported before it is published, not at the
 * first run.
 */
function checkTree(ctx: Context, release: PlatformRelease, root: string): void {
  const { runtime } = release;
  const { commands } = runtime.layout(readTree(root, release.version, release.platform), outsidePlace(ctx, root));
  const main = commands[runtime.probe.command];
  const name = `${runtime.id} ${release.version} from ${release.source}`;
  if (main === undefined || !isExecutableFile(join(root, main))) {
    throw new PolyenvError(
      'archive-invalid',
      `${name} has no program ${main ?? runtime.probe.command} that can be run`,
      {
        hint: `report it, or try another source: polyenv use ${runtime.id}@${release.version} --source ID`,
      },
    );
  }
  if (release.platform === ctx.platform) checkStartable(ctx.host, join(root, main), name);
}

function checkPolicy(ctx: Context, release: PlatformRelease): void {
  const weakest = weakestProof(release.parts);
  if (weakest === undefined) {
    throw new PolyenvError(
      'digest-missing',
      `${release.source} gives no digest for ${release.runtime.id} ${release.version}, so it is not installed`,
    );
  }
  // An archive that has a signature of its own is judged once that signature was checked.
  if (release.parts.every((part) => signatureOf(ctx, release, part) === undefined)) checkMinimum(ctx, release);
  const { sourcesAllowed } = ctx.settings;
  if (sourcesAllowed.length > 0 && !sourcesAllowed.includes(release.source)) {
    throw new PolyenvError('source-refused', `the source ${release.source} is not among sources.allowed`, {
      hint: 'polyenv settings get sources.allowed',
    });
  }
}

function checkMinimum(ctx: Context, release: PlatformRelease): void {
  const weakest = weakestProof(release.parts);
  const { verifyMinimum } = ctx.settings;
  if (weakest !== undefined && compareProof(weakest.kind, verifyMinimum) < 0) {
    throw new PolyenvError(
      'proof-weaker',
      `${release.runtime.id} ${release.version} is proved by ${proofText(weakest)} only, and verify.minimum asks for ${verifyMinimum}`,
      {
        hint: 'polyenv settings get verify.minimum',
      },
    );
  }
}

function describeToolchain(
  ctx: Context,
  made: { readonly release: PlatformRelease; readonly key: string; readonly bytes: number },
): Toolchain {
  const { release, key, bytes } = made;
  return {
    key,
    tool: release.runtime.id,
    version: release.version,
    ...present({ vendor: release.vendor, variant: release.variant }),
    options: release.options,
    platform: release.platform,
    source: release.source,
    root: join(ctx.home.store, key),
    parts: release.parts,
    bytes,
    installed: ctx.host.now().toISOString(),
  };
}
