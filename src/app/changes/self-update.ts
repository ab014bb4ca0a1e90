import { existsSync } from 'node:fs';
import { copyFile, readFile, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { capture } from '../../adapters/children/capture';
import { ensureFolder, readTextIfAny, removeTree } from '../../adapters/files/fs';
import { homeLayout, prepareHome } from '../../adapters/home/home';
import { writeLauncher } from '../../adapters/home/launcher';
import { withLock } from '../../adapters/home/lock';
import { originOf, ownFolder, ownLauncher, ownVersion, ownVersions, switchOwn } from '../../adapters/home/own-versions';
import { scrubbedEnv } from '../../adapters/system/spawn';
import { checkStartable } from '../../adapters/system/startable';
import { downloadName, type PartDownload } from '../../adapters/upstream/part-download';
import { type ChecksumList, parseChecksumList } from '../../domain/runtime/checksum-list';
import type { Digest } from '../../domain/runtime/digest';
import type { PlatformKey } from '../../domain/runtime/platform';
import { ownTag, ownVersionOf } from '../../domain/team/tag';
import {
  archiveName,
  compareOwn,
  isOwnVersion,
  RELEASE_BASE,
  releasePlaces,
  SUMS,
  topFolder,
} from '../../domain/toolchain/own-release';
import { keysFor } from '../../domain/toolchain/release-keys';
import { PolyenvError } from '../../domain/words/errors';
import { quoted } from '../../domain/words/printable';
import type { Context } from '../base/context';
import { downloadAt } from '../toolchains/places';

export interface Updating {
  /** Exactly this one; else the newest. */
  readonly version?: string | undefined;
  /** An archive of a release, with `SHA256SUMS` and its signature beside it, instead of the server. */
  readonly from?: string | undefined;
}

export interface Updated {
  readonly before: string;
  readonly version: string;
  readonly action: 'updated' | 'present' | 'back';
}

/** The newest version that is published, and the one that runs. Throws the catalogue's network errors. */
export async function newestVersion(ctx: Context): Promise<string> {
  try {
    if (ctx.settings.storeMode === 'only') return (await newestInStore(ctx)) ?? (await newestPublished(ctx));
    return await newestPublished(ctx);
  } catch (error) {
    if (!(error instanceof PolyenvError)) throw error;
    const found = await newestInStore(ctx);
    if (found === undefined) throw error;
    return found;
  }
}

/** By the tags of the team's store, which has nothing that names the newest: what it has is compared. */
async function newestInStore(ctx: Context): Promise<string | undefined> {
  const { stores } = await ctx.network();
  const configured = stores.configured();
  if (configured === undefined || ctx.settings.offline) return undefined;
  const { listTags } = await import('../../adapters/registry/manifests');
  try {
    const versions = (await listTags(configured.registry)).flatMap((tag) => ownVersionOf(tag) ?? []);
    return versions.filter(isOwnVersion).toSorted(compareOwn).at(-1);
  } catch (error) {
    if (error instanceof PolyenvError) return undefined;
    throw error;
  }
}

async function newestPublished(ctx: Context): Promise<string> {
  const base = baseOf(ctx);
  const text = (await bytesAt(ctx, `${base}/latest`)).toString('utf8').trim();
  if (!isOwnVersion(text)) {
    throw new PolyenvError(
      'upstream-malformed',
      `${base}/latest names no version of polyenv: ${quoted(text.slice(0, 60))}`,
      {
        hint: 'polyenv settings get update.url',
      },
    );
  }
  return text;
}

/**
 * Fetches a release, checks signature and digest, unpacks it beside the one in use, and switches by one rename; the one
 * before it stays. Throws `usage` where something else installed polyenv, and `layout-newer` where the release would not
 * know this home.
 */
export async function updateSelf(ctx: Context, { version: asked, from }: Updating): Promise<Updated> {
  refuseOthers(ctx);
  if (asked !== undefined && !isOwnVersion(asked)) throw noVersion(asked);
  const version = from === undefined ? (asked ?? (await newestVersion(ctx))) : versionOfFile(ctx, from, asked);
  const before = __VERSION__;
  if (asked === undefined && from === undefined && compareOwn(version, before) <= 0)
    return { before, version: before, action: 'present' };
  const { home, host, settings, emit } = ctx;
  await prepareHome(home);
  return withLock(
    { home, host, name: 'self-update', purpose: `updating polyenv to ${version}`, timeout: settings.lockTimeout, emit },
    async () => {
      if (!existsSync(ownFolder(home, version))) await fetchVersion(ctx, version, from);
      await refuseLayout(ctx, ownFolder(home, version));
      await switchTo(ctx, version);
      await removeOld(ctx);
      return { before, version, action: before === version ? 'present' : 'updated' } as const;
    },
  );
}

/** The archives of this very version, as the signed list of its release has them. */
export async function releaseArchives(
  ctx: Context,
  platforms: readonly PlatformKey[],
): Promise<ReadonlyMap<PlatformKey, { readonly url: string; readonly digest: Digest }>> {
  const base = baseOf(ctx);
  const [first] = platforms;
  if (first === undefined) return new Map();
  const list = await provedList({
    base,
    places: releasePlaces(base, __VERSION__, first),
    read: (path) => bytesAt(ctx, path),
  });
  return new Map(
    platforms.flatMap((platform) => {
      const { archive, name } = releasePlaces(base, __VERSION__, platform);
      const digest = list.get(name);
      return digest === undefined ? [] : [[platform, { url: archive, digest }] as const];
    }),
  );
}

/** The version before the one in use, which is still there. Throws `not-installed`. */
export async function goBack(ctx: Context): Promise<Updated> {
  refuseOthers(ctx);
  const { current = __VERSION__, previous } = await ownVersion(ctx.home);
  if (previous === undefined) {
    throw new PolyenvError('not-installed', 'there is no version of polyenv to go back to', {
      hint: 'polyenv self update VERSION',
    });
  }
  await refuseLayout(ctx, ownFolder(ctx.home, previous));
  await switchTo(ctx, previous);
  return { before: current, version: previous, action: 'back' };
}

/** Where releases are published for this person. */
export function baseOf(ctx: Context): string {
  return (ctx.settings.updateUrl || RELEASE_BASE).replace(/\/+$/, '');
}

async function bytesAt(ctx: Context, url: string): Promise<Buffer> {
  const { http } = await ctx.network();
  const answer = await http.get(url);
  const text = await answer.text(MOST_TEXT);
  if (answer.status < 300) return Buffer.from(text);
  throw new PolyenvError('http-status', `${url} answers ${answer.status}`, {
    hint: 'polyenv settings get update.url',
    status: answer.status,
  });
}

/** A small file of a release: the team's store first, where there is one. The signature is checked whoever gave it. */
async function ownFile(ctx: Context, version: string, url: string): Promise<Buffer> {
  const { stores } = await ctx.network();
  const configured = stores.configured();
  if (configured !== undefined && !ctx.settings.offline && ctx.settings.storeMode !== 'fallback') {
    const at = { toolchain: ownTag(version), lock: async () => undefined };
    const found = await configured.store.beside(basename(url), at).catch((error: unknown) => {
      if (error instanceof PolyenvError) return undefined;
      throw error;
    });
    if (found !== undefined) return Buffer.from(found);
  }
  return bytesAt(ctx, url);
}

const MOST_TEXT = 1024 * 1024;

function versionOfFile(ctx: Context, file: string, asked: string | undefined): string {
  const name = basename(file);
  const suffix = `-${ctx.platform}.tar.gz`;
  const version =
    name.startsWith('polyenv-') && name.endsWith(suffix) ? name.slice('polyenv-'.length, -suffix.length) : '';
  if (isOwnVersion(version) && (asked ?? version) === version) return version;
  const wanted = archiveName(asked ?? 'VERSION', ctx.platform);
  throw new PolyenvError('usage', `${name} is no release of polyenv for ${ctx.platform}`, {
    where: { file },
    hint: `the archive is called ${wanted}, with ${SUMS} and ${SUMS}.asc beside it`,
  });
}

async function fetchVersion(ctx: Context, version: string, from: string | undefined): Promise<void> {
  const { home, platform } = ctx;
  const base = from === undefined ? baseOf(ctx) : dirname(from);
  const places = releasePlaces(base, version, platform);
  const read = (path: string): Promise<Buffer> =>
    from === undefined ? ownFile(ctx, version, path) : readFile(join(base, basename(path)));
  const digest = await provedDigest({ base, places, read, platform });
  const staging = join(home.tmp, `self-${version}`);
  await removeTree(staging);
  try {
    const into = join(staging, 'tree');
    await ensureFolder(into);
    await unpack(ctx, { digest, into, version, url: places.archive, file: from });
    await checkRelease(ctx, into, version);
    await ensureFolder(home.self);
    await rename(into, ownFolder(home, version));
  } finally {
    await removeTree(staging);
  }
  ctx.emit({ type: 'note', text: `polyenv ${version}: the signature and the digest hold` });
}

/** What the signed list says of this platform's archive. Throws `signature-invalid`, `key-unknown`, `platform-missing`. */
async function provedDigest(of: {
  readonly base: string;
  readonly places: ReturnType<typeof releasePlaces>;
  readonly read: (path: string) => Promise<Buffer>;
  readonly platform: string;
}): Promise<Digest> {
  const { places, platform } = of;
  const digest = (await provedList(of)).get(places.name);
  if (digest !== undefined) return digest;
  throw new PolyenvError('platform-missing', `this release of polyenv has nothing for ${platform}`, {
    hint: 'npm install -g polyenv, where Node.js is there',
  });
}

async function provedList(of: {
  readonly base: string;
  readonly places: ReturnType<typeof releasePlaces>;
  readonly read: (path: string) => Promise<Buffer>;
}): Promise<ChecksumList> {
  const { base, places, read } = of;
  const [content, signature] = [await read(places.sums), await read(places.signature)];
  const { verifySignature } = await import('../../adapters/upstream/signature');
  // guard: release-signature
  await verifySignature({ content, signature, keys: keysFor(base) });
  return parseChecksumList(content.toString('utf8'));
}

async function unpack(
  ctx: Context,
  of: {
    readonly digest: Digest;
    readonly into: string;
    readonly version: string;
    readonly url: string;
    readonly file: string | undefined;
  },
): Promise<void> {
  const { digest, into, version, url, file } = of;
  const { fetchPart } = await import('../../adapters/upstream/download');
  const kept = join(ctx.home.downloads, downloadName(digest));
  if (file !== undefined && !existsSync(kept)) await copyFile(file, kept);
  let bytes = 0;
  try {
    const part = { at: url, digest, proof: { kind: 'signature', by: 'polyenv' } } as const;
    const unpackAt = (place: Pick<PartDownload, 'http' | 'url' | 'headers'>) =>
      fetchPart({
        ...place,
        part,
        recipe: { format: 'tar.gz', root: topFolder(version, ctx.platform) },
        into,
        downloads: ctx.home.downloads,
        offline: ctx.settings.offline,
        onBytes: (count) => {
          bytes += count;
          ctx.emit({ type: 'progress', tool: 'polyenv', version, phase: 'download', bytes });
        },
      });
    // What a person named as a file lies in `downloads/` now.
    if (file !== undefined) await unpackAt({ http: (await ctx.network()).http, url });
    else await downloadAt(ctx, { part, name: `polyenv ${version} for ${ctx.platform}` }, unpackAt);
  } finally {
    await removeTree(kept);
  }
}

/** Checks that the unpacked polyenv is the version that was asked for and starts here, before anything points to it. */
async function checkRelease(ctx: Context, root: string, version: string): Promise<void> {
  const { version: said } = await readPackage(root);
  const node = join(root, 'node', 'bin', 'node');
  if (said !== version || !existsSync(node)) {
    throw new PolyenvError('archive-invalid', `the archive is not polyenv ${version}`, { hint: 'polyenv self update' });
  }
  checkStartable(ctx.host, node, `polyenv ${version}`);
  const ran = await capture(
    { file: node, args: [join(root, 'dist', 'polyenv.cjs'), '--version'], env: scrubbedEnv(ctx.host), cwd: '/' },
    CHECK_TIME,
  );
  if (ran.exit !== 0 || ran.stdout.trim() !== version) {
    throw new PolyenvError(
      'cannot-start',
      `polyenv ${version} does not start here: ${quoted(ran.stderr.trim().slice(0, 200))}`,
      {
        hint: 'polyenv doctor',
      },
    );
  }
}

const CHECK_TIME = 60_000;

async function readPackage(root: string): Promise<{ readonly version: string; readonly layout: number }> {
  try {
    const { version, polyenv } = JSON.parse((await readTextIfAny(join(root, 'package.json'))) ?? '') as {
      readonly version?: unknown;
      readonly polyenv?: { readonly layout?: unknown };
    };
    const layout = polyenv?.layout;
    if (typeof version === 'string' && typeof layout === 'number') return { version, layout };
  } catch {
    // Told below.
  }
  throw new PolyenvError('archive-invalid', 'the archive does not say which version of polyenv it is', {
    hint: 'polyenv self update',
  });
}

/** An older polyenv does not know a newer home: it would refuse every command. */
async function refuseLayout(ctx: Context, root: string): Promise<void> {
  const { version, layout } = await readPackage(root);
  const have = await homeLayout(ctx.home);
  // guard: layout-downgrade
  if (layout < have) {
    throw new PolyenvError(
      'layout-newer',
      `polyenv ${version} knows layout ${layout} of the home, and this one has ${have}`,
      {
        where: { file: ctx.home.root },
        hint: 'polyenv self update, or set POLYENV_HOME to another folder',
      },
    );
  }
}

/** The link, the launcher, then the new polyenv brings shims and routes to its own form; a failure of that takes the switch back. */
async function switchTo(ctx: Context, version: string): Promise<void> {
  const { home, host } = ctx;
  const { current } = await ownVersion(home);
  const program = join(ownFolder(home, version), 'dist', 'polyenv.cjs');
  await switchOwn(home, version);
  const launcher = ownLauncher(home, program);
  if (launcher === undefined) throw new PolyenvError('state-invalid', `polyenv ${version} has no Node of its own`);
  await writeLauncher(home, launcher);
  const env = { ...scrubbedEnv(host), POLYENV_HOME: home.root };
  const ran = await capture({ file: launcher.node, args: [launcher.program, 'reshim'], env, cwd: '/' }, CHECK_TIME);
  if (ran.exit === 0) return;
  if (current !== undefined) await switchOwn(home, current);
  throw new PolyenvError(
    'failed',
    `polyenv ${version} cannot use this home: ${quoted(ran.stderr.trim().slice(0, 300))}`,
    {
      hint: 'the former version is in use again: polyenv doctor',
    },
  );
}

async function removeOld({ home }: Context): Promise<void> {
  const { current, previous } = await ownVersion(home);
  for (const version of await ownVersions(home))
    if (version !== current && version !== previous) await removeTree(ownFolder(home, version));
}

const OTHERS = {
  'npm-global': ['this polyenv was installed by npm', 'npm install -g polyenv@latest'],
  'npm-project': ['this polyenv was installed by npm, for one project', 'npm install polyenv@latest'],
  homebrew: ['this polyenv was installed by Homebrew', 'brew upgrade polyenv'],
  package: [
    'this polyenv was installed by the package manager of this system',
    'apt-get install --only-upgrade polyenv',
  ],
  source: ['this polyenv runs from a checkout of its source', 'git pull && npm ci'],
} as const;

/** What another tool installed, that tool updates. */
function refuseOthers({ home, host }: Context): void {
  const origin = originOf(home, host.program);
  if (origin === 'archive') return;
  const [what, command] = OTHERS[origin];
  throw new PolyenvError('usage', what, {
    where: { file: host.program },
    hint: command,
  });
}

function noVersion(text: string): PolyenvError {
  return new PolyenvError('usage', `${quoted(text)} is no version of polyenv`, { hint: 'polyenv self update --check' });
}
