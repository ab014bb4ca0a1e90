import { basename, sep } from 'node:path';
import { refuseDeepProject } from '../../adapters/home/paths';
import type { Runtime } from '../../domain/runtime/runtime';
import { type Lockfile, lockDifferences } from '../../domain/toolchain/lockfile';
import { renderLockfile } from '../../domain/toolchain/lockfile-render';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';
import { loadRuntimes } from '../base/registry';
import type { FolderLock } from '../project/locks';
import type { Decision, Project } from '../project/project';
import { type Failed, provideAll, type ReadyToolchain } from '../toolchains/provide';
import { changeFolder, type FileChange, type FolderChange } from './change-folder';
import { FolderView } from './folder-view';
import { checkFrozen } from './frozen';
import { lockEntries } from './relock';
import { relock } from './use';

export interface InstalledProject {
  readonly project: Project;
  readonly provided: readonly ReadyToolchain[];
  readonly failed: readonly Failed[];
  readonly wrote: readonly string[];
}

/** Makes everything that the folder's project asks for ready: resolves what the lock lacks, installs, locks, compiles. */
export async function installProject(
  ctx: Context,
  folder: string,
  routes: Preparing = 'prepare',
): Promise<InstalledProject> {
  refuseDeepProject(ctx.home, folder);
  return installBy(ctx, { folder, routes }, async (view) => {
    const project = await view.project(folder);
    if (project.decisions.length === 0 && project.errors.length === 0) throw nothingPinned(folder);
    const results = await Promise.all(
      (await groupsOf(view, project)).map(async (group) => ({
        group,
        ...(await provideAll(
          ctx,
          group.members.map(({ runtime, decision }) => ({
            runtime,
            request: decision.request,
            lock: group.at.lock,
            folder: decision.folder,
          })),
        )),
      })),
    );
    const files = results.flatMap(({ group: { folder: home, at, members }, provided }): readonly FileChange[] => {
      const kept = members.map(({ decision }) => decision.request);
      const next = relock(at.lock, provided, kept);
      return next === at.lock ? [] : [{ folder: home, path: at.path, text: renderLockfile(next) }];
    });
    const { provided, failed } = gathered(results);
    return { files, also: [project.directory], result: { project, provided, failed } };
  });
}

/** Exactly the lock, or exit 7 with what differs: nothing is resolved, no index is asked for, no lock is written. */
export async function installFrozen(
  ctx: Context,
  folder: string,
  routes: Preparing = 'prepare',
): Promise<InstalledProject> {
  const frozen: Context = { ...ctx, settings: { ...ctx.settings, preference: 'only-managed' } };
  return installBy(ctx, { folder, routes }, async (view) => {
    const project = await view.project(folder);
    if (project.errors[0] !== undefined) throw project.errors[0];
    if (project.decisions.length === 0) throw nothingPinned(folder);
    const groups = await groupsOf(view, project);
    for (const { at, members } of groups)
      checkFrozen(
        ctx,
        at,
        members.map(({ decision }) => decision.request),
      );
    const results = await Promise.all(
      groups.map((group) =>
        provideAll(
          frozen,
          group.members.map(({ runtime, decision }) => ({ runtime, request: decision.request, lock: group.at.lock })),
        ),
      ),
    );
    return { files: [], result: { project, ...gathered(results) } };
  });
}

type Installing = Omit<InstalledProject, 'wrote'>;

/** What becomes of what runtimes derived in the project: see `FolderChanging`. */
type Preparing = 'prepare' | 'keep';

async function installBy(
  ctx: Context,
  at: { readonly folder: string; readonly routes: Preparing },
  decide: (view: FolderView) => Promise<FolderChange<Installing>>,
): Promise<InstalledProject> {
  const changed = await changeFolder(ctx, { ...at, verb: 'install' }, decide);
  // What lies in polyenv's home is no file of the project.
  return { ...changed.result, wrote: changed.wrote.filter((path) => !path.startsWith(ctx.home.root + sep)) };
}

function gathered(
  results: readonly { readonly provided: readonly ReadyToolchain[]; readonly failed: readonly Failed[] }[],
): Pick<Installing, 'provided' | 'failed'> {
  return {
    provided: results.flatMap(({ provided }) => provided),
    failed: results.flatMap(({ failed }) => failed),
  };
}

interface Group {
  readonly folder: string;
  readonly at: FolderLock;
  readonly members: readonly { readonly decision: Decision; readonly runtime: Runtime }[];
}

/** Decisions, and the further versions beside them, by the lock that holds them. A request for `system` asks for nothing. */
async function groupsOf(
  view: FolderView,
  project: Project,
  read: 'lock' | 'lockOfEitherSide' = 'lock',
): Promise<readonly Group[]> {
  const runtimes = await loadRuntimes();
  const groups = new Map<
    string,
    { folder: string; at: FolderLock; members: { decision: Decision; runtime: Runtime }[] }
  >();
  for (const decision of [...project.decisions, ...project.servicePins, ...project.companions]) {
    const passing = decision.once !== undefined && decision.through === undefined;
    if (decision.request.version.kind === 'system' || passing || decision.from.kind !== 'file') continue;
    const runtime = runtimes.find((candidate) => candidate.id === decision.tool) as Runtime;
    const at = await view[read](decision.folder, basename(decision.from.file));
    const group = groups.get(at.path) ?? { folder: decision.folder, at, members: [] };
    group.members.push({ decision, runtime });
    groups.set(at.path, group);
  }
  return [...groups.values()];
}

export interface Locking {
  readonly sources: 'first' | 'all';
  readonly keep: 'keep' | 'renew';
}

export interface LockedProject {
  readonly path: string;
  readonly lock: Lockfile;
  readonly changed: boolean;
}

/** Resolves every decision of the folder anew (or only what the lock lacks) and writes the lock, for every platform. */
export async function lockProject(ctx: Context, folder: string, options: Locking): Promise<LockedProject> {
  const { result, wrote } = await changeFolder(ctx, { folder, verb: 'lock', routes: 'compile' }, async (view) => {
    const { own, at } = await lockOf(view, folder, 'lockOfEitherSide');
    const lock = await lockEntries(ctx, own, options);
    return {
      files: [{ folder: own.folder, path: at.path, text: renderLockfile(lock) }],
      result: { path: at.path, lock },
    };
  });
  return { ...result, changed: wrote.includes(result.path) };
}

/** Whether `lockProject` would change anything. Resolves nothing and writes nothing. */
export async function checkProjectLock(ctx: Context, folder: string): Promise<LockedProject> {
  const { own, at } = await lockOf(new FolderView(ctx), folder, 'lock');
  const requests = own.members.map(({ decision }) => decision.request);
  return { path: at.path, lock: at.lock, changed: lockDifferences(at.lock, requests, ctx.platform).length > 0 };
}

/** The lock that the folder's decisions are kept in, its own before that of a folder above. */
async function lockOf(
  view: FolderView,
  folder: string,
  read: 'lock' | 'lockOfEitherSide',
): Promise<{ readonly own: Group; readonly at: FolderLock }> {
  const project = await view.project(folder);
  if (project.errors[0] !== undefined) throw project.errors[0];
  if (project.decisions.length === 0) throw nothingPinned(folder);
  const groups = await groupsOf(view, project, read);
  const own = groups.find((group) => group.folder === folder && group.at.place === 'project') ?? groups[0];
  if (own === undefined) throw nothingPinned(folder);
  return { own, at: own.at };
}

function nothingPinned(folder: string): PolyenvError {
  return new PolyenvError('manifest-missing', `nothing pins a runtime in ${folder} or above it`, {
    where: { file: folder },
    hint: 'polyenv use node@lts, or polyenv init',
  });
}
