import { readEnvironments } from '../../adapters/routes/environments';
import { openDiskMeter } from '../../adapters/store/disk-use';
import { listToolchains } from '../../adapters/store/store';
import { formatDigest } from '../../domain/runtime/digest';
import { hasEnded, lineAt } from '../../domain/runtime/lifecycle';
import type { Runtime } from '../../domain/runtime/runtime';
import { artifactFor } from '../../domain/toolchain/lockfile';
import { describeProof, proofText, type Toolchain } from '../../domain/toolchain/toolchain';
import type { Release } from '../../domain/versions/release';
import type { ToolRequest } from '../../domain/versions/request';
import { selectRelease } from '../../domain/versions/select';
import { vendorsOf } from '../../domain/versions/vendors';
import type { Version } from '../../domain/versions/version';
import { present } from '../../domain/words/present';
import { describeOrigin } from '../../domain/words/sourced';
import type { Context } from '../base/context';
import { findProject } from '../project/project';
import { commandsOf, decidedToolchainsOf } from '../routes/compile';
import { freshLifecycle, keptLifecycle } from '../toolchains/lifecycles';
import { newestRelease } from '../toolchains/releases';
import { currentVersion } from './outdated';

/** All that is known of one version of a runtime. */
export interface Description {
  readonly tool: string;
  readonly title: string;
  readonly homepage: string;
  readonly license?: string;
  /** As asked on the command line, or as the project asks. */
  readonly request: string;
  readonly version: Version;
  readonly vendor?: string;
  readonly variant?: string;
  /** Whose builds are offered, the usual one first; absent where nobody but the project builds it. */
  readonly vendors?: readonly string[];
  /** Which of their lines still get updates, newest first; no lines for a vendor that does not say when they end. */
  readonly updates?: readonly VendorUpdates[];
  readonly platform: string;
  readonly source: string;
  /** Who publishes there, where it is not the project itself. */
  readonly publisher?: string;
  readonly notes?: string;
  readonly lifecycle?: Lifespan;
  /** Why it is believed; absent while it is neither installed nor locked. */
  readonly proof?: string;
  /** Nobody signed it: the digest was taken from the source's list when it was first resolved, and the lock holds it since. */
  readonly firstUse: boolean;
  readonly parts: readonly ProvedPart[];
  readonly installed?: Installed;
  /** `polyenv.toml:3`, the deciding one first. */
  readonly requestedBy: readonly string[];
  /** Folders whose routes lead to it. */
  readonly usedBy: readonly string[];
}

export interface Lifespan {
  readonly line: string;
  readonly lts: boolean;
  /** Days, as `2026-04-30`. */
  readonly support?: string;
  readonly end?: string;
  readonly ended: boolean;
}

export interface VendorUpdates {
  readonly vendor: string;
  readonly lines: readonly { readonly line: string; readonly until?: string }[];
}

export interface ProvedPart {
  readonly at: string;
  readonly digest: string;
  readonly proof: string;
}

export interface Installed {
  readonly root: string;
  /** On disk. Absent for a linked one, whose root may be a whole system's. */
  readonly bytes?: number;
  /** ISO time. */
  readonly since: string;
  /** The manager from which it is linked. */
  readonly linked?: string;
  readonly commands: readonly string[];
}

/**
 * What this folder uses of the runtime, or what answers the request: as locked or installed, else as the sources offer it.
 * Throws `version-not-found` through the source, and what the network throws.
 */
export async function describeTool(
  ctx: Context,
  of: { readonly runtime: Runtime; readonly request: ToolRequest; readonly asked: 'asked' | 'here' },
): Promise<Description | undefined> {
  const { runtime } = of;
  const { decision, decided, candidates } = await decidedToolchainOf(ctx, runtime);
  const own = of.asked === 'here' && decision !== undefined;
  const request = own ? decision.request : of.request;
  const entry = own && decided?.resolution?.kind === 'entry' ? decided.resolution.entry : undefined;
  const at = await listToolchains(ctx.home);
  const known = own ? decided?.toolchain : installedFor(at, runtime, request);
  const offered =
    known === undefined && entry === undefined ? await newestRelease(ctx, { runtime, request }) : undefined;
  const toolchain = known ?? (offered?.release && sameOf(at, runtime, offered.release));
  const found = toolchain ?? entry ?? offered?.release;
  if (found === undefined) return undefined;
  const { version, vendor, variant } = found;
  const source = toolchain?.source ?? entry?.source ?? offered?.source ?? '';
  const publisher = runtime.sources.find(({ id }) => id === source)?.publisher;
  const notes = offered?.release?.notes ?? runtime.advice?.releaseNotes?.(version);
  const parts = toolchain?.parts ?? (entry === undefined ? [] : (artifactFor(entry, ctx.platform)?.parts ?? []));
  const lifecycle = await lifespanOf(ctx, runtime, { version, ...present({ vendor }) });
  const vendors = vendorsOf(runtime);
  const isDecided = decided !== undefined && currentVersion(decided) === version;
  return {
    tool: runtime.id,
    title: runtime.title,
    homepage: runtime.homepage,
    ...present({ license: runtime.license }),
    request: request.text,
    version,
    ...present({ vendor, variant }),
    ...(vendors.length > 0 && { vendors, updates: await updatesOf(ctx, runtime, vendors) }),
    platform: toolchain?.platform ?? ctx.platform,
    source,
    ...present({ publisher, notes, lifecycle }),
    ...((toolchain !== undefined || parts.length > 0) && {
      proof: describeProof({ parts, ...present({ linked: toolchain?.linked }) }),
    }),
    firstUse: parts.some(({ proof }) => proof.kind === 'digest'),
    parts: parts.map(({ at, digest, proof }) => ({ at, digest: formatDigest(digest), proof: proofText(proof) })),
    ...(toolchain !== undefined && { installed: await installedAt(ctx, runtime, toolchain) }),
    requestedBy: isDecided && decision !== undefined ? [describeOrigin(decision.from), ...candidates] : [],
    usedBy: toolchain === undefined ? [] : await usersOf(ctx, toolchain.root),
  };
}

async function decidedToolchainOf(ctx: Context, runtime: Runtime) {
  const project = await findProject(ctx, ctx.directory);
  const decided = (await decidedToolchainsOf(ctx, project)).find(({ decision }) => decision.tool === runtime.id);
  const decision = decided?.decision.request.version.kind === 'system' ? undefined : decided?.decision;
  const candidates = decision?.alternatives.map(({ file, line, request }) => `${file}:${line} (${request})`) ?? [];
  return { decided, decision, candidates };
}

/** The newest on this machine that answers. */
function installedFor(all: readonly Toolchain[], runtime: Runtime, request: ToolRequest): Toolchain | undefined {
  const own = all.filter((one) => one.tool === runtime.id);
  const release = selectRelease(runtime, request, own);
  return own.find((one) => one === release);
}

/** The same release on this machine: what is installed does not know that it is on a moving line. */
function sameOf(all: readonly Toolchain[], runtime: Runtime, release: Release): Toolchain | undefined {
  const exact = { kind: 'exact', version: release.version } as const;
  return installedFor(all, runtime, {
    tool: runtime.id,
    text: release.version,
    options: {},
    ...release,
    version: exact,
  });
}

async function installedAt(ctx: Context, runtime: Runtime, toolchain: Toolchain): Promise<Installed> {
  return {
    root: toolchain.root,
    since: toolchain.installed,
    ...(toolchain.linked === undefined
      ? { bytes: await openDiskMeter().measure(toolchain.root) }
      : { linked: toolchain.linked.manager }),
    commands: Object.keys(commandsOf(ctx, runtime, toolchain)).sort(),
  };
}

async function usersOf(ctx: Context, root: string): Promise<readonly string[]> {
  const environments = await readEnvironments(ctx.home);
  return environments
    .filter(({ runtimes }) => runtimes.some(({ toolchain }) => toolchain === root))
    .map(({ directory }) => directory);
}

async function updatesOf(
  ctx: Context,
  runtime: Runtime,
  vendors: readonly string[],
): Promise<readonly VendorUpdates[]> {
  const today = ctx.host.now().toISOString().slice(0, 10);
  return Promise.all(
    vendors.map(async (vendor) => {
      const { lines = [] } = (await keptLifecycle(ctx, runtime, vendor)) ?? {};
      const alive = lines.filter((line) => !hasEnded(line, today));
      return { vendor, lines: alive.map(({ line, end }) => ({ line, ...present({ until: end }) })) };
    }),
  );
}

async function lifespanOf(
  ctx: Context,
  runtime: Runtime,
  { version, vendor }: { readonly version: Version; readonly vendor?: string },
): Promise<Lifespan | undefined> {
  const line = lineAt(await freshLifecycle(ctx, runtime, vendor), version);
  if (line === undefined) return undefined;
  const today = ctx.host.now().toISOString().slice(0, 10);
  return { ...line, lts: line.lts === true, ended: hasEnded(line, today) };
}
