import { randomBytes } from 'node:crypto';
import { readdirSync, realpathSync } from 'node:fs';
import { lstat, rename, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from '../../domain/routes/environment';
import { renderEnvFish, renderEnvJson, renderEnvSh } from '../../domain/routes/environment-texts';
import { isCommandName, renderRoute } from '../../domain/routes/route-script';
import { contentOf } from '../files/content';
import { ensureFolder, lstatIfAny, namesIn, readTextIfAny, removeTree } from '../files/fs';
import { isMissing } from '../files/fs-errors';
import { writeAtomic } from '../files/write-atomic';
import { environmentFolder, type Home, joinInside, mirroredFolders, refuseDeepProject } from '../home/paths';
import { HOOKS, renderHooks } from './hooks';
import { modeOf, publishStamped } from './stamps';

/**
 * Publishes what was compiled for a folder: everything beside, then `route.sh` by one rename. Inputs are stamped by
 * copies of their times; if one changes meanwhile, or is too young to tell an edit by its time, it is tried again.
 */
export async function writeEnvironment(home: Home, environment: Environment): Promise<void> {
  const directory = environment.directory === '' ? '/' : environment.directory;
  refuseDeepProject(home, directory);
  const folder = environmentFolder(home, directory);
  await writeRoutes(folder, environment);
}

/** For a version of this once: only what the shims source, at `onceFolder`. A home that cannot be written has none. */
export async function writeOnceRoute(folder: string, environment: Environment): Promise<void> {
  await ensureFolder(folder);
  for (const runtime of environment.runtimes) for (const home of runtime.homes) await ensureFolder(home);
  await publishStamped(folder, environment, (stamps) => ({ 'route.sh': renderRoute(environment, stamps) }));
}

/** Where the shims look for the route of a version for this once, at a folder that pins the runtime or, without one, anywhere else. */
export function onceFolder(
  home: Home,
  asked: { readonly tool: string; readonly text: string },
  directory?: string,
): string | undefined {
  if (!/^[A-Za-z0-9._+-]{1,100}$/.test(asked.text)) return undefined;
  const folder = join(home.once, `${asked.tool}@${asked.text}`);
  return directory === undefined ? folder : join(joinInside(folder, `.${directory}`), '.polyenv');
}

/** What was compiled for versions of this once goes; shims then ask polyenv. */
export async function removeOnceRoutes(home: Home): Promise<void> {
  for (const name of await namesIn(home.once)) if (!name.endsWith('.json')) await removeTree(join(home.once, name));
}

/** The same for the person's defaults, which belong to no folder. */
export async function writeDefaults(home: Home, environment: Environment): Promise<void> {
  await writeRoutes(defaultsFolder(home), environment);
}

async function writeRoutes(folder: string, environment: Environment): Promise<void> {
  await ensureFolder(folder);
  for (const runtime of environment.runtimes) for (const home of runtime.homes) await ensureFolder(home);
  const mode = modeOf(environment);
  await writeAtomic(join(folder, 'env.sh'), renderEnvSh(environment), mode);
  await writeAtomic(join(folder, 'env.fish'), renderEnvFish(environment), mode);
  await writeAtomic(
    join(folder, 'env.json'),
    renderEnvJson({ ...environment, contents: environment.inputs.map(contentOf) }),
    mode,
  );
  await writeLinks(folder, environment);
  await publishStamped(folder, environment, (stamps) => ({
    ...renderHooks(environment, stamps),
    'route.sh': renderRoute(environment, stamps),
  }));
}

/** Where the environment of the person's defaults is compiled. */
export function defaultsFolder(home: Home): string {
  return join(home.state, 'default');
}

export interface CompiledEnvironment {
  /** The person's home for their defaults. */
  readonly directory: string;
  readonly of: 'project' | 'defaults';
  /** Roots of the toolchains that its routes lead to. */
  readonly toolchains: readonly string[];
}

/** Every compiled environment: what `prune` must not take away. */
export async function listEnvironments(home: Home): Promise<readonly CompiledEnvironment[]> {
  return (await readEnvironments(home)).map(({ directory, runtimes, of }) => ({
    directory,
    of,
    toolchains: runtimes.map((runtime) => runtime.toolchain),
  }));
}

/** As compiled, each for the folder under whose path it lies; those that cannot be read are left out. */
export async function readEnvironments(
  home: Home,
): Promise<readonly (Environment & Pick<CompiledEnvironment, 'of'>)[]> {
  const found: (Environment & Pick<CompiledEnvironment, 'of'>)[] = [];
  const defaults = await readEnvironment(defaultsFolder(home));
  if (defaults !== undefined && defaults.runtimes.length > 0) found.push({ ...defaults, of: 'defaults' });
  for (const directory of await listEnvironmentFolders(home)) {
    const environment = await readEnvironment(environmentFolder(home, directory));
    if (environment !== undefined) found.push({ ...environment, directory, of: 'project' });
  }
  return found;
}

/** Every folder for which something is compiled, readable or not. */
export async function listEnvironmentFolders(home: Home): Promise<readonly string[]> {
  return mirroredFolders(home.envs);
}

/** The routes of a folder go; shims then ask polyenv. */
export async function removeEnvironment(home: Home, directory: string): Promise<void> {
  const folder = environmentFolder(home, directory);
  for (const name of [...HOOKS, 'route.sh']) await removeTree(join(folder, name));
  await removeTree(folder);
}

/** What is compiled for a folder, if it can be read. */
export async function readEnvironment(folder: string): Promise<Environment | undefined> {
  try {
    const value = JSON.parse((await readTextIfAny(join(folder, 'env.json'))) ?? '') as Environment & {
      schema?: number;
    };
    return value.schema === 1 && Array.isArray(value.runtimes) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** `bin/` with every command, and one stable link per runtime, for editors and for activation. */
async function writeLinks(folder: string, environment: Environment): Promise<void> {
  for (const { tool, toolchain, beside } of environment.runtimes) {
    if (beside === undefined) await link(folder, toolchain, join(folder, tool));
  }
  const bin = join(folder, 'bin');
  await ensureFolder(bin);
  const wanted = new Map(
    environment.runtimes.flatMap(({ commands, overlay }) =>
      Object.entries(commands).filter(
        ([name]) => isCommandName(name) && !(overlay?.ready && overlay.commands.includes(name)),
      ),
    ),
  );
  for (const [name, file] of wanted) await link(folder, file, join(bin, name));
  for (const name of readdirSync(bin)) if (!wanted.has(name)) await removeTree(join(bin, name));
  const killed = Date.now() - LONGEST_LINKING;
  for (const path of readdirSync(folder).flatMap((name) => (name.startsWith(LINKING) ? [join(folder, name)] : [])))
    if (((await lstatIfAny(path))?.ctimeMs ?? Date.now()) < killed) await removeTree(path);
}

const LINKING = '.link-';
const LONGEST_LINKING = 60_000;

async function link(folder: string, target: string, path: string): Promise<void> {
  try {
    if ((await lstat(path)).isSymbolicLink() && realpathSync(path) === realpathSync(target)) return;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  // Of a name of its own: somebody else may compile the same folder now.
  const temporary = join(folder, `${LINKING}${randomBytes(6).toString('hex')}`);
  await symlink(target, temporary);
  await rename(temporary, path);
}
