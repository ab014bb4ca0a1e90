import { findAlternatives, type LockEntry, lockDifferences } from '../../domain/toolchain/lockfile';
import type { Context } from '../base/context';
import { readLock } from '../project/locks';
import type { DecidedToolchain } from '../toolchains/decided-toolchain';

import { findLeftovers, sweepLeftovers } from '../toolchains/sweep';
import type { Finding } from './finding';
import { repairRoutes, verifyRoutes } from './verify';

/** Where a project's lock is not what its manifest asks for: too little, too much, or something else. */
export async function lockDrift(
  ctx: Context,
  allDecided: readonly DecidedToolchain[],
  relock: (folder: string) => Promise<void>,
): Promise<readonly Finding[]> {
  const folders = new Set(allDecided.filter(isLocked).map(({ decision }) => decision.folder));
  const found = await Promise.all([...folders].map((folder) => folderDrift(ctx, folder, { allDecided, relock })));
  return found.flat();
}

/** Only what `polyenv.toml`'s own folder asks for, and what is no linked toolchain, belongs in its lock. */
function isLocked({ decision, toolchain }: DecidedToolchain): boolean {
  const { from, once, request } = decision;
  const own = from.kind === 'file' && !from.file.endsWith('/polyenv.local.toml');
  return own && once === undefined && toolchain?.linked === undefined && request.version.kind !== 'system';
}

async function folderDrift(
  ctx: Context,
  folder: string,
  {
    allDecided,
    relock,
  }: { readonly allDecided: readonly DecidedToolchain[]; readonly relock: (folder: string) => Promise<void> },
): Promise<readonly Finding[]> {
  const { lock, path, place } = await readLock(ctx, folder);
  if (place !== 'project') return [];
  const here = allDecided.filter(({ decision }) => decision.folder === folder);
  const locked = here.filter(isLocked);
  const common = { where: path, hint: 'polyenv lock', fix: () => relock(folder) } as const;
  const missing = lockDifferences(
    lock,
    locked.map(({ decision }) => decision.request),
    ctx.platform,
  );
  const tools = new Set(here.map(({ runtime }) => runtime.id));
  const extra = new Set(lock.entries.map(({ tool }) => tool).filter((tool) => !tools.has(tool)));
  return [
    ...missing.map(
      ({ kind, text }): Finding =>
        // Where the source lacks the platform, a plain `polyenv lock` finds nothing new.
        kind === 'platform'
          ? { kind: 'lock-platform', level: 'error', message: text, where: path, hint: 'polyenv lock --renew' }
          : { kind: 'not-locked', level: 'warning', message: text, ...common },
    ),
    ...locked.flatMap((decided): readonly Finding[] => {
      const wrong = findAlternatives(lock, decided.decision.request).find((entry) => !answers(decided, entry));
      if (wrong === undefined) return [];
      const message = `${wrong.tool} is locked as ${wrong.version}, which is not what ${decided.decision.request.text} means`;
      return [{ kind: 'lock-outdated', level: 'error', message, where: path, hint: 'polyenv lock --renew' }];
    }),
    ...[...extra].map(
      (tool): Finding => ({
        kind: 'lock-extra',
        level: 'note',
        message: `${tool} is locked, and nothing here asks for it`,
        ...common,
      }),
    ),
  ];
}

/**
 * Whether a lock entry is what the request means. What a channel (`lts`) means only a list of releases can say: its
 * entry is taken to be right.
 */
function answers({ runtime, decision }: DecidedToolchain, { version }: LockEntry): boolean {
  const { version: wanted } = decision.request;
  return !['exact', 'prefix', 'range'].includes(wanted.kind) || runtime.scheme.matches(wanted, { version });
}

/** Shims and compiled routes that are not what polyenv would write now, and what killed installs left. */
export async function homeDrift(ctx: Context): Promise<readonly Finding[]> {
  const routes = await verifyRoutes(ctx, { scope: 'project', depth: 'quick' });
  const leftovers = await findLeftovers(ctx);
  return [
    ...routes.map(({ kind, at, text }): Finding => {
      const directory = kind === 'environment' ? at : ctx.directory;
      return {
        kind: kind === 'environment' ? 'stale-environment' : 'stale-shim',
        level: 'error',
        message: text,
        where: at,
        hint: kind === 'environment' ? 'polyenv verify --repair' : 'polyenv reshim',
        fix: () => repairRoutes(ctx, directory),
      };
    }),
    ...leftovers.map(
      (path): Finding => ({
        kind: 'leftover',
        level: 'note',
        message: 'an install or a removal that was killed left this',
        where: path,
        hint: 'polyenv prune',
        fix: () => sweepLeftovers(ctx),
      }),
    ),
  ];
}
