import { dirname, join, sep } from 'node:path';
import type { FolderReader } from './folder-reader';
import type { ProjectContext } from './project-context';

/** The folder and those above it, up to where the walk stops: a manifest with `root = true`, the person's home, the root. */
export function foldersUp(ctx: ProjectContext, folder: string, reader: FolderReader): readonly string[] {
  const folders: string[] = [];
  for (let at = folder; ; at = dirname(at)) {
    folders.push(at);
    if (at === ctx.host.personHome || dirname(at) === at) return folders;
    if (reader.goodManifests(at).some((manifest) => manifest.root)) return folders;
  }
}

/** Folders into which package managers put other people's projects. */
const DEPENDENCY_FOLDERS = ['node_modules', 'site-packages', '.venv'];

/** Whether a package manager has put the folder there: what it pins is nobody's here. */
export function isDependency(ctx: ProjectContext, folder: string): boolean {
  return outsideDependencies(ctx, folder) !== folder;
}

/** The folder, or the nearest one above that is no part of a dependency. */
export function outsideDependencies(ctx: ProjectContext, folder: string): string {
  const parts = folder.split(sep);
  const first = parts.findIndex((part) => DEPENDENCY_FOLDERS.includes(part));
  let outside = first === -1 ? folder : parts.slice(0, first).join(sep) || sep;
  for (const root of dependencyRoots(ctx)) if (liesIn(root, outside)) outside = dirname(root);
  return outside;
}

/** Where cargo and go unpack other people's projects, and polyenv's own home. */
function dependencyRoots({ host, home }: ProjectContext): readonly string[] {
  const { env, personHome } = host;
  const goPath = (env.GOPATH || join(personHome, 'go')).split(':')[0] as string;
  return [env.CARGO_HOME || join(personHome, '.cargo'), env.GOMODCACHE || join(goPath, 'pkg', 'mod'), home.root].filter(
    (root) => root.startsWith(sep) && root !== sep,
  );
}

/** The project whose environment started us, as `POLYENV_ENV` says: its folder, or that of its compiled environment. */
export function startedIn({ host, home }: ProjectContext, folder: string): string | undefined {
  const value = host.env.POLYENV_ENV;
  if (value === undefined || !value.startsWith(sep)) return undefined;
  const compiled = value.startsWith(home.envs + sep) && value.endsWith(`${sep}.polyenv`);
  const project = compiled ? value.slice(home.envs.length, -'/.polyenv'.length) : value;
  return project === folder ? undefined : project || sep;
}

/** By their letters alone. */
function liesIn(root: string, path: string): boolean {
  return path === root || path.startsWith(root.endsWith(sep) ? root : root + sep);
}
