import { findToolchain } from '../../adapters/store/store';
import { formatDigest } from '../../domain/runtime/digest';
import type { Runtime } from '../../domain/runtime/runtime';
import { artifactFor, type LockEntry } from '../../domain/toolchain/lockfile';
import { withProofs } from '../../domain/toolchain/proof-floor';
import { compareProof } from '../../domain/toolchain/proof-kinds';
import type { Toolchain } from '../../domain/toolchain/toolchain';
import type { ToolRequest } from '../../domain/versions/request';
import type { PolyenvError } from '../../domain/words/errors';
import { present } from '../../domain/words/present';
import type { Context } from '../base/context';
import { checkGivenHash } from './given-hash';
import { installToolchain, releaseKey } from './install';
import type { PlatformRelease } from './platform-release';
import { floorFor, type Resolution, type ResolveOptions, resolveKnown, resolveRequest } from './resolve';

/** A request with the toolchain that answers it, ready on this machine. */
export interface ReadyToolchain {
  readonly request: ToolRequest;
  readonly resolution: Resolution;
  readonly toolchain: Toolchain;
  readonly action: 'installed' | 'present' | 'linked';
}

export interface Failed {
  readonly request: ToolRequest;
  readonly error: PolyenvError | Error;
}

/** Resolves and installs all of them at once. One that fails does not undo the others. */
export async function provideAll(
  ctx: Context,
  wanted: readonly ResolveOptions[],
): Promise<{ readonly provided: readonly ReadyToolchain[]; readonly failed: readonly Failed[] }> {
  const results = await Promise.allSettled(wanted.map((asked) => provide(ctx, asked)));
  const provided: ReadyToolchain[] = [];
  const failed: Failed[] = [];
  results.forEach((result, index) => {
    const request = wanted[index]?.request as ToolRequest;
    if (result.status === 'fulfilled') provided.push(result.value);
    else failed.push({ request, error: result.reason as Error });
  });
  return { provided, failed };
}

export async function provide(ctx: Context, asked: ResolveOptions): Promise<ReadyToolchain> {
  return provideResolved(ctx, asked, await resolveRequest(ctx, asked));
}

/** Installs what a request was resolved to, if it is not there. */
export async function provideResolved(
  ctx: Context,
  asked: ResolveOptions,
  resolution: Resolution,
): Promise<ReadyToolchain> {
  if (resolution.kind === 'linked')
    return { request: asked.request, resolution, toolchain: resolution.toolchain, action: 'linked' };
  const release = orderFor(ctx, asked.runtime, resolution.entry);
  const present = await findToolchain(ctx.home, releaseKey(release));
  if (present !== undefined) checkGivenHash(release, present.root);
  const toolchain = present ?? (await installToolchain(ctx, { ...release, ...(await known(ctx, asked, resolution)) }));
  const entry = withToolchainProofs(resolution.entry, toolchain);
  const action = present === undefined ? 'installed' : 'present';
  return { request: asked.request, resolution: { ...resolution, entry }, toolchain, action };
}

/** What is known of a release beforehand: a lock's digest holds by itself; what was just resolved must not prove less than before. */
async function known(
  ctx: Context,
  asked: ResolveOptions,
  { from, entry }: Extract<Resolution, { readonly kind: 'entry' }>,
): Promise<Pick<PlatformRelease, 'locked' | 'lock' | 'floor'>> {
  if (from === 'lock') return { locked: true, lock: asked.lock };
  const floor = await floorFor(ctx, asked, entry);
  return floor === undefined ? {} : { floor };
}

/** What was proved while installing is known of the entry too. */
function withToolchainProofs(entry: LockEntry, { parts }: Toolchain): LockEntry {
  const proofs = new Map(parts.map(({ digest, proof }) => [formatDigest(digest), proof]));
  return withProofs(entry, (part) => {
    const proved = proofs.get(formatDigest(part.digest));
    return proved !== undefined && compareProof(proved.kind, part.proof.kind) > 0 ? proved : part.proof;
  });
}

/** The toolchain of a request if it is resolved and installed already. Never uses the network. */
export async function findProvided(
  ctx: Context,
  asked: ResolveOptions,
): Promise<{ readonly resolution?: Resolution; readonly toolchain?: Toolchain }> {
  const resolution = await resolveKnown(ctx, asked);
  if (resolution === undefined) return {};
  if (resolution.kind === 'linked') return { resolution, toolchain: resolution.toolchain };
  const toolchain = await findToolchain(ctx.home, releaseKey(orderFor(ctx, asked.runtime, resolution.entry)));
  return toolchain === undefined ? { resolution } : { resolution, toolchain };
}

/** What a lock entry means on this machine. `resolveKnown` and the sources only give entries that have this platform. */
export function orderFor(ctx: Context, runtime: Runtime, entry: LockEntry): PlatformRelease {
  return {
    runtime,
    source: entry.source,
    version: entry.version,
    ...present({ vendor: entry.vendor, variant: entry.variant }),
    options: entry.request.options,
    platform: ctx.platform,
    parts: artifactFor(entry, ctx.platform)?.parts ?? [],
  };
}
