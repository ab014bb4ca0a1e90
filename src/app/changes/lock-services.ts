import { accessSync, constants } from 'node:fs';
import { basename } from 'node:path';
import { lockDifferences, withEntry } from '../../domain/toolchain/lockfile';
import { renderLockfile } from '../../domain/toolchain/lockfile-render';
import type { Context } from '../base/context';
import { readKnown, readLock } from '../project/locks';
import { manifestRequests } from '../project/manifests';
import type { Decision } from '../project/project';
import { type KnownService, wantedToolchain } from '../services/known';
import type { DecidedToolchain } from '../toolchains/decided-toolchain';
import { provideAll } from '../toolchains/provide';
import { changeFolder } from './change-folder';
import { checkFrozen } from './frozen';

/**
 * Writes what the services are pinned to into the locks of their folders, where it is missing there: a
 * server is pinned like a language. What cannot be had is left to whoever starts it, who says so. The files that were written.
 */
export async function lockServices(ctx: Context, services: readonly KnownService[]): Promise<readonly string[]> {
  if (!ctx.settings.autoInstall) return [];
  const lacking = new Map<string, DecidedToolchain[]>();
  for (const decided of await pinnedServices(ctx, services)) {
    const { folder, request } = decided.decision;
    const { lock, place } = await readLock(ctx, folder, fileOf(decided.decision));
    const locked = place === 'home' || lockDifferences(lock, [request], ctx.platform).length === 0;
    // A folder that cannot be written does not stop its servers from starting.
    if (locked || decided.resolution?.kind === 'linked' || !isWritable(folder)) continue;
    lacking.set(folder, [...(lacking.get(folder) ?? []), decided]);
  }
  const wrote: string[] = [];
  for (const [folder, allDecided] of lacking) wrote.push(...(await lockIn(ctx, folder, allDecided)));
  return wrote;
}

/** Throws `lock-missing` or `lock-stale` where a lock does not hold what the services are pinned to. */
export async function checkServicesFrozen(ctx: Context, services: readonly KnownService[]): Promise<void> {
  for (const { decision } of await pinnedServices(ctx, services)) {
    checkFrozen(ctx, await readLock(ctx, decision.folder, fileOf(decision)), [decision.request]);
  }
}

/** What a file pins, and not a variable for this one time. */
async function pinnedServices(ctx: Context, services: readonly KnownService[]): Promise<readonly DecidedToolchain[]> {
  const allDecided = await Promise.all(services.map((known) => wantedToolchain(ctx, known)));
  return allDecided.filter(
    ({ decision }) =>
      decision.from.kind === 'file' && decision.once === undefined && decision.request.version.kind !== 'system',
  );
}

async function lockIn(
  ctx: Context,
  folder: string,
  allDecided: readonly DecidedToolchain[],
): Promise<readonly string[]> {
  const { wrote } = await changeFolder(ctx, { folder, verb: 'up', routes: 'compile' }, async (view) => {
    const file = fileOf(allDecided[0]?.decision);
    const at = await view.lock(folder, file);
    const known = await readKnown(ctx, folder, file);
    const { provided } = await provideAll(
      ctx,
      allDecided.map(({ runtime, decision }) => ({ runtime, request: decision.request, lock: known.lock, folder })),
    );
    const kept = await manifestRequests((await view.manifest(folder, 'polyenv.toml'))?.manifest);
    const next = provided.reduce(
      (lock, { resolution }) => (resolution.kind === 'linked' ? lock : withEntry(lock, resolution.entry, kept)),
      at.lock,
    );
    // Where nothing could be had there is nothing to write: an empty lock would say that all was linked.
    const files = next === at.lock ? [] : [{ folder, path: at.path, text: renderLockfile(next) }];
    return { files, result: undefined };
  });
  return wrote;
}

function fileOf(decision: Decision | undefined): string | undefined {
  return decision?.from.kind === 'file' ? basename(decision.from.file) : undefined;
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
