import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, realpathSync, statSync } from 'node:fs';
import { lstat, mkdtemp, readdir, rename, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { askingVariables } from '../../domain/pins/files/of-runtime';
import { renderHookFish, renderHookSh } from '../../domain/routes/activation';
import type { Environment } from '../../domain/routes/environment';
import { renderEnvFish, renderEnvJson, renderEnvSh } from '../../domain/routes/environment-texts';
import { isCommandName, renderRoute, renderTraces } from '../../domain/routes/route-script';
import type { Runtime } from '../../domain/runtime/runtime';
import { PolyenvError } from '../../domain/words/errors';
import { quoteSh } from '../../domain/words/shell-quote';
import template from '../../shim/shim.sh?raw';
import { capture } from '../children/capture';
import { contentOf } from '../files/content';
import { ensureFile, ensureFolder, isMissing, namesIn, readTextIfAny, removeTree, writeAtomic } from '../files/fs';
import { environmentFolder, type Home, joinInside, mirroredFolders, refuseDeepProject } from '../home/paths';
import { fillTemplate, pinTests } from './shell-template';

/** Second line of every shim: how one is known, whoever made it. */
const MARK = '# polyenv-shim';

export interface Offer {
  readonly runtime: Runtime;
  /** Names of the runtime's commands, and of what projects installed privately. */
  readonly commands: readonly string[];
}

/** One script per runtime under every command name. Twice is the same as once; names that nothing offers any more go. */
export async function writeShims(home: Home, offers: readonly Offer[], personHome: string): Promise<void> {
  await ensureFolder(home.shims);
  const wanted = renderShims(home, offers, personHome);
  for (const [name, text] of wanted) {
    const file = join(home.shims, name);
    if ((await readTextIfAny(file).catch(() => undefined)) !== text) await writeAtomic(file, text, { mode: 0o755 });
  }
  for (const name of await readdir(home.shims)) {
    if (name !== 'polyenv' && !wanted.has(name) && !name.endsWith('.tmp')) await removeTree(join(home.shims, name));
  }
}

/** What stands in the shims folder, by name, the launcher's twin apart. */
export function renderShims(home: Home, offers: readonly Offer[], personHome: string): ReadonlyMap<string, string> {
  const wanted = new Map<string, string>();
  // What two offer is the shim of the one that always has it: its routes say whether the other is pinned.
  const late = ({ runtime }: Offer): number => (runtime.replaces === undefined ? 0 : 1);
  for (const { runtime, commands } of offers.toSorted((a, b) => late(a) - late(b))) {
    const replacing = offers.map((offer) => offer.runtime).filter(({ replaces }) => replaces?.includes(runtime.id));
    const followed = offers.map((offer) => offer.runtime).filter(({ id }) => runtime.follows?.includes(id));
    const text = renderShim(home, runtime, { personHome, followed, replacing });
    for (const name of commands)
      if (isCommandName(name) && name !== 'polyenv' && !wanted.has(name)) wanted.set(name, text);
  }
  return wanted;
}

/** The script of a runtime: its own pin names are baked in, and polyenv's home, for cron and sudo change HOME. */
export function renderShim(
  home: Home,
  runtime: Runtime,
  {
    personHome,
    followed = [],
    replacing = [],
  }: {
    readonly personHome: string;
    readonly followed?: readonly Runtime[];
    /** Those whose commands this one's may be. */
    readonly replacing?: readonly Runtime[];
  },
): string {
  const testsIn = (folder: string): string =>
    pinTests([runtime, ...followed], {
      one: (path) => `[ -e ${folder}${quoteSh(path)} ]`,
      away: `[ "$__polyenv_d" != ${quoteSh(personHome)} ]`,
      words: { and: '&&', or: '||', open: '{ ', close: '; }' },
    });
  const plus = (runtime.plusVersion ?? []).filter(isCommandName);
  // `::cargo:+nightly`; without such commands, a pattern that nothing matches.
  const asking = [...new Set([runtime, ...replacing].flatMap(askingVariables))];
  const set = ['', ...asking.map((_, index) => 'x'.repeat(index + 1))];
  const plusTest =
    plus.length === 0 ? "''" : plus.flatMap((name) => set.map((marks) => `:${marks}:${name}:+?*`)).join(' | ');
  const values = {
    TOOL: runtime.id,
    VARIABLE: `POLYENV_${runtime.id.toUpperCase()}`,
    ASKED: asking.map((name) => `\${${name}:+x}`).join(''),
    TESTS: testsIn('"$__polyenv_d"/'),
    HERE: testsIn('./'),
    PLUS: plusTest,
  };
  return fillTemplate(template, { home, personHome, quote: quoteSh, values });
}

/** Whether the file is a shim of polyenv: one of this home by its place, or of any by its content. */
export function isOurShim(home: Home, file: string): boolean {
  try {
    const real = realpathSync(file);
    if (dirname(real) === realpathSync(home.shims)) return true;
    if (statSync(real).size > 64 * 1024) return false;
    return readFileSync(real, 'latin1').slice(0, 512).includes(`\n${MARK}`);
  } catch {
    return false;
  }
}

/** Nanosecond clocks of files tick at the kernel's pace; a shell that compares whole seconds needs two of them. */
const YOUNG = { nanoseconds: 20, seconds: 2000 } as const;
const ATTEMPTS = 5;

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

/** Passwords of services are for nobody else; where there are none, others who share the home may read. */
function modeOf({ services }: Environment): { readonly mode?: number } {
  return services === undefined ? {} : { mode: 0o600 };
}

/** Writes the files in their order, the route last, once the inputs have stood still long enough to be stamped. */
async function publishStamped(
  folder: string,
  environment: Environment,
  render: (stamps: string) => Readonly<Record<string, string>>,
): Promise<void> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    const before = await timesOf(environment.inputs);
    const youngest = Math.max(0, ...before.map(({ modified }) => Number(modified / 1_000_000n)));
    const age = Date.now() - youngest;
    const young = age >= 0 && age < YOUNG.seconds;
    const needed = young && (await comparesSeconds(folder)) ? YOUNG.seconds : YOUNG.nanoseconds;
    if (age >= 0 && age < needed) await new Promise((resume) => setTimeout(resume, needed - age));
    const stamps = join(folder, `stamps-${nameOf(before)}`);
    await stamp(environment.inputs, stamps);
    if (same(before, await timesOf(environment.inputs))) {
      try {
        for (const [name, text] of Object.entries(renderTraces(environment, stamps)))
          await writeAtomic(join(stamps, name), text, modeOf(environment));
      } catch (error) {
        // Somebody else compiled it meanwhile, of other inputs, and took these stamps for old ones.
        if (isMissing(error)) continue;
        throw error;
      }
      for (const [name, text] of Object.entries(render(stamps)))
        await writeAtomic(join(folder, name), text, modeOf(environment));
      await removeOldStamps(folder, basename(stamps));
      return;
    }
  }
  // The inputs change all the time. Without a route the shims ask polyenv, which is slow but right.
  for (const name of [...HOOKS, 'route.sh']) await removeTree(join(folder, name));
}

export const HOOKS = ['hook.sh', 'hook.fish'] as const;

/** What activated shells source, by file name. */
export function renderHooks(
  environment: Environment,
  stamps: string,
): Readonly<Record<(typeof HOOKS)[number], string>> {
  const id = createHash('sha256')
    .update(renderHookSh(environment, stamps, ''))
    .digest('hex')
    .slice(0, 16);
  return { 'hook.sh': renderHookSh(environment, stamps, id), 'hook.fish': renderHookFish(environment, stamps, id) };
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
    if (beside === undefined) await link(toolchain, join(folder, tool));
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
  for (const [name, file] of wanted) await link(file, join(bin, name));
  for (const name of readdirSync(bin)) if (!wanted.has(name)) await removeTree(join(bin, name));
}

async function link(target: string, path: string): Promise<void> {
  const temporary = `${path}.new`;
  try {
    if ((await lstat(path)).isSymbolicLink() && realpathSync(path) === realpathSync(target)) return;
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
  await removeTree(temporary);
  await symlink(target, temporary);
  await rename(temporary, path);
}

interface Times {
  readonly modified: bigint;
  readonly size: bigint;
  readonly inode: bigint;
}

async function timesOf(files: readonly string[]): Promise<readonly Times[]> {
  return Promise.all(
    files.map(async (file) => {
      const found = await stat(file, { bigint: true }).catch(() => undefined);
      return { modified: found?.mtimeNs ?? -1n, size: found?.size ?? -1n, inode: found?.ino ?? -1n };
    }),
  );
}

function same(a: readonly Times[], b: readonly Times[]): boolean {
  return a.every(
    (times, index) =>
      times.modified === b[index]?.modified && times.size === b[index]?.size && times.inode === b[index]?.inode,
  );
}

function nameOf(times: readonly Times[]): string {
  const text = times.map(({ modified, size, inode }) => `${modified} ${size} ${inode}`).join('\n');
  return createHash('sha256').update(text).digest('hex').slice(0, 16);
}

/** Node's `utimes` loses nanoseconds; `touch -r` does not. Node makes the files: a full disk is then told as one. */
async function stamp(inputs: readonly string[], stamps: string): Promise<void> {
  await ensureFolder(stamps);
  if (inputs.length === 0) return;
  for (const index of inputs.keys()) await ensureFile(join(stamps, String(index)));
  const pairs = inputs.flatMap((input, index) => [input, join(stamps, String(index))]);
  const script = 'while [ $# -gt 0 ]; do touch -c -r "$1" "$2" || exit 1; shift 2; done';
  const { exit, stderr } = await capture(
    { file: '/bin/sh', args: ['-c', script, 'stamp', ...pairs], env: { PATH: '/usr/bin:/bin' }, cwd: '/' },
    10_000,
  );
  if (exit !== 0)
    throw new PolyenvError('failed', `the times of a project's files cannot be recorded: ${stderr.trim()}`, {
      where: { file: stamps },
    });
}

async function removeOldStamps(folder: string, current: string): Promise<void> {
  for (const name of await readdir(folder))
    if ((name.startsWith('stamps-') && name !== current) || name.startsWith(CLOCK))
      await removeTree(join(folder, name));
}

const CLOCK = 'clock-';
let wholeSeconds: Promise<boolean> | undefined;

/** Whether the machine's `sh` compares only whole seconds, as busybox and the bash 3.2 of macOS do: asked of it once. */
function comparesSeconds(folder: string): Promise<boolean> {
  wholeSeconds ??= askShell(folder);
  return wholeSeconds;
}

async function askShell(folder: string): Promise<boolean> {
  const place = await mkdtemp(join(folder, CLOCK));
  const [older, newer] = [join(place, 'older'), join(place, 'newer')];
  try {
    for (const [file, time] of [
      [older, 1000.2],
      [newer, 1000.7],
    ] as const) {
      await writeFile(file, '');
      await utimes(file, time, time);
    }
    const { exit } = await capture(
      {
        file: '/bin/sh',
        args: ['-c', '[ "$1" -nt "$2" ]', 'clock', newer, older],
        env: { PATH: '/usr/bin:/bin' },
        cwd: '/',
      },
      10_000,
    );
    return exit !== 0;
  } finally {
    await removeTree(place);
  }
}
