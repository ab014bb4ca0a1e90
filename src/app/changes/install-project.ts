import { existsSync } from 'node:fs';
import { refuseDeepProject } from '../../adapters/home/paths';
import type { Runtime } from '../../domain/runtime/runtime';
import { type Lockfile, lockDifferences } from '../../domain/toolchain/lockfile';
import type { ToolRequest } from '../../domain/versions/request';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';
import { loadRuntimes } from '../base/registry';
import { recordHistory, recordOutcome } from '../project/history';
import { type FolderLock, readLock, writeLock } from '../project/locks';
import { type Decision, findProject, type Project } from '../project/project';
import { compileProject, prepareFolder, standingsOf } from '../routes/compile';
import { enablePackageManager } from '../routes/package-manager';
import { type Failed, type Provided, provideAll } from '../toolchains/provide';
import { sweepLeftovers } from '../toolchains/sweep';
import { lockEntries } from './relock';
import { relock } from './use';

export interface InstalledProject {
  readonly project: Project;
  readonly provided: readonly Provided[];
  readonly failed: readonly Failed[];
  readonly wrote: readonly string[];
}

/** Makes everything that the folder's project asks for ready: resolves what the lock lacks, installs, locks, compiles. */
export async function installProject(ctx: Context, folder: string): Promise<InstalledProject> {
  refuseDeepProject(ctx.home, folder);
  const project = await findProject(ctx, folder);
  if (project.decisions.length === 0 && project.errors.length === 0) throw nothingPinned(folder);
  const groups = await groupsOf(ctx, project);
  const results = await Promise.all(
    groups.map(async (group) => {
      const { provided, failed } = await provideAll(
        ctx,
        group.members.map(({ runtime, decision }) => ({
          runtime,
          request: decision.request,
          lock: group.at.lock,
          folder: decision.folder,
        })),
      );
      return { group, provided, failed };
    }),
  );
  const wrote: string[] = [];
  for (const { group, provided } of results) {
    const next = relock(group.at.lock, provided);
    if (next === group.at.lock) continue;
    if (group.at.place === 'project') await recordHistory(ctx, group.folder);
    if ((await writeLock(group.at, next)) === 'written' && group.at.place === 'project') wrote.push(group.at.path);
    if (group.at.place === 'project') await recordOutcome(ctx, group.folder);
  }
  await sweepLeftovers(ctx);
  const environment = await prepareFolder(ctx, folder);
  const note = await enablePackageManager(ctx, environment);
  if (note !== undefined) ctx.emit({ type: 'note', text: note });
  if (project.directory !== folder) await prepareFolder(ctx, project.directory);
  return {
    project,
    provided: results.flatMap((result) => result.provided),
    failed: [...results.flatMap((result) => result.failed)],
    wrote,
  };
}

/** Exactly the lock, or exit 7 with what differs: nothing is resolved, no index is asked for, no lock is written. */
export async function installFrozen(ctx: Context, folder: string): Promise<InstalledProject> {
  const project = await findProject(ctx, folder);
  if (project.errors[0] !== undefined) throw project.errors[0];
  if (project.decisions.length === 0) throw nothingPinned(folder);
  const groups = await groupsOf(ctx, project);
  for (const group of groups)
    checkFrozen(
      ctx,
      group.at,
      group.members.map(({ decision }) => decision.request),
    );
  const frozen: Context = { ...ctx, settings: { ...ctx.settings, preference: 'only-managed' } };
  const results = await Promise.all(
    groups.map((group) =>
      provideAll(
        frozen,
        group.members.map(({ runtime, decision }) => ({ runtime, request: decision.request, lock: group.at.lock })),
      ),
    ),
  );
  await sweepLeftovers(ctx);
  const note = await enablePackageManager(ctx, await prepareFolder(ctx, folder));
  if (note !== undefined) ctx.emit({ type: 'note', text: note });
  return {
    project,
    provided: results.flatMap((result) => result.provided),
    failed: results.flatMap((result) => result.failed),
    wrote: [],
  };
}

/** What a folder's decisions lack in its lock, for this platform. Throws `lock-missing` or `lock-stale`. */
function checkFrozen(ctx: Context, at: FolderLock, requests: readonly ToolRequest[]): void {
  if (at.lock.entries.length === 0 && existsSync(at.path)) {
    throw new PolyenvError(
      'frozen-linked',
      '--frozen installs exactly the lock, and it holds nothing: what was pinned here was linked',
      {
        where: { file: at.path },
        hint: 'polyenv lock, where a source can be reached, then commit polyenv.lock',
      },
    );
  }
  if (at.lock.entries.length === 0) {
    throw new PolyenvError('lock-missing', '--frozen installs exactly the lock, and there is none', {
      where: { file: at.path },
      hint: 'polyenv lock, then commit polyenv.lock',
    });
  }
  const differences = lockDifferences(at.lock, requests, ctx.platform);
  if (differences.length > 0) {
    throw new PolyenvError('lock-stale', differences.map((difference) => difference.text).join('; '), {
      where: { file: at.path },
      hint: 'polyenv lock, then commit polyenv.lock',
    });
  }
}

interface Group {
  readonly folder: string;
  readonly at: FolderLock;
  readonly members: readonly { readonly decision: Decision; readonly runtime: Runtime }[];
}

/** Decisions by the lock that holds them. A request for `system` asks for nothing. */
async function groupsOf(ctx: Context, project: Project): Promise<readonly Group[]> {
  const runtimes = await loadRuntimes();
  const groups = new Map<
    string,
    { folder: string; at: FolderLock; members: { decision: Decision; runtime: Runtime }[] }
  >();
  for (const decision of project.decisions) {
    if (decision.request.version.kind === 'system' || decision.once !== undefined || decision.from.kind !== 'file')
      continue;
    const runtime = runtimes.find((candidate) => candidate.id === decision.tool) as Runtime;
    const file = decision.from.kind === 'file' ? decision.from.file.split('/').pop() : undefined;
    const at = await readLock(ctx, decision.folder, file);
    const group = groups.get(at.path) ?? { folder: decision.folder, at, members: [] };
    group.members.push({ decision, runtime });
    groups.set(at.path, group);
  }
  return [...groups.values()];
}

/** Resolves every decision of the folder anew (or only what the lock lacks) and writes the lock, for every platform. */
export async function lockProject(
  ctx: Context,
  folder: string,
  options: { readonly sources: 'first' | 'all'; readonly check: 'check' | 'write'; readonly keep: 'keep' | 'renew' },
): Promise<{ readonly path: string; readonly lock: Lockfile; readonly changed: boolean }> {
  const project = await findProject(ctx, folder);
  if (project.errors[0] !== undefined) throw project.errors[0];
  if (project.decisions.length === 0) throw nothingPinned(folder);
  const groups = await groupsOf(ctx, project);
  const own = groups.find((group) => group.folder === folder && group.at.place === 'project') ?? groups[0];
  if (own === undefined) throw nothingPinned(folder);
  const next = await lockEntries(ctx, own, options);
  if (options.check === 'check') {
    const differences = lockDifferences(
      own.at.lock,
      own.members.map(({ decision }) => decision.request),
      ctx.platform,
    );
    return { path: own.at.path, lock: own.at.lock, changed: differences.length > 0 };
  }
  if (own.at.place === 'project') await recordHistory(ctx, own.folder);
  const changed = (await writeLock(own.at, next)) === 'written';
  if (own.at.place === 'project') await recordOutcome(ctx, own.folder);
  await compileProject(ctx, { project, standings: await standingsOf(ctx, project), directory: folder });
  return { path: own.at.path, lock: next, changed };
}

function nothingPinned(folder: string): PolyenvError {
  return new PolyenvError('manifest-missing', `nothing pins a runtime in ${folder} or above it`, {
    where: { file: folder },
    hint: 'polyenv use node@lts, or polyenv init',
  });
}
