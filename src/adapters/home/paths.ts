import { lstatSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { isAbsolute, join, normalize, relative, resolve, sep } from 'node:path';
import { PolyenvError } from '../../domain/words/errors';
import type { Host } from '../../host';
import { errorCode } from '../files/fs-errors';

/** The version of the home's layout that this polyenv writes; `package.json` says it too, for who only has the archive. */
export const LAYOUT = 1;

/** polyenv's home as absolute paths: one literal that the whole product agrees on. */
export interface Home {
  readonly root: string;
  /** The launcher. */
  readonly bin: string;
  readonly shims: string;
  /** `<key>/` trees, read-only, and `<key>.json` receipts beside them. */
  readonly store: string;
  readonly downloads: string;
  readonly cache: string;
  /** polyenv's own compiled code. */
  readonly code: string;
  readonly envs: string;
  readonly homes: string;
  /** What was asked for once: compiled routes by `runtime@request`, and what moving requests came to. */
  readonly once: string;
  /** Data and state of services, by the project's path: `services/<path>/.polyenv/<name>`. */
  readonly services: string;
  readonly locks: string;
  readonly tmp: string;
  /** Resolutions of projects without a manifest, settings, trust and history. */
  readonly state: string;
  /** Names of projects, the authority of their certificates, and where the gateway is asked. */
  readonly gateway: string;
  /** Versions of polyenv itself that came as archives, and `current`, a link to the one in use. */
  readonly self: string;
  /** Names the layout's version; a newer one is refused. */
  readonly layout: string;
}

/** `$POLYENV_HOME`, else the launcher's own, else `$XDG_DATA_HOME/polyenv`, else `~/.local/share/polyenv`. Throws `settings-invalid` for a relative one. */
export function homeOf(host: Host): Home {
  const root = homeRoot(host);
  return {
    root,
    bin: join(root, 'bin'),
    shims: join(root, 'shims'),
    store: join(root, 'store'),
    downloads: join(root, 'downloads'),
    cache: join(root, 'cache'),
    code: join(root, 'cache', 'code'),
    envs: join(root, 'envs'),
    homes: join(root, 'homes'),
    once: join(root, 'once'),
    services: join(root, 'services'),
    locks: join(root, 'locks'),
    tmp: join(root, 'tmp'),
    state: join(root, 'state'),
    gateway: join(root, 'gateway'),
    self: join(root, 'self'),
    layout: join(root, `layout.v${LAYOUT}`),
  };
}

/** The path below `root`, lexically. Throws `path-refused` if a part is absolute, has a NUL, or would leave `root`. */
export function joinInside(root: string, ...parts: readonly string[]): string {
  const target = join(root, ...parts);
  const inside = relative(root, target);
  const escapes = inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside);
  // guard: path-join
  if (escapes || parts.some((part) => isAbsolute(part) || part.includes('\0'))) {
    throw new PolyenvError('path-refused', `${JSON.stringify(parts.join('/'))} would leave ${root}`);
  }
  return target;
}

/** `envs/<absolute project path>/.polyenv`. A project path with a component `.polyenv` is refused: it would fall into another's environment. */
export function environmentFolder(home: Home, project: string): string {
  // guard: environment-within
  if (!isAbsolute(project) || project.split(sep).includes('.polyenv')) {
    throw new PolyenvError('path-refused', `${project} cannot be a project: its path has a folder named .polyenv`, {
      hint: 'move the project to a path without a folder of that name',
    });
  }
  return join(joinInside(home.envs, `.${project}`), '.polyenv');
}

/** `services/<absolute project path>/.polyenv`, by the same rule. */
export function servicesFolder(home: Home, project: string): string {
  environmentFolder(home, project);
  return join(joinInside(home.services, `.${project}`), '.polyenv');
}

/** The projects that have a folder below `envs` or `services`, by their absolute paths. */
export async function mirroredFolders(mirror: string): Promise<readonly string[]> {
  const found: string[] = [];
  const visit = async (folder: string): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
      if (!entry.isDirectory()) continue;
      if (entry.name !== '.polyenv') await visit(join(folder, entry.name));
      else found.push(folder.slice(mirror.length) || '/');
    }
  };
  await visit(mirror);
  return found;
}

/** Refuses a project so deep that nothing can be compiled for it: the home's copy of its path has to hold more. Throws `path-refused`. */
export function refuseDeepProject(home: Home, project: string): void {
  const folder = environmentFolder(home, project);
  try {
    lstatSync(join(folder, '-'.repeat(LONGEST_NAME)));
  } catch (error) {
    if (errorCode(error) !== 'ENAMETOOLONG') return;
    throw new PolyenvError('path-refused', `the path of this folder is too long: ${project.length} characters`, {
      hint: 'move the project to a shorter path, or set POLYENV_HOME to one',
    });
  }
}

/** Characters of the longest name below a compiled folder, while it is written. */
const LONGEST_NAME = 100;

/** By it a launcher names the home that it lies in. */
export const SAVED_HOME = 'POLYENV_SAVED_HOME';

function homeRoot(host: Host): string {
  for (const [name, suffix] of [
    ['POLYENV_HOME', ''],
    [SAVED_HOME, ''],
    ['XDG_DATA_HOME', 'polyenv'],
  ] as const) {
    const value = host.env[name];
    if (value === undefined || value === '') continue;
    if (isAbsolute(value)) return withoutTrailingSlash(normalize(join(value, suffix)));
    // The XDG specification says that relative paths are to be ignored; our own variable is meant, so it is an error.
    if (name === 'POLYENV_HOME') {
      throw new PolyenvError('settings-invalid', `POLYENV_HOME is not an absolute path: ${JSON.stringify(value)}`, {
        hint: `export POLYENV_HOME=${JSON.stringify(resolve(host.personHome, 'polyenv'))}`,
      });
    }
  }
  return join(host.personHome, '.local', 'share', 'polyenv');
}

function withoutTrailingSlash(path: string): string {
  return path.length > 1 && path.endsWith(sep) ? path.slice(0, -1) : path;
}
