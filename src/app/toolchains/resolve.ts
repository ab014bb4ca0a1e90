import { isFirst } from '../../adapters/home/told';
import { listToolchains } from '../../adapters/store/store';
import type { Proof } from '../../domain/runtime/artifact';
import { lifecycleOf } from '../../domain/runtime/lifecycle';
import type { PlatformKey } from '../../domain/runtime/platform';
import { PLATFORMS } from '../../domain/runtime/platform';
import type { Runtime, Source, Upstream } from '../../domain/runtime/runtime';
import {
  artifactFor,
  entryFor,
  findAlternatives,
  type LockEntry,
  type Lockfile,
} from '../../domain/toolchain/lockfile';
import { carryProofs, findWeakening, proofFloor } from '../../domain/toolchain/proof-floor';
import { proofText, type Toolchain } from '../../domain/toolchain/toolchain';
import type { Release } from '../../domain/versions/release';
import type { ToolRequest } from '../../domain/versions/request';
import { nearestReleases, selectRelease } from '../../domain/versions/select';
import { vendorsOf } from '../../domain/versions/vendors';
import { PolyenvError } from '../../domain/words/errors';
import { nearestName } from '../../domain/words/nearest';
import { present } from '../../domain/words/present';
import type { Context } from '../base/context';
import { trustedOrder } from '../project/trusted';
import { isAllowed } from './allowed';
import { refuseEnded } from './ended';
import { chooseForFloor } from './floors';
import { rememberReleases } from './known-releases';
import { discoverToolchain, findLinked } from './linked';
import { chosenLink, forgetLinkedChoice, keepLinkedChoice } from './linked-choices';
import { entryFromStore } from './store-copies';

/** What a request came to: a release that a source offers, or a toolchain that this machine already has. */
export type Resolution =
  | { readonly kind: 'entry'; readonly entry: LockEntry; readonly from: 'lock' | 'source' | 'store' }
  | { readonly kind: 'linked'; readonly toolchain: Toolchain };

export interface ResolveOptions {
  readonly runtime: Runtime;
  readonly request: ToolRequest;
  readonly lock: Lockfile;
  /** Ids of the sources that a person named for this, whose proof is then enough. */
  readonly order?: readonly string[];
  /** The folder that asks: where its nearest manifest is trusted to have an order of sources, that one holds. */
  readonly folder?: string;
  /** Of the releases that answer, only these. */
  readonly within?: (release: Release) => boolean;
  /** Where no source can be reached, that is the answer: neither the store nor this machine is looked through. */
  readonly instead?: 'nothing';
}

/**
 * The lock first, then the sources in order; where none can be reached, what the store has verified, and at last what this
 * machine has, linked. May use the network.
 */
export async function resolveRequest(ctx: Context, asked: ResolveOptions): Promise<Resolution> {
  const locked = resolveLocked(ctx, asked);
  if (locked !== undefined) return locked;
  const { preference } = ctx.settings;
  if (prefersLinked(ctx)) {
    const found = await linkedOnThisMachine(ctx, asked);
    if (found !== undefined) return found;
    if (preference === 'only-system')
      throw notFound(asked, [], 'on this machine, and sources.preference is only-system');
  }
  const managed = preference === 'managed' && asked.instead === undefined;
  const chosen = managed ? await chosenLink(ctx, asked.runtime, asked.request) : undefined;
  if (chosen?.why === 'asked') return { kind: 'linked', toolchain: chosen.toolchain };
  ctx.emit({ type: 'phase', tool: asked.runtime.id, phase: 'resolve' });
  try {
    const entry = await resolveFromSources(ctx, asked);
    await forgetLinkedChoice(ctx, asked.request);
    return { kind: 'entry', entry, from: 'source' };
  } catch (error) {
    if (!mayTryElsewhere(error)) throw error;
    const copy = await copyFor(ctx, asked);
    if (copy !== undefined) {
      ctx.emit({
        type: 'warning',
        text: `no source of ${asked.runtime.id} can be reached; using ${asked.runtime.id} ${copy.version}, which the store has verified, for ${ctx.platform} alone`,
        hint: 'polyenv lock, once a source can be reached',
      });
      return { kind: 'entry', entry: copy, from: 'store' };
    }
    if (!managed) throw error;
    const found = await linkedOnThisMachine(ctx, asked);
    if (found === undefined) throw error;
    const { version, root } = found.toolchain;
    ctx.emit({
      type: 'warning',
      text: `no source of ${asked.runtime.id} can be reached; linked ${asked.runtime.id} ${version} of this machine (${root}), which polyenv has not verified and no lock holds`,
      hint: 'polyenv lock, once a source can be reached',
    });
    return found;
  }
}

/** What the store has from a source that may answer here: a project's order of sources holds for copies too. */
async function copyFor(ctx: Context, asked: ResolveOptions): Promise<LockEntry | undefined> {
  if (asked.instead !== undefined || asked.order !== undefined) return undefined;
  const sources = new Set((await sourcesInOrder(ctx, asked)).map(({ id }) => id));
  return entryFromStore(ctx, {
    ...asked,
    accept: (one) => sources.has(one.source) && (asked.within === undefined || asked.within(one)),
  });
}

/** The linked toolchain that answers, one that is known before one that is looked for; the choice is kept for this request. */
async function linkedOnThisMachine(
  ctx: Context,
  { runtime, request }: ResolveOptions,
): Promise<(Resolution & { readonly kind: 'linked' }) | undefined> {
  const toolchain = (await findLinked(ctx, runtime, request)) ?? (await discoverToolchain(ctx, runtime, request));
  if (toolchain === undefined) return undefined;
  await keepLinkedChoice(ctx, request, { toolchain, why: prefersLinked(ctx) ? 'asked' : 'unreachable' });
  return { kind: 'linked', toolchain };
}

function prefersLinked({ settings }: Context): boolean {
  return settings.preference === 'system' || settings.preference === 'only-system';
}

/** What is known without the network: the lock, else the linked toolchain that was chosen when no source could be reached, or is preferred. */
export async function resolveKnown(ctx: Context, asked: ResolveOptions): Promise<Resolution | undefined> {
  const locked = resolveLocked(ctx, asked);
  if (locked !== undefined) return locked;
  if (ctx.settings.preference === 'only-managed') return undefined;
  const linked = prefersLinked(ctx)
    ? await findLinked(ctx, asked.runtime, asked.request)
    : (await chosenLink(ctx, asked.runtime, asked.request))?.toolchain;
  return linked === undefined ? undefined : { kind: 'linked', toolchain: linked };
}

function resolveLocked(ctx: Context, asked: ResolveOptions): Resolution | undefined {
  const entry = findAlternatives(asked.lock, asked.request).find(
    (candidate) =>
      artifactFor(candidate, ctx.platform) !== undefined &&
      isAllowed(ctx, candidate.source) &&
      (asked.order?.includes(candidate.source) ?? true),
  );
  return entry === undefined ? undefined : { kind: 'entry', entry, from: 'lock' };
}

/** A new entry from the first source that answers. The next one is tried on a network failure only. */
export async function resolveFromSources(ctx: Context, asked: ResolveOptions): Promise<LockEntry> {
  const sources = await sourcesInOrder(ctx, asked);
  const failures: PolyenvError[] = [];
  for (const source of sources) {
    try {
      const found = await resolveFromSource(ctx, asked, source);
      // Archives that are signed themselves are held against their signatures when they are installed.
      const provedLater = source.signature !== undefined && ctx.settings.verifySignatures !== 'off';
      const entry = provedLater ? carryProofs(asked.lock, found) : found;
      // guard: proof-floor-asked
      if (asked.order === undefined && !provedLater) await refuseWeakening(ctx, asked, entry);
      await tellFallback(ctx, { source, failures, tool: asked.runtime.id });
      return entry;
    } catch (error) {
      if (!mayTryElsewhere(error)) throw error;
      failures.push(error as PolyenvError);
    }
  }
  throw failures.length === 0 ? noSource(asked) : unreachable(asked, sources, failures);
}

/** Who names a source decides that its proof is enough; nobody else does. */
async function refuseWeakening(ctx: Context, { lock }: ResolveOptions, entry: LockEntry): Promise<void> {
  const found = findWeakening({ lock, receipts: await listToolchains(ctx.home) }, entry);
  if (found !== undefined) throw weakerProof(entry, found);
}

/** What an archive that is signed itself must reach once its signature was looked for; the person's own choice of a source asks for nothing. */
export async function floorFor(
  ctx: Context,
  { lock, order }: ResolveOptions,
  entry: LockEntry,
): Promise<Proof | undefined> {
  if (order !== undefined) return undefined;
  return proofFloor({ lock, receipts: await listToolchains(ctx.home) }, entry, ctx.platform);
}

export function weakerProof(
  of: Pick<LockEntry, 'tool' | 'version' | 'source'>,
  found: { readonly platform: PlatformKey; readonly before: Proof; readonly after: Proof },
): PolyenvError {
  const { platform, before, after } = found;
  return new PolyenvError(
    'proof-weaker',
    `${of.tool} ${of.version} for ${platform} is proved by ${proofText(after)} at ${of.source}, and it was recorded as ${proofText(before)}`,
    {
      hint: `find out why, or accept it: polyenv use ${of.tool}@${of.version} --source ${of.source}`,
    },
  );
}

export async function resolveFromSource(ctx: Context, asked: ResolveOptions, source: Source): Promise<LockEntry> {
  const { upstream } = await ctx.network();
  const { runtime, request } = asked;
  const all = await source.releases(upstream, request);
  await rememberReleases(ctx, runtime, all);
  const offered = oldEnough(ctx, all, request);
  const releases = asked.within === undefined ? offered : offered.filter(asked.within);
  const release =
    request.floor === undefined
      ? selectRelease(runtime, request, releases)
      : await chooseForFloor(ctx, { runtime, request, source, releases });
  if (release === undefined) throw notFound(asked, nearestReleases(runtime, request, releases), `at ${source.id}`);
  await refuseEnded(ctx, runtime, release);
  return entryOf(asked, { source, release, upstream });
}

async function entryOf(
  asked: ResolveOptions,
  found: { readonly source: Source; readonly release: Release; readonly upstream: Upstream },
): Promise<LockEntry> {
  const { request } = asked;
  const { source, release, upstream } = found;
  const artifacts = await source.artifacts(upstream, release, request);
  const have = new Set<PlatformKey>(artifacts.map((artifact) => artifact.platform));
  if (!have.has(upstream.platform)) {
    throw new PolyenvError(
      'platform-missing',
      `${source.id} has ${request.tool} ${release.version} not for ${upstream.platform}`,
      {
        hint: have.size === 0 ? 'ask for another version' : `it has it for ${[...have].join(', ')}`,
      },
    );
  }
  const gaps = PLATFORMS.filter((platform) => !have.has(platform));
  return entryFor(request, { ...release, source: source.id, artifacts, gaps });
}

/** The allowed sources: those that a person named, else in the project's order, else in the runtime's own. */
export async function sourcesInOrder(
  ctx: Context,
  asked: Pick<ResolveOptions, 'runtime' | 'request' | 'order' | 'folder'>,
): Promise<readonly Source[]> {
  const { runtime, order, folder } = asked;
  const projects =
    order === undefined && folder !== undefined ? await trustedOrder(ctx, folder, runtime.id) : undefined;
  const vendor = asked.request.vendor ?? vendorsOf(runtime)[0];
  const fitting = runtime.sources.filter(
    ({ id, vendors }) =>
      isAllowed(ctx, id) && (vendors === undefined || vendor === undefined || vendors.includes(vendor)),
  );
  const wanted = order ?? projects ?? fitting.map((source) => source.id);
  return wanted.flatMap((id) => fitting.filter((source) => source.id === id));
}

/** Without what the setting `minimum_age` holds back. What was asked for by its number is old enough. */
export function oldEnough(ctx: Context, releases: readonly Release[], request: ToolRequest): readonly Release[] {
  const { minimumAge } = ctx.settings;
  if (minimumAge === 0 || request.version.kind === 'exact') return releases;
  const latest = new Date(ctx.host.now().getTime() - minimumAge * 86_400_000).toISOString().slice(0, 10);
  return releases.filter((release) => release.date !== undefined && release.date <= latest);
}

export function mayTryElsewhere(error: unknown): boolean {
  return error instanceof PolyenvError && (error.elsewhere || error.code === 'network' || error.code === 'offline');
}

async function tellFallback(
  ctx: Context,
  told: { readonly source: Source; readonly failures: readonly PolyenvError[]; readonly tool: string },
): Promise<void> {
  const { source, failures, tool } = told;
  if (failures.length === 0) return;
  const { publisher } = source;
  // Once on this machine: `info` and `which --why` keep saying it.
  const first = publisher !== undefined && (await isFirst(ctx.home, `publisher of ${source.id}: ${publisher}`));
  const by = first ? `, published there by ${publisher}` : '';
  ctx.emit({
    type: 'note',
    text: `${tool}: ${failures.map((failure) => failure.message).join('; ')}; using ${source.id}${by}`,
  });
}

function notFound(asked: ResolveOptions, nearest: readonly Release[], where: string): PolyenvError {
  const { request, runtime } = asked;
  const shown = nearest.length > 0 ? nearest : nearestReleases(runtime, request, linesOf(runtime, request.vendor));
  const known = shown.map((release) => release.version).join(', ');
  const word = /\d/.test(request.text) ? undefined : nearestChannel(runtime, request.text);
  const instead = word ?? known;
  return new PolyenvError(
    'version-not-found',
    `no ${request.tool} answers ${JSON.stringify(request.text)} ${where}${instead === '' ? '' : `; nearest: ${instead}`}`,
    {
      hint: `polyenv ls-remote ${request.tool}`,
    },
  );
}

/** For a source that lists only what it is asked for: the lines that there have been. */
function linesOf(runtime: Runtime, vendor: string | undefined): readonly Release[] {
  return (lifecycleOf(runtime, vendor)?.lines ?? []).flatMap(({ line }) => {
    const version = runtime.scheme.version(line) ?? runtime.scheme.version(`${line}.0`);
    return version === undefined ? [] : [{ version, ...present({ vendor }) }];
  });
}

function nearestChannel({ advice }: Runtime, text: string): string | undefined {
  const words = ['latest', ...(advice?.channels ?? []).map(({ word }) => word)];
  return nearestName(text, words);
}

function noSource(asked: ResolveOptions): PolyenvError {
  const { vendor } = asked.request;
  const offered = vendorsOf(asked.runtime);
  if (vendor !== undefined && !offered.includes(vendor)) {
    return new PolyenvError('request-unsupported', `${asked.runtime.id} by ${vendor} is not offered`, {
      hint: `offered: ${offered.join(', ')}; one that this machine has: polyenv link ${asked.runtime.id}@${asked.request.text} FOLDER`,
      elsewhere: true,
    });
  }
  return new PolyenvError('source-refused', `no source of ${asked.runtime.id} is allowed`, {
    hint: 'polyenv settings get sources.allowed',
  });
}

function unreachable(
  asked: ResolveOptions,
  sources: readonly Source[],
  failures: readonly PolyenvError[],
): PolyenvError {
  const last = failures[failures.length - 1] as PolyenvError;
  const offline = failures.every((failure) => failure.code === 'offline');
  const reasons = failures.map((failure, index) => `${sources[index]?.id}: ${failure.message}`).join('; ');
  // What a source answered, and cannot be read, is no fault of the network.
  const answered = failures.find(({ code }) => !['offline', 'network', 'http-status'].includes(code));
  return new PolyenvError(
    answered?.code ?? (offline ? 'offline' : 'network'),
    `${asked.runtime.id}@${asked.request.text} cannot be resolved: ${reasons}`,
    {
      hint:
        (answered ?? last).hint ??
        `check the network, set a mirror (polyenv help mirrors), or link what this machine has: polyenv link ${asked.runtime.id}@${asked.request.text} FOLDER`,
      elsewhere: true,
      cause: last,
    },
  );
}
