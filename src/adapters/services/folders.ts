import { createHash } from 'node:crypto';
import { lstat, mkdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { decodeState, encodeState, type FolderIdentity, type ServiceState } from '../../domain/services/state';
import { PolyenvError } from '../../domain/words/errors';
import type { Host } from '../../host';
import { ensureFolder, namesIn, removeTree } from '../files/fs';
import { errorCode, isMissing } from '../files/fs-errors';
import { writeAtomic } from '../files/write-atomic';
import { type Home, mirroredFolders, servicesFolder } from '../home/paths';

/** Where one service of one project is kept. Absolute. */
export interface ServiceFolder {
  readonly project: string;
  readonly name: string;
  readonly root: string;
  readonly data: string;
  readonly secrets: string;
  readonly state: string;
  readonly log: string;
  readonly oldLog: string;
  /** Held by the server and its children as long as one of them lives. */
  readonly running: string;
  /** Written by the server's own process before it becomes the server. */
  readonly pid: string;
  readonly snapshots: string;
  /** While a restore is under way: the data that it replaces. */
  readonly restoring: string;
}

/** `project` is a real path. */
export function serviceFolder(home: Home, project: string, name: string): ServiceFolder {
  return folderAt(join(servicesFolder(home, project), name), { project, name });
}

/** The same, wherever its root is. */
export function folderAt(root: string, { project, name }: Pick<ServiceFolder, 'project' | 'name'>): ServiceFolder {
  const at = (part: string): string => join(root, part);
  return {
    project,
    name,
    root,
    data: at('data'),
    secrets: at('secrets'),
    state: at('state.json'),
    log: at('log'),
    oldLog: at('log.1'),
    running: at('running'),
    pid: at('pid'),
    snapshots: at('snapshots'),
    restoring: at('data.restoring'),
  };
}

/** The name of the lock under which a service is changed. */
export function serviceLock({ project, name }: Pick<ServiceFolder, 'project' | 'name'>): string {
  return `service-${createHash('sha256').update(`${project}\0${name}`).digest('hex').slice(0, 24)}`;
}

/** Throws `state-invalid`: what cannot be read is never taken for what is not there, or a new password would be made for old data. */
export async function readState(at: Pick<ServiceFolder, 'state'>): Promise<ServiceState | undefined> {
  let text: string;
  try {
    text = await readFile(at.state, 'utf8');
  } catch (error) {
    // guard: state-absent
    if (errorCode(error) === 'ENOENT') return undefined;
    throw new PolyenvError('state-invalid', `the state of a service cannot be read (${errorCode(error)})`, {
      where: { file: at.state },
      hint: `see who owns it: ls -l ${at.state}`,
      cause: error,
    });
  }
  try {
    return decodeState(JSON.parse(text));
  } catch (error) {
    throw new PolyenvError('state-invalid', 'the state of a service is damaged, or was written by a newer polyenv', {
      where: { file: at.state },
      hint: 'upgrade polyenv, or move the file away: then a new port and a new password are chosen',
      cause: error,
    });
  }
}

export async function writeState(at: ServiceFolder, state: ServiceState): Promise<void> {
  await ensureServiceFolder(at);
  await writeAtomic(at.state, encodeState(state), { mode: 0o600 });
}

export async function ensureServiceFolder({ root }: Pick<ServiceFolder, 'root'>): Promise<void> {
  await ensureFolder(root);
}

/** Every service that has a folder, with what it says of itself; `undefined` for a state that cannot be read. */
export async function listServices(
  home: Home,
): Promise<readonly { readonly folder: ServiceFolder; readonly state: ServiceState | undefined }[]> {
  const projects = (await mirroredFolders(home.services)).toSorted();
  return (await Promise.all(projects.map((project) => listServicesOf(home, project)))).flat();
}

/** The same of one project. */
export async function listServicesOf(
  home: Home,
  project: string,
): Promise<readonly { readonly folder: ServiceFolder; readonly state: ServiceState | undefined }[]> {
  const found: { folder: ServiceFolder; state: ServiceState | undefined }[] = [];
  for (const name of (await namesIn(servicesFolder(home, project))).toSorted()) {
    const folder = serviceFolder(home, project, name);
    if (!(await isFolderAt(folder.root))) continue;
    const state = await readState(folder).catch(() => undefined);
    if (state !== undefined || (await isFolderAt(folder.data))) found.push({ folder, state });
  }
  return found;
}

/** Throws `folder-vanished`. */
export async function folderIdentity(path: string): Promise<FolderIdentity> {
  try {
    const { dev, ino, birthtimeNs, ctimeNs } = await stat(path, { bigint: true });
    // Where it is not known, Node gives the time of the last change, or none.
    const isBorn = birthtimeNs > 0n && birthtimeNs < ctimeNs;
    return { path, device: String(dev), inode: String(ino), ...(isBorn && { born: String(birthtimeNs) }) };
  } catch (error) {
    throw new PolyenvError('folder-vanished', `there is no folder ${path}`, { cause: error });
  }
}

export async function isFolderAt(path: string): Promise<boolean> {
  try {
    return (await lstat(path)).isDirectory();
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/**
 * The folder for a server's sockets, empty, with a path that every system takes. What somebody else put in its place is
 * refused, and never changed.
 */
export async function emptySocketFolder(host: Host, folder: ServiceFolder): Promise<string> {
  const path = socketFolder(host, folder);
  for (const part of [path.slice(0, path.lastIndexOf('/')), path]) {
    await mkdir(part, { mode: 0o700 }).catch((error: unknown) => {
      if (errorCode(error) !== 'EEXIST') throw error;
    });
    const found = await lstat(part);
    // guard: socket-folder
    if (!found.isDirectory() || found.uid !== (host.uid ?? found.uid) || (found.mode & 0o077) !== 0) {
      throw new PolyenvError('data-refused', `${part} is not a private folder of yours, so no sockets are put there`, {
        hint: `look at it: ls -ld ${part}; or set XDG_RUNTIME_DIR to a folder of your own`,
      });
    }
  }
  for (const name of await namesIn(path)) await removeTree(join(path, name));
  return path;
}

export function socketFolder(host: Host, { root }: Pick<ServiceFolder, 'root'>): string {
  const runtime = host.env.XDG_RUNTIME_DIR;
  const base = runtime?.startsWith('/') && runtime.length < 64 ? `${runtime}/polyenv` : `/tmp/polyenv-${host.uid ?? 0}`;
  return join(base, createHash('sha256').update(root).digest('hex').slice(0, 8));
}
