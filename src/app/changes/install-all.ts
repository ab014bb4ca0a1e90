import { sep } from 'node:path';
import { walkProjects } from '../../adapters/files/project-folders';
import { pinFilesOf } from '../../domain/pins/files/of-runtime';
import { MANIFEST_NAMES } from '../../domain/project/manifest';
import { PolyenvError } from '../../domain/words/errors';
import type { Context } from '../base/context';
import { loadRuntimes } from '../base/registry';
import { isDependency } from '../project/dependency-folders';
import { findProject, type Project } from '../project/project';
import type { InstalledProject } from './install-project';

/** A folder that decides something itself. */
export interface NestedProject {
  /** Absolute. */
  readonly folder: string;
  readonly project: Project;
}

export type NestedResult =
  | { readonly folder: string; readonly done: InstalledProject }
  | { readonly folder: string; readonly error: Error };

/**
 * Folders that are looked at. A person who starts it in a home folder by mistake gets an answer, not minutes of
 * searching.
 */
const MOST_FOLDERS = 50_000;

/** Projects that are worked on at once: each may download several toolchains. */
const AT_ONCE = 4;

/**
 * The folder, and every one below it that pins something or cannot be read, the outer ones first: sub-folders of a monorepo,
 * projects of their own, worktrees and submodules. Folders of dependencies are none.
 */
export async function findProjectsBelow(ctx: Context, top: string): Promise<readonly NestedProject[]> {
  const runtimes = await loadRuntimes();
  const names = new Set<string>([
    ...MANIFEST_NAMES,
    ...runtimes.flatMap((one) => pinFilesOf(one).map(({ file }) => file)),
  ]);
  const { folders, cut } = walkProjects(top, { most: MOST_FOLDERS, isDependency: (path) => isDependency(ctx, path) });
  if (cut) {
    ctx.emit({
      type: 'warning',
      text: `${top} has more than ${MOST_FOLDERS} folders below it, and those beyond were not looked at`,
      hint: 'polyenv install --all -C FOLDER',
    });
  }
  const found: NestedProject[] = [];
  for (const { path, files } of folders) {
    if (path !== top && !files.some((name) => names.has(name))) continue;
    const project = await findProject(ctx, path);
    if (decides(project, path) || (path === top && project.decisions.some(({ from }) => from.kind === 'file')))
      found.push({ folder: path, project });
  }
  if (found.length === 0) {
    throw new PolyenvError('manifest-missing', `nothing pins a runtime in ${top}, above it or below it`, {
      where: { file: top },
      hint: 'polyenv init',
    });
  }
  return found;
}

/** Makes all of them ready, outer ones before those within them; one that fails stops no other. */
export async function installAll(
  ctx: Context,
  projects: readonly NestedProject[],
  install: (ctx: Context, folder: string) => Promise<InstalledProject>,
): Promise<readonly NestedResult[]> {
  const results = new Map<string, NestedResult>();
  const work = async (folder: string): Promise<void> => {
    const result = await install({ ...ctx, directory: folder }, folder).then(
      (done): NestedResult => ({ folder, done }),
      (error: Error): NestedResult => ({ folder, error }),
    );
    results.set(folder, result);
  };
  // A folder may be locked by an outer one. Outer folders are done first, so that two never write the same lock at
  // once.
  for (const level of byDepth(projects)) {
    const waiting = [...level];
    const worker = async (): Promise<void> => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) await work(next.folder);
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, level.length) }, worker));
  }
  return projects.flatMap(({ folder }) => results.get(folder) ?? []);
}

function decides(project: Project, folder: string): boolean {
  const said = project.decisions.some((one) => one.folder === folder && one.from.kind === 'file');
  return said || project.errors.some(({ where }) => where?.file.startsWith(folder + sep));
}

function byDepth(projects: readonly NestedProject[]): readonly (readonly NestedProject[])[] {
  const levels = new Map<number, NestedProject[]>();
  for (const project of projects) {
    const depth = project.folder.split(sep).length;
    levels.set(depth, [...(levels.get(depth) ?? []), project]);
  }
  return [...levels].sort(([a], [b]) => a - b).map(([, level]) => level);
}
